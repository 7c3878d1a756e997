import { randomUUID } from 'node:crypto';
import { accountId, region } from '../cloudformation/template.ts';

/** An entry of PutEvents, as it comes. */
export interface PutEventsEntry {
  /** Epoch seconds. */
  readonly Time?: number;
  readonly Source?: string;
  readonly Resources?: readonly string[];
  readonly DetailType?: string;
  readonly Detail?: string;
  /** A name or an ARN; without one the entry is for the account's own bus. */
  readonly EventBusName?: string;
}

/** An event, as rules match it and targets get it. */
export interface BusEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** To the second. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The answer for one entry. */
export type EntryResult = { readonly EventId: string } | { readonly ErrorCode: string; readonly ErrorMessage: string };

/** An entry that was taken. */
export interface TakenEvent {
  readonly busName: string;
  readonly event: BusEvent;
}

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
const maxEntries = 10;
/** For all entries of a call together: their sum must stay below it. */
export const maxRequestBytes = 256 * 1024;

/**
 * The size of an entry, as AWS counts it.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size
 */
export function entryBytes({
  Time,
  Source = '',
  DetailType = '',
  Detail = '',
  Resources = [],
}: PutEventsEntry): number {
  const texts = [Source, DetailType, Detail, ...Resources];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), Time === undefined ? 0 : 14);
}

/** The reason to refuse a call as a whole; null for none. */
export function requestFault(entries: readonly PutEventsEntry[] = []): string | null {
  if (entries.length === 0) return atEntries('Member must have length greater than or equal to 1');
  if (entries.length > maxEntries) return atEntries(`Member must have length less than or equal to ${maxEntries}`);
  const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
  return bytes < maxRequestBytes ? null : 'Total size of the entries in the request is over the limit.';
}

const atEntries = (constraint: string) =>
  `1 validation error detected: Value at 'entries' failed to satisfy constraint: ${constraint}`;

/**
 * Takes or refuses one entry.
 *
 * @param busNames the buses that exist
 */
export function takenEntry(
  entry: PutEventsEntry,
  busNames: ReadonlySet<string>,
  now: number,
): { readonly result: EntryResult; readonly taken: TakenEvent | null } {
  const refused = (ErrorCode: string, ErrorMessage: string) => ({ result: { ErrorCode, ErrorMessage }, taken: null });
  for (const name of ['Source', 'DetailType', 'Detail'] as const) {
    if (!entry[name])
      return refused('InvalidArgument', `Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
  }
  const { Source = '', DetailType = '', Time, Resources = [], EventBusName = 'default' } = entry;
  if (Source.startsWith('aws.')) {
    return refused('NotAuthorizedForSourceException', `Not authorized for the source.`);
  }
  const detail = objectIn(entry.Detail!);
  if (detail === null) return refused('MalformedDetail', 'Detail is malformed.');
  const busName = EventBusName.split('/').at(-1)!;
  // AWS drops such an event without a word, unless the caller's role forbids it, as those of functions do.
  if (!busNames.has(busName)) {
    return refused('AccessDeniedException', `Not authorized to perform events:PutEvents on ${EventBusName}.`);
  }
  const id = randomUUID();
  const event: BusEvent = {
    version: '0',
    id,
    'detail-type': DetailType,
    source: Source,
    account: accountId,
    time: `${new Date(Time === undefined ? now : Time * 1000).toISOString().slice(0, 19)}Z`,
    region,
    resources: Resources,
    detail,
  };
  return { result: { EventId: id }, taken: { busName, event } };
}

function objectIn(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
