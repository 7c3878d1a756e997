import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fixture, parsedFixture } from '../fixtures/fixtures.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { ingestOf } from './ingest.ts';
import { itIgnores, itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('mailersend', name);

describe("MailerSend's events", () => {
  itMaps('mailersend', { messageId: '61af0ffdae2c79cc9f000007', accountId: 'acme', reference: 'INV-7' }, [
    ['activity.clicked', 'link_clicked'],
    ['activity.clicked.nested', 'link_clicked'],
    ['activity.clicked_unique', 'link_clicked'],
    ['activity.deferred', 'deferred'],
    ['activity.delivered', 'delivered'],
    ['activity.delivered.nested', 'delivered'],
    ['activity.delivered.recipient-under-email', 'delivered'],
    ['activity.delivered.with-offset', 'delivered'],
    ['activity.hard_bounced.full', 'soft_bounced'],
    ['activity.hard_bounced', 'hard_bounced'],
    ['activity.hard_bounced.nested', 'invalid'],
    ['activity.hard_bounced.other', 'hard_bounced'],
    ['activity.hard_bounced.policy', 'rejected'],
    ['activity.hard_bounced.unknown-user-without-code', 'invalid'],
    ['activity.hard_bounced.unknown-user', 'invalid'],
    ['activity.opened', 'opened'],
    ['activity.opened_unique', 'opened'],
    ['activity.rejected', 'rejected'],
    ['activity.sent', 'sent'],
    ['activity.sent.nested', 'sent'],
    ['activity.soft_bounced.code-decides', 'invalid'],
    ['activity.soft_bounced', 'soft_bounced'],
    ['activity.soft_bounced.no-such-domain', 'hard_bounced'],
    ['activity.soft_bounced.policy', 'rejected'],
    ['activity.spam_complaint', 'marked_spam'],
    ['activity.suppressed', 'rejected'],
    ['activity.unsubscribed', null],
  ]);

  itKeeps('mailersend', [
    ['missing-fields', 'unexpected_shape'],
    ['missing-recipient', 'missing_recipient'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ]);

  it("keep type, code and the server's words", () => {
    expect(read('activity.soft_bounced.code-decides').events[0]?.reason).toEqual({
      cause: 'unknown_user',
      code: 'soft',
      enhancedCode: '5.1.1',
      text: 'user unknown',
    });
    expect(read('activity.suppressed').events[0]?.reason).toEqual({ cause: 'suppressed', text: 'hard_bounced' });
    expect(read('activity.clicked.nested').events[0]?.clickUrl).toBe('https://pay.example.com/INV-7');
  });

  it('have their own id and time in both envelopes', () => {
    for (const name of [
      'activity.delivered',
      'activity.delivered.nested',
      'activity.delivered.with-offset',
      // The outer time may be missing. The email's own time is not the event's.
      'activity.delivered.without-outer-time',
      'activity.delivered.nested-without-outer-time',
    ]) {
      expect(read(name).events[0], name).toMatchObject({
        eventId: '61b0a5e5d4dbd3e8b0000001',
        occurredAt: noon + 500,
        subject: 'Invoice 7',
      });
    }
  });

  itIgnores(
    'mailersend',
    'activity.survey_opened',
    'sender_identity.verified',
    'maintenance.start',
    'inbound_forward.failed',
    'email_list.verified',
    'bulk_email.completed',
    'recipient.on_hold_added',
    'webhook.test',
  );
});

describe("MailerSend's test of a webhook", () => {
  const publicSecret = 'test_Am3L1GuOIc4blLUuHqAPxxwkZaJyEk8G';
  const ingest = ingestOf({ record: () => Promise.reject(new Error('recorded')) }, async () => {});
  const send = (body: Buffer, secrets: readonly string[] = ['own']) => {
    const signature = createHmac('sha256', publicSecret).update(body).digest('hex');
    return ingest('mailersend', { headers: { signature }, body }, secrets);
  };

  it('gets 200 although its secret is public, even before a secret is configured', async () => {
    for (const secrets of [['own'], []]) {
      const { status, counts } = await send(fixture('mailersend', 'webhook.test'), secrets);
      expect([status, counts]).toEqual([200, {}]);
    }
  });

  it('has a secret that proves no other request', async () => {
    for (const name of ['activity.sent', 'activity.spam_complaint', 'unknown-event']) {
      expect((await send(fixture('mailersend', name))).status, name).toBe(401);
    }
    expect((await send(Buffer.from('{"type":["webhook.test"]}'))).status).toBe(401);
    expect((await send(Buffer.from('not JSON'))).status).toBe(401);
    // The public secret proves nothing even if somebody has configured it as the webhook's own.
    expect((await send(fixture('mailersend', 'activity.sent'), [publicSecret])).status).toBe(401);
  });
});
