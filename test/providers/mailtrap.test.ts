import { describe, expect, it } from 'vitest';
import { fixture, parsedBody, parsedFixture } from '../fixtures/fixtures.ts';
import { itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('mailtrap', name);

describe("Mailtrap's events", () => {
  itMaps('mailtrap', { messageId: '1df37d17-0286-4d8b-8edf-bc4ec5be8607', accountId: 'acme', reference: 'INV-7' }, [
    ['bounce.badrecipient', 'invalid'],
    ['bounce.badsender', 'rejected'],
    ['bounce.block', 'rejected'],
    ['bounce.code-decides', 'soft_bounced'],
    ['bounce.content', 'rejected'],
    ['bounce.dnsFail', 'hard_bounced'],
    ['bounce.generalfail-no-such-domain', 'hard_bounced'],
    ['bounce.generalfail-unknown-user', 'invalid'],
    ['bounce.generalfail', 'hard_bounced'],
    ['bounce.greylisting', 'soft_bounced'],
    ['bounce.new-category', 'hard_bounced'],
    ['bounce.new-category-with-words', 'rejected'],
    ['bounce.dnsFail-with-words', 'invalid'],
    ['bounce.other-no-such-user', 'invalid'],
    ['bounce.other', 'hard_bounced'],
    ['bounce.overquota', 'soft_bounced'],
    ['bounce.relayfail', 'rejected'],
    ['bounce.serverfail', 'hard_bounced'],
    ['bounce.serverpolicy', 'rejected'],
    ['bounce.spam', 'rejected'],
    ['bounce.spam_gmail', 'rejected'],
    ['bounce.timeout', 'soft_bounced'],
    ['bounce.transientfail', 'soft_bounced'],
    ['bounce.verifyfail', 'rejected'],
    ['click', 'link_clicked'],
    ['delivery', 'delivered'],
    ['open', 'opened'],
    ['reject', 'rejected'],
    ['soft-bounce', 'deferred'],
    ['spam', 'marked_spam'],
    ['suspension', 'enqueued'],
    ['unsubscribe', null],
  ]);

  itKeeps('mailtrap', [
    ['missing-fields', 'unexpected_shape'],
    ['missing-message', 'missing_message_id'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ]);

  it('may come as JSON Lines', () => {
    const { events, quarantined } = parsedFixture('mailtrap', 'delivery.lines.jsonl');
    expect(quarantined).toEqual([]);
    expect(events.map(({ status }) => status)).toEqual(['delivered', 'opened']);
  });

  it('are recognised as JSON or JSON Lines by their bytes, whatever the content type says', () => {
    const lines = fixture('mailtrap', 'delivery.lines.jsonl');
    expect(parsedBody('mailtrap', lines, 'json').events).toHaveLength(2);
    expect(parsedBody('mailtrap', fixture('mailtrap', 'batch'), 'jsonl').events).toHaveLength(3);
  });

  it('as JSON Lines are quarantined as a whole if one line is invalid', () => {
    const body = Buffer.from('{"event":"open"}\n{"event":\n');
    expect(parsedBody('mailtrap', body, 'jsonl')).toMatchObject({
      events: [],
      quarantined: [{ reason: 'not_json', piece: null }],
    });
  });

  it('of different kinds with the same id are different events', () => {
    const ids = read('soft-bounce.same-id-as-delivery').events.map(({ eventId }) => eventId);
    expect(new Set(ids).size).toBe(2);
  });

  it("keep the category, the code and the server's words", () => {
    expect(read('bounce.generalfail-unknown-user').events[0]?.reason).toEqual({
      cause: 'unknown_user',
      code: 'generalfail 550',
      enhancedCode: '5.1.1',
      text: '550 5.1.1 user unknown',
    });
    expect(read('reject').events[0]?.reason).toEqual({
      cause: 'suppressed',
      text: 'Recipient is on the suppression list',
    });
  });
});
