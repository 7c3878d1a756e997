import { describe, expect, it } from 'vitest';
import { parsedFixture } from '../fixtures/fixtures.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('smtp2go', name);

describe("SMTP2GO's events", () => {
  itMaps('smtp2go', { messageId: '1vbZkA-000000-0007', accountId: 'acme', reference: 'INV-7' }, [
    ['bounce.as-form.form', 'invalid'],
    ['bounce.hard-unknown-user-without-code', 'invalid'],
    ['bounce.hard-unknown-user', 'invalid'],
    ['bounce.hard', 'hard_bounced'],
    ['bounce.neither-with-code', 'invalid'],
    ['bounce.neither', null],
    ['bounce.policy', 'rejected'],
    ['bounce.soft-code-decides', 'hard_bounced'],
    ['bounce.soft', 'soft_bounced'],
    ['click', 'link_clicked'],
    ['delivered.as-form.form', 'delivered'],
    ['delivered', 'delivered'],
    ['open', 'opened'],
    ['processed', 'enqueued'],
    ['reject', 'rejected'],
    ['resubscribe', null],
    ['spam', 'marked_spam'],
    ['unsubscribe', null],
  ]);

  itKeeps('smtp2go', [
    ['missing-fields', 'unexpected_shape'],
    ['missing-message', 'missing_message_id'],
    ['missing-time', 'unreadable_time'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ]);

  it("keep the kind of bounce, the code and the server's words", () => {
    expect(read('bounce.hard-unknown-user').events[0]).toMatchObject({
      reason: { code: 'hard', enhancedCode: '5.1.1', text: '550 5.1.1 user unknown' },
      eventId: 'ab12cd34ef560000000000000000aa07',
      occurredAt: noon,
      subject: 'Invoice 7',
    });
  });

  it('have the same meaning as a form and as JSON', () => {
    expect(parsedFixture('smtp2go', 'delivered.as-form.form')).toEqual(read('delivered'));
  });
});
