import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Provider, ProviderRequest, Refusal } from '../../shared/providers/provider.ts';
import { providers } from '../../shared/providers/registry.ts';
import { statusIds } from '../../shared/status.ts';
import { noon } from '../arbitrary-events.ts';
import { providerNames, schemes, signingKeys } from '../signing.ts';
import { context, fixture, fixtureNames, reading, requestOf } from './fixtures.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const minute = 60_000;
const withHeader = (request: ProviderRequest, name: string, value: string | undefined): ProviderRequest => ({
  ...request,
  headers: { ...request.headers, [name]: value },
});

describe.each(providerNames)('the provider %s', name => {
  const provider: Provider = providers[name];
  const keys = signingKeys(name);
  const sample = fixture(name, fixtureNames(name)[0]!);
  const signed = (body: Buffer = sample, at = noon) => requestOf(keys.sign(body, at));
  const verify = (request: ProviderRequest, secrets: readonly string[] = [keys.secret]) =>
    provider.verify(request, secrets);
  const { header, timestamp, bodyIsCovered, oldestMinutes } = schemes[name];

  it('is registered under its own name, and explained in the README', () => {
    expect(provider.name).toBe(name);
    const { title, authentication, secret } = provider;
    expect(readme).toContain(`| ${title} | \`/webhooks/${name}\` | ${authentication} | ${secret} |`);
  });

  describe('takes for genuine', () => {
    it.each(fixtureNames(name))('%s, signed', fixtureName => {
      expect(verify(signed(fixture(name, fixtureName)))).toBeNull();
    });

    it('both the old and the new secret while they are rotated', () => {
      const rotated = [signingKeys(name).secret, keys.secret];
      expect(verify(signed(), rotated)).toBeNull();
      expect(verify(signed(), rotated.toReversed())).toBeNull();
    });
  });

  describe('refuses', () => {
    it('everything while no secret, or only blank ones, are configured', () => {
      for (const secrets of [[], [''], [' '], ['', '\t']]) {
        expect(verify(signed(), secrets)).toBe('no_secret_configured');
      }
    });

    it("another account's key", () => {
      expect(verify(signed(), [signingKeys(name).secret])).toBe('wrong_signature');
    });

    it.each(providerNames.filter(other => other !== name))('what %s signed', other => {
      const foreign = requestOf(signingKeys(other).sign(sample, noon));
      expect(verify(foreign)).not.toBeNull();
    });

    it('a secret made of the word "undefined", or none, as key', () => {
      for (const key of ['undefined', 'null', '0']) {
        expect(verify(signed(), [key])).not.toBeNull();
      }
    });

    if (header !== null)
      it('a header that is missing, blank or broken', () => {
        const good = signed();
        const value = good.headers[header]!;
        const broken: Record<string, Refusal> = { '': 'missing_signature', '   ': 'missing_signature' };
        for (const [text, refusal] of Object.entries(broken))
          expect(verify(withHeader(good, header, text))).toBe(refusal);
        expect(verify(withHeader(good, header, undefined))).toBe('missing_signature');
        for (const text of [
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
          expect(verify(withHeader(good, header, text)), text.slice(0, 80)).not.toBeNull();
        }
      });

    if (timestamp !== null)
      it('a timestamp that is missing, no plain number of seconds, or was not signed', () => {
        const good = signed();
        const value = good.headers[timestamp]!;
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
          String(noon),
          '-1',
          String(2 ** 53),
          `0${value}`,
          String(Number(value) - 1),
          '0',
        ]) {
          expect(verify(withHeader(good, timestamp, text)), text).not.toBeNull();
        }
      });

    if (oldestMinutes !== null)
      it('what is older than any retry, or ahead of our clock', () => {
        const oldest = oldestMinutes * minute;
        expect(verify({ ...signed(), receivedAt: noon + oldest })).toBeNull();
        expect(verify({ ...signed(), receivedAt: noon + oldest + 1000 })).toBe('stale_timestamp');
        expect(verify({ ...signed(), receivedAt: noon - 11 * minute })).toBe('stale_timestamp');
      });

    if (bodyIsCovered)
      it('a body of which any byte was changed, removed or added', () => {
        const good = signed();
        fc.assert(
          fc.property(fc.nat(good.body.length - 1), fc.integer({ min: 1, max: 255 }), (position, difference) => {
            const changed = Buffer.from(good.body);
            changed[position] = changed[position]! ^ difference;
            expect(verify({ ...good, body: changed })).toBe('wrong_signature');
          }),
        );
        expect(verify({ ...good, body: good.body.subarray(1) })).toBe('wrong_signature');
        expect(verify({ ...good, body: Buffer.concat([good.body, Buffer.from(' ')]) })).toBe('wrong_signature');
        const reserialised = Buffer.from(JSON.stringify(JSON.parse(good.body.toString()), null, 1));
        expect(verify({ ...good, body: reserialised })).toBe('wrong_signature');
        expect(verify({ ...good, body: Buffer.alloc(0) })).toBe('wrong_signature');
      });

    it('without ever throwing, whatever the headers and the body', () => {
      const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.base64String());
      const names = Object.keys(signed().headers);
      fc.assert(
        fc.property(fc.tuple(...names.map(() => text)), fc.uint8Array(), (values, body) => {
          const headers = Object.fromEntries(names.map((header, index) => [header, values[index]!]));
          expect(verify({ method: 'POST', headers, body: Buffer.from(body), receivedAt: noon })).not.toBeNull();
        }),
      );
    });
  });

  describe('reads', () => {
    it('every event name of its own table, each proven on bytes', () => {
      const covered = new Set(fixtureNames(name).flatMap(fixtureName => [fixtureName, fixtureName.split('.')[0]!]));
      expect(Object.keys(provider.events).filter(event => !covered.has(event))).toEqual([]);
    });

    it('every status of its own table', () => {
      const promised = Object.values(provider.events).flatMap(({ statuses }) => statuses);
      const read = fixtureNames(name).flatMap(fixtureName =>
        reading(name, fixture(name, fixtureName)).events.map(({ status }) => status),
      );
      expect(new Set(read)).toEqual(new Set(promised));
    });

    it.each(fixtureNames(name))('%s the same way each time', fixtureName => {
      const request = signed(fixture(name, fixtureName));
      expect(provider.parse(request, context)).toEqual(provider.parse(request, context));
    });

    const broken: Record<string, Buffer> = {
      'an empty body': Buffer.alloc(0),
      'no JSON': Buffer.from('<html>'),
      'JSON with comments': Buffer.from('{"a":1} // no'),
      NaN: Buffer.from('[NaN]'),
      'a scalar': Buffer.from('7'),
      null: Buffer.from('null'),
      'an empty object': Buffer.from('{}'),
      'what is not UTF-8': Buffer.from([0x22, 0xff, 0xfe, 0x22]),
      'more pieces than anybody sends': Buffer.from(`[${'0,'.repeat(20_000)}0]`),
      'depth 33': Buffer.from(`${'['.repeat(33)}${']'.repeat(33)}`),
      'depth 100,000': Buffer.from(`${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    };
    it.each(Object.keys(broken))('%s as something to be kept in quarantine, never as an event', what => {
      const { events, quarantined } = providers[name].parse(
        { method: 'POST', headers: {}, body: broken[what]!, receivedAt: noon },
        context,
      );
      expect(events).toEqual([]);
      expect(quarantined).toHaveLength(1);
    });

    it('a body with a byte-order mark like the same body without', () => {
      const good = signed().body;
      const marked = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), good]);
      const parse = (body: Buffer) => provider.parse({ method: 'POST', headers: {}, body, receivedAt: noon }, context);
      expect(parse(marked)).toEqual(parse(good));
    });

    it('ids above 2^53 as they are: two ids stay two ids', () => {
      const numbers = ['9007199254740992', '9007199254740993', '99999999999999999999'];
      const accounts = numbers.map(number => {
        const body = sample.toString().replaceAll('"acme"', number);
        return reading(name, Buffer.from(body)).events[0]?.accountId;
      });
      expect(accounts).toEqual(numbers);
    });

    it('mutated genuine bodies without throwing, slowness or a touch of prototypes', () => {
      const bodies = fixtureNames(name).map(fixtureName => fixture(name, fixtureName).toString());
      const scraps = fc.constantFrom(
        'null',
        '[]',
        '{}',
        '-0',
        '1e999',
        '9'.repeat(39),
        '""',
        '"__proto__"',
        '"toString"',
        '"\\ud800"',
        '"\\u0000"',
        '{"__proto__":{"polluted":1}}',
        '{"constructor":{"prototype":{"polluted":1}}}',
        '"\u202e"',
        '1767355200000000',
        `"${'x'.repeat(70_000)}"`,
      );
      fc.assert(
        fc.property(fc.constantFrom(...bodies), fc.nat(), scraps, fc.boolean(), (body, at, scrap, isName) => {
          // In place of the nth string, number or literal of the JSON text.
          const tokens = [...body.matchAll(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null/g)];
          const token = tokens[at % Math.max(tokens.length, 1)];
          if (token === undefined) return;
          const mutated = `${body.slice(0, token.index)}${isName ? '"__proto__"' : scrap}${body.slice(token.index + token[0].length)}`;
          const begun = performance.now();
          const { events } = reading(name, Buffer.from(mutated));
          expect(performance.now() - begun).toBeLessThan(500);
          for (const { status, occurredAt } of events) {
            expect([...statusIds, null]).toContain(status);
            expect(Number.isSafeInteger(occurredAt)).toBe(true);
          }
          expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
        }),
        { numRuns: 500 },
      );
    });
  });
});
