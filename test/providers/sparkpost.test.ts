import { describe, expect, it } from 'vitest';
import { parsedFixture } from '../fixtures/fixtures.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { itIgnores, itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('sparkpost', name);

describe("SparkPost's events", () => {
  itMaps('sparkpost', { messageId: '65832150921904007', accountId: 'acme', reference: 'INV-7' }, [
    ['amp_click', 'link_clicked'],
    ['amp_initial_open', 'opened'],
    ['amp_open', 'opened'],
    ['bounce.class-1', 'soft_bounced'],
    ['bounce.class-10', 'invalid'],
    ['bounce.class-100', null],
    ['bounce.class-20', 'soft_bounced'],
    ['bounce.class-21-no-such-domain', 'hard_bounced'],
    ['bounce.class-21', 'soft_bounced'],
    ['bounce.class-22', 'soft_bounced'],
    ['bounce.class-23', 'soft_bounced'],
    ['bounce.class-24', 'soft_bounced'],
    ['bounce.class-25', 'rejected'],
    ['bounce.class-30-unknown-user', 'invalid'],
    ['bounce.class-30', 'hard_bounced'],
    ['bounce.class-40', 'soft_bounced'],
    ['bounce.class-40-worded-as-unknown-user', 'invalid'],
    ['bounce.class-21-no-such-domain-in-words', 'hard_bounced'],
    ['bounce.class-50', 'rejected'],
    ['bounce.class-51', 'rejected'],
    ['bounce.class-52', 'rejected'],
    ['bounce.class-53', 'rejected'],
    ['bounce.class-54', 'rejected'],
    ['bounce.class-60', null],
    ['bounce.class-70', 'soft_bounced'],
    ['bounce.class-80', null],
    ['bounce.class-90', null],
    ['bounce.class-as-number', 'invalid'],
    ['bounce.code-decides', 'invalid'],
    ['bounce.new-class-with-code', 'invalid'],
    ['bounce.new-class', null],
    ['click', 'link_clicked'],
    ['delay', 'deferred'],
    ['delivery', 'delivered'],
    ['generation_failure', 'rejected'],
    ['generation_failure.template', 'rejected'],
    ['generation_rejection', 'rejected'],
    ['initial_open', 'opened'],
    ['injection', 'enqueued'],
    ['link_unsubscribe', null],
    ['list_unsubscribe', null],
    ['open', 'opened'],
    ['open.person', 'opened'],
    ['open.prefetched', 'opened'],
    ['out_of_band.class-1', 'soft_bounced'],
    ['out_of_band.class-10', 'invalid'],
    ['out_of_band.class-25', 'rejected'],
    ['out_of_band.class-51', 'rejected'],
    ['out_of_band.hard', 'hard_bounced'],
    ['policy_rejection', 'rejected'],
    ['policy_rejection.suppressed', 'rejected'],
    ['spam_complaint', 'marked_spam'],
  ]);

  itKeeps('sparkpost', [
    ['missing-envelope', 'unexpected_shape'],
    ['missing-fields', 'unexpected_shape'],
    ['missing-recipient', 'missing_recipient'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ]);

  it.each([
    ['open.prefetched', 'machine'],
    ['open.person', 'human'],
    ['open', 'unknown'],
  ])('in the fixture %s have the evidence %s', (name, evidence) => {
    expect(read(name).events[0]?.evidence).toBe(evidence);
  });

  it("keep the class, the code and the server's words", () => {
    expect(read('bounce.code-decides').events[0]?.reason).toEqual({
      cause: 'unknown_user',
      code: 'class 20',
      enhancedCode: '5.1.1',
      text: '550 5.1.1 user unknown',
    });
  });

  it('have their own ids, and times as text', () => {
    expect(read('delivery').events[0]).toMatchObject({ eventId: '92356927693813856', occurredAt: noon });
  });

  it.each(['delivery.iso-time', 'delivery.time-as-number', 'generation_failure.template'])(
    'in the fixture %s have their own time, in any form',
    name => {
      expect(read(name).events[0]?.occurredAt).toBe(noon);
    },
  );

  it('of messages that SparkPost did not send have a cause only if the address is suppressed', () => {
    expect(read('policy_rejection.suppressed').events[0]?.reason?.cause).toBe('suppressed');
    for (const name of ['policy_rejection', 'generation_failure.template', 'bounce.class-25']) {
      expect(read(name).events[0]?.reason?.cause, name).toBeUndefined();
    }
  });

  it('that come long after sending have the id of the message and no account', () => {
    const [event] = read('click.after-sixty-days').events;
    expect(event).toMatchObject({ messageId: '000443ee14578172be22', status: 'link_clicked' });
    expect(event).not.toHaveProperty('accountId');
  });

  itIgnores('sparkpost', 'ping');
});
