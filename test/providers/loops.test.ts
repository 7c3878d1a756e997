import { describe, expect, it } from 'vitest';
import { noon } from '../arbitrary-events.ts';
import { fixtureReading } from './fixtures.ts';

const read = (name: string) => fixtureReading('loops', name);

describe("Loops's events", () => {
  it.each([
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
  ])('%s is %s', (name, status) => {
    expect(read(name)).toMatchObject({
      events: [
        {
          provider: 'loops',
          messageId: 'cm5eml0000000000000001',
          recipient: 'jane@example.com',
          status,
        },
      ],
      quarantined: [],
    });
  });

  it.each([
    ['missing-fields', 'unexpected_shape'],
    ['missing-message', 'missing_message_id'],
    ['missing-time', 'unreadable_time'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ])('%s is kept as %s', (name, reason) => {
    expect(read(name)).toMatchObject({ events: [], quarantined: [{ reason }] });
  });

  it('are known by the id of their request, which stays the same over all tries', () => {
    const [event] = read('email.delivered').events;
    expect(event).toMatchObject({ occurredAt: noon, subject: 'Invoice 7', providerEvent: 'email.delivered' });
    expect(event?.eventId).toMatch(/^msg_/);
  });

  it('of contacts and tests are about no email', () => {
    for (const name of ['contact.created', 'testing.testEvent']) {
      expect(read(name), name).toEqual({ events: [], quarantined: [], unrelated: 1 });
    }
  });
});
