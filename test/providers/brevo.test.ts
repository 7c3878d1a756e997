import { describe, expect, it } from 'vitest';
import { brevo } from '../../shared/providers/brevo.ts';
import { parsedFixture } from '../fixtures/fixtures.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { itIgnores, itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('brevo', name);

describe("Brevo's events", () => {
  itMaps(
    'brevo',
    { messageId: '202601021200.12345670007@smtp-relay.mailin.fr', accountId: 'acme', reference: 'INV-7' },
    [
      ['blocked', 'rejected'],
      ['click', 'link_clicked'],
      ['complaint', 'marked_spam'],
      ['deferred', 'deferred'],
      ['delivered.custom-json', 'delivered'],
      ['delivered.custom-object', 'delivered'],
      ['delivered.epoch-milliseconds', 'delivered'],
      ['delivered.epoch-seconds', 'delivered'],
      ['delivered', 'delivered'],
      ['error', 'rejected'],
      ['hardBounce', 'hard_bounced'],
      ['hard_bounce.full', 'soft_bounced'],
      ['hard_bounce', 'hard_bounced'],
      ['hard_bounce.policy', 'rejected'],
      ['hard_bounce.unknown-user-without-code', 'invalid'],
      ['hard_bounce.unknown-user', 'invalid'],
      ['invalid', 'invalid'],
      ['invalid_email', 'invalid'],
      ['opened', 'opened'],
      ['proxyOpen', 'opened'],
      ['proxy_open', 'opened'],
      ['request', 'enqueued'],
      ['sent', 'enqueued'],
      ['softBounce', 'soft_bounced'],
      ['soft_bounce.code-decides', 'invalid'],
      ['soft_bounce', 'soft_bounced'],
      ['soft_bounce.no-such-domain', 'hard_bounced'],
      ['soft_bounce.policy', 'rejected'],
      ['soft_bounce.without-reason', 'soft_bounced'],
      ['spam', 'marked_spam'],
      ['uniqueOpened', 'opened'],
      ['uniqueProxyOpen', 'opened'],
      ['unique_opened', 'opened'],
      ['unique_proxy_open', 'opened'],
      ['unsubscribe', null],
      ['unsubscribed', null],
    ],
  );

  itKeeps('brevo', [
    ['missing-fields', 'unexpected_shape'],
    ['missing-message', 'missing_message_id'],
    ['missing-time', 'unreadable_time'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ]);

  it.each([
    ['proxy_open', 'machine'],
    ['proxyOpen', 'machine'],
    ['unique_proxy_open', 'machine'],
    ['uniqueProxyOpen', 'machine'],
    ['opened', 'unknown'],
    ['click', 'unknown'],
  ])('in the fixture %s have the evidence %s', (name, evidence) => {
    expect(read(name).events[0]?.evidence).toBe(evidence);
  });

  it('have no ids of their own, because the id in the payload is the number of the webhook', () => {
    const ids = ['request', 'delivered', 'opened'].map(name => read(name).events[0]?.eventId);
    expect(new Set(ids).size).toBe(3);
    expect(ids).not.toContain('712345');
  });

  it("have times in UTC, in seconds or milliseconds, and not in the account's time zone", () => {
    for (const name of ['', '.empty-time', '.epoch-seconds', '.epoch-milliseconds'].map(
      special => `delivered${special}`,
    )) {
      expect(read(name).events[0]?.occurredAt, name).toBe(noon);
    }
  });

  it('keep the reason and its code', () => {
    expect(read('hard_bounce.unknown-user').events[0]?.reason).toEqual({
      cause: 'unknown_user',
      enhancedCode: '5.1.1',
      text: '550 5.1.1 user unknown',
    });
  });

  it('belong to a registration with the id that the send call returned, with or without angle brackets', () => {
    expect(brevo.messageIdOf('<202601021200.12345670007@smtp-relay.mailin.fr>')).toBe(
      read('delivered').events[0]?.messageId,
    );
  });

  itIgnores(
    'brevo',
    'contact_deleted',
    'contact_updated',
    'contactDeleted',
    'contactUpdated',
    'list_addition',
    'listAddition',
  );
});
