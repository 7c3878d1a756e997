import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '../../infra/local/start-stack.ts';
import { createToken } from '../../infra/local/token.ts';
import { emailIdOf } from '../../shared/event.ts';
import { eachInFlight } from '../../shared/in-flight.ts';
import { signedRequest } from '../signing.ts';
import { settled } from '../simulate/running-stack.ts';
import { type Figure, figure, median, quantile } from './figures.ts';
import { sendgridBatch } from './sendgrid-batch.ts';

const batches = 10;
const batchSize = 1_000;
const singles = 1_000;
const singlesInFlight = 8;
const reads = 300;

/** The running local stack over HTTP: events per second in batches and one by one, and the times of both reads. */
export async function localStack(): Promise<Figure[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mailtrail-bench-'));
  const stack = await startStack({ dataDir });
  try {
    const { url, signingKeysFile } = stack.endpoints;
    const { sendgrid } = JSON.parse(await readFile(signingKeysFile!, 'utf8')) as { sendgrid: string };
    let again = 0;
    let deferred = 0;
    /** As a provider does: again, the same bytes, until they are acknowledged. The time is that of all of it. */
    const post = async (body: Buffer) => {
      const signed = signedRequest('sendgrid', sendgrid, body, Date.now());
      const begun = performance.now();
      for (;;) {
        const answer = await fetch(`${url}/webhooks/sendgrid`, {
          method: 'POST',
          headers: signed.headers,
          body: new Uint8Array(signed.body),
        });
        const counts = (await answer.json()) as { readonly deferred?: number };
        if (answer.status === 200) {
          deferred += counts.deferred ?? 0;
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
      // What was put off is recorded beside the next batch otherwise.
      await settled(dataDir);
    }

    const numbers = Array.from({ length: singles }, (_, index) => index);
    const begun = performance.now();
    await eachInFlight(numbers, singlesInFlight, async number => {
      await post(sendgridBatch(1, `single${number}`, Date.now()));
    });
    const singleSeconds = (performance.now() - begun) / 1000;

    // The batches spread over fifty accounts: the first email of a batch is account-0's.
    const authorization = `Bearer ${await createToken(dataDir, { account: 'account-0' })}`;
    const emailId = emailIdOf({
      provider: 'sendgrid',
      messageId: 'batch00-14c5d75ce93',
      recipient: 'customer.batch0.0@example.com',
    });
    const read = async (path: string) => {
      const times: number[] = [];
      for (let count = 0; count < reads; count += 1) {
        const start = performance.now();
        const answer = await fetch(`${url}${path}`, { headers: { authorization } });
        await answer.arrayBuffer();
        if (answer.status !== 200) throw new Error(`GET ${path} was answered ${answer.status}`);
        times.push(performance.now() - start);
      }
      return times;
    };
    const page = await read('/accounts/account-0/emails?limit=50');
    const single = await read(`/accounts/account-0/emails/${emailId}`);
    return [
      figure('local stack, 1,000-event batch', median(batchTimes) / 1000, 's', '< 1.5'),
      figure('local stack, requests that took too long and were sent again', again, ''),
      figure('local stack, events of batches that were put off', deferred / batches, 'of 1,000'),
      figure('local stack, batches', (batchSize * 1000) / median(batchTimes), 'events/s'),
      figure('local stack, single-event requests, 8 in flight', singles / singleSeconds, 'events/s'),
      figure('local stack, page of 50 emails: p50', quantile(page, 0.5), 'ms'),
      figure('local stack, page of 50 emails: p99', quantile(page, 0.99), 'ms'),
      figure('local stack, one email: p50', quantile(single, 0.5), 'ms'),
      figure('local stack, one email: p99', quantile(single, 0.99), 'ms'),
    ];
  } finally {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
