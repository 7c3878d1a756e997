/**
 * The news of each provider in the guard table: when it last reported, in which slots, and how many emails wait for news.
 * It holds no personal data. Keys begin with `news:`, which no nonce and no erasure does.
 */

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { batchGetItems } from '../runtime/batch-get-items.ts';
import { shortHash } from '../runtime/hash.ts';
import { day } from '../runtime/time.ts';
import { learnedWeeks } from './expected-gap.ts';
import { dayKey, expiry, hourKey, keptDays, providerKey } from './keys.ts';
import { type HourOfEmails, judgedHours } from './no-news.ts';
import { hourMs, type Slots, slotMs, slotOf, slotsPerHour } from './slots.ts';

/** Batches that an hour remembers: a batch that failed comes again within minutes. */
const rememberedBatches = 64;

/** Tries of one hour's write; each fails only if another shard was faster. */
const maxAttempts = 50;

/** One report of a provider about one email, as the stream shows it. Times are epoch milliseconds. */
export interface Report {
  readonly provider: string;
  /** Arrival. */
  readonly at: number;
  /** From the event until its arrival. */
  readonly lag: number;
}

/** A change in the number of emails that wait for news. */
export interface EmailChange {
  readonly provider: string;
  /** When the email was first seen. */
  readonly seenAt: number;
  readonly awaited: number;
  readonly answered: number;
  /** Arrival of the change. */
  readonly at: number;
}

/** The news in one batch of the stream. */
export interface BatchOfNews {
  /** The same for a batch that comes again. */
  readonly batchId: string;
  readonly reports: readonly Report[];
  readonly emails: readonly EmailChange[];
}

/** The stored state of one provider, all but its slots. */
export interface ProviderState {
  /** Arrival of the first and of the newest event. */
  readonly firstEventAt?: number;
  readonly lastEventAt?: number;
  /** Milliseconds from the newest event until its arrival. */
  readonly lagMs?: number;
  /** When an email last had its first news, and when such news came after half an hour without any. */
  readonly newsAt?: number;
  readonly resumedAt?: number;
  /** When the provider was first seen among those in use. */
  readonly listedAt?: number;
  /** The newest judgement. */
  readonly judgedAt?: number;
  readonly silence?: number;
  readonly emails?: number;
  readonly waiting?: number;
  /** Since when emails have had no news; present only while it is so, and only of a provider in use. */
  readonly silentSince?: number;
}

export interface ProviderNews extends ProviderState {
  /** The slots with news, of the last four weeks. */
  readonly slots: Slots;
  /** The emails of the last day. */
  readonly hours: readonly HourOfEmails[];
}

/** The judgement of a provider's silence. */
export interface Judgement {
  readonly silence: number;
  readonly emails: number;
  readonly waiting: number;
  /** Since when emails have had no news; absent if they have some. */
  readonly silentSince?: number | undefined;
}

export interface NewsStore {
  /** Adds the news of one batch; a batch that comes again changes nothing. Rejects if a write fails. */
  add(batch: BatchOfNews): Promise<void>;
  /** All that is known of these providers, eventually consistent; an empty state for one that never reported. */
  newsOf(providers: readonly string[], now: number): Promise<ReadonlyMap<string, ProviderNews>>;
  /** The states alone, eventually consistent. */
  statesOf(providers: readonly string[]): Promise<ReadonlyMap<string, ProviderState>>;
  /** Keeps a judgement, and since when the provider is listed. */
  judged(provider: string, judgement: Judgement, now: number, isListed: boolean): Promise<void>;
}

interface HourItem {
  readonly guardKey: string;
  readonly awaited: readonly number[];
  readonly answered: readonly number[];
  readonly batches: readonly string[];
  readonly revision: number;
}

