import { describe, expect, it } from 'vitest';
import { nothingRecorded } from '../../shared/email/recorder.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { fixture, fixtureNames, fixtureType, parsedFixture } from '../fixtures/fixtures.ts';
import { providerNames, signingKeys } from '../fixtures/signing.ts';
import { snsGet } from '../fixtures/sns.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { httpEvent, lambdaContext } from '../rigs/http-event.ts';
import { ingestFunction } from '../rigs/ingest-function.ts';

/** Personal values in the fixtures. */
const personal = ['jane@example.com', 'jane', 'Invoice 7', 'INV-7', 'acme'];

/** The outcomes of keeping a request, as its queues behave. */
const outcomes = {
  recorded: async () => {},
  'refused by table and queues': async () => Promise.reject(new Error('jane@example.com is throttled')),
} as const;

describe.each(providerNames)('the log of requests of %s', name => {
  it.each(Object.keys(outcomes) as (keyof typeof outcomes)[])(
    'names no person, no content and no proof if they are %s',
    async outcome => {
      const written: string[] = [];
      const write = (line: string) => written.push(line);
      const keys = signingKeys(name);
      const queue = outcomes[outcome];
      const handler = ingestFunction({
        secretsOf: async () => [keys.secret],
        store: {
          async record(events) {
            const failed = outcome === 'recorded' ? [] : [{ events, error: new TypeError('jane@example.com') }];
            return {
              ...nothingRecorded,
              recorded: events.length,
              failed,
            };
          },
        },
        quarantine: queue,
        retryQueue: queue,
        get: snsGet,
        log: createLog(write),
      });
      for (const fixtureName of fixtureNames(name)) {
        const type = fixtureType(fixtureName);
        const { method, url, headers, body } = keys.sign(fixture(name, fixtureName), noon, { type });
        for (const given of [headers, { ...headers, 'x-forwarded-for': 'jane\r\n{"message":"forged"}' }, {}]) {
          const event = httpEvent('POST /webhooks/{provider}', { provider: name }, given, body, { method, url });
          await handler(event, lambdaContext);
        }
        const messageIds = parsedFixture(name, fixtureName).events.map(({ messageId }) => messageId);
        const proofs = Object.entries(headers).flatMap(([header, value]) =>
          /content-type|timestamp|^x-amz|^aeg|version|webhook-event$/.test(header) ? [] : [value ?? ''],
        );
        const text = written.join('');
        for (const secret of [...personal, ...messageIds, ...proofs, keys.secret]) {
          if (secret.length > 3) expect(text, `${fixtureName}: ${secret}`).not.toContain(secret);
        }
      }
      expect(written.length).toBeGreaterThan(0);
      for (const line of written) {
        expect(line.trimEnd().split(/[\r\n\u2028]/)).toHaveLength(1);
        expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), message: expect.any(String) });
      }
    },
  );
});
