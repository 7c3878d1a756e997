import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { esbuildOptions } from '../../infra/compute/bundling.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { httpEvent } from '../rigs/http-event.ts';
import { awsEnvironment, environments, leadingTo } from './cold-start.ts';
import { type Figure, measured } from './figures.ts';
import { sendgridBatch } from './sendgrid-batch.ts';
import { startStubEndpoint } from './stub-endpoint-process.ts';

const processes = 7;
const batches = 10;
const batchSize = 1_000;

/**
 * Measures the CPU time of the first batches of a new process, with the deployed bundle. The tenth batch is the floor of
 * the first: V8 has optimised the code by then.
 */
export async function coldBatch(): Promise<Figure[]> {
  const keys = signingKeys('sendgrid');
  const stub = await startStubEndpoint({
    GetSecretValue: { SecretString: JSON.stringify({ sendgrid: [keys.secret] }) },
  });
  const directory = await mkdtemp(join(tmpdir(), 'mailtrail-cold-batch-'));
  try {
    await build({ ...esbuildOptions('ingest', directory), logLevel: 'error' });
    const bundle = join(directory, 'index.mjs');
    const times: { readonly init: number; readonly batches: readonly number[] }[] = [];
    for (let process = 0; process < processes; process += 1) {
      const requests = Array.from({ length: batches }, (_, batch) => {
        const body = sendgridBatch(batchSize, `cold${process}-${batch}`, Date.now());
        const { headers } = keys.sign(body, Date.now());
        return httpEvent('POST /webhooks/{provider}', { provider: 'sendgrid' }, headers, body);
      });
      times.push(await batchesIn(bundle, stub.endpoint, requests));
    }
    const nth = (index: number) => times.map(one => one.batches[index]! / batchSize).map(ms => ms * 1_000);
    return [
      measured(
        'load and init of the bundle',
        times.map(({ init }) => init),
        'CPU ms',
      ),
      measured('first batch of a process', nth(0), 'CPU µs an event', {
        floor: { what: 'its tenth batch', samples: nth(batches - 1) },
        aim: '≤ 2.5',
      }),
      ...Array.from({ length: batches }, (_, index) =>
        measured('batches of a new process', nth(index), 'CPU µs an event', {
          point: { curve: 'cold process', axis: 'batch', at: index + 1 },
        }),
      ),
    ];
  } finally {
    stub.stop();
    await rm(directory, { recursive: true });
  }
}

async function batchesIn(bundle: string, endpoint: string, requests: readonly object[]) {
  const child = fork(new URL('cold-batch-child.mjs', import.meta.url), [pathToFileURL(bundle).href], {
    env: { ...awsEnvironment(endpoint), ...leadingTo(endpoint, environments.ingest) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  child.send(requests);
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the process ended with ${code}`)));
  // The exit after the message is no failure.
  ended.catch(() => {});
  const [answer] = await Promise.race([once(child, 'message'), ended]);
  return answer as { init: number; batches: number[] };
}
