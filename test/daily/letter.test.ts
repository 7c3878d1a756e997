import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { letterOf } from '../../functions/daily/letter.ts';
import type { Group } from '../../functions/daily/work.ts';
import { dailyDigestId } from '../../shared/alerts/daily-digests.ts';
import { maxMessageBytes } from '../../shared/alerts/publish.ts';
import { day } from '../../shared/runtime/time.ts';
import { statuses } from '../../shared/status/catalogue.ts';
import { type Cause, causeIds, causes } from '../../shared/status/causes.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { runs } from '../rigs/runs.ts';
import { aDigest, countedWork } from './a-digest.ts';

const apiUrl = 'https://api.example.com';
const links = { uiUrl: `${apiUrl}/ui`, apiUrl };
const withoutPage = { uiUrl: '', apiUrl };

const of = (cause: Cause, emails: number, newEmails = 0): Group => ({ status: 'invalid', cause, emails, newEmails });
const spam = (emails: number, newEmails = 0): Group => ({ status: 'marked_spam', cause: null, emails, newEmails });
const uncaused = (emails: number): Group => ({ status: 'hard_bounced', cause: null, emails, newEmails: 0 });

const id = dailyDigestId('2026-01-02', null);
const foot = [
  '',
  'The next digest comes at 2026-01-03 12:00 UTC, also where there is nothing to do.',
  '',
  'Sent by Mailtrail, which watches the delivery of the emails that you send.',
  `Digest id ${id}: a second letter with this id repeats this one.`,
];

const titleOf = (...parameters: Parameters<typeof aDigest>) => letterOf(aDigest(...parameters), links).subject;

describe('the daily letter', () => {
  it('says how many emails need action and why, with the advice and links, by cause and by account', () => {
    const work = countedWork({
      acme: [of('unknown_user', 7, 2)],
      globex: [spam(3, 1)],
      '': [uncaused(2)],
    });
    expect(letterOf(aDigest(work), links)).toEqual({
      subject: '12 emails need action, 3 new since yesterday (2 accounts)',
      attributes: { digestId: id },
      body: [
        '12 emails need action, 3 new since the digest of 2026-01-01 12:00 UTC.',
        '',
        'By cause:',
        '- Unknown address: 7, 2 new',
        `  ${causes.unknown_user.whatToDo}`,
        '  https://api.example.com/ui#cause=unknown_user&attention=act',
        '- Marked Spam: 3, 1 new',
        `  ${statuses.marked_spam.resolution}`,
        '- Hard Bounced, no cause stated: 2',
        `  ${statuses.hard_bounced.resolution}`,
        '',
        'By account:',
        '- Account acme: 7, 2 new | https://api.example.com/ui?account=acme#attention=act',
        '- Account globex: 3, 1 new | https://api.example.com/ui?account=globex#attention=act',
        '- Without an account: 2',
        '',
        'All of them: https://api.example.com/ui#attention=act',
        ...foot,
      ].join('\n'),
    });
  });

  it('says too that there is nothing to do, so that a letter that does not come is noticed', () => {
    expect(letterOf(aDigest(countedWork({})), links)).toEqual({
      subject: 'No email needs action',
      attributes: { digestId: id },
      body: ['No email needs action: there is nothing to do.', ...foot].join('\n'),
    });
  });

  it('without a page has a command that lists the emails', () => {
    const { body } = letterOf(aDigest(countedWork({ acme: [of('unknown_user', 1)] })), withoutPage);
    expect(body).toContain(
      `\n\nTo list them, with a token of the API in TOKEN:\ncurl -H "authorization: Bearer $TOKEN" 'https://api.example.com/emails?attention=act'\n\n`,
    );
    expect(body).not.toContain('/ui');
  });

  it('names one account, or says how many there are', () => {
    expect(titleOf(countedWork({ acme: [spam(1)] }))).toBe(
      '1 email needs action, none new since yesterday (account acme)',
    );
    expect(titleOf(countedWork({ '': [spam(1, 1)] }))).toBe('1 email needs action, 1 new since yesterday');
    // Not all of them are the account's.
    expect(titleOf(countedWork({ acme: [spam(1)], '': [spam(2, 1)] }))).toBe(
      '3 emails need action, 1 new since yesterday (1 account)',
    );
  });

  it('says since when emails are new, where the previous digest is older or unknown', () => {
    const work = countedWork({ acme: [spam(2, 1)] });
    expect(titleOf(work, { since: noon - 3 * day })).toContain('1 new since 2025-12-30 ');
    expect(titleOf(work, { isSincePrevious: false })).toContain('1 new in the last 24 hours ');
  });

  it('says that its numbers are the least where there are more emails than it counts', () => {
    const work = countedWork({ acme: [spam(5000, 5000)] }, { atLeast: true, newAtLeast: true });
    expect(titleOf(work)).toBe('At least 5000 emails need action, at least 5000 new since yesterday (account acme)');
    expect(letterOf(aDigest(work), links).body).toContain(
      '\nThere are more than one digest counts: each number below is the least.\n',
    );
    expect(titleOf({ ...work, newAtLeast: false })).toContain('action, 5000 new');
  });

  it('names 20 accounts, and sums up the others', () => {
    const many = (count: number) =>
      letterOf(
        aDigest(
          countedWork(Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, [spam(3, 1)]]))),
        ),
        links,
      ).body;
    expect(many(20)).not.toContain('further');
    expect(many(21)).toContain('\n- 1 further account: 3, 1 new\n');
    expect(many(26)).toContain('\n- 6 further accounts: 18, 6 new\n');
  });

  it.each(['www.evil.example', 'evil.example:443', 'jane@evil.example', 'evil.example+x=1'])(
    'makes no link of the account %s, and leads to its list',
    accountId => {
      const { subject, body } = letterOf(aDigest(countedWork({ [accountId]: [spam(1)] })), links);
      const link = /https:\S+account=\S+/.exec(body)![0];
      expect(`${subject}\n${body.replace(link, '')}`).not.toMatch(/www\.|evil\.example/);
      expect(link).toBe(`https://api.example.com/ui?account=${encodeURIComponent(accountId)}#attention=act`);
    },
  );

  it('is taken by SNS, whatever the accounts and causes', () => {
    const accountIds = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9._~:@=+-]{1,128}$/), { maxLength: 40 });
    const group = fc.record({
      status: fc.constantFrom('invalid', 'marked_spam', 'rejected'),
      cause: fc.constantFrom(...causeIds, null),
      emails: fc.integer({ min: 1, max: 5000 }),
      newEmails: fc.nat(10),
    }) satisfies fc.Arbitrary<Group>;
    fc.assert(
      fc.property(
        accountIds,
        fc.array(group, { minLength: 1, maxLength: 30 }),
        fc.boolean(),
        (ids, groups, atLeast) => {
          const work = countedWork(Object.fromEntries(ids.map(one => [one, groups])), { atLeast, newAtLeast: atLeast });
          const { subject, body } = letterOf(aDigest(work), links);
          expect(subject).toMatch(/^[\x20-\x7e]{1,99}$/);
          expect(Buffer.byteLength(body)).toBeLessThanOrEqual(maxMessageBytes);
        },
      ),
      { numRuns: runs(50) },
    );
  });
});
