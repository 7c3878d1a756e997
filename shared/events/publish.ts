/** Publishes events to the bus of the stack. */

import type { PutEvents, PutEventsEntry } from '../aws/eventbridge-calls.ts';
import { chunks } from '../runtime/chunks.ts';
import { errorName } from '../runtime/log.ts';

/** The source of every event of Mailtrail. */
export const eventSource = 'mailtrail';

/** An event for the bus. */
export interface OutgoingEvent {
  readonly detailType: string;
  /** It becomes JSON. */
  readonly detail: object;
  /** Epoch milliseconds. */
  readonly time: number;
}

/**
 * Publishes events in their order, and returns for each whether the bus took it. After a failure it makes no further call,
 * so that the caller's next try repeats few of them.
 *
 * @param onFault takes the name of each error: that of a call, or those of its entries
 */
export type PublishEvents = (
  events: readonly OutgoingEvent[],
  onFault?: (errorName: string) => void,
) => Promise<readonly boolean[]>;

/** The limits of a call: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
export const maxEntries = 10;
export const maxCallBytes = 256 * 1024;

/** A shard changes up to 1,000 items a second, and a call takes some 15 ms. */
export const maxConcurrentCalls = 5;

/** The size of an entry, as AWS counts it: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html */
export function bytesOfEntry({ Source, DetailType, Detail }: PutEventsEntry): number {
  const bytesOfTime = 14;
  return bytesOfTime + Buffer.byteLength(Source) + Buffer.byteLength(DetailType) + Buffer.byteLength(Detail);
}

/** Publishes to one bus. */
export function createPublishEvents(putEvents: PutEvents, busName: string): PublishEvents {
  return async (events, onFault = () => {}) => {
    const entries = events.map(({ detailType, detail, time }) => ({
      EventBusName: busName,
      Source: eventSource,
      DetailType: detailType,
      Detail: JSON.stringify(detail),
      Time: time / 1000,
    }));
    const taken: boolean[] = [];
    for (const atOnce of chunks(calls(entries), maxConcurrentCalls)) {
      const outcomes = await Promise.all(atOnce.map(call => put(call, onFault)));
      taken.push(...outcomes.flat());
      if (taken.includes(false)) break;
    }
    return events.map((_, index) => taken[index] ?? false);
  };

  /** Whether each entry was taken. */
  async function put(
    entries: readonly PutEventsEntry[],
    onFault: (errorName: string) => void,
  ): Promise<readonly boolean[]> {
    try {
      const results = await putEvents(entries);
      for (const code of new Set(results.flatMap(({ ErrorCode }) => ErrorCode ?? []))) onFault(code);
      return entries.map((_, index) => results[index]?.ErrorCode === undefined && index < results.length);
    } catch (error) {
      onFault(errorName(error));
      return entries.map(() => false);
    }
  }
}

/** Divides entries into calls, in order. An entry above the limit gets a call of its own, which fails alone. */
function calls(entries: readonly PutEventsEntry[]): readonly (readonly PutEventsEntry[])[] {
  const made: PutEventsEntry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = bytesOfEntry(entry);
    const last = made.at(-1);
    if (last !== undefined && last.length < maxEntries && bytes + size < maxCallBytes) {
      last.push(entry);
      bytes += size;
    } else {
      made.push([entry]);
      bytes = size;
    }
  }
  return made;
}
