import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQuarantine } from '../../shared/queues/quarantine-messages.ts';
import { fixture } from '../fixtures/fixtures.ts';
import { signingKeys } from '../fixtures/signing.ts';
import type { Signed } from '../fixtures/signing-scheme.ts';
import { ingestOf } from '../providers/ingest.ts';
import { startQuarantineQueue } from '../queues/quarantine-queue.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

// Mailgun's signature covers the token and not the event.
describe('a Mailgun token', () => {
  let emails: StoredEmails;
  let queue: Awaited<ReturnType<typeof startQuarantineQueue>>;
  let ingest: ReturnType<typeof ingestOf>;
  const keys = signingKeys('mailgun');
  const send = (signed: Signed, receivedAt = noon) => ingest('mailgun', signed, [keys.secret], { receivedAt });
  const withEvent = (signed: Signed, change: (event: Record<string, unknown>) => unknown): Signed => {
    const body = JSON.parse(signed.body.toString());
    return { ...signed, body: Buffer.from(JSON.stringify({ ...body, 'event-data': change(body['event-data']) })) };
  };

  beforeAll(async () => {
    emails = await startStoredEmails();
    queue = await startQuarantineQueue();
    ingest = ingestOf(emails.store, createQuarantine(queue.client, queue.queueUrl), { nonces: emails.nonces });
  });
  afterAll(async () => {
    await emails?.stop();
    await queue?.stop();
  });

  it('proves its own event however often that is sent, even hours later', async () => {
    const signed = keys.sign(fixture('mailgun', 'delivered'), noon);
    expect(await send(signed)).toMatchObject({ status: 200, counts: { recorded: 1 } });
    expect(await send(signed, noon + 8 * 3_600_000)).toMatchObject({ status: 200, counts: { duplicate: 1 } });
  });

  it('proves no other event of any recipient', async () => {
    const signed = keys.sign(fixture('mailgun', 'delivered'), noon);
    await send(signed);
    const forged = withEvent(signed, event => ({ ...event, event: 'complained', recipient: 'mallory@example.com' }));
    expect(await send(forged)).toMatchObject({ status: 401, refusal: 'reused_nonce' });
    // The token still proves its first event.
    expect(await send(signed)).toMatchObject({ status: 200 });
  });

  it('belongs to the event that came first, even if a later one was looked up sooner, which the alarm counts', async () => {
    const signed = keys.sign(fixture('mailgun', 'delivered'), noon);
    const forged = withEvent(signed, event => ({ ...event, recipient: 'mallory@example.com' }));
    expect(await send(forged, noon + 1)).toMatchObject({ status: 200, counts: { recorded: 1 } });
    expect(await send(signed, noon)).toMatchObject({ status: 200, refusal: 'reused_nonce' });
    expect(await send(forged, noon + 2)).toMatchObject({ status: 401, refusal: 'reused_nonce' });
  });

  it('proves no other event even if its first event was unreadable', async () => {
    const signed = keys.sign(fixture('mailgun', 'delivered'), noon);
    const unreadable = withEvent(signed, () => ({ event: 'brand-new', timestamp: noon / 1000 }));
    expect(await send(unreadable)).toMatchObject({ status: 200, counts: { quarantined: 1 } });
    expect(await send(signed)).toMatchObject({ status: 401, refusal: 'reused_nonce' });
  });

  it('is taken from the genuine signature, whatever other signature stands beside it', async () => {
    const signed = keys.sign(fixture('mailgun', 'delivered'), noon);
    await send(signed);
    const { signature, ...body } = JSON.parse(signed.body.toString());
    const other = { ...signature, token: 'f'.repeat(50) };
    const complained = { ...body['event-data'], event: 'complained' };
    const forged = { signature: other, 'parent-signature': signature, 'event-data': complained };
    expect(await send({ ...signed, body: Buffer.from(JSON.stringify(forged)) })).toMatchObject({ status: 401 });
  });

  it('is used up with every genuine signature of a request, if both keys are configured', async () => {
    const parent = signingKeys('mailgun');
    const event = fixture('mailgun', 'delivered');
    const own = JSON.parse(keys.sign(event, noon).body.toString());
    const { signature: second } = JSON.parse(parent.sign(event, noon).body.toString());
    const both = [keys.secret, parent.secret];
    const sent = (body: object) =>
      ingest('mailgun', { headers: {}, body: Buffer.from(JSON.stringify(body)) }, both, { receivedAt: noon });
    expect(await sent({ ...own, 'parent-signature': second })).toMatchObject({ status: 200 });
    const forged = { signature: second, 'event-data': { ...own['event-data'], event: 'complained' } };
    expect(await sent(forged)).toMatchObject({ status: 401, refusal: 'reused_nonce' });
    expect(await sent({ ...own, 'parent-signature': second })).toMatchObject({ status: 200 });
  });

  it('also belongs to a body that is nested too deeply to be read', async () => {
    const { signature } = JSON.parse(keys.sign(fixture('mailgun', 'delivered'), noon).body.toString());
    const deep = `{"signature":${JSON.stringify(signature)},"event-data":{"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`;
    const sent = (text: string) => send({ ...keys.sign(Buffer.from('{}'), noon), body: Buffer.from(text) });
    expect(await sent(deep)).toMatchObject({ status: 200, counts: { quarantined: 1 } });
    expect(await sent(deep)).toMatchObject({ status: 200 });
    expect(await sent(deep.replace('"x"', '"y"'))).toMatchObject({ status: 401, refusal: 'reused_nonce' });
  });

  it('of the older form proves only its own fields', async () => {
    const signed = keys.sign(fixture('mailgun', 'bounced.legacy.form'), noon, { type: 'form' });
    expect(await send(signed)).toMatchObject({ status: 200 });
    expect(await send(signed)).toMatchObject({ status: 200 });
    const forged = { ...signed, body: Buffer.from(signed.body.toString().replace('example.com', 'example.org')) };
    expect(await send(forged)).toMatchObject({ status: 401, refusal: 'reused_nonce' });
  });
});
