import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ProviderName } from '../../shared/providers/registry.ts';
import { fixture, fixtureNames, fixtureType, parsedBody } from '../fixtures/fixtures.ts';
import { providerNames } from '../fixtures/signing.ts';
import { mutations } from '../fuzz/mutations.ts';
import { type LiveIngest, startLiveIngest } from '../hazards/live-ingest.ts';

let live: LiveIngest;
beforeAll(async () => {
  live = await startLiveIngest();
});
afterEach(() => live.reset());
afterAll(() => live?.stop());

const sendGridEvent = (changes: object = {}) => ({
  ...JSON.parse(fixture('sendgrid', 'delivered').toString())[0],
  ...changes,
});

async function quarantineLines(name: ProviderName, value: unknown) {
  const { lines } = await live.send(name, live.signJson(name, value));
  return lines.filter(({ message }) => String(message).startsWith('webhook.quarantined'));
}

describe('the log line of a quarantined piece', () => {
  it('is a warning with the request, the provider and the reason', async () => {
    const [line, ...others] = await quarantineLines('sendgrid', [sendGridEvent(), sendGridEvent({ event: 'new' })]);
    expect(others).toEqual([]);
    expect(line).toEqual({
      level: 'WARN',
      message: 'webhook.quarantined',
      timestamp: expect.any(String),
      service: 'mailtrail',
      requestId: expect.any(String),
      provider: 'sendgrid',
      reason: 'unknown_event',
      field: null,
    });
  });

  it.each<[ProviderName, unknown, string]>([
    ['postmark', { RecordType: 'Delivery', MessageID: 42 }, 'MessageID'],
    ['postmark', { MessageID: '42' }, 'RecordType'],
    ['mailgun', { event: 'failed', timestamp: 1, message: { headers: [] } }, 'event-data.message.headers'],
    ['mandrill', [{ event: 'send', msg: { smtp_events: [{ diag: '' }, { diag: 550 }] } }], 'msg.smtp_events[1].diag'],
    ['app', { type: 'email.sent', timestamp: '', data: { messageId: 'm', recipient: [] } }, 'data.recipient'],
    ['ses', { notificationType: 'Bounce', mail: { messageId: 7 } }, 'event.mail.messageId'],
  ])('of %s names the field that has another shape: %j', async (provider, value, field) => {
    expect(await quarantineLines(provider, value)).toMatchObject([{ reason: 'unexpected_shape', field }]);
  });

  it.each([
    [{ email: '' }, 'missing_recipient', 'recipient'],
    [{ email: 'jane' }, 'unusable_recipient', 'recipient'],
    [{ sg_message_id: '' }, 'missing_message_id', 'messageId'],
    [{ timestamp: 7 }, 'unreadable_time', 'occurredAt'],
    [{ account_id: 'a/b' }, 'unusable_account_id', 'accountId'],
    [{ reference: 'x'.repeat(300) }, 'unusable_reference', 'reference'],
  ])('names the unusable value of the event: %j', async (changes, reason, field) => {
    expect(await quarantineLines('sendgrid', [sendGridEvent(changes)])).toMatchObject([{ reason, field }]);
  });

  it('names no field if the piece itself is at fault', async () => {
    expect(await quarantineLines('sendgrid', ['jane@example.com'])).toMatchObject([
      { reason: 'unexpected_shape', field: null },
    ]);
  });

  it('comes for 20 pieces of a request, and one line counts the others', async () => {
    const pieces = Array.from({ length: 1_000 }, (_, index) => sendGridEvent({ event: `new-${index}` }));
    const lines = await quarantineLines('sendgrid', pieces);
    expect(lines.map(({ message }) => message)).toEqual([
      ...Array(20).fill('webhook.quarantined'),
      'webhook.quarantined-more',
    ]);
    expect(lines.at(-1)).toMatchObject({ provider: 'sendgrid', pieces: 980 });
  });
});

describe.each(providerNames)('the field at fault in a piece of %s', name => {
  it('is made of names that the adapter spells, and of positions', () => {
    const ours = /^\*?[\w-]*(?:(?:\.(?:\*|[\w-]+))|\[\d{1,5}\])*$/;
    fc.assert(
      fc.property(fc.constantFrom(...fixtureNames(name)), mutations, (fixtureName, mutate) => {
        const type = fixtureType(fixtureName);
        for (const { field } of parsedBody(name, mutate(fixture(name, fixtureName), type), type).quarantined) {
          expect(field ?? '').toMatch(ours);
          expect(field ?? '').not.toMatch(/jane|acme|invoice|INV-7/i);
        }
      }),
    );
  });
});
