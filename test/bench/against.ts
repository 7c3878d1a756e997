/** The same requests to the local stack and to a receiver of the user's own. */

import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../infra/local/cli/command.ts';
import { settled } from '../../infra/tools/simulate/running-stack.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import { signedRequest } from '../fixtures/signing.ts';
import { startStack } from '../rigs/start-stack.ts';
import { type Figure, figure, measured, quantile } from './figures.ts';
import { acknowledged, queuedIn } from './posted.ts';
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
  /** Part of every id, so that a receiver which keeps its data has seen no event of the run. */
  readonly run: string;
}

interface Receiver {
  readonly name: string;
  /** Sends events of distinct emails until the receiver acknowledges them. */
  send(events: number, name: string): Promise<Sent>;
  /** Resolves when the receiver has no work left. */
  atRest(): Promise<unknown>;
}

interface Sent {
  readonly ms: number;
  /** Events that the acknowledgement says to be recorded; a receiver of the user's own says nothing of others. */
  readonly recorded: number;
  readonly again: number;
}

/** The receiver's address as a URL. @throws UsageError unless it is one of HTTP */
export function receiverUrl(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return text;
  throw new UsageError(`--against takes the URL of a receiver, e.g. http://127.0.0.1:8000/webhook, and not ${text}`);
}

/** Sends batches and single requests to both receivers, in turn. Every event is one of an email not seen before. */
export async function against({ url, signingKeyFile, batches, singles, run }: AgainstOptions): Promise<Figure[]> {
  const signingKey = signingKeyFile === undefined ? null : keyIn(signingKeyFile);
  const dataDir = await mkdtemp(join(tmpdir(), 'mailtrail-bench-'));
  const stack = await startStack({ dataDir });
  const http = { keepAlive: true, maxSockets: singlesInFlight };
  const agents = { 'http:': new HttpAgent(http), 'https:': new HttpsAgent(http) } as const;
  const receiver = (
    name: string,
    to: string,
    key: string | null,
    { atRest, queued }: Pick<Receiver, 'atRest'> & { readonly queued: typeof queuedIn },
  ): Receiver => {
    const agent = agents[new URL(to).protocol as keyof typeof agents];
    return {
      name,
      async send(events, tag) {
        const now = Date.now();
        const body = sendgridBatch(events, `${run}-${tag}`, now);
        const request =
          key === null
            ? { headers: { 'content-type': 'application/json' }, body }
            : signedRequest('sendgrid', key, body, now);
        const answer = await acknowledged(agent, to, request);
        return { ms: answer.ms, again: answer.again, recorded: events - queued(answer) };
      },
      atRest,
    };
  };
  try {
    const { sendgrid } = JSON.parse(await readFile(stack.endpoints.signingKeysFile, 'utf8')) as { sendgrid: string };
    const ours = receiver('local stack', `${stack.url}/webhooks/sendgrid`, sendgrid, {
      atRest: () => settled(dataDir),
      queued: queuedIn,
    });
    const theirs = receiver('your receiver', url, signingKey, { atRest: async () => {}, queued: () => 0 });
    const results = [];
    for (const one of [ours, theirs]) results.push({ ...one, ...(await warmed(one)) });
    for (let batch = 0; batch < batches; batch += 1) {
      for (const { send, atRest, rates, sent } of results) {
        const one = await send(batchSize, `batch${batch}`);
        sent.push(one);
        // Queued events are no work done.
        rates.batches.push((one.recorded * 1_000) / one.ms);
        await atRest();
      }
    }
    for (let turn = 0; turn < turns; turn += 1) {
      for (const { send, atRest, rates, waits, sent } of results) {
        const names = Array.from({ length: Math.ceil(singles / turns) }, (_, index) => `single${turn}-${index}`);
        const begun = performance.now();
        let recorded = 0;
        await forEachConcurrently(names, singlesInFlight, async name => {
          const one = await send(1, name);
          sent.push(one);
          waits.push(one.ms);
          recorded += one.recorded;
        });
        rates.singles.push((recorded * 1_000) / (performance.now() - begun));
        await atRest();
      }
    }
    const [mine, other] = results as [(typeof results)[0], (typeof results)[0]];
    const sentEvents = batches * batchSize + turns * Math.ceil(singles / turns);
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
      ...results.map(({ name, sent }) =>
        measured(`requests sent again after 429: ${name}`, [sumOf(sent, 'again')], '', { count: 'by chance' }),
      ),
      measured(`events queued, and not counted: ${mine.name}`, [sentEvents - sumOf(mine.sent, 'recorded')], 'events', {
        count: 'by chance',
      }),
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
  return { rates: { batches: [] as number[], singles: [] as number[] }, waits: [] as number[], sent: [] as Sent[] };
}

function sumOf(sent: readonly Sent[], what: 'recorded' | 'again'): number {
  return sent.reduce((sum, one) => sum + one[what], 0);
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
