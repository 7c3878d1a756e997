import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { mandrill } from '../../shared/providers/mandrill.ts';
import { genuine } from '../../shared/providers/signatures/verification.ts';
import { parsedFixture, requestOf } from '../fixtures/fixtures.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { cpuMsOf } from '../rigs/cpu-time.ts';
import { ingestOf } from './ingest.ts';
import { itIgnores, itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('mandrill', name);

describe("Mandrill's events", () => {
  itMaps('mandrill', { messageId: '7761629f0c7b4c6db1a30000000007aa', accountId: 'acme', reference: 'INV-7' }, [
    ['click', 'link_clicked'],
    ['deferral', 'deferred'],
    ['delivered', 'delivered'],
    ['hard_bounce.bad_mailbox', 'invalid'],
    ['hard_bounce.full', 'soft_bounced'],
    ['hard_bounce.invalid_domain', 'hard_bounced'],
    ['hard_bounce.invalid_domain-with-words', 'invalid'],
    ['hard_bounce.other', 'hard_bounced'],
    ['hard_bounce.policy', 'rejected'],
    ['hard_bounce.unknown-user', 'invalid'],
    ['open', 'opened'],
    ['reject', 'rejected'],
    ['send.id-in-the-message', 'sent'],
    ['send', 'sent'],
    ['soft_bounce.general', 'soft_bounced'],
    ['soft_bounce.mailbox_full', 'soft_bounced'],
    ['soft_bounce.no-such-domain', 'hard_bounced'],
    ['soft_bounce.policy', 'rejected'],
    ['soft_bounce.unknown-user', 'invalid'],
    ['spam', 'marked_spam'],
    ['unsub', null],
  ]);

  itKeeps('mandrill', [
    ['missing-fields', 'unexpected_shape'],
    ['missing-message', 'missing_recipient'],
    ['missing-time', 'unreadable_time'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ]);

  it("keep the description, the code and the server's words", () => {
    expect(read('hard_bounce.unknown-user').events[0]?.reason).toEqual({
      cause: 'unknown_user',
      code: 'general',
      enhancedCode: '5.1.1',
      text: 'smtp;550 5.1.1 user unknown',
    });
    expect(read('deferral').events[0]?.reason).toEqual({
      cause: 'system',
      enhancedCode: '4.3.2',
      text: '451 4.3.2 try again later',
    });
    expect(read('reject').events[0]?.reason).toEqual({ code: 'rejected' });
  });

  it('have their own time, and not that of the message', () => {
    expect(read('send').events[0]?.occurredAt).toBe(noon);
  });

  itIgnores('mandrill', 'whitelist', 'allowlist', 'blacklist', 'denylist', 'inbound');

  it('have no metadata if the list of it is empty', () => {
    expect(read('send.metadata-as-list').events[0]).not.toHaveProperty('accountId');
  });
});

describe("Mandrill's signature", () => {
  const key = 'webhook-key';
  const url = 'https://api.example.com/webhooks/mandrill';
  const signed = (form: string, signWith = key, over = url, fields = new URLSearchParams(form)) => {
    const text = [...fields.keys()]
      .sort()
      .map(name => name + fields.get(name))
      .join('');
    const signature = createHmac('sha1', signWith)
      .update(over + text)
      .digest('base64');
    return requestOf({ url, headers: { 'x-mandrill-signature': signature }, body: Buffer.from(form) });
  };
  const form = String(new URLSearchParams({ mandrill_events: '[{"event":"send"}]' }));

  it("covers the URL exactly as in Mandrill's dashboard, and the secret may name that URL", () => {
    const elsewhere = 'https://hooks.example.com/mail/?from=mandrill';
    expect(mandrill.verify(signed(form), [key])).toEqual(genuine);
    expect(mandrill.verify(signed(form, key, elsewhere), [key])).toBe('wrong_signature');
    expect(mandrill.verify(signed(form, key, elsewhere), [`${key} ${elsewhere}`])).toEqual(genuine);
    expect(mandrill.verify(signed(form, key, `${url}/`), [key])).toBe('wrong_signature');
  });

  it('covers every field, sorted by name, and is refused with a repeated field', () => {
    expect(mandrill.verify(signed(`z=1&${form}&a=2`), [key])).toEqual(genuine);
    expect(mandrill.verify(signed(`${form}&${form}`), [key])).toBe('malformed_signature');
  });

  it('is looked for before a form is parsed, and a form of too many fields is never parsed', () => {
    const huge = Array.from({ length: 200_000 }, (_, index) => `${index}z`).join('&');
    const headers = { 'x-mandrill-signature': Buffer.alloc(20).toString('base64') };
    const spent = cpuMsOf(() => {
      expect(mandrill.verify(requestOf({ url, body: Buffer.from(huge) }), [key])).toBe('missing_signature');
      expect(mandrill.verify(requestOf({ url, headers, body: Buffer.from(huge) }), [key])).toBe('malformed_signature');
    });
    expect(spent).toBeLessThan(300);
  });

  const send = ingestOf({ record: () => Promise.reject(new Error('recorded')) }, async () => {});
  const outcome = (request: ReturnType<typeof signed>) => send('mandrill', request, [key]);

  it('may be by the public test key for an empty batch, and for no other body', async () => {
    const empty = 'mandrill_events=%5B%5D';
    expect((await outcome(signed(empty, 'test-webhook'))).answer).toMatchObject({ statusCode: 200 });
    expect((await outcome(signed(form, 'test-webhook'))).status).toBe(401);
    expect((await outcome(signed(`${empty}&a=b`, 'test-webhook'))).status).toBe(200);
    expect((await outcome(signed(empty, 'another-key'))).status).toBe(401);
    // The public key proves nothing even if somebody has configured it as the webhook's own.
    expect(mandrill.verify(signed(form, 'test-webhook'), ['test-webhook'])).toBe('no_secret_configured');
  });
});
