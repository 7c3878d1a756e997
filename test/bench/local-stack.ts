import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { settled } from '../../infra/tools/simulate/running-stack.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import { signedRequest } from '../fixtures/signing.ts';
import { startStack } from '../rigs/start-stack.ts';
import { type Figure, figure, median } from './figures.ts';
import { sendgridBatch } from './sendgrid-batch.ts';

const batches = 10;
const batchSize = 1_000;
const singles = 1_000;
const singlesInFlight = 8;

/** Measures the local stack over HTTP, in events per second, for batches and for single events. */
export async function localStack(): Promise<Figure[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mailtrail-bench-'));
  const stack = await startStack({ dataDir });
  try {
    const { url, signingKeysFile } = stack.endpoints;
    const { sendgrid } = JSON.parse(await readFile(signingKeysFile!, 'utf8')) as { sendgrid: string };
    let again = 0;
    let queued = 0;
    /** Sends the same bytes until they are acknowledged, as a provider does, and returns the whole time. */
    const post = async (body: Buffer) => {
      const signed = signedRequest('sendgrid', sendgrid, body, Date.now());
      const begun = performance.now();
      for (;;) {
        const answer = await fetch(`${url}/webhooks/sendgrid`, {
          method: 'POST',
          headers: signed.headers,
          body: new Uint8Array(signed.body),
        });
        const counts = (await answer.json()) as { readonly queued?: number };
        if (answer.status === 200) {
          queued += counts.queued ?? 0;
          return performance.now() - begun;
        }
        if (answer.status !== 429) throw new Error(`answered ${answer.status}`);
        again += 1;
      }
    };
    await post(sendgridBatch(10, 'warm', Date.now()));

    const batchTimes: number[] = [];
    for (let batch = 0; batch < batches; batch += 1) {
      batchTimes.push(await post(sendgridBatch(batchSize, `batch${batch}`, Date.now())));
      // Otherwise queued events would be recorded during the next batch.
      await settled(dataDir);
    }

    const numbers = Array.from({ length: singles }, (_, index) => index);
    const begun = performance.now();
    await forEachConcurrently(numbers, singlesInFlight, async number => {
      await post(sendgridBatch(1, `single${number}`, Date.now()));
    });
    const singleSeconds = (performance.now() - begun) / 1000;

    return [
      figure('local stack, 1,000-event batch', median(batchTimes) / 1000, 's', '< 1.5'),
      figure('local stack, requests that took too long and were sent again', again, ''),
      figure('local stack, events of batches that were queued', queued / batches, 'of 1,000'),
      figure('local stack, batches', (batchSize * 1000) / median(batchTimes), 'events/s'),
      figure('local stack, single-event requests, 8 in flight', singles / singleSeconds, 'events/s'),
    ];
  } finally {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