export function createNewsStore(client: DynamoDBDocumentClient, tableName: string): NewsStore {
  const table = { tableName, keyName: 'guardKey' };
  /** The newest slot that this process has marked, by provider. */
  const marked = new Map<string, number>();

  return {
    async add({ batchId, reports, emails }) {
      const id = shortHash(batchId).slice(0, 8);
      const recent = emails.filter(({ at, seenAt }) => at - seenAt < day);
      const hours = Map.groupBy(recent, ({ provider, seenAt }) => hourKey(provider, Math.floor(seenAt / hourMs)));
      const byProvider = Map.groupBy(reports, ({ provider }) => provider);
      const newsOf = Map.groupBy(
        emails.filter(({ answered }) => answered > 0),
        ({ provider }) => provider,
      );
      const keys = [...hours.keys(), ...[...newsOf.keys()].map(providerKey)];
      const known = keys.length === 0 ? new Map() : await batchGetItems(client, table, keys);
      // The hours come first: only their writes depend on having been made before.
      for (const [key, changes] of hours) await addToHour(key, id, changes, known.get(key) as HourItem | undefined);
      for (const [provider, changes] of newsOf) {
        const times = changes.map(({ at }) => at);
        const state = known.get(providerKey(provider)) as ProviderState | undefined;
        await firstNews(provider, Math.min(...times), Math.max(...times), state?.newsAt);
      }
      for (const [provider, own] of byProvider) {
        const newest = own.reduce((one, other) => (other.at > one.at ? other : one));
        await reported(newest, Math.min(...own.map(({ at }) => at)));
        await markSlots(provider, own);
      }
    },

    async newsOf(providers, now) {
      const days = Array.from({ length: 7 * learnedWeeks + 1 }, (_, index) => now - index * day);
      const hours = judgedHours(now);
      const keys = providers.flatMap(provider => [
        providerKey(provider),
        ...days.map(at => dayKey(provider, at)),
        ...hours.map(hour => hourKey(provider, hour)),
      ]);
      // Strong reads would cost twice as much, and a mark that is not seen yet makes the next one fail.
      const items = await batchGetItems(client, { ...table, consistency: 'eventual' }, keys);
      return new Map(
        providers.map(provider => {
          const state = items.get(providerKey(provider)) as ProviderState | undefined;
          const slotsOf = (at: number) => items.get(dayKey(provider, at))?.slots as ReadonlySet<number> | undefined;
          const byDay = new Map(days.map(at => [Math.floor(at / day), slotsOf(at)]));
          const slots = { has: (slot: number) => byDay.get(Math.floor((slot * slotMs) / day))?.has(slot) === true };
          const found = hours.flatMap(hour => {
            const item = items.get(hourKey(provider, hour)) as HourItem | undefined;
            return item === undefined ? [] : [{ hour, awaited: item.awaited, answered: item.answered }];
          });
          return [provider, { ...state, slots, hours: found }];
        }),
      );
    },

    async statesOf(providers) {
      const items = await batchGetItems(client, { ...table, consistency: 'eventual' }, providers.map(providerKey));
      return new Map(
        providers.flatMap(provider => {
          const state = items.get(providerKey(provider)) as ProviderState | undefined;
          return state === undefined ? [] : [[provider, state] as const];
        }),
      );
    },

    async judged(provider, { silence, emails, waiting, silentSince }, now, isListed) {
      const gone = [...(isListed ? [] : ['listedAt']), ...(silentSince === undefined ? ['silentSince'] : [])];
      await client.send(
        new UpdateCommand({
          TableName: tableName,
          Key: { guardKey: providerKey(provider) },
          UpdateExpression: [
            'SET silence = :silence, emails = :emails, waiting = :waiting, judgedAt = :now, expiresAt = :expiresAt',
            isListed ? ', listedAt = if_not_exists(listedAt, :now)' : '',
            silentSince === undefined ? '' : ', silentSince = :silentSince',
            gone.length === 0 ? '' : ` REMOVE ${gone.join(', ')}`,
          ].join(''),
          ExpressionAttributeValues: {
            ':silence': silence,
            ':emails': emails,
            ':waiting': waiting,
            ':now': now,
            ':expiresAt': expiry(now, keptDays.provider),
            ...(silentSince !== undefined && { ':silentSince': silentSince }),
          },
        }),
      );
    },
  };

  async function addToHour(guardKey: string, batch: string, changes: readonly EmailChange[], known?: HourItem) {
    let item = known;
    for (let attempt = 1; ; attempt += 1) {
      if (item?.batches.includes(batch)) return;
      try {
        await client.send(
          new PutCommand({
            TableName: tableName,
            Item: {
              ...changedHour(item, changes),
              guardKey,
              batches: remembered(item, batch),
              ...hourFacts(item, changes),
            },
            ConditionExpression: item === undefined ? 'attribute_not_exists(guardKey)' : 'revision = :revision',
            ...(item && { ExpressionAttributeValues: { ':revision': item.revision } }),
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException) || attempt === maxAttempts) throw error;
        item = error.Item && (unmarshall(error.Item) as HourItem);
      }
    }
  }

  /** News of emails that had none yet came between the two times. */
  async function firstNews(provider: string, from: number, to: number, newsBefore: number | undefined): Promise<void> {
    const resumes = newsBefore !== undefined && from - newsBefore >= 6 * slotMs;
    await isDone({
      Key: { guardKey: providerKey(provider) },
      UpdateExpression: `SET newsAt = :to, expiresAt = :expiresAt${resumes ? ', resumedAt = :from' : ''}`,
      ConditionExpression: 'attribute_not_exists(newsAt) OR newsAt < :to',
      ExpressionAttributeValues: {
        ':to': to,
        ':expiresAt': expiry(to, keptDays.provider),
        ...(resumes && { ':from': from }),
      },
    });
  }

  async function reported({ provider, at, lag }: Report, from: number): Promise<void> {
    await isDone({
      Key: { guardKey: providerKey(provider) },
      UpdateExpression:
        'SET lastEventAt = :at, lagMs = :lag, expiresAt = :expiresAt, firstEventAt = if_not_exists(firstEventAt, :from)',
      ConditionExpression: 'attribute_not_exists(lastEventAt) OR lastEventAt < :at',
      ExpressionAttributeValues: {
        ':at': at,
        ':lag': lag,
        ':from': from,
        ':expiresAt': expiry(at, keptDays.provider),
      },
    });
  }

  /** Adding to a set changes nothing a second time. */
  async function markSlots(provider: string, reports: readonly Report[]): Promise<void> {
    const slots = [...new Set(reports.map(({ at }) => slotOf(at)))].filter(slot => slot !== marked.get(provider));
    for (const [guardKey, ofDay] of Map.groupBy(slots, slot => dayKey(provider, slot * slotMs))) {
      await client.send(
        new UpdateCommand({
          TableName: tableName,
          Key: { guardKey },
          UpdateExpression: 'ADD slots :slots SET expiresAt = :expiresAt',
          ExpressionAttributeValues: {
            ':slots': new Set(ofDay),
            ':expiresAt': expiry(ofDay[0]! * slotMs, keptDays.day),
          },
        }),
      );
    }
    if (slots.length > 0) marked.set(provider, Math.max(marked.get(provider) ?? 0, ...slots));
  }

  /** Whether the update was made; not if its condition failed. */
  async function isDone(input: Omit<ConstructorParameters<typeof UpdateCommand>[0], 'TableName'>): Promise<boolean> {
    try {
      await client.send(new UpdateCommand({ TableName: tableName, ...input }));
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}

function changedHour(item: HourItem | undefined, changes: readonly EmailChange[]) {
  const zeros = Array.from({ length: slotsPerHour }, () => 0);
  const awaited = [...(item?.awaited ?? zeros)];
  const answered = [...(item?.answered ?? zeros)];
  for (const change of changes) {
    const slot = slotOf(change.seenAt) % slotsPerHour;
    awaited[slot]! += change.awaited;
    answered[slot]! += change.answered;
  }
  return { awaited, answered };
}

function remembered(item: HourItem | undefined, batch: string): readonly string[] {
  return [...(item?.batches ?? []), batch].slice(-rememberedBatches);
}

function hourFacts(item: HourItem | undefined, changes: readonly EmailChange[]) {
  const hourStart = Math.floor(changes[0]!.seenAt / hourMs) * hourMs;
  return { revision: (item?.revision ?? 0) + 1, expiresAt: expiry(hourStart, keptDays.hour) };
}
