import { describe, expect, it } from 'vitest';
import { nothingRecorded } from '../../shared/email/recorder.ts';
import { fixture, parsedFixture } from '../fixtures/fixtures.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { ingestOf } from './ingest.ts';
import { itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('scaleway', name);

describe("Scaleway's events", () => {
  itMaps('scaleway', { messageId: 'eeb3a6d0-0000-4000-8000-000000000007', accountId: 'acme', reference: 'INV-7' }, [
    ['email_blocklisted', 'rejected'],
    ['email_deferred', 'deferred'],
    ['email_delivered.in-an-envelope', 'delivered'],
    ['email_delivered', 'delivered'],
    ['email_dropped.full', 'soft_bounced'],
    ['email_dropped', 'hard_bounced'],
    ['email_dropped.policy', 'rejected'],
    ['email_dropped.unknown-user', 'invalid'],
    ['email_dropped.without-reply', 'hard_bounced'],
    ['email_mailbox_not_found', 'invalid'],
    ['email_mailbox_not_found.full', 'soft_bounced'],
    ['email_queued', 'enqueued'],
    ['email_spam', 'rejected'],
  ]);

  itKeeps('scaleway', [
    ['confirmation', 'confirm_by_hand'],
    ['missing-fields', 'unexpected_shape'],
    ['missing-message-in-an-envelope', 'unexpected_shape'],
    ['missing-recipient', 'missing_recipient'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
    ['unsubscription', 'confirm_by_hand'],
  ]);

  it("keep the code and the server's words", () => {
    expect(read('email_dropped.unknown-user').events[0]).toMatchObject({
      reason: { code: '550', enhancedCode: '5.1.1', text: '550 5.1.1 user unknown' },
      eventId: '5b3c7a52-0000-4000-8000-000000000001',
      occurredAt: noon + 512,
    });
  });

  it("have the same meaning in a topic's envelope", () => {
    expect(read('email_delivered.in-an-envelope')).toEqual(read('email_delivered'));
  });

  it.each(['confirmation', 'unsubscription'])(
    'include the %s of a topic, which is quarantined for a person and fetches nothing',
    name => {
      expect(read(name)).toMatchObject({ events: [], quarantined: [{ reason: 'confirm_by_hand' }] });
    },
  );

  it('are asked for again with 503, because a topic may take a 4xx for a receipt', async () => {
    const outOfReach = () => Promise.reject(new Error('out of reach'));
    const ingest = ingestOf({ record: async () => nothingRecorded }, outOfReach);
    const keys = signingKeys('scaleway');
    const { answer } = await ingest('scaleway', keys.sign(fixture('scaleway', 'confirmation'), noon), [keys.secret]);
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '30' } });
  });
});
