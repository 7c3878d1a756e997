import { describe, expect, it } from 'vitest';
import { parsedFixture } from '../fixtures/fixtures.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { itIgnores, itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('loops', name);

describe("Loops's events", () => {
  itMaps('loops', { messageId: 'cm5eml0000000000000001' }, [
    ['campaign.email.sent', 'sent'],
    ['email.clicked', 'link_clicked'],
    ['email.delivered', 'delivered'],
    ['email.hardBounced', 'hard_bounced'],
    ['email.opened', 'opened'],
    ['email.resubscribed', null],
    ['email.softBounced', 'soft_bounced'],
    ['email.spamReported', 'marked_spam'],
    ['email.unsubscribed', null],
    ['loop.email.sent', 'sent'],
    ['transactional.email.sent', 'sent'],
  ]);

  itKeeps('loops', [
    ['missing-fields', 'unexpected_shape'],
    ['missing-message', 'missing_message_id'],
    ['missing-time', 'unreadable_time'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ]);

  it('are identified by the id of their request, which stays the same over all tries', () => {
    const [event] = read('email.delivered').events;
    expect(event).toMatchObject({ occurredAt: noon, subject: 'Invoice 7', providerEvent: 'email.delivered' });
    expect(event?.eventId).toMatch(/^msg_/);
  });

  itIgnores('loops', 'contact.created', 'testing.testEvent');
});
