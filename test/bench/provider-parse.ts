import { livingEmails } from '../../infra/tools/simulate/lives.ts';
import { requestsOf } from '../../infra/tools/simulate/requests.ts';
import { told } from '../../infra/tools/simulate/samples.ts';
import type { Provider, ProviderRequest } from '../../shared/providers/provider.ts';
import { type ProviderName, providers } from '../../shared/providers/registry.ts';
import { context, fixture, fixtureNames, fixtureType, parsedFixture } from '../fixtures/fixtures.ts';
import { providerNames, signingKeys } from '../fixtures/signing.ts';
import type { Signed } from '../fixtures/signing-scheme.ts';
import { snsGet } from '../fixtures/sns.ts';
import { type Figure, figure, median } from './figures.ts';
import { sendgridBatch } from './sendgrid-batch.ts';
import { signals } from './signals.ts';

const batchSize = 1_000;
const rounds = 60;
/** The number of first rounds that are not counted, because the code is still being compiled. */
const warmUp = 40;
const at = Math.floor(Date.now() / 1000) * 1000;

/** Copies the bytes, so that each request is parsed anew. */
const requestOf = (signed: Signed): ProviderRequest => ({ ...signed, body: Buffer.from(signed.body), receivedAt: at });

/** A provider's batch of 1,000 delivered events of as many emails, or null for providers without JSON batches. */
function batchOf(name: ProviderName): Buffer | null {
  if (name === 'sendgrid') return sendgridBatch(batchSize, 'parse', at);
  const emails = livingEmails({
    providers: [name],
    count: batchSize,
    firstNumber: 1,
    firstStartsAt: at - 86_400_000,
    apart: 1000,
  });
  const events = emails.flatMap(email => told(name, email, 'delivered', email.startsAt) ?? []);
  const [request, ...others] = requestsOf(name, events, batchSize);
  return others.length === 0 && request?.type === 'json' ? request.body : null;
}

async function proved(provider: Provider, request: ProviderRequest, secret: string): Promise<void> {
  const verification = await provider.verify(request, [secret], snsGet);
  if (typeof verification === 'string') throw new Error(`${provider.name}: ${verification}`);
}

/** Times verifying and reading a batch of 1,000 events, beside the bare JSON.parse of the same body. */
async function batchRatio(name: ProviderName, body: Buffer): Promise<readonly Figure[]> {
  const provider: Provider = providers[name];
  const keys = signingKeys(name);
  const signed = keys.sign(body, at);
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < warmUp + rounds; round += 1) {
    const request = requestOf(signed);
    const begun = performance.now();
    await proved(provider, request, keys.secret);
    const { events } = provider.parse(request, context);
    const parsed = performance.now();
    if (events.length !== batchSize) throw new Error(`${name}: ${events.length} read`);
    JSON.parse(body.toString());
    const done = performance.now();
    if (round < warmUp) continue;
    ours.push(parsed - begun);
    bare.push(done - parsed);
  }
  return [
    figure(`${name}: verify and read 1,000 events`, median(ours), 'ms'),
    figure(`${name}: verify and read / JSON.parse`, median(ours) / median(bare), '×', '≤ 3'),
  ];
}

/** Times verifying and reading one event. */
async function single(name: ProviderName): Promise<number> {
  const provider: Provider = providers[name];
  const keys = signingKeys(name);
  const fixtureName = fixtureNames(name).find(file => parsedFixture(name, file).events.length === 1)!;
  const signed = keys.sign(fixture(name, fixtureName), at, { type: fixtureType(fixtureName) });
  const times: number[] = [];
  for (let round = 0; round < 200; round += 1) {
    const request = requestOf(signed);
    const begun = performance.now();
    await proved(provider, request, keys.secret);
    provider.parse(request, context);
    times.push(performance.now() - begun);
  }
  return median(times);
}

/** Times verifying and reading for every provider, and reading the reply of a bounce. */
export async function providerParse(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const name of providerNames) {
    const body = batchOf(name);
    if (providers[name].batched && body !== null) figures.push(...(await batchRatio(name, body)));
  }
  const singles: [ProviderName, number][] = [];
  for (const name of providerNames) singles.push([name, await single(name)]);
  const [slowest, time] = singles.reduce((a, b) => (b[1] > a[1] ? b : a));
  return [
    ...figures,
    figure(`one event, the slowest of ${singles.length} providers (${slowest})`, time, 'ms', '< 1'),
    ...signals(),
  ];
}
