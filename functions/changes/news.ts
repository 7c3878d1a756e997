import type { DynamoDBRecord } from 'aws-lambda';
import { canaryAccountId, isOwnNote } from '../../shared/email/event.ts';
import { encodeHistory, type HistoryEvent } from '../../shared/email/history.ts';
import { type Email, type Image, storedEmailIn } from '../../shared/email/item.ts';
import { repeatKindOf } from '../../shared/email/repeats.ts';
import { awaitingOf, reporterOf } from '../../shared/news/first-news.ts';
import type { EmailChange, Report } from '../../shared/news/store.ts';
import { providerTitles } from '../../shared/providers/titles.ts';
import { isCounted } from '../../shared/watch/rates.ts';
import { type ResolvedFailure, resolvedFailureOf } from '../../shared/watch/resolved-failures.ts';
import { type Link, linksIn, type Resent, resentIn } from './links.ts';

/** The news in one record of the table's stream. */
export interface RecordNews {
  /** Of each provider that reported something new, its newest report. */
  readonly reports: readonly Report[];
  /** The change in the emails that wait for news; null if there is none. */
  readonly email: EmailChange | null;
  /** The account of an email that failed anew or was just resolved, as its rates count it; null for any other. */
  readonly failedOf: string | null;
  /** A failure that was just resolved; null if none was. */
  readonly resolved: ResolvedFailure | null;
  /** The notes that it owes the emails which it sends again. */
  readonly links: readonly Link[];
  /** The emails that send it again, if it has just learned of them. */
  readonly resent: readonly Resent[];
}

const nothing: RecordNews = { reports: [], email: null, failedOf: null, resolved: null, links: [], resent: [] };

/** An email before and after a change; null where there is none. */
export interface EmailStates {
  readonly before: Email | null;
  readonly after: Email | null;
}

/**
 * Reads a record. An email that expired is no change.
 *
 * @throws UnreadableItem, or another error, if the record shows no email
 */
export function statesIn({ eventName, dynamodb }: DynamoDBRecord): EmailStates {
  if (eventName === 'REMOVE') return { before: null, after: null };
  return {
    before: storedEmailIn(dynamodb?.OldImage as Image | undefined),
    after: storedEmailIn(dynamodb?.NewImage as Image | undefined),
  };
}

/** The news in a record. */
export function newsIn({ before, after }: EmailStates): RecordNews {
  const email = after ?? before;
  if (email === null || email.accountId === canaryAccountId) return nothing;
  return {
    reports: after === null ? [] : reportsIn(before, after),
    email: changeOf(email, before, after),
    failedOf: after === null ? null : failedOf(before, after),
    resolved: resolvedIn(before, after),
    links: after === null ? [] : linksIn(before, after),
    resent: after === null ? [] : resentIn(before, after),
  };
}

/** A count just before may have missed a failure that was resolved: the account is counted again. */
function failedOf(before: Email | null, after: Email): string | null {
  const { accountId, verdict } = after;
  const isNew = verdict?.status !== before?.verdict?.status || resolvedIn(before, after) !== null;
  return isNew && isCounted(verdict?.status) && accountId !== undefined ? accountId : null;
}

function resolvedIn(before: Email | null, after: Email | null): ResolvedFailure | null {
  return resolvedFailureOf(before) === null ? resolvedFailureOf(after) : null;
}

function reportsIn(before: Email | null, after: Email): readonly Report[] {
  const { provider, updatedAt, events } = after;
  const known = new Set(before?.events.map(encodeHistory));
  const reported = events.filter(event => !isOwnNote(event) && !known.has(encodeHistory(event)));
  const added = [...reported, ...countedIn(before, after)];
  return [...Map.groupBy(added, event => reporterOf(provider, event))]
    .filter(([reporter]) => Object.hasOwn(providerTitles, reporter))
    .map(([reporter, own]) => {
      const newest = Math.max(...own.map(({ occurredAt }) => occurredAt));
      return { provider: reporter, at: updatedAt, lag: Math.max(0, updatedAt - newest) };
    });
}

/** The newest opens and clicks that were counted, reported like those of their kind in the history. */
function countedIn(before: Email | null, { events, repeats }: Email): readonly HistoryEvent[] {
  return [...repeats].flatMap(([kind, { last }]) => {
    const shown = events.findLast(event => repeatKindOf(event) === kind);
    const isNew = last > (before?.repeats.get(kind)?.last ?? 0);
    return isNew && shown !== undefined ? { ...shown, occurredAt: last } : [];
  });
}

/** An erased email no longer waits. */
function changeOf(email: Email, before: Email | null, after: Email | null): EmailChange | null {
  const { provider, sentAt, updatedAt } = email;
  // The application reports its own emails itself: nobody else is awaited.
  if (provider === 'app' || !Object.hasOwn(providerTitles, provider)) return null;
  const [was, is] = [before, after].map(side => awaitingOf(side?.events ?? []));
  const awaited = Number(is!.awaited) - Number(was!.awaited);
  const answered = Number(is!.answered) - Number(was!.answered);
  return awaited === 0 && answered === 0 ? null : { provider, seenAt: sentAt, awaited, answered, at: updatedAt };
}
