import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type CanonicalEvent, emailIdOf } from '../email/event.ts';
import { isForeign } from '../email/recorder.ts';
import { type Erasure, isNobodyElses, putTombstone, tombstoneInput } from '../email/tombstone.ts';
import type { ErasureRecords, ReceivedEvent } from './erasure-records.ts';

/**
 * Drops the events of one message that came before an erasure, and gives the others. The email of each gets a tombstone,
 * as it would have had the event been recorded when it came: what comes late of it stays dead, in whatever order.
 */
export type EraseReceived = (events: readonly CanonicalEvent[]) => Promise<readonly CanonicalEvent[]>;

/** Looks up all that came in several messages at once. */
export type LookUpErasures = (received: readonly ReceivedEvent[]) => Promise<EraseReceived>;

/** @param now epoch milliseconds */
export function createLookUpErasures(
  records: Pick<ErasureRecords, 'erasuresOf'>,
  client: DynamoDBDocumentClient,
  tableName: string,
  now: () => number,
): LookUpErasures {
  return async received => {
    const erasures = await records.erasuresOf(received);
    return async events => {
      if (erasures.size === 0) return events;
      const others = events.filter(event => !erasures.has(event));
      const buried = [...emailsOf(events, erasures)].map(([emailId, erasure]) =>
        putTombstone(client, tombstoneInput(tableName, emailId, isNobodyElses(erasure), now())),
      );
      await Promise.all(buried);
      return others;
    };
  };
}

/** The emails of dropped events, and the erasure of each. */
export function emailsOf(
  events: readonly CanonicalEvent[],
  erasures: ReadonlyMap<CanonicalEvent, Erasure>,
): ReadonlyMap<string, Erasure> {
  const dropped = events.flatMap(event => {
    const erasure = erasures.get(event);
    // An account's own secret says nothing of another account's emails.
    return erasure === undefined || isForeign(event) ? [] : [[emailIdOf(event), erasure] as const];
  });
  // Whose an email is that two accounts name, whoever comes first decides: its other events are to be recorded.
  const named = events.filter(event => event.accountId !== undefined && !erasures.has(event));
  const contested = new Set(named.map(emailIdOf));
  return new Map(dropped.filter(([emailId]) => !contested.has(emailId)));
}
