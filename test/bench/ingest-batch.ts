import { UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Writes } from '../../shared/aws/writes.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import { cpuMs } from '../rigs/cpu-time.ts';
import { type Figure, measured } from './figures.ts';
import { startIngestOnStub } from './ingest-on-stub.ts';

const batchSize = 1_000;
const rounds = 15;
/** The number of first rounds that are not counted, because the code is still being compiled. */
const warmUp = 3;

/**
 * Measures the CPU time of ingesting a batch of distinct emails, and its ratio to a bare loop of UpdateItem over the
 * same items. The loop has as many calls in flight as the recorder. Requests and items are made beforehand.
 */
export async function ingestBatch(): Promise<Figure[]> {
  const { client, requestOf, ingest, stop } = await startIngestOnStub();
  try {
    const requests = Array.from({ length: warmUp + rounds }, (_, round) => requestOf(batchSize, `round${round}`));
    const items: UpdateCommandInput[][] = [];
    for (const request of requests) {
      const inputs: UpdateCommandInput[] = [];
      const capturing: Writes = {
        async updateItem(input) {
          inputs.push(input);
          return {};
        },
      };
      await ingest(request, capturing);
      items.push(inputs);
    }

    const ours: number[] = [];
    const bare: number[] = [];
    for (const [round, request] of requests.entries()) {
      const measureOurs = async () => ours.push(((await cpuMs(() => ingest(request))) * 1_000) / batchSize);
      const bareLoop = () =>
        forEachConcurrently(items[round]!, 32, async input => {
          await client.send(new UpdateCommand(input));
        });
      const measureBare = async () => bare.push(((await cpuMs(bareLoop)) * 1_000) / batchSize);
      // The order alternates, so that neither always runs after the other.
      for (const measure of round % 2 === 0 ? [measureOurs, measureBare] : [measureBare, measureOurs]) await measure();
    }
    return [
      measured('ingest, 1,000 first sightings', ours.slice(warmUp), 'CPU µs an event', {
        floor: { what: 'loop of UpdateCommand', samples: bare.slice(warmUp) },
        aim: '≤ 0.35',
      }),
      measured('loop of UpdateCommand, same items', bare.slice(warmUp), 'CPU µs an item'),
    ];
  } finally {
    stop();
  }
}
