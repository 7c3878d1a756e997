import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CanonicalEvent } from '../../shared/email/event.ts';
import { createReader } from '../../shared/email/reader.ts';
import { isoText } from '../../shared/runtime/time.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { queryFunction, tokenOf } from '../rigs/query-function.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const hour = 60 * 60_000;
const day = 24 * hour;
const midnight = Date.parse('2026-01-02T00:00:00Z');

/** The emails of the account, oldest first. */
const sent: readonly (readonly [string, number, Partial<CanonicalEvent>])[] = [
  ['ancient', noon - 100 * day, { status: 'sent' }],
  ['stuck', noon - 80 * day, { status: 'deferred', reason: { cause: 'greylisted' } }],
  ['eve', midnight - 1, { status: 'delivered' }],
  ['morning', midnight, { status: 'opened', evidence: 'human' }],
  ['full', noon - hour, { status: 'soft_bounced', reason: { cause: 'mailbox_full' } }],
  ['unknown', noon, { status: 'invalid', reason: { cause: 'unknown_user' } }],
  ['waiting', noon + hour, { status: 'deferred', reason: { cause: 'mailbox_full' } }],
  ['night', midnight + day - 1, { status: 'delivered' }],
  ['next', midnight + day, { status: 'link_clicked', evidence: 'human' }],
];

describe('a list of emails', () => {
  let emails: StoredEmails;
  const names = new Map<string, string>();
  let now = noon + 2 * day;
  beforeAll(async () => {
    emails = await startStoredEmails();
    for (const [name, occurredAt, changes] of sent)
      names.set(await emails.record([anEvent({ accountId: 'acme', occurredAt, ...changes })], occurredAt), name);
  });
  afterAll(() => emails?.stop());

  const call = async (query: string, accountId = 'acme') => {
    const { client, tableName, store } = emails;
    const options = { client, tableName, retentionDays: 400, oldAfter: defaultOldAfter, now: () => now };
    const ask = queryFunction({ store: { ...store, ...createReader(options) } }, { now: () => now });
    const answer = await ask('GET /accounts/{accountId}/emails', {
      path: { accountId },
      token: tokenOf(accountId),
      query,
    });
    expect(answer.statusCode).toBe(200);
    return answer;
  };
  const namesOf = async (query: string) =>
    (await call(query)).json.emails.map(({ emailId }: { emailId: string }) => names.get(emailId));

  it.each([
    ['status=delivered', ['night', 'eve']],
    ['status=opened,link_clicked', ['next', 'morning']],
    ['status=deferred,invalid', ['waiting', 'unknown', 'stuck']],
    ['status=invalid,soft_bounced', ['unknown', 'full']],
    ['cause=mailbox_full', ['waiting', 'full']],
    ['cause=mailbox_full,greylisted', ['waiting', 'full', 'stuck']],
    ['cause=virus', []],
    ['attention=act', ['unknown', 'full']],
    ['attention=late', ['stuck']],
    ['status=deferred&cause=mailbox_full', ['waiting']],
    ['attention=act&cause=mailbox_full', ['full']],
    ['attention=act&status=deferred', []],
    ['attention=late&cause=greylisted,mailbox_full', ['stuck']],
    ['attention=late&from=2026-01-01', []],
    ['status=delivered&to=2026-01-01', ['eve']],
  ])('is filtered by %s', async (query, expected) => {
    expect(await namesOf(query)).toEqual(expected);
  });

  it.each([
    ['from=2026-01-02', ['next', 'night', 'waiting', 'unknown', 'full', 'morning']],
    ['from=2026-01-03', ['next']],
    ['to=2026-01-02', ['night', 'waiting', 'unknown', 'full', 'morning', 'eve', 'stuck', 'ancient']],
    ['to=2026-01-01', ['eve', 'stuck', 'ancient']],
    ['from=2026-01-02&to=2026-01-02', ['night', 'waiting', 'unknown', 'full', 'morning']],
    ['from=2026-01-02T00:00:00.001Z&to=2026-01-02', ['night', 'waiting', 'unknown', 'full']],
    ['from=2026-01-02&to=2026-01-02T23:59:59.999Z', ['waiting', 'unknown', 'full', 'morning']],
    ['from=2026-01-02T00:00:00%2B01:00&to=2026-01-02T01:00:00%2B01:00', ['eve']],
  ])('has whole UTC days by plain dates, and the exact time else: %s', async (query, expected) => {
    expect(await namesOf(query)).toEqual(expected);
  });

  it('is the same list by a plain date and by the time of its begin, in any order of the statuses', async () => {
    const { json, headers } = await call('status=delivered,deferred&from=2025-01-01&limit=1');
    const same = await call('status=deferred,delivered&from=2025-01-01T00:00:00Z&limit=1');
    expect(same).toMatchObject({ json, headers: { etag: headers.etag } });
    const next = `from=2025-01-01T01:00:00%2B01:00&status=deferred,delivered&cursor=${json.cursor}`;
    expect(await namesOf(next)).toEqual(['waiting', 'eve', 'stuck']);
  });

  it('says of each email whether somebody must act or it is late, from the moment that it is', async () => {
    const attentionOf = async (query: string) =>
      Object.fromEntries(
        (await call(query)).json.emails.map(({ emailId, attention }: { emailId: string; attention: unknown }) => [
          names.get(emailId),
          attention,
        ]),
      );
    expect(await attentionOf('')).toEqual({
      ancient: 'late',
      stuck: 'late',
      eve: null,
      morning: null,
      full: 'act',
      unknown: 'act',
      waiting: null,
      night: null,
      next: null,
    });
    now = noon + hour + 3 * day;
    expect(await namesOf('attention=late')).toEqual(['stuck']);
    now += 1;
    expect(await attentionOf('attention=late')).toEqual({ waiting: 'late', stuck: 'late' });
    // The 90 days move on.
    now = noon + 10 * day + 1;
    expect(await attentionOf('attention=late')).toEqual({ waiting: 'late' });
    now = noon + 2 * day;
  });

  it('by attention=act has their total on every page, whatever else it is filtered by', async () => {
    const first = await call('attention=act&limit=1');
    for (const query of [
      'attention=act',
      `attention=act&limit=1&cursor=${first.json.cursor}`,
      'attention=act&cause=virus',
      'attention=act&reference=nothing',
      `attention=act&from=${isoText(noon)}`,
    ])
      expect((await call(query)).json.total).toEqual({ count: 2, more: false });
    expect((await call('attention=act', 'newcomer')).json).toEqual({ emails: [], total: { count: 0, more: false } });
    for (const query of ['', 'attention=late', 'status=invalid', 'cause=mailbox_full'])
      expect((await call(query)).json).not.toHaveProperty('total');
  });
});
