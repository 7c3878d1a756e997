import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type CanonicalEvent, emailIdOf, isForeign } from '../email/event.ts';
import { type Burial, type Erasure, putTombstone, tombstoneInput, whereUnclaimed } from '../email/tombstone.ts';
import type { ErasureRecords, ReceivedEvent } from './erasure-records.ts';

/**
 * Drops the events of one message that arrived before an erasure, and returns the others. Each dropped event's email
 * gets a tombstone, as if the event had been recorded on arrival. Later events of that email then find the tombstone,
 * in any order.
 */
export type DropErased = (events: readonly CanonicalEvent[]) => Promise<readonly CanonicalEvent[]>;

/** Looks up the erasures for the events of several messages at once. */
export type ErasureLookUp = (received: readonly ReceivedEvent[]) => Promise<DropErased>;

/** @param now epoch milliseconds */
export function createErasureLookUp(
  records: Pick<ErasureRecords, 'erasuresOf'>,
  client: DynamoDBDocumentClient,
  tableName: string,
  now: () => number,
): ErasureLookUp {
  return async received => {
    const erasures = await records.erasuresOf(received);
    return async events => {
      if (erasures.size === 0) return events;
      const buried = new Set<string>();
      await Promise.all(
        [...emailsToBury(events, erasures)].map(async ([emailId, burial]) => {
          const input = tombstoneInput(tableName, emailId, whereUnclaimed(burial), now());
          if (await putTombstone(client, input)) buried.add(emailId);
        }),
      );
      // An event without an account belongs to its email's account: the recorder finds that email or its tombstone.
      const isDropped = (event: CanonicalEvent) =>
        erasures.has(event) && (event.accountId !== undefined || buried.has(emailIdOf(event)));
      return events.filter(event => !isDropped(event));
    };
  };
}

/** The emails of dropped events that get a tombstone, each with its erasure. */
export function emailsToBury(
  events: readonly CanonicalEvent[],
  erasures: ReadonlyMap<CanonicalEvent, Erasure>,
): ReadonlyMap<string, Burial> {
  const dropped = events.flatMap(event => {
    const erasure = erasures.get(event);
    // An account's own secret proves nothing about another account's emails.
    if (erasure === undefined || isForeign(event)) return [];
    const { provenFor } = event;
    return [[emailIdOf(event), provenFor === undefined ? erasure : { ...erasure, provenFor }] as const];
  });
  // The first write decides the account of an email that two accounts name: the other account's events must be
  // recorded.
  const named = events.filter(event => event.accountId !== undefined && !erasures.has(event));
  const contested = new Set(named.map(emailIdOf));
  return new Map(dropped.filter(([emailId]) => !contested.has(emailId)));
}
