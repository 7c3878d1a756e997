import { describe, expect, it } from 'vitest';
import { emailit } from '../../shared/providers/emailit.ts';
import { genuine } from '../../shared/providers/signatures/verification.ts';
import { fixture, parsedFixture, requestOf } from '../fixtures/fixtures.ts';
import { signedRequest } from '../fixtures/signing.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('emailit', name);

describe("Emailit's events", () => {
  itMaps('emailit', { messageId: 'em_0000000000000000000001', accountId: 'acme', reference: 'INV-7' }, [
    ['email.accepted', 'enqueued'],
    ['email.attempted', 'deferred'],
    ['email.bounced', 'hard_bounced'],
    ['email.canceled', null],
    ['email.clicked', 'link_clicked'],
    ['email.clicked.of-the-click', 'link_clicked'],
    ['email.complained', 'marked_spam'],
    ['email.delivered', 'delivered'],
    ['email.delivered.under-data', 'delivered'],
    ['email.failed', 'rejected'],
    ['email.held', 'enqueued'],
    ['email.loaded', 'opened'],
    ['email.rejected', 'rejected'],
    ['email.scheduled', 'enqueued'],
    ['email.suppressed', 'rejected'],
    ['single', 'delivered'],
  ]);

  itKeeps('emailit', [
    ['missing-fields', 'unexpected_shape'],
    ['missing-object', 'missing_recipient'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ]);

  it('have their own id and time, wherever the object lies', () => {
    for (const name of ['email.delivered', 'email.delivered.under-data']) {
      expect(read(name).events[0], name).toMatchObject({
        eventId: 'evt_000000000000000000000001',
        occurredAt: noon + 500,
        subject: 'Invoice 7',
      });
    }
  });

  it('of a click may have the email inside of the click', () => {
    const { eventId: _, ...clicked } = read('email.clicked').events[0]!;
    expect(read('email.clicked.of-the-click').events).toMatchObject([clicked]);
  });

  it('may come alone', () => {
    expect(read('single')).toEqual(read('email.delivered'));
  });
});

it("Emailit's secret is the undecoded key, unlike that of Standard Webhooks", () => {
  const secret = `whsec_${Buffer.from('a key').toString('base64')}`;
  const signed = signedRequest('emailit', secret, fixture('emailit', 'email.delivered'), noon);
  expect(emailit.verify(requestOf(signed), [secret])).toEqual(genuine);
  expect(emailit.verify(requestOf(signed), [secret.replace('whsec_', '')])).toBe('wrong_signature');
});
