import { UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { createDirectCall } from '../../shared/dynamodb/direct-calls.ts';
import { directWrites, type Writes } from '../../shared/dynamodb/writes.ts';
import { createRecorder, type Recorder } from '../../shared/email/recorder.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { cpuMs } from '../rigs/cpu-time.ts';
import { httpEvent, lambdaContext } from '../rigs/http-event.ts';
import { ingestFunction } from '../rigs/ingest-function.ts';
import { type Figure, figure, median } from './figures.ts';
import { sendgridBatch } from './sendgrid-batch.ts';
import { startStubEndpoint } from './stub-endpoint-process.ts';

const batchSize = 1_000;
const rounds = 15;
/** The number of first rounds that are not counted, because the code is still being compiled. */
const warmUp = 3;

/** Ignores the deadline, so that a slow round on a busy machine is measured too. */
function withoutDeadline(store: Recorder): Recorder {
  return { record: (events, receivedAt) => store.record(events, receivedAt) };
}

/**
 * Measures the CPU time of ingesting a batch of distinct emails, and its ratio to a bare loop of UpdateItem over the
 * same items. The loop has as many calls in flight as the recorder. Requests and items are made beforehand.
 */
export async function ingestBatch(): Promise<Figure[]> {
  const stub = await startStubEndpoint();
  try {
    const client = documentClient({
      endpoint: stub.endpoint,
      region: 'local',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    const keys = signingKeys('sendgrid');
    const log = createLog(() => {});
    const handlerOn = (writes: Writes) =>
      ingestFunction({
        secretsOf: async () => [keys.secret],
        store: withoutDeadline(createRecorder({ client, writes, tableName: 'emails', retentionDays: 400 })),
        log,
        now: Date.now,
      });
    const events = Array.from({ length: warmUp + rounds }, (_, round) => {
      const body = sendgridBatch(batchSize, `round${round}`, Date.now());
      const { headers } = keys.sign(body, Date.now());
      return httpEvent('POST /webhooks/{provider}', { provider: 'sendgrid' }, headers, body);
    });
    const ingest = async (handler: ReturnType<typeof handlerOn>, event: (typeof events)[number]) => {
      const { statusCode } = await handler(event, lambdaContext);
      if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
    };
    const items: UpdateCommandInput[][] = [];
    for (const event of events) {
      const inputs: UpdateCommandInput[] = [];
      const capturing: Writes = {
        async updateItem(input) {
          inputs.push(input);
          return {};
        },
      };
      await ingest(handlerOn(capturing), event);
      items.push(inputs);
    }

    const handler = handlerOn(directWrites(createDirectCall(client)));
    const ours: number[] = [];
    const bare: number[] = [];
    for (const [round, event] of events.entries()) {
      const measureOurs = async () => ours.push(((await cpuMs(() => ingest(handler, event))) * 1_000) / batchSize);
      const bareLoop = () =>
        forEachConcurrently(items[round]!, 32, async input => {
          await client.send(new UpdateCommand(input));
        });
      const measureBare = async () => bare.push(((await cpuMs(bareLoop)) * 1_000) / batchSize);
      // The order alternates, so that neither always runs after the other.
      for (const measure of round % 2 === 0 ? [measureOurs, measureBare] : [measureBare, measureOurs]) await measure();
    }
    const ratios = ours.map((micros, round) => micros / bare[round]!);
    return [
      figure('ingest, 1,000-event batch', median(ours.slice(warmUp)), 'CPU µs an event'),
      figure('bare UpdateCommand loop, same items', median(bare.slice(warmUp)), 'CPU µs an item'),
      figure('ingest / bare loop', median(ratios.slice(warmUp)), '×', '≤ 0.35'),
    ];
  } finally {
    stub.stop();
  }
}
