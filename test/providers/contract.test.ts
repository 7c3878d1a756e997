import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isOwnNote } from '../../shared/email/event.ts';
import { nothingRecorded, type Recorder } from '../../shared/email/recorder.ts';
import { meaningOf } from '../../shared/providers/parsing/event-meanings.ts';
import type { Provider } from '../../shared/providers/provider.ts';
import { providers } from '../../shared/providers/registry.ts';
import { createQuarantine } from '../../shared/queues/quarantine-messages.ts';
import { statusIds } from '../../shared/status/catalogue.ts';
import {
  context,
  fixture,
  fixtureNames,
  fixtureType,
  parsedBody,
  parsedFixture,
  requestOf,
} from '../fixtures/fixtures.ts';
import { providerNames, schemes, signingKeys } from '../fixtures/signing.ts';
import type { Signed } from '../fixtures/signing-scheme.ts';
import { forgeriesOf } from '../fuzz/forgeries.ts';
import { mutations } from '../fuzz/mutations.ts';
import { startQuarantineQueue } from '../queues/quarantine-queue.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { cpuMsOf } from '../rigs/cpu-time.ts';
import { failingStore } from '../rigs/ingest-function.ts';
import { runs } from '../rigs/runs.ts';
import { type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';
import { ingestOf } from './ingest.ts';

const minute = 60_000;
const withHeader = (signed: Signed, name: string, value: string | undefined): Signed => {
  const { [name]: _, ...others } = signed.headers;
  return { ...signed, headers: value === undefined ? others : { ...others, [name]: value } };
};

let emails: StoredEmails;
let queue: Awaited<ReturnType<typeof startQuarantineQueue>>;
let ingest: ReturnType<typeof ingestOf>;

beforeAll(async () => {
  emails = await startStoredEmails();
  queue = await startQuarantineQueue();
  ingest = ingestOf(emails.store, createQuarantine(queue.client, queue.queueUrl), { nonces: emails.nonces });
});
afterAll(async () => {
  await emails?.stop();
  await queue?.stop();
});
beforeEach(() => queue.empty());

describe.each(providerNames)('the adapter of %s', name => {
  const provider: Provider = providers[name];
  const keys = signingKeys(name);
  const names = fixtureNames(name);
  const scheme = schemes[name];
  const { header, timestamp, bodyIsCovered, oldestMinutes } = scheme;
  const signedFixture = (fixtureName: string, at = noon) =>
    keys.sign(fixture(name, fixtureName), at, { type: fixtureType(fixtureName) });
  const sample = names.find(fixtureName => parsedFixture(name, fixtureName).events.length > 0)!;
  const genuine = signedFixture(sample);
  const send = (signed: Signed, options: { secrets?: readonly string[]; receivedAt?: number; base64?: boolean } = {}) =>
    ingest(name, signed, options.secrets ?? [keys.secret], options);
  const refusalOf = async (signed: Signed, options: Parameters<typeof send>[1] = {}) => {
    const { status, refusal } = await send(signed, options);
    expect(status).toBe(refusal === null ? 200 : 401);
    return refusal;
  };

  it('is registered under its own name', () => {
    expect(provider.name).toBe(name);
  });

  describe('accepts as genuine', () => {
    it.each(names)('the fixture %s, counts every piece, and changes nothing when it comes again', async fixtureName => {
      const signed = signedFixture(fixtureName);
      const first = await send(signed);
      expect(first.status).toBe(200);
      const { received, recorded, duplicate, dropped, quarantined, unrelated, queued } = first.counts;
      expect(recorded! + duplicate! + dropped! + quarantined! + unrelated! + queued!).toBe(received);
      expect((await queue.kept()).length > 0).toBe(quarantined! > 0);
      const again = await send(signed);
      expect(again.counts).toEqual({ ...first.counts, recorded: 0, duplicate: recorded! + duplicate! });
    });

    it('both the old and the new secret during a rotation', async () => {
      const rotated = [signingKeys(name).secret, keys.secret];
      expect(await refusalOf(genuine, { secrets: rotated })).toBeNull();
      expect(await refusalOf(genuine, { secrets: rotated.toReversed() })).toBeNull();
    });

    it('the same bytes in base64, and header names in any letter case', async () => {
      const { counts } = await send(genuine);
      const upper = Object.entries(genuine.headers).map(([header, value]) => [header.toUpperCase(), value]);
      const again = { ...counts, recorded: 0, duplicate: counts.recorded! + counts.duplicate! };
      expect((await send({ ...genuine, headers: Object.fromEntries(upper) })).counts).toEqual(again);
      expect((await send(genuine, { base64: true })).counts).toEqual(again);
    });
  });

  it("asks for a request again, with the provider's own status code, while the table is unavailable", async () => {
    const error = new Error('out of reach');
    const store = failingStore(error);
    const outcome = await ingestOf(store, async () => {})(name, genuine, [keys.secret]);
    expect(outcome.status).toBe(provider.retryStatus ?? 429);
    expect(outcome.answer.headers['retry-after']).toMatch(/^\d+$/);
  });

  describe('refuses', () => {
    it('every request while no secret or only blank ones are configured', async () => {
      for (const secrets of [[], [''], [' '], ['', '\t']]) {
        expect(await refusalOf(genuine, { secrets })).toBe('no_secret_configured');
      }
    });

    it("another account's key", async () => {
      expect(await refusalOf(genuine, { secrets: [signingKeys(name).secret] })).toBe('wrong_signature');
    });

    it.each(providerNames.filter(other => other !== name))('requests that %s signed', async other => {
      const foreign = signingKeys(other).sign(fixture(name, sample), noon, {
        type: fixtureType(sample),
        url: genuine.url.split('?')[0]!,
      });
      const { status, counts } = await send(foreign);
      // Some adapters acknowledge a dashboard's unsigned test, without effect.
      if (status === 200) expect(counts).toEqual({});
      else expect(status).toBe(401);
    });

    it('signatures under a key such as the word "undefined"', async () => {
      for (const key of ['undefined', 'null', '0']) {
        expect(await refusalOf(genuine, { secrets: [key] })).not.toBeNull();
      }
    });

    if (header !== null)
      it('a missing, blank or broken header', async () => {
        const value = genuine.headers[header]!;
        for (const text of [
          undefined,
          '',
          '   ',
          value.slice(0, -4),
          `${value}AAAA`,
          `${value} `.repeat(5_000),
          `${value.slice(0, -1)}, ${value.slice(0, -2)}`,
          'v9,AAAA',
          'Basic',
          'Bearer abc',
          '\u0000',
          'ö',
          'undefined',
          Buffer.alloc(72).toString('base64'),
          value.replace(/[A-Za-z]/g, letter =>
            letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
          ),
        ]) {
          const { status, counts } = await send(withHeader(genuine, header, text));
          if (status === 200) expect(counts, text?.slice(0, 80)).toEqual({});
          else expect(status, text?.slice(0, 80)).toBe(401);
        }
      });

    if (timestamp !== null)
      it('a timestamp that is missing, not a plain number, or not signed', async () => {
        const value = genuine.headers[timestamp]!;
        for (const text of [
          undefined,
          '',
          ' ',
          'NaN',
          '1e9',
          '0x5f',
          `${value}x`,
          ` ${value} 1`,
          `${value}.0`,
          String(noon * 1000),
          '-1',
          String(2 ** 53),
          `0${value}`,
          String(Number(value) - 1),
          '0',
        ]) {
          expect(await refusalOf(withHeader(genuine, timestamp, text)), text).not.toBeNull();
        }
      });

    if (oldestMinutes !== null)
      it('requests that are older than any retry, or ahead of our clock', async () => {
        const oldest = oldestMinutes * minute;
        expect(await refusalOf(genuine, { receivedAt: noon + oldest })).toBeNull();
        expect(await refusalOf(genuine, { receivedAt: noon + oldest + 1000 })).toBe('stale_timestamp');
        expect(await refusalOf(genuine, { receivedAt: noon - 11 * minute })).toBe('stale_timestamp');
      });

    if (bodyIsCovered)
      it('a body with a changed, removed or added byte, unless it still means the same', async () => {
        const said = provider.parse(requestOf(genuine), context);
        const isInert = async (body: Buffer) => {
          const { status, counts } = await send({ ...genuine, body });
          if (status !== 200) expect(status).toBe(401);
          else if (counts.received !== undefined) {
            expect(provider.parse(requestOf({ ...genuine, body }), context)).toEqual(said);
          }
        };
        await fc.assert(
          fc.asyncProperty(
            fc.nat(genuine.body.length - 1),
            fc.integer({ min: 1, max: 255 }),
            (position, difference) => {
              const changed = Buffer.from(genuine.body);
              changed[position] = changed[position]! ^ difference;
              return isInert(changed);
            },
          ),
        );
        await isInert(genuine.body.subarray(1));
        await isInert(genuine.body.subarray(0, -1));
        await isInert(Buffer.concat([genuine.body, Buffer.from(' ')]));
        await isInert(Buffer.alloc(0));
      });

    it('forgeries of every kind, and never records another event than the signed one', async () => {
      const recorded: unknown[] = [];
      const store: Pick<Recorder, 'record'> = {
        async record(events) {
          recorded.push(...events);
          return {
            ...nothingRecorded,
            recorded: events.length,
          };
        },
      };
      const forge = ingestOf(store, async () => {});
      const said = provider.parse(requestOf(genuine), context).events;
      const unsigned = { body: fixture(name, sample), type: fixtureType(sample) };
      await fc.assert(
        fc.asyncProperty(forgeriesOf(name), async forgery => {
          recorded.length = 0;
          const { status } = await forge(name, forgery(genuine, unsigned), [keys.secret]);
          expect([200, 401]).toContain(status);
          if (recorded.length > 0) expect(recorded).toEqual(said);
        }),
      );
    });

    it('any headers and any body without an exception', async () => {
      const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.base64String());
      const headerNames = Object.keys(genuine.headers);
      await fc.assert(
        fc.asyncProperty(fc.tuple(...headerNames.map(() => text)), fc.uint8Array(), async (values, body) => {
          const headers = Object.fromEntries(headerNames.map((header, index) => [header, values[index]!]));
          const { status, counts } = await send({
            method: genuine.method,
            url: `https://api.example.com/webhooks/${name}?a=b`,
            headers,
            body: Buffer.from(body),
          });
          if (status === 200) expect(counts).toEqual({});
          else expect(status).toBe(401);
        }),
      );
    });
  });

  describe('reads', () => {
    it('every event name of its own table, each with a fixture', () => {
      const isOf = (event: string) => (fixtureName: string) => {
        const words = event.replaceAll(' ', '-');
        return words.endsWith('*')
          ? fixtureName.startsWith(words.slice(0, -1))
          : fixtureName === words || fixtureName.startsWith(`${words}.`);
      };
      expect(Object.keys(provider.events).filter(event => !names.some(isOf(event)))).toEqual([]);
    });

    it('every status of its own table, and machine events if its guide says so', async () => {
      const promised = Object.values(provider.events).flatMap(({ statuses }) => statuses);
      const read = names.flatMap(fixtureName => parsedFixture(name, fixtureName).events);
      const plain = read.filter(event => event.attribution !== 'ambiguous' && !isOwnNote(event));
      expect(new Set(plain.map(({ status }) => status))).toEqual(new Set(promised));
      const { guide } = await import(`../../shared/providers/${name}.ts`);
      expect(read.some(({ evidence }) => evidence === 'machine')).toBe(guide.machines !== null);
    });

    it('an object that has no text in place of any value without an exception', () => {
      const textless = '{"toString":1,"valueOf":null}';
      const value = /(?<=[:[,]\s*)(?:"(?:[^"\\]|\\.)*"|-?\d[\d.]*|true|false|null)(?=\s*[,}\]])/g;
      const bodies = names
        .filter(fixtureName => fixtureType(fixtureName) === 'json')
        .flatMap(fixtureName => {
          const body = fixture(name, fixtureName).toString();
          return [...body.matchAll(value)].map(
            ({ index, 0: found }) => body.slice(0, index) + textless + body.slice(index + found.length),
          );
        });
      const throws = (body: string) => {
        try {
          parsedBody(name, Buffer.from(body));
          return false;
        } catch {
          return true;
        }
      };
      expect(bodies.filter(throws)).toEqual([]);
    });

    it('unknown event names, duplicates in a batch, and missing fields', () => {
      const reasons = names.flatMap(fixtureName =>
        parsedFixture(name, fixtureName).quarantined.map(({ reason }) => reason),
      );
      expect(reasons).toContain('unknown_event');
      expect(names.filter(fixtureName => /^missing-/.test(fixtureName))).not.toEqual([]);
      if (provider.batched) {
        const [first, second] = parsedFixture(name, 'duplicate').events;
        expect(second).toEqual(first);
        const batch = parsedFixture(name, 'batch').events;
        expect(new Set(batch.map(({ eventId, recipient }) => `${eventId} ${recipient}`)).size).toBeGreaterThan(1);
      }
      expect(meaningOf(provider.events, 'toString')).toBeUndefined();
    });

    it.each(names)('the fixture %s with the same result each time', fixtureName => {
      const request = requestOf(signedFixture(fixtureName));
      expect(provider.parse(request, context)).toEqual(provider.parse(request, context));
    });

    const broken: Record<string, Buffer> = {
      'an empty body': Buffer.alloc(0),
      'invalid JSON': Buffer.from('<html>'),
      'JSON with comments': Buffer.from('{"a":1} // no'),
      NaN: Buffer.from('[NaN]'),
      'a scalar': Buffer.from('7'),
      null: Buffer.from('null'),
      'an empty object': Buffer.from('{}'),
      'invalid UTF-8': Buffer.from([0x22, 0xff, 0xfe, 0x22]),
      'a batch of too many pieces': Buffer.from(`[${'0,'.repeat(20_000)}0]`),
      'JSON of depth 33': Buffer.from(`${'['.repeat(33)}${']'.repeat(33)}`),
      'JSON of depth 100,000': Buffer.from(`${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    };
    it.each(Object.keys(broken))('%s as one quarantined piece, and never as an event', what => {
      const { events, quarantined } = provider.parse(requestOf({ body: broken[what]! }), context);
      expect(events).toEqual([]);
      expect(quarantined).toHaveLength(1);
    });

    if (/json/.test(genuine.headers['content-type'] ?? ''))
      it('a body with a byte-order mark like the same body without it', () => {
        const marked = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), genuine.body]);
        const parse = (body: Buffer) => provider.parse(requestOf({ ...genuine, body }), context);
        expect(parse(marked)).toEqual(parse(genuine.body));
      });

    if (fixture(name, sample).includes('"acme"'))
      it('ids above 2^53 exactly, so that they stay distinct', () => {
        const numbers = ['9007199254740992', '9007199254740993', '99999999999999999999'];
        const accounts = numbers.map(number => {
          const body = fixture(name, sample).toString().replaceAll('"acme"', number);
          return parsedBody(name, Buffer.from(body)).events[0]?.accountId;
        });
        expect(accounts).toEqual(numbers);
      });

    it('mutated genuine bodies without an exception, a delay or a change of prototypes', () => {
      fc.assert(
        fc.property(fc.constantFrom(...names), mutations, (fixtureName, mutate) => {
          const type = fixtureType(fixtureName);
          const mutated = mutate(fixture(name, fixtureName), type);
          let events: ReturnType<typeof parsedBody>['events'] = [];
          const spent = cpuMsOf(() => {
            events = parsedBody(name, mutated, type).events;
          });
          expect(spent).toBeLessThan(500);
          for (const { status, occurredAt } of events) {
            expect([...statusIds, null]).toContain(status);
            expect(Number.isSafeInteger(occurredAt)).toBe(true);
          }
          expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
        }),
        { numRuns: runs(25) },
      );
    });
  });
});
