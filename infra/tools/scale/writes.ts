/** The writes of one email's life, by table and index, as AWS bills them. The real plan of each write is interpreted. */

import { marshall } from '@aws-sdk/util-dynamodb';
import { type CanonicalEvent, emailIdOf } from '../../../shared/email/event.ts';
import { type Attribute, type IndexName, indexes } from '../../../shared/email/item.ts';
import { planUpdate, sentAtOf, updateInput } from '../../../shared/email/update.ts';
import { day } from '../../../shared/runtime/time.ts';
import { itemBytes } from '../../local/services/item-size.ts';

/** The table of emails, or one of its indexes. */
export type Store = 'table' | IndexName;

export const stores: readonly Store[] = ['table', ...(Object.keys(indexes) as IndexName[])];

/** A write into one partition of a store. */
export interface Write {
  readonly store: Store;
  readonly partition: string;
  readonly units: number;
}

type Item = Readonly<Record<string, unknown>>;

const retentionDays = 400;

/** The writes of an email whose events come one by one, in order, each at its own time. */
export function writesOf(events: readonly CanonicalEvent[]): readonly Write[] {
  let item: Item = {};
  return events.flatMap(event => {
    const before = item;
    item = itemAfter(before, event);
    return [
      tableWrite(before, item),
      ...stores.flatMap(store => (store === 'table' ? [] : indexWrites(store, before, item))),
    ];
  });
}

/** The item after the recorder's first try, whose condition holds for events in order. */
function itemAfter(item: Item, event: CanonicalEvent): Item {
  const { update } = planUpdate([event], null);
  const now = event.occurredAt;
  const target = { ...event, tableName: '', emailId: emailIdOf(event), now, sentAt: sentAtOf([event], now) };
  const {
    Key,
    UpdateExpression = '',
    ExpressionAttributeValues: values = {},
  } = updateInput({ ...target, expiresAt: now + retentionDays * day }, update!);
  const next: Record<string, unknown> = { ...Key, ...item };
  for (const [, name, kept, value] of UpdateExpression.matchAll(/#(\w+) = (?:if_not_exists\(#(\w+), )?(:\w+)/g))
    next[name!] = (kept && item[kept]) ?? values[value!];
  for (const [name] of /REMOVE .*?(?= ADD|$)/.exec(UpdateExpression)?.[0].matchAll(/(?<=#)\w+/g) ?? [])
    delete next[name];
  if (UpdateExpression.includes('ADD #history'))
    next.history = new Set([...((item.history as Set<string>) ?? []), ...(values[':history'] as Set<string>)]);
  return next;
}

/** A write is billed by the larger of the item before and after it. */
function tableWrite(before: Item, after: Item): Write {
  const bytes = Math.max(...[before, after].map(item => itemBytes(marshall(item))));
  return { store: 'table', partition: String(after.emailId), units: Math.ceil(bytes / 1024) };
}

/**
 * An index is written once where an entry comes, goes or changes, and twice where its key changes.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html (write capacity units)
 */
function indexWrites(store: IndexName, before: Item, after: Item): readonly Write[] {
  const { partition, sort, ...more } = indexes[store];
  const entryOf = (item: Item, names: readonly Attribute[]) =>
    item[partition] === undefined || item[sort] === undefined ? null : JSON.stringify(names.map(name => item[name]));
  const keys = [before, after].map(item => entryOf(item, [partition, sort]));
  const whole = [before, after].map(item => entryOf(item, [partition, sort, ...('holds' in more ? more.holds : [])]));
  const write = (item: Item): Write => ({ store, partition: String(item[partition]), units: 1 });
  if (keys[0] !== keys[1]) return [keys[0] === null ? [] : write(before), keys[1] === null ? [] : write(after)].flat();
  return whole[0] === whole[1] ? [] : [write(after)];
}
