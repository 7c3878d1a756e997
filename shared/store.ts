/**
 * The table of emails: one item per email, written with one conditional UpdateItem for all events of one email in one
 * request. No reads before writes, no transactions: the condition is the merge (status.ts), and `ADD` to a set is
 * idempotent and commutes, so that redelivery costs nothing and loses nothing.
 */

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { batchGet } from './batch-get.ts';
import { type CanonicalEvent, decodeHistory, emailIdOf, encodeHistory, type HistoryEvent } from './event.ts';
import { eachInFlight } from './in-flight.ts';
import { merge, type PriorState, priorStates, type Status, statuses, statusIds, type Verdict } from './status.ts';
import { isoText } from './time.ts';

/** Past this many events of one email, repeats of opens and clicks are dropped and counted; nothing else ever is. */
export const historyLimit = 100;

/** Writes in flight at once: more gains nothing (measured 16 to 64). */
const concurrentWrites = 32;

/** An email as it is stored. Times are epoch milliseconds. */
export interface Email {
  readonly emailId: string;
  readonly provider: string;
  readonly messageId: string;
  readonly recipient: string;
  readonly accountId?: string;
  readonly subject?: string;
  readonly reference?: string;
  /** null while there are only notes. */
  readonly verdict: Verdict | null;
  readonly firstSeenAt: number;
  readonly updatedAt: number;
  /** In order of event time, then event id. */
  readonly events: readonly HistoryEvent[];
}

/** What became of a request's events. Every event is in exactly one of these. */
export interface Recorded {
  readonly recorded: number;
  readonly duplicate: number;
  /** Opens and clicks beyond the history's bound. */
  readonly dropped: number;
  /** The item has reached DynamoDB's size limit: no retry can help. */
  readonly full: readonly CanonicalEvent[];
  /** Not written, and worth another try. */
  readonly failed: readonly { readonly events: readonly CanonicalEvent[]; readonly error: unknown }[];
}

/** Where a page of an index ended; opaque to everybody but the store. */
export interface PageKey {
  readonly emailId: string;
  readonly at: number;
}

export interface Page {
  readonly emails: readonly Email[];
  readonly next: PageKey | null;
}

/** The indexes that list an account's emails, and the sort key of each. */
const accountIndexes = {
  all: { index: 'byAccount', sortKey: 'firstSeenAt' },
  attention: { index: 'byAttention', sortKey: 'attentionAt' },
} as const;

export interface Recorder {
  /**
   * Records the events of one request. Never rejects: what could not be written is in `failed`.
   *
   * @param receivedAt epoch milliseconds of arrival
   * @param signal once aborted, no further write is begun and none is waited for
   */
  record(events: readonly CanonicalEvent[], receivedAt: number, signal?: AbortSignal): Promise<Recorded>;
}

export interface Reader {
  /** One email, strongly consistent; null where there is none. One GetItem. */
  email(emailId: string): Promise<Email | null>;
  /** An account's emails newest first, or its attention list newest status first. One Query and one BatchGetItem. */
  accountPage(
    accountId: string,
    list: keyof typeof accountIndexes,
    page: { readonly limit: number; readonly after?: PageKey | undefined },
  ): Promise<Page>;
}

export interface StoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
}

const day = 24 * 60 * 60_000;

