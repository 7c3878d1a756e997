import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CanonicalEvent } from '../../shared/email/event.ts';
import { statuses } from '../../shared/status/catalogue.ts';
import { type Cause, causeIds, causes } from '../../shared/status/causes.ts';
import { causeTexts, statusTexts, textsOf } from '../../shared/status/coded-texts.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { queryFunction, supportToken, tokenOf } from '../rigs/query-function.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const minute = 60_000;

describe('the cause of a failed delivery', () => {
  let emails: StoredEmails;
  beforeAll(async () => {
    emails = await startStoredEmails();
  });
  afterAll(() => emails?.stop());

  const failed = (cause: Cause, changes: Partial<CanonicalEvent> = {}) =>
    anEvent({
      status: causes[cause].status ?? 'hard_bounced',
      providerEvent: 'bounce',
      reason: { code: '550', text: 'as the server said', cause },
      ...changes,
    });

  /** Stores an email whose item has the cause of its status and its tags beside the history. */
  async function store(events: readonly CanonicalEvent[], cause?: Cause, tags?: readonly string[]): Promise<string> {
    const emailId = await emails.record(events);
    const attributes = Object.entries({ cause, tags }).filter(([, value]) => value !== undefined);
    if (attributes.length === 0) return emailId;
    await emails.client.send(
      new UpdateCommand({
        TableName: emails.tableName,
        Key: { emailId },
        UpdateExpression: `SET ${attributes.map(([name]) => `${name} = :${name}`).join(', ')}`,
        ExpressionAttributeValues: Object.fromEntries(attributes.map(([name, value]) => [`:${name}`, value])),
      }),
    );
    return emailId;
  }

  const one = async (accountId: string, emailId: string) =>
    (
      await queryFunction(emails)('GET /accounts/{accountId}/emails/{emailId}', {
        path: { accountId, emailId },
        token: tokenOf(accountId),
      })
    ).json;

  it('is in the catalogue, so that no UI needs its own texts', async () => {
    const { json } = await queryFunction(emails)('GET /statuses');
    expect(json.causes.map(({ id }: { id: string }) => id)).toEqual(causeIds);
    const { label, text, whatToDo, turn, status } = causes.mailbox_full;
    expect(json.causes).toContainEqual({
      id: 'mailbox_full',
      label,
      text,
      whatToDo,
      whatToDoForAccount: whatToDo,
      turn,
      status,
      codes: {
        label: 'cause.mailbox_full.label',
        text: 'cause.mailbox_full.text',
        whatToDo: 'cause.mailbox_full.whatToDo',
        whatToDoForAccount: 'cause.mailbox_full.whatToDoForAccount',
      },
    });
    const none = { whatToDo: null, whatToDoForAccount: null };
    expect(json.causes).toContainEqual(
      expect.objectContaining({ id: 'unspecified', ...none, status: null, codes: expect.objectContaining(none) }),
    );
  });

  it('is in an email, its deciding event and its timeline, and decides what to do', async () => {
    const event = failed('mailbox_full', {
      accountId: 'acme',
      reason: { code: '552', enhancedCode: '5.2.2', text: '552 5.2.2 over quota', cause: 'mailbox_full' },
    });
    const emailId = await store([event], 'mailbox_full');
    const { label, text, whatToDo, turn } = causes.mailbox_full;
    expect(await one('acme', emailId)).toMatchObject({
      status: 'soft_bounced',
      cause: 'mailbox_full',
      meaning: statuses.soft_bounced.meaning,
      resolution: statuses.soft_bounced.resolution,
      whatToDo,
      because: {
        provider: 'sendgrid',
        cause: 'mailbox_full',
        causeLabel: label,
        reply: '552 5.2.2 over quota',
        text: 'SendGrid reported "bounce" at 2026-01-02 12:00 UTC: Mailbox full: 552 5.2.2 over quota',
      },
      timeline: [{ reason: { code: '552', cause: { id: 'mailbox_full', label, text, turn } } }],
      codes: {
        meaning: 'status.soft_bounced.meaning',
        resolution: 'status.soft_bounced.resolution',
        whatToDo: 'cause.mailbox_full.whatToDo',
        whatToDoForAccount: 'cause.mailbox_full.whatToDoForAccount',
      },
    });
  });

  it("speaks to the sender's engineers and to the account's people, each in their own words", async () => {
    const { whatToDo, whatToDoForAccount } = await one(
      'acme',
      await store([failed('authentication_failed', { accountId: 'acme' })], 'authentication_failed'),
    );
    expect(whatToDo).toContain('Fix DNS');
    expect(whatToDoForAccount).toContain('tell support');
  });

  it.each(causeIds)(
    'such as %s comes with its own text of what to do, or else with that of the status',
    async cause => {
      const event = failed(cause, { accountId: 'each' });
      const { whatToDo, because } = await one('each', await store([event], cause));
      expect(whatToDo).toBe(causes[cause].whatToDo ?? statuses[event.status!].resolution);
      expect(because.text.includes(causes[cause].label)).toBe(cause !== 'unspecified');
    },
  );

  it('comes from the event that decided, and from no other', async () => {
    const full = failed('mailbox_full', { accountId: 'acme' });
    const unknown = {
      ...full,
      eventId: 'later',
      status: 'invalid',
      occurredAt: noon + minute,
      reason: { cause: 'unknown_user' },
    } as const;
    const email = await one('acme', await store([full, unknown], 'unknown_user'));
    expect(email).toMatchObject({
      cause: 'unknown_user',
      whatToDo: causes.unknown_user.whatToDo,
      because: { cause: 'unknown_user', text: expect.stringMatching(/: Unknown address$/) },
    });
    expect(email.timeline.map(({ reason }: { reason: { cause: { id: string } } }) => reason.cause.id)).toEqual([
      'mailbox_full',
      'unknown_user',
    ]);
  });

  it('asks nobody to resend an email that the provider still tries to deliver', async () => {
    const event = failed('greylisted', { accountId: 'acme', status: 'deferred' });
    expect(await one('acme', await store([event], 'greylisted'))).toMatchObject({
      status: 'deferred',
      cause: 'greylisted',
      whatToDo: null,
      because: { cause: 'greylisted' },
    });
  });

  it('is null in an email without a cause', async () => {
    const bare = await store([anEvent({ accountId: 'acme', status: 'invalid', reason: { text: 'no' } })]);
    expect(await one('acme', bare)).toMatchObject({
      cause: null,
      tags: [],
      whatToDo: statuses.invalid.resolution,
      because: { cause: null, causeLabel: null, reply: 'no' },
      timeline: [{ reason: { cause: null } }],
    });
    const noted = await store([anEvent({ accountId: 'acme', status: null })]);
    expect(await one('acme', noted)).toMatchObject({ cause: null, whatToDo: null, because: null });
    const happy = await store([anEvent({ accountId: 'acme' })]);
    expect(await one('acme', happy)).toMatchObject({
      cause: null,
      whatToDo: null,
      because: { cause: null, reply: null },
    });
  });

  it('is in every row beside the tags, however the email is found', async () => {
    const tags = ['invoice', 'eu "west", =1+1'];
    const event = failed('spam_content', {
      accountId: 'tagged',
      reference: 'T-1',
      recipient: 'tagged@example.com',
      tags,
    });
    const emailId = await store([event], 'spam_content', tags);
    const plain = await store([anEvent({ accountId: 'tagged', reference: 'T-2', recipient: 'tagged@example.com' })]);
    const row = { emailId, status: 'rejected', cause: 'spam_content', tags };
    const without = { emailId: plain, cause: null, tags: [] };
    const call = queryFunction(emails);
    const asked = { path: { accountId: 'tagged' }, token: tokenOf('tagged') };
    const byReference = (a: { reference: string }, b: { reference: string }) => (a.reference < b.reference ? -1 : 1);

    const own = await call('GET /accounts/{accountId}/emails', asked);
    const all = await call('GET /emails', { query: 'recipient=tagged@example.com', token: supportToken });
    for (const { json } of [own, all]) expect(json.emails.sort(byReference)).toMatchObject([row, without]);
    for (const body of [{ emailIds: [emailId, plain] }, { references: ['T-1', 'T-2'] }]) {
      const { json } = await call('POST /accounts/{accountId}/emails/statuses', {
        ...asked,
        body: JSON.stringify(body),
      });
      expect(json.results).toMatchObject([{ emails: [row] }, { emails: [without] }]);
    }
    expect(await one('tagged', emailId)).toMatchObject(row);
  });

  it('is in the attention list with the text of what to do', async () => {
    await store([failed('authentication_failed', { accountId: 'listed' })], 'authentication_failed');
    await store([anEvent({ accountId: 'listed', status: 'rejected', recipient: 'zoe@example.com' })]);
    const file = async (format: string) => {
      const answer = await queryFunction(emails)('GET /accounts/{accountId}/attention-list', {
        path: { accountId: 'listed' },
        token: tokenOf('listed'),
        query: `format=${format}`,
      });
      return answer.text ?? '';
    };
    const isLast = (line: string) => line.includes('zoe@example.com');
    const lines = (await file('jsonl'))
      .trimEnd()
      .split('\n')
      .sort((a, b) => Number(isLast(a)) - Number(isLast(b)));
    const { label, whatToDo } = causes.authentication_failed;
    const whatToDoForAccount = textsOf(causeTexts('authentication_failed')).whatToDoForAccount;
    expect(whatToDoForAccount).not.toBe(whatToDo);
    expect(lines.map(line => JSON.parse(line))).toMatchObject([
      {
        cause: 'authentication_failed',
        causeLabel: label,
        why: expect.stringContaining(label),
        whatToDo,
        whatToDoForAccount,
      },
      {
        cause: null,
        causeLabel: null,
        whatToDo: statuses.rejected.resolution,
        whatToDoForAccount: textsOf(statusTexts('rejected')).resolutionForAccount,
      },
    ]);
    const rows = (await file('csv')).split('\r\n').slice(1, 3);
    const [first, second] = rows.sort((a, b) => Number(isLast(a)) - Number(isLast(b)));
    expect(first).toContain(`,authentication_failed,${label},`);
    expect(first).toContain(`,"${whatToDo}","${whatToDoForAccount}",`);
    expect(second).toMatch(/Z,,,"SendGrid reported/);
  });
});
