import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guide, mailomat } from '../../shared/providers/mailomat.ts';
import { createQuarantine } from '../../shared/queues/quarantine-messages.ts';
import { context, fixture, parsedFixture, requestOf } from '../fixtures/fixtures.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { type Signed, seconds } from '../fixtures/signing-scheme.ts';
import { startQuarantineQueue } from '../queues/quarantine-queue.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';
import { ingestOf } from './ingest.ts';
import { itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('mailomat', name);
const hour = 3_600_000;

describe("Mailomat's events", () => {
  itMaps('mailomat', { messageId: '00000000-0000-4000-8000-000000000006', occurredAt: noon }, [
    ['accepted', 'enqueued'],
    ['clicked', 'link_clicked'],
    ['delivered', 'delivered'],
    ['delivered.time-in-payload', 'delivered'],
    ['delivered.with-offset', 'delivered'],
    ['failure_perm', 'hard_bounced'],
    ['failure_perm.code-in-words', 'invalid'],
    ['failure_perm.full', 'soft_bounced'],
    ['failure_perm.policy', 'rejected'],
    ['failure_perm.unknown-user', 'invalid'],
    ['failure_perm.without-reply', 'hard_bounced'],
    ['failure_tmp', 'deferred'],
    ['failure_tmp.unknown-user', 'deferred'],
    ['not_accepted', 'rejected'],
    ['opened', 'opened'],
    ['opened.without-client', 'opened'],
  ]);

  itMaps('mailomat', { messageId: 'm7@example.org' }, [['delivered.without-uuid', 'delivered']]);

  itKeeps('mailomat', [
    ['missing-fields', 'unexpected_shape'],
    ['missing-message', 'missing_message_id'],
    ['missing-recipient', 'missing_recipient'],
    ['missing-time', 'unreadable_time'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ]);

  it("keep the code and the words of the server, or Mailomat's own", () => {
    expect(read('failure_perm.unknown-user').events[0]).toMatchObject({
      reason: { code: '550', enhancedCode: '5.1.1', text: '5.1.1 unknown address', cause: 'unknown_user' },
      subject: 'Invoice 7',
    });
    expect(read('not_accepted').events[0]?.reason).toEqual({ text: 'sending limit used up' });
    expect(read('clicked').events[0]).toMatchObject({
      clickUrl: 'https://pay.example.org/7',
      userAgent: 'Mozilla/5.0',
      evidence: 'unknown',
    });
  });
});

describe("Mailomat's signature", () => {
  const keys = signingKeys('mailomat');
  const genuine = keys.sign(fixture('mailomat', 'delivered'), noon);
  const withHeaders = (headers: Readonly<Record<string, string>>): Signed => ({
    ...genuine,
    headers: { ...genuine.headers, ...headers },
  });
  const verify = (signed: Signed, receivedAt = noon) => mailomat.verify(requestOf(signed, receivedAt), [keys.secret]);
  /** Signs the given headers well, whatever their values. */
  const signedAs = (id: string, event: string, algorithm = 'sha256') => {
    const hex = createHmac(algorithm, keys.secret)
      .update(`${id}.${event}.${seconds(noon)}`)
      .digest('hex');
    return withHeaders({
      'x-mom-webhook-id': id,
      'x-mom-webhook-event': event,
      'x-mom-webhook-signature': `${algorithm}=${hex}`,
    });
  };

  it('covers id, event and time', () => {
    expect(verify(genuine)).toMatchObject([{ value: expect.any(String) }]);
    expect(verify(signedAs('any-id', 'delivered'))).toMatchObject([{ value: expect.any(String) }]);
    for (const [name, value] of [
      ['x-mom-webhook-id', 'other'],
      ['x-mom-webhook-event', 'failure_perm'],
      ['x-mom-webhook-timestamp', seconds(noon + 1_000)],
    ] as const)
      expect(verify(withHeaders({ [name]: value })), name).toBe('wrong_signature');
  });

  it.each(['x-mom-webhook-id', 'x-mom-webhook-event', 'x-mom-webhook-timestamp', 'x-mom-webhook-signature'])(
    'counts as missing without %s',
    name => {
      expect(verify(withHeaders({ [name]: ' ' }))).toBe('missing_signature');
    },
  );

  it.each(['sha1', 'sha512', 'md5'])('is refused by %s, because only SHA-256 is allowed', algorithm => {
    expect(verify(signedAs('any-id', 'delivered', algorithm))).toBe('malformed_signature');
  });

  it('becomes wrong if characters move between id and event', () => {
    // Both sign the same text, so that one of them must be refused.
    expect(verify(signedAs('a', 'b.delivered'))).toBe('malformed_signature');
    expect(verify(signedAs('a.b', 'delivered'))).toMatchObject([{ value: expect.any(String) }]);
  });

  it('is refused with an id that does not fit into the table of nonces', () => {
    for (const id of ['x'.repeat(101), 'a b', 'ä'])
      expect(verify(signedAs(id, 'delivered')), id).toBe('malformed_signature');
  });

  it('of one event proves no body with another event', () => {
    expect(verify({ ...genuine, body: fixture('mailomat', 'failure_perm') })).toBe('wrong_signature');
    expect(verify(signedAs('any-id', 'failure_perm'))).toBe('wrong_signature');
    // A body without an event name passes here and is quarantined later.
    expect(verify({ ...genuine, body: fixture('mailomat', 'missing-fields') })).toMatchObject([
      { value: expect.any(String) },
    ]);
  });

  it('is valid for a day, which leaves room for retries', () => {
    expect(verify(genuine, noon + 24 * hour)).toMatchObject([{ value: expect.any(String) }]);
    expect(verify(genuine, noon + 25 * hour)).toBe('stale_timestamp');
  });

  it("covers no body, as Mailomat's provider page says", () => {
    expect(guide.notes[0]).toMatch(/covers the headers alone, and not the body/);
  });
});

// Mailomat's signature covers the id and not the body.
describe('an id of Mailomat', () => {
  let emails: StoredEmails;
  let queue: Awaited<ReturnType<typeof startQuarantineQueue>>;
  let ingest: ReturnType<typeof ingestOf>;
  const keys = signingKeys('mailomat');
  const send = (signed: Signed, receivedAt = noon) => ingest('mailomat', signed, [keys.secret], { receivedAt });
  const of = (fixtureName: string) => keys.sign(fixture('mailomat', fixtureName), noon);
  const about = (signed: Signed, recipient: string): Signed => ({
    ...signed,
    body: Buffer.from(signed.body.toString().replaceAll('jane@example.com', recipient)),
  });

  beforeAll(async () => {
    emails = await startStoredEmails();
    queue = await startQuarantineQueue();
    ingest = ingestOf(emails.store, createQuarantine(queue.client, queue.queueUrl), { nonces: emails.nonces });
  });
  afterAll(async () => {
    await emails?.stop();
    await queue?.stop();
  });

  it('proves its own body however often that is sent, even hours later', async () => {
    expect(await send(of('failure_perm'))).toMatchObject({ status: 200, counts: { recorded: 1 } });
    expect(await send(of('failure_perm'), noon + 8 * hour)).toMatchObject({ status: 200, counts: { duplicate: 1 } });
  });

  it('proves no other body of any recipient', async () => {
    await send(of('opened'));
    const forged = about(of('opened'), 'mallory@example.com');
    expect(await send(forged)).toMatchObject({ status: 401, refusal: 'reused_nonce' });
    expect(await send(of('opened'))).toMatchObject({ status: 200 });
  });

  it('belongs to the body that came first, even if a later one was looked up sooner', async () => {
    const forged = about(of('clicked'), 'mallory@example.com');
    expect(await send(forged, noon + 1)).toMatchObject({ status: 200, counts: { recorded: 1 } });
    expect(await send(of('clicked'), noon)).toMatchObject({ status: 200, refusal: 'reused_nonce' });
    expect(await send(forged, noon + 2)).toMatchObject({ status: 401, refusal: 'reused_nonce' });
  });

  it('proves no other body even if its first body was unreadable', async () => {
    const unreadable = { ...of('accepted'), body: Buffer.from('{"eventType": "accepted"') };
    expect(await send(unreadable)).toMatchObject({ status: 200, counts: { quarantined: 1 } });
    expect(await send(of('accepted'))).toMatchObject({ status: 401, refusal: 'reused_nonce' });
  });

  it('identifies its event, unlike the id in the body, and stays with a quarantined piece', async () => {
    const signed = of('unknown-event');
    await queue.empty();
    expect(await send(signed)).toMatchObject({ counts: { quarantined: 1 } });
    const [kept] = await queue.kept();
    const { 'x-mom-webhook-id': id } = signed.headers;
    expect(kept?.headers).toMatchObject({ 'x-mom-webhook-id': id });
    expect(kept?.headers).not.toHaveProperty('x-mom-webhook-signature');
    const [event] = mailomat.parse(requestOf(of('delivered')), context).events;
    expect(event?.eventId).toBe(of('delivered').headers['x-mom-webhook-id']);
  });
});