export function createRecorder({
  client,
  tableName,
  retentionDays,
}: StoreOptions & { readonly retentionDays: number }): Recorder {
  return {
    async record(events, receivedAt, signal) {
      const total = { recorded: 0, duplicate: 0, dropped: 0 };
      const full: CanonicalEvent[] = [];
      const failed: { events: readonly CanonicalEvent[]; error: unknown }[] = [];
      const pending = byEmail(events);
      const work = eachInFlight([...pending], concurrentWrites, async ([emailId, group]) => {
        if (signal?.aborted) return;
        try {
          const written = await recordEmail(emailId, group, receivedAt);
          for (const count of ['recorded', 'duplicate', 'dropped'] as const) total[count] += written[count];
        } catch (error) {
          if (isItemFull(error)) full.push(...group);
          else failed.push({ events: group, error });
        }
        pending.delete(emailId);
      });
      await (signal === undefined ? work : Promise.race([work, aborted(signal)]));
      // A write still on its way may yet succeed: recording its events once more changes nothing.
      const late = [...pending.values()].map(group => ({ events: group, error: signal?.reason }));
      return { ...total, full: [...full], failed: [...failed, ...late] };
    },
  };

  async function recordEmail(
    emailId: string,
    group: readonly CanonicalEvent[],
    receivedAt: number,
  ): Promise<Pick<Recorded, 'recorded' | 'duplicate' | 'dropped'>> {
    const verdict = merge(group);
    const { kept, dropped } = withinLimit(group, verdict, 0);
    const update = (write: Write) => client.send(new UpdateCommand(updateOf(emailId, group, write, receivedAt)));

    try {
      const { Attributes } = await update(
        verdict === null ? { kind: 'notes', elements: kept } : { kind: 'decides', verdict, elements: kept },
      );
      const before = historyOf(Attributes);
      const added = [...kept.keys()].filter(element => !before.has(element)).length;
      return { recorded: added, duplicate: group.length - dropped - added, dropped };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      // What is stored is at least as strong; only news for the history may be left to add.
      const stored = new Set(error.Item?.history?.SS ?? []);
      const unseen = group.filter(event => !stored.has(encodeHistory(event)));
      const late = withinLimit(unseen, null, stored.size);
      if (late.kept.size > 0) await update({ kind: 'late', elements: late.kept });
      return {
        recorded: late.kept.size,
        duplicate: group.length - late.kept.size - late.dropped,
        dropped: late.dropped,
      };
    }
  }

  function updateOf(
    emailId: string,
    group: readonly CanonicalEvent[],
    write: Write,
    receivedAt: number,
  ): UpdateCommandInput {
    const { provider, messageId, recipient } = group[0]!;
    const names: Record<string, string> = { '#provider': 'provider' };
    const values: Record<string, unknown> = {
      ':provider': provider,
      ':messageId': messageId,
      ':recipient': recipient,
      ':now': receivedAt,
      ':expiresAt': Math.ceil((receivedAt + retentionDays * day) / 1000),
      ':history': new Set(write.elements.keys()),
    };
    const sets = [
      '#provider = :provider, messageId = :messageId, recipient = :recipient, updatedAt = :now',
      'firstSeenAt = if_not_exists(firstSeenAt, :now), expiresAt = if_not_exists(expiresAt, :expiresAt)',
    ];
    let removes = '';
    // Set once, by whoever comes first, within a request the earliest: index keys must not move.
    const inOrder = group.length === 1 ? group : group.toSorted(inTime);
    for (const fact of ['accountId', 'subject', 'reference'] as const) {
      const value = inOrder.find(event => event[fact] !== undefined)?.[fact];
      if (value === undefined) continue;
      sets.push(`#${fact} = if_not_exists(#${fact}, :${fact})`);
      names[`#${fact}`] = fact;
      values[`:${fact}`] = value;
    }
    let condition: string | undefined;
    if (write.kind === 'notes') condition = newsWithinLimit(write.elements, values);
    if (write.kind === 'decides') {
      const { verdict } = write;
      names['#status'] = 'status';
      sets.push('#status = :status, statusAt = :statusAt, statusEventId = :statusEventId');
      values[':status'] = verdict.status;
      values[':statusAt'] = verdict.statusAt;
      values[':statusEventId'] = verdict.statusEventId;
      if (statuses[verdict.status].attention === 'yes') {
        sets.push('attentionAt = :statusAt, attentionDay = :attentionDay');
        values[':attentionDay'] = isoText(verdict.statusAt).slice(0, 10);
      } else {
        removes = ' REMOVE attentionAt, attentionDay';
      }
      condition = givesWayTo[verdict.status].expression;
      Object.assign(values, givesWayTo[verdict.status].values);
    }
    return {
      TableName: tableName,
      Key: { emailId },
      UpdateExpression: `SET ${sets.join(', ')}${removes} ADD history :history`,
      ...(condition !== undefined && { ConditionExpression: condition }),
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: values,
      ReturnValues: 'UPDATED_OLD',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    };
  }
}

export function createReader({ client, tableName }: StoreOptions): Reader {
  return {
    async email(emailId) {
      const { Item } = await client.send(
        new GetCommand({ TableName: tableName, Key: { emailId }, ConsistentRead: true }),
      );
      return Item === undefined ? null : emailOf(Item);
    },

    async accountPage(accountId, list, { limit, after }) {
      const { index, sortKey } = accountIndexes[list];
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: index,
          KeyConditionExpression: 'accountId = :accountId',
          ExpressionAttributeValues: { ':accountId': accountId },
          ScanIndexForward: false,
          Limit: limit,
          ...(after && { ExclusiveStartKey: { accountId, emailId: after.emailId, [sortKey]: after.at } }),
        }),
      );
      const emailIds = Items.map(item => item.emailId as string);
      const items = await batchGet(client, tableName, emailIds);
      return {
        // In the order of the index, without what was removed meanwhile.
        emails: emailIds.flatMap(emailId => {
          const item = items.get(emailId);
          return item === undefined ? [] : [emailOf(item)];
        }),
        next: LastEvaluatedKey
          ? { emailId: LastEvaluatedKey.emailId as string, at: LastEvaluatedKey[sortKey] as number }
          : null,
      };
    },
  };
}

