/** Publishes events to the bus of the stack. */

import type { PutEvents, PutEventsEntry } from '../aws/eventbridge-calls.ts';
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
 * Publishes events in their order, and returns for each whether the bus took it. After a call with a failure it makes no
 * further call, so that the caller's next try repeats few of them.
 */
export type PublishEvents = (events: readonly OutgoingEvent[]) => Promise<readonly boolean[]>;

/** The limits of a call: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
export const maxEntries = 10;
export const maxCallBytes = 256 * 1024;

/** The size of an entry, as AWS counts it: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html */
export function bytesOfEntry({ Source, DetailType, Detail }: PutEventsEntry): number {
  const bytesOfTime = 14;
  return bytesOfTime + Buffer.byteLength(Source) + Buffer.byteLength(DetailType) + Buffer.byteLength(Detail);
}

/**
 * @param putEvents the client's call
 * @param onFault takes the name of each failure: that of a call, or those of its entries
 */
export function createPublishEvents(
  putEvents: PutEvents,
  busName: string,
  onFault: (errorName: string) => void = () => {},
): PublishEvents {
  /** Whether each entry was taken. */
  async function put(entries: readonly PutEventsEntry[]): Promise<readonly boolean[]> {
    try {
      const results = await putEvents(entries);
      const codes = new Set(results.flatMap(({ ErrorCode }) => ErrorCode ?? []));
      for (const code of codes) onFault(code);
      return entries.map((_, index) => results[index] !== undefined && results[index].ErrorCode === undefined);
    } catch (error) {
      onFault(errorName(error));
      return entries.map(() => false);
    }
  }

  return async events => {
    const entries = events.map(({ detailType, detail, time }) => ({
      EventBusName: busName,
      Source: eventSource,
      DetailType: detailType,
      Detail: JSON.stringify(detail),
      Time: time / 1000,
    }));
    const taken: boolean[] = [];
    for (const call of calls(entries)) {
      taken.push(...(await put(call)));
      if (taken.includes(false)) break;
    }
    return events.map((_, index) => taken[index] ?? false);
  };
}

/** Divides entries into calls, in order. An entry above the limit gets a call of its own, which fails alone. */
function calls(entries: readonly PutEventsEntry[]): readonly (readonly PutEventsEntry[])[] {
  const made: PutEventsEntry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = bytesOfEntry(entry);
    const last = made.at(-1);
    if (last !== undefined && last.length < maxEntries && bytes + size <= maxCallBytes) {
      last.push(entry);
      bytes += size;
    } else {
      made.push([entry]);
      bytes = size;
    }
  }
  return made;
}
