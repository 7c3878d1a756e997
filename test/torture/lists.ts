/** Reads whole lists after the run, when nothing changes any more, and compares them with the table. */

import { setTimeout as delay } from 'node:timers/promises';
import { type Status, statusIds } from '../../shared/status/catalogue.ts';
import { attentionIn } from './attention.ts';
import { historyOf, type StoredItem } from './ledger.ts';

/** A stored email, as lists depend on it. */
export interface ListedEmail {
  readonly emailId: string;
  readonly accountId: string | undefined;
  readonly status: Status | undefined;
  /** By the model, and not by the index keys. */
  readonly asks: boolean;
  readonly isResolved: boolean;
}

/** An email in an item, or null for a tombstone. */
export function listedEmail(item: StoredItem): ListedEmail | null {
  const { emailId, accountId, status, erasedAt } = item as StoredItem & { accountId?: string; status?: Status };
  if (erasedAt !== undefined) return null;
  const { asks, isResolved } = attentionIn(status ?? null, historyOf(item));
  return { emailId, accountId, status, asks, isResolved };
}

/** One page of a list. */
export interface ListPage {
  readonly emails: readonly { readonly emailId: string }[];
  readonly cursor?: string;
  readonly total?: { readonly count: number; readonly more: boolean };
}

/** Returns a page, or null after an admitted failure. */
export type ReadPage = (token: string, path: string) => Promise<ListPage | null>;

/** A list, its right emails, and its right total if it has one. */
interface List {
  readonly token: string;
  readonly path: string;
  readonly right: readonly ListedEmail[];
  readonly hasTotal: boolean;
}

/** The greatest number that a total counts. */
const mostCounted = 1_000;
const triesOfPage = 60;

/** Returns the number of compared lists of accounts and of support, by attention and by status, and their mistakes. */
export async function wrongLists(
  emails: readonly ListedEmail[],
  accounts: readonly string[],
  tokens: { readonly support: string; readonly of: (accountId: string) => string },
  read: ReadPage,
): Promise<{ readonly compared: number; readonly wrong: readonly string[] }> {
  const asking = emails.filter(({ asks }) => asks);
  const failures: readonly Status[] = statusIds.filter(status => asking.some(email => email.status === status));
  const ofStatus = (of: readonly ListedEmail[], status: Status) => of.filter(email => email.status === status);
  const lists: List[] = [
    { token: tokens.support, path: '/emails?attention=act', right: asking, hasTotal: true },
    // Across accounts, a list by status alone holds only emails that ask somebody to act. One reads every day, and suffices.
    ...failures.slice(0, 1).map(status => ({
      token: tokens.support,
      path: `/emails?status=${status}`,
      right: ofStatus(asking, status),
      hasTotal: false,
    })),
    ...accounts.flatMap((accountId): List[] => {
      const own = (email: ListedEmail) => email.accountId === accountId;
      const path = `/accounts/${accountId}/emails`;
      const token = tokens.of(accountId);
      return [
        { token, path: `${path}?attention=act`, right: asking.filter(own), hasTotal: true },
        ...failures.map(status => ({
          token,
          path: `${path}?status=${status}`,
          right: ofStatus(emails, status).filter(own),
          hasTotal: false,
        })),
      ];
    }),
  ];
  const wrong: string[] = [];
  for (const list of lists) wrong.push(...(await wrongList(list, read)).map(what => `${list.path}: ${what}`));
  return { compared: lists.length, wrong };
}

async function wrongList({ token, path, right, hasTotal }: List, read: ReadPage): Promise<string[]> {
  const wrong: string[] = [];
  const shown = new Set<string>();
  let cursor: string | undefined;
  do {
    const query = `&limit=100${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    let page: ListPage | null = null;
    for (let tries = 0; page === null && tries < triesOfPage; tries += 1) {
      if (tries > 0) await delay(200);
      page = await read(token, path + query);
    }
    if (page === null) return ['no answer'];
    for (const { emailId } of page.emails) {
      if (shown.has(emailId)) wrong.push(`${emailId} is in it twice`);
      shown.add(emailId);
    }
    const { total } = page;
    const isRightTotal =
      total?.count === Math.min(right.length, mostCounted) && total.more === right.length > mostCounted;
    if (hasTotal && cursor === undefined && !isRightTotal)
      wrong.push(`the total ${JSON.stringify(total)} of ${right.length}`);
    cursor = page.cursor;
  } while (cursor !== undefined);
  const ids = new Set(right.map(({ emailId }) => emailId));
  return [
    ...wrong,
    ...[...ids].filter(emailId => !shown.has(emailId)).map(emailId => `${emailId} is left out`),
    ...[...shown].filter(emailId => !ids.has(emailId)).map(emailId => `${emailId} is none of it`),
  ];
}