/** One UpdateItem: `decides` changes the status, `notes` only adds news, `late` adds what is known to be missing. */
type Write = { readonly elements: ReadonlyMap<string, CanonicalEvent> } & (
  | { readonly kind: 'decides'; readonly verdict: Verdict }
  | { readonly kind: 'notes' | 'late' }
);

/** The events of each email, in the order in which they came. */
function byEmail(events: readonly CanonicalEvent[]): Map<string, CanonicalEvent[]> {
  const groups = new Map<string, CanonicalEvent[]>();
  for (const event of events) {
    const emailId = emailIdOf(event);
    const group = groups.get(emailId);
    if (group === undefined) groups.set(emailId, [event]);
    else group.push(event);
  }
  return groups;
}

/**
 * The history elements to add, by encoding, and how many opens and clicks go beyond the bound. The earliest are kept;
 * an event that decides the status always is.
 *
 * @param stored how many events the item already holds
 */
function withinLimit(
  events: readonly CanonicalEvent[],
  verdict: Verdict | null,
  stored: number,
): { readonly kept: ReadonlyMap<string, CanonicalEvent>; readonly dropped: number } {
  const elements = new Map(events.map(event => [encodeHistory(event), event]));
  if (stored + elements.size <= historyLimit) return { kept: elements, dropped: 0 };
  const droppable = [...elements]
    .filter(([, { status, eventId }]) => isReceipt(status) && eventId !== verdict?.statusEventId)
    .sort(([, a], [, b]) => inTime(a, b));
  const excess = Math.min(stored + elements.size - historyLimit, droppable.length);
  const dropped = droppable.slice(droppable.length - excess);
  for (const [element] of dropped) elements.delete(element);
  return { kept: elements, dropped: dropped.length };
}

function isReceipt(status: CanonicalEvent['status']): boolean {
  return status === 'opened' || status === 'link_clicked';
}

function inTime(a: HistoryEvent, b: HistoryEvent): number {
  return a.occurredAt - b.occurredAt || (a.eventId < b.eventId ? -1 : 1);
}

/** For each status, the merge as a condition: no status yet, or one of the stored states that it replaces. */
const givesWayTo = Object.fromEntries(
  statusIds.map(status => {
    const values: Record<string, Status> = {};
    const clauses = priorStates[status].map((prior: PriorState) => {
      for (const before of prior.statuses) values[`:is_${before}`] = before;
      return [
        `#status IN (${prior.statuses.map(before => `:is_${before}`).join(', ')})`,
        ...(prior.statusAt ? [`statusAt ${prior.statusAt} :statusAt`] : []),
        ...(prior.statusEventId ? [`statusEventId ${prior.statusEventId} :statusEventId`] : []),
      ].join(' AND ');
    });
    const expression = ['attribute_not_exists(#status)', ...clauses.map(clause => `(${clause})`)].join(' OR ');
    return [status, { expression, values }];
  }),
) as Readonly<Record<Status, { readonly expression: string; readonly values: Readonly<Record<string, Status>> }>>;

/** At least one of the elements is news, and there is room for all; else the exact path, which knows the history, decides. */
function newsWithinLimit(elements: ReadonlyMap<string, CanonicalEvent>, values: Record<string, unknown>): string {
  const known = [...elements.keys()].map((element, index) => {
    values[`:element${index}`] = element;
    return `contains(history, :element${index})`;
  });
  values[':room'] = historyLimit - elements.size;
  return `attribute_not_exists(history) OR (NOT (${known.join(' AND ')}) AND size(history) <= :room)`;
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise(resolve => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener('abort', resolve, { once: true });
  });
}

function historyOf(attributes: Record<string, unknown> | undefined): ReadonlySet<string> {
  return (attributes?.history as Set<string> | undefined) ?? new Set();
}

function emailOf(item: Record<string, unknown>): Email {
  const { emailId, provider, messageId, recipient, accountId, subject, reference, firstSeenAt, updatedAt } =
    item as unknown as Email;
  const { status, statusAt, statusEventId } = item as unknown as Verdict;
  return {
    emailId,
    provider,
    messageId,
    recipient,
    ...(accountId !== undefined && { accountId }),
    ...(subject !== undefined && { subject }),
    ...(reference !== undefined && { reference }),
    verdict: status === undefined ? null : { status, statusAt, statusEventId },
    firstSeenAt,
    updatedAt,
    events: [...historyOf(item)].map(decodeHistory).sort(inTime),
  };
}

function isItemFull(error: unknown): boolean {
  return error instanceof Error && error.name === 'ValidationException' && /size.* has exceeded/i.test(error.message);
}
