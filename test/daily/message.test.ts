import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contentOf, messageOf } from '../../functions/daily/message.ts';
import type { Group } from '../../functions/daily/work.ts';
import { dailyDigestId } from '../../shared/alerts/daily-digests.ts';
import { statuses } from '../../shared/status/catalogue.ts';
import { causes } from '../../shared/status/causes.ts';
import { emailTexts } from '../../shared/status/coded-texts.ts';
import { aDigest, countedWork } from './a-digest.ts';

const links = { uiUrl: 'https://api.example.com/ui', apiUrl: 'https://api.example.com' };
const blocked: Group = { status: 'rejected', cause: 'blocked', emails: 2, newEmails: 1 };
const spam: Group = { status: 'marked_spam', cause: null, emails: 1, newEmails: 0 };

const frame = {
  schemaVersion: 1,
  kind: 'daily_digest',
  day: '2026-01-02',
  asOf: '2026-01-02T12:00:00.000Z',
  since: '2026-01-01T12:00:00.000Z',
  next: '2026-01-03T12:00:00.000Z',
  atLeast: false,
} as const;

describe('the daily digest for machines', () => {
  it('has sums, causes with what to do, accounts and links, and attributes to filter by', () => {
    const { subject, body, attributes } = messageOf(aDigest(countedWork({ acme: [blocked], '': [spam] })), links);
    const id = dailyDigestId('2026-01-02', null);
    expect([subject, attributes]).toEqual(['daily_digest: 3', { kind: 'daily_digest', digestId: id }]);
    expect(JSON.parse(body)).toEqual({
      ...frame,
      id,
      accountId: null,
      emails: 3,
      newEmails: 1,
      url: 'https://api.example.com/ui#attention=act',
      causes: [
        {
          cause: 'blocked',
          status: null,
          label: 'Sender blocked',
          emails: 2,
          newEmails: 1,
          whatToDo: causes.blocked.whatToDo,
          whatToDoForAccount: emailTexts('rejected', 'blocked').whatToDoForAccount.text,
          url: 'https://api.example.com/ui#cause=blocked&attention=act',
        },
        {
          cause: null,
          status: 'marked_spam',
          label: 'Marked Spam',
          emails: 1,
          newEmails: 0,
          whatToDo: statuses.marked_spam.resolution,
          whatToDoForAccount: statuses.marked_spam.resolution,
          url: null,
        },
      ],
      accounts: [
        {
          accountId: 'acme',
          emails: 2,
          newEmails: 1,
          url: 'https://api.example.com/ui?account=acme#attention=act',
        },
      ],
      furtherAccounts: { accounts: 0, emails: 0, newEmails: 0 },
      withoutAccount: { emails: 1, newEmails: 0 },
    });
  });

  it('of one account has the ids of its newest emails, no address, and no other account', () => {
    const work = { ...countedWork({ acme: [blocked] }), accounts: new Map() };
    const { body, attributes } = messageOf(aDigest(work, { accountId: 'acme' }), links);
    const id = dailyDigestId('2026-01-02', 'acme');
    expect(attributes).toEqual({ kind: 'daily_digest', accountId: 'acme', digestId: id });
    const content = JSON.parse(body);
    expect(content).toMatchObject({
      ...frame,
      id,
      accountId: 'acme',
      emails: 2,
      newestEmailIds: ['email-1'],
      url: 'https://api.example.com/ui?account=acme#attention=act',
    });
    expect(content.causes[0].url).toBe('https://api.example.com/ui?account=acme#cause=blocked&attention=act');
    expect(Object.keys(content)).not.toContain('accounts');
  });

  it('has no links where the installation has no page', () => {
    const { body } = messageOf(aDigest(countedWork({ acme: [blocked] })), { ...links, uiUrl: '' });
    expect(body).not.toContain('http');
    expect(JSON.parse(body)).toMatchObject({ url: null, accounts: [{ url: null }], causes: [{ url: null }] });
  });

  it('looks as docs/events.md shows it', () => {
    const page = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8');
    const shown = JSON.parse(/```json\n(\{\n {2}"schemaVersion".*?)```/s.exec(page)![1]!);
    const { day, accountId, emails, newEmails, newestEmailIds, causes: groups } = shown;
    const [asOf, since, next] = [shown.asOf, shown.since, shown.next].map(Date.parse) as [number, number, number];
    const counted = countedWork({});
    const all = {
      emails,
      newEmails,
      // The status is of no account where the cause gives the advice.
      groups: groups.map((group: Group) => ({ ...group, status: group.status ?? 'soft_bounced' })),
      newest: newestEmailIds,
    };
    const digest = aDigest({ ...counted, all }, { day, accountId, asOf, since, next });
    expect(contentOf(digest, { ...links, uiUrl: 'https://mail.example.com/ui' })).toEqual(shown);
  });
});
