import { describe, expect, it } from 'vitest';
import { genuine } from '../../shared/providers/signatures/verification.ts';
import { zeptomail } from '../../shared/providers/zeptomail.ts';
import { fixture, parsedFixture, requestOf } from '../fixtures/fixtures.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { ingestOf } from './ingest.ts';
import { itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('zeptomail', name);

describe("ZeptoMail's events", () => {
  itMaps('zeptomail', { messageId: '13ef.7b2c.k1.0000000000000007.19a', accountId: 'acme', reference: 'INV-7' }, [
    ['click', 'link_clicked'],
    ['delivered', 'delivered'],
    ['emaillinkclick', 'link_clicked'],
    ['emailopen', 'opened'],
    ['hardbounce.full', 'soft_bounced'],
    ['hardbounce', 'hard_bounced'],
    ['hardbounce.name-with-blank', 'invalid'],
    ['hardbounce.policy', 'rejected'],
    ['hardbounce.several-recipients', 'invalid'],
    ['hardbounce.unknown-user-without-code', 'invalid'],
    ['hardbounce.unknown-user', 'invalid'],
    ['missing-data', 'opened'],
    ['open.as-form.form', 'opened'],
    ['open', 'opened'],
    ['open.reference-json', 'opened'],
    ['softbounce', 'soft_bounced'],
    ['softbounce.no-such-domain', 'hard_bounced'],
    ['softbounce.policy', 'rejected'],
    ['softbounce.unknown-user', 'invalid'],
    ['spam', 'marked_spam'],
  ]);

  itKeeps('zeptomail', [
    ['missing-fields', 'unexpected_shape'],
    ['missing-info', 'missing_recipient'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ]);

  it('of a bounce are about the named recipient, and opens of a message to several are a note on each', () => {
    const told = (name: string) =>
      read(name).events.map(({ recipient, status, attribution }) => [recipient, status, attribution]);
    expect(told('hardbounce.several-recipients')).toEqual([['jane@example.com', 'invalid', undefined]]);
    expect(told('hardbounce.unlisted-recipient')).toEqual([['jane@example.com', 'invalid', 'not_addressed']]);
    expect(told('open.with-copy')).toEqual(told('open.several-recipients'));
    expect(told('open.several-recipients')).toEqual([
      ['jane@example.com', null, 'ambiguous'],
      ['joe@example.com', null, 'ambiguous'],
    ]);
  });

  it('may come in batches and as a form', () => {
    expect(read('batch').events.map(({ recipient }) => recipient)).toEqual(['jane@example.com', 'joe@example.com']);
    expect(read('open.as-form.form').events).toMatchObject([{ recipient: 'jane@example.com', status: 'opened' }]);
  });

  it('have a plain client reference as their reference', () => {
    const [event] = read('open.plain-reference').events;
    expect(event).toMatchObject({ reference: 'INV-7' });
    expect(event).not.toHaveProperty('accountId');
  });

  it("keep the reason, the code and the server's words", () => {
    expect(read('hardbounce.unknown-user').events[0]).toMatchObject({
      reason: { code: 'hardbounce', enhancedCode: '5.1.1', text: '550 5.1.1 user unknown' },
      occurredAt: noon + 500,
      subject: 'Invoice 7',
    });
    expect(read('click').events[0]?.clickUrl).toBe('https://pay.example.com/INV-7');
  });
});

describe("ZeptoMail's signature", () => {
  const ingest = ingestOf({ record: () => Promise.reject(new Error('recorded')) }, async () => {});
  const keys = signingKeys('zeptomail');
  const signed = keys.sign(fixture('zeptomail', 'open'), noon);
  const verify = (header: string) =>
    zeptomail.verify(requestOf({ ...signed, headers: { 'producer-signature': header } }), [keys.secret]);
  const header = signed.headers['producer-signature']!;

  it('is missing from the test of the dashboard, which gets 200 without effect', async () => {
    const { status, counts, refusal } = await ingest('zeptomail', { headers: {}, body: signed.body }, [keys.secret]);
    expect([status, counts]).toEqual([200, {}]);
    // The alarm on refused requests would report real events without a signature.
    expect(refusal).toBe('missing_signature');
  });

  it.each([
    ['by another algorithm', header.replace('HmacSHA256', 'HmacMD5')],
    ['without its algorithm', header.replace(';s-algorithm=HmacSHA256', '')],
    ['in a broken encoding', header.replace(/;s=[^;]+/, ';s=%E0%A4%A')],
    ['without a value', header.replace(/;s=[^;]+/, ';s=')],
  ])('is refused %s', (_, changed) => {
    expect(verify(header)).toEqual(genuine);
    expect(verify(changed)).toBe('malformed_signature');
  });
});
