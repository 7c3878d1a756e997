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
import type { SingleRequestSamples } from './single-requests-child.ts';
import { startStubEndpoint } from './stub-endpoint-process.ts';

const rounds = 8;
const requestsARound = 500;
/** The number of first rounds that are not counted, because the code is still being compiled. */
const warmUp = 3;

/**
 * Measures the CPU time of requests of one event, one after the other, with the deployed bundle in a process of its own.
 * Beside it, in turns, one UpdateCommand each: the least that a handler with the SDK can cost.
 */
export async function singleRequests(): Promise<Figure[]> {
  const keys = signingKeys('sendgrid');
  const stub = await startStubEndpoint({
    GetSecretValue: { SecretString: JSON.stringify({ sendgrid: [keys.secret] }) },
  });
  const directory = await mkdtemp(join(tmpdir(), 'mailtrail-single-requests-'));
  try {
    await build({ ...esbuildOptions('ingest', directory), logLevel: 'error' });
    const requests = Array.from({ length: rounds }, (_, round) =>
      Array.from({ length: requestsARound }, (_, index) => {
        const body = sendgridBatch(1, `single${round}-${index}`, Date.now());
        const { headers } = keys.sign(body, Date.now());
        return httpEvent('POST /webhooks/{provider}', { provider: 'sendgrid' }, headers, body);
      }),
    );
    const bundle = pathToFileURL(join(directory, 'index.mjs')).href;
    // The log lines are not of interest.
    const child = fork(new URL('single-requests-child.ts', import.meta.url), [bundle], {
      env: { ...awsEnvironment(stub.endpoint), ...leadingTo(stub.endpoint, environments.ingest) },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.send(requests);
    const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the process ended with ${code}`)));
    // The exit after the message is no failure.
    ended.catch(() => {});
    const [{ ours, bare }] = (await Promise.race([once(child, 'message'), ended])) as [SingleRequestSamples];
    return [
      measured('ingest, one event a request', ours.slice(warmUp), 'CPU ms a request', { aim: '≤ 0.7' }),
      measured('ingest, beside one UpdateCommand', ours.slice(warmUp), 'CPU ms a request', {
        floor: { what: 'one UpdateCommand', samples: bare.slice(warmUp) },
      }),
    ];
  } finally {
    stub.stop();
    await rm(directory, { recursive: true });
  }
}
