/** The same requests to the local stack and to a receiver of the user's own. */

import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { settled } from '../../infra/tools/simulate/running-stack.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import { signedRequest } from '../fixtures/signing.ts';
import { startStack } from '../rigs/start-stack.ts';
import { type Figure, figure, measured, quantile } from './figures.ts';
import { posted } from './posted.ts';
import { sendgridBatch } from './sendgrid-batch.ts';

const batchSize = 1_000;
const singlesInFlight = 8;
/** The parts in which single requests go to each receiver in turn. */
const turns = 4;

export interface AgainstOptions {
  /** The receiver's address, as a provider calls it. */
  readonly url: string;
  /** Signs the requests to the receiver; without it they are unsigned. */
  readonly signingKeyFile: string | undefined;
  /** Requests of 1,000 events. */
  readonly batches: number;
  /** Requests of one event. */
  readonly singles: number;
}

interface Receiver {
  readonly name: string;
  /** Sends events of distinct emails, and returns the milliseconds until the receiver acknowledged them. */
  send(events: number, name: string): Promise<number>;
  /** Resolves when the receiver has no work left. */
  atRest(): Promise<unknown>;
}

/** Sends batches and single requests to both receivers, in turn. Every event is one of an email not seen before. */
export async function against({ url, signingKeyFile, batches, singles }: AgainstOptions): Promise<Figure[]> {
  const signingKey = signingKeyFile === undefined ? null : keyIn(signingKeyFile);
  const dataDir = await mkdtemp(join(tmpdir(), 'mailtrail-bench-'));
  const stack = await startStack({ dataDir });
  const http = { keepAlive: true, maxSockets: singlesInFlight };
  const agents = { 'http:': new HttpAgent(http), 'https:': new HttpsAgent(http) } as const;
  const receiver = (name: string, to: string, key: string | null, atRest: Receiver['atRest']): Receiver => {
    const agent = agents[new URL(to).protocol as keyof typeof agents];
    return {
      name,
      async send(events, tag) {
        const now = Date.now();
        const body = sendgridBatch(events, tag, now);
        const request =
          key === null
            ? { headers: { 'content-type': 'application/json' }, body }
            : signedRequest('sendgrid', key, body, now);
        const begun = performance.now();
        const { status } = await posted(agent, to, request);
        if (status < 200 || status > 299) throw new Error(`${name} answered ${status}`);
        return performance.now() - begun;
      },
      atRest,
    };
  };
  try {
    const { sendgrid } = JSON.parse(await readFile(stack.endpoints.signingKeysFile, 'utf8')) as { sendgrid: string };
    const ours = receiver('local stack', `${stack.url}/webhooks/sendgrid`, sendgrid, () => settled(dataDir));
    const theirs = receiver('your receiver', url, signingKey, async () => {});
    const results = [];
    for (const one of [ours, theirs]) results.push({ ...one, ...(await warmed(one)) });
    for (let batch = 0; batch < batches; batch += 1) {
      for (const { send, atRest, rates } of results) {
        rates.batches.push((batchSize * 1_000) / (await send(batchSize, `batch${batch}`)));
        await atRest();
      }
    }
    for (let turn = 0; turn < turns; turn += 1) {
      for (const { send, atRest, rates, waits } of results) {
        const names = Array.from({ length: Math.ceil(singles / turns) }, (_, index) => `single${turn}-${index}`);
        const begun = performance.now();
        await forEachConcurrently(names, singlesInFlight, async name => void waits.push(await send(1, name)));
        rates.singles.push((names.length * 1_000) / (performance.now() - begun));
        await atRest();
      }
    }
    const [mine, other] = results as [(typeof results)[0], (typeof results)[0]];
    return [
      ...(['batches', 'singles'] as const).flatMap(kind => [
        measured(`${titles[kind]}: ${mine.name}`, mine.rates[kind], 'events/s', {
          floor: { what: other.name, samples: other.rates[kind] },
        }),
        measured(`${titles[kind]}: ${other.name}`, other.rates[kind], 'events/s'),
      ]),
      ...results.flatMap(({ name, waits }) => [
        figure(`${titles.singles}: ${name}, p50`, quantile(waits, 0.5), 'ms'),
        figure(`${titles.singles}: ${name}, p99`, quantile(waits, 0.99), 'ms'),
      ]),
    ];
  } finally {
    for (const agent of Object.values(agents)) agent.destroy();
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

const titles = {
  batches: `${batchSize.toLocaleString('en')} events a request`,
  singles: `one event a request, ${singlesInFlight} in flight`,
} as const;

/** The first requests count for nothing, because connections open and code is compiled then. */
async function warmed({ send, atRest }: Receiver) {
  await send(10, 'warm');
  await forEachConcurrently(
    [...'abcdefghijklmnop'],
    singlesInFlight,
    async letter => void (await send(1, `warm-${letter}`)),
  );
  await atRest();
  return { rates: { batches: [] as number[], singles: [] as number[] }, waits: [] as number[] };
}

/** The private key in a file, in the form of SendGrid's scheme. Prints the public key, which a receiver needs. */
function keyIn(file: string): string {
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  }
  const key = createPrivateKey(readFileSync(file));
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64');
  console.error(`public key of the requests, as SendGrid shows one: ${publicKey}`);
  return key.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}
