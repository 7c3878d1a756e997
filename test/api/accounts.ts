/** Emails of several accounts. The subject or recipient of each has its account's mark, so that a leaked email is recognised. */

import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import { type Status, statusIds } from '../../shared/status/catalogue.ts';
import { causeIds } from '../../shared/status/causes.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { type Call, queryFunction, supportToken } from '../rigs/query-function.ts';
import type { StoredEmails } from '../rigs/stored-emails.ts';
import { oneOf, type Random, seededRandom } from '../torture/random.ts';

/** Stands for the account of emails that name none. Support alone may see them. */
export const nobody = 'acct-nobody';

export const accountIds = ['acct-adela', 'acct-bjorn=b+c@d:e.~_-', 'acct-chloe+2f~', nobody] as const;

export type AccountId = (typeof accountIds)[number];

/** The values of an account's emails that somebody can have seen in its lists. */
export interface Known {
  readonly emailIds: readonly string[];
  readonly recipients: readonly string[];
  readonly references: readonly string[];
}

/** An existing page amid a list: its route, and its query with the cursor. */
export interface KnownPage {
  readonly routeKey: 'GET /accounts/{accountId}/emails' | 'GET /accounts/{accountId}/attention-list' | 'GET /emails';
  /** null for a list across accounts. */
  readonly accountId: AccountId | null;
  readonly query: string;
  readonly etag: string;
}

const minute = 60_000;
const day = 24 * 60 * minute;

/** A recipient and a reference that every account has emails of. */
const sharedRecipient = 'everybody@example.com';
const sharedReference = 'everybody/1';

/** The text that every email of the account has in its subject or recipient, and no other email has. */
export function markOf(accountId: AccountId): string {
  return /^acct-[a-z]+/.exec(accountId)![0];
}

const subjects = [
  'Invoice 7',
  '=HYPERLINK("https://example.com","a")',
  '"quoted", and more',
  '@SUM(1)',
  '-1+1',
  '+1',
  'Grüße 𝄞 \u202e',
  '<script>alert(1)</script>',
  '{"emails":[]}',
];

const providerNames = ['ses', 'sendgrid', 'postmark', 'app'] as const;

/** One to four events of an email, in any order of status. */
function eventsOf(accountId: AccountId, index: number, random: Random): CanonicalEvent[] {
  const isShared = random() < 0.4;
  const first = noon - Math.floor(random() * 9 * day);
  const name = `${accountId} ${index}`;
  const email = {
    provider: oneOf(providerNames, random),
    messageId: name,
    recipient: isShared ? sharedRecipient : `${index % 20}@${markOf(accountId)}.example`,
    ...(accountId !== nobody && { accountId }),
    ...((isShared || random() < 0.9) && { subject: `${oneOf(subjects, random)} of ${accountId}` }),
    ...(random() < 0.8 && { reference: isShared ? sharedReference : `${accountId}/${index % 25}` }),
  };
  return Array.from({ length: 1 + Math.floor(random() * 4) }, (_, nth) => {
    const isNote = random() < 0.15;
    return {
      ...email,
      eventId: `${name} ${nth}`,
      status: isNote ? null : oneOf<Status>(statusIds, random),
      occurredAt: first + nth * minute,
      evidence: oneOf(['human', 'machine', 'unknown'] as const, random),
      providerEvent: isNote ? 'note' : 'event',
      ...(random() < 0.2 && { tags: [`=tag of ${accountId}`, 'invoice'] }),
      ...(random() < 0.3 && {
        reason: {
          code: '550',
          enhancedCode: '5.1.1',
          text: `=no such user at ${accountId}`,
          ...(random() < 0.7 && { cause: oneOf(causeIds, random) }),
        },
      }),
      ...(random() < 0.2 && { clickUrl: `https://example.com/${encodeURIComponent(accountId)}`, userAgent: '@agent' }),
      ...(random() < 0.1 && { providerTime: 8.64e15 }),
      ...(random() < 0.1 && { attribution: oneOf(['ambiguous', 'not_addressed'] as const, random) }),
      // Names a second account in one email. The email stays the first account's.
      ...(nth > 0 && accountId !== nobody && random() < 0.1 && { accountId: oneOf(accountIds.slice(0, 3), random) }),
    };
  });
}

/** Records so many emails of each account, the same every time, and returns their known values. */
export async function storeAccounts(
  emails: StoredEmails,
  emailsEach: number,
): Promise<Readonly<Record<AccountId, Known>>> {
  const random = seededRandom(1);
  const known: Record<string, Known> = {};
  for (const accountId of accountIds) {
    const events = Array.from({ length: emailsEach }, (_, index) => eventsOf(accountId, index, random));
    for (const ofEmail of events) await emails.record(ofEmail, ofEmail.at(-1)!.occurredAt + minute);
    const firsts = events.map(([first]) => first!);
    known[accountId] = {
      emailIds: firsts.map(emailIdOf),
      recipients: [...new Set(firsts.map(({ recipient }) => recipient))],
      references: [...new Set(firsts.flatMap(({ reference }) => reference ?? []))],
    };
  }
  return known as Record<AccountId, Known>;
}

/** Second pages of lists, by the cursors of their first pages. */
export async function knownPages(emails: StoredEmails): Promise<KnownPage[]> {
  const call = queryFunction(emails);
  const pages: KnownPage[] = [];
  const everybody = [`recipient=${sharedRecipient}`, `reference=${sharedReference}`, 'attention=act'];
  for (const accountId of [...accountIds, null]) {
    const lists =
      accountId === null
        ? everybody.map(query => ['GET /emails', query] as const)
        : [
            ...['', ...everybody, 'status=delivered', 'from=2025-12-28T00:00:00Z&to=2026-01-01T00:00:00Z'].map(
              query => ['GET /accounts/{accountId}/emails', query] as const,
            ),
            ...['format=csv', 'format=jsonl'].map(
              query => ['GET /accounts/{accountId}/attention-list', query] as const,
            ),
          ];
    for (const [routeKey, query] of lists) {
      for (const limit of [1, 5]) {
        const asked: Call = {
          path: accountId === null ? {} : { accountId },
          query: `${query}&limit=${limit}`,
          token: supportToken,
        };
        const first = await call(routeKey, asked);
        const cursor = first.json?.cursor ?? /cursor=([^&>]*)/.exec(first.headers.link ?? '')?.[1];
        if (cursor === undefined) continue;
        const next = { ...asked, query: `${query}&limit=${limit}&cursor=${cursor}` };
        const { headers } = await call(routeKey, next);
        pages.push({ routeKey, accountId, query: next.query, etag: headers.etag! });
      }
    }
  }
  return pages;
}
