/** The runs of `npm run fuzz`: mutated bodies, forged requests, and requests generated from the OpenAPI document. */

import fc from 'fast-check';
import { progress, progressEnds } from '../../infra/tools/simulate/progress.ts';
import { nothingRecorded } from '../../shared/email/recorder.ts';
import type { Provider, ProviderRequest } from '../../shared/providers/provider.ts';
import { type ProviderName, providers } from '../../shared/providers/registry.ts';
import { deviationText, fuzzApi } from '../api/fuzz-api.ts';
import { context, fixture, fixtureNames, fixtureType, parsedFixture, requestOf } from '../fixtures/fixtures.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { snsGet } from '../fixtures/sns.ts';
import { ingestOf } from '../providers/ingest.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { forgeriesOf } from './forgeries.ts';
import { mutations } from './mutations.ts';

const longestAnEvent = 50;

export interface Fuzzing {
  readonly runs: number;
  readonly seed: number;
}

const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype];
const shapeOfPrototypes = () => prototypes.map(prototype => Object.getOwnPropertyNames(prototype).join()).join(';');
const untouched = shapeOfPrototypes();

/** The time of reading a request, in milliseconds per event. */
function timeAnEvent(provider: Provider, request: ProviderRequest): number {
  const begun = performance.now();
  const { events, quarantined, unrelated } = provider.parse(request, context);
  return (performance.now() - begun) / Math.max(1, events.length + quarantined.length + unrelated);
}

async function fuzzBodies(name: ProviderName, { runs, seed }: Fuzzing) {
  const provider: Provider = providers[name];
  const names = fixtureNames(name);
  const keys = signingKeys(name);
  let done = 0;
  let slowest = 0;
  let exceptions = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), mutations, async (fixtureName, mutate) => {
      const type = fixtureType(fixtureName);
      const mutated = mutate(fixture(name, fixtureName), type);
      const request = requestOf(keys.sign(mutated, noon, { type }));
      done += 1;
      progress(`${name}: ${done} of ${runs} bodies`);
      try {
        if (typeof (await provider.verify(request, [keys.secret], snsGet)) === 'string') refused += 1;
        let took = timeAnEvent(provider, request);
        // Tries again, because another process may have slowed the first try.
        for (let again = 0; again < 3 && took > slowest; again += 1)
          took = Math.min(took, timeAnEvent(provider, request));
        slowest = Math.max(slowest, took);
        if (shapeOfPrototypes() !== untouched) throw new Error('a prototype was changed');
      } catch (error) {
        exceptions += 1;
        progressEnds();
        console.error(`${name}, ${fixtureName}:`, error, mutated.toString().slice(0, 2_000));
      }
    }),
    { numRuns: runs, seed },
  );
  progressEnds();
  return {
    bodies: done,
    'refused, as they could not be signed': refused,
    exceptions,
    'slowest event, ms': Number(slowest.toFixed(2)),
  };
}

async function forge(name: ProviderName, { runs, seed }: Fuzzing) {
  const names = fixtureNames(name).filter(fixtureName => parsedFixture(name, fixtureName).events.length > 0);
  const keys = signingKeys(name);
  let recordings: unknown[] = [];
  const ingest = ingestOf(
    {
      async record(events) {
        recordings = [...events];
        return {
          ...nothingRecorded,
          recorded: events.length,
        };
      },
    },
    async () => {},
  );
  const count = Math.ceil(runs / 10);
  let done = 0;
  let accepted = 0;
  const answers: Record<number, number> = {};
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), forgeriesOf(name), async (fixtureName, forgery) => {
      const unsigned = { body: fixture(name, fixtureName), type: fixtureType(fixtureName) };
      const genuine = keys.sign(unsigned.body, noon, unsigned);
      const forged = forgery(genuine, unsigned);
      recordings = [];
      const { status } = await ingest(name, forged, [keys.secret]);
      done += 1;
      progress(`${name}: ${done} of ${count} forgeries`);
      answers[status] = (answers[status] ?? 0) + 1;
      // Bytes without a meaning may differ, such as the case of a percent-encoding, if the recorded events are the signed ones.
      const said = JSON.stringify(providers[name].parse(requestOf(genuine), context).events);
      if (recordings.length > 0 && JSON.stringify(recordings) !== said) {
        accepted += 1;
        progressEnds();
        console.error(
          `${name}, ${fixtureName}: accepted`,
          forged.url,
          forged.headers,
          forged.body.toString().slice(0, 2_000),
        );
      }
    }),
    { numRuns: count, seed },
  );
  progressEnds();
  return { forged: done, accepted, answers: JSON.stringify(answers) };
}

/** Returns whether every body was read in time and every forgery refused. */
export async function providersHold(chosen: readonly ProviderName[], fuzzing: Fuzzing): Promise<boolean> {
  const table: Record<string, Awaited<ReturnType<typeof fuzzBodies>> & Awaited<ReturnType<typeof forge>>> = {};
  for (const name of chosen) table[name] = { ...(await fuzzBodies(name, fuzzing)), ...(await forge(name, fuzzing)) };
  console.table(table);
  return Object.values(table).every(
    row => row.exceptions === 0 && row.accepted === 0 && row['slowest event, ms'] <= longestAnEvent,
  );
}

/** Returns whether every answer of the API was right. */
export async function apiHolds({ runs, seed }: Fuzzing): Promise<boolean> {
  const { done, answers, deviations } = await fuzzApi({
    runs,
    seed,
    progress: sent => progress(`${sent} of ${runs} requests`),
  });
  progressEnds();
  console.table(answers);
  for (const deviation of deviations) console.error(deviationText(deviation));
  console.log(`${done} requests, ${deviations.length} answers not as they must be`);
  return deviations.length === 0;
}
