import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { ResolvedTemplate, Resource } from '../../local/cloudformation/template.ts';
import { awsJson } from '../../local/services/aws-json.ts';
import { itemBytes } from '../../local/services/item-size.ts';

type Item = Readonly<Record<string, AttributeValue>>;

/** The bytes of a table's items and of its index entries, until each expires. */
export interface StoredTable {
  readonly table: string;
  readonly items: number;
  readonly itemBytes: number;
  readonly indexBytes: number;
  /** Bytes times the days until they expire, of items that expire. */
  readonly itemByteDays: number;
  readonly indexByteDays: number;
}

/**
 * AWS adds them to each item and to each entry of an index.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
const overheadBytes = 100;

const secondsADay = 86_400;

/** Reads every item of the template's tables. */
export function storedTables(endpoint: string, template: ResolvedTemplate, now: number): Promise<StoredTable[]> {
  return Promise.all(
    template.ofType('AWS::DynamoDB::Table').map(async table => {
      const sizes = (await itemsOf(endpoint, table.ref)).map(item => sizeOf(item, table, now));
      const sum = (of: (size: (typeof sizes)[number]) => number) => sizes.reduce((total, size) => total + of(size), 0);
      return {
        table: table.ref,
        items: sizes.length,
        itemBytes: sum(({ item }) => item),
        indexBytes: sum(({ indexes }) => indexes),
        itemByteDays: sum(({ item, days }) => item * days),
        indexByteDays: sum(({ indexes, days }) => indexes * days),
      };
    }),
  );
}

/** The sizes of the second measurement, less those of the first. */
export function storedSince(before: readonly StoredTable[], after: readonly StoredTable[]): readonly StoredTable[] {
  return after.map(now => {
    const then = before.find(({ table }) => table === now.table);
    if (then === undefined) return now;
    return {
      table: now.table,
      items: now.items - then.items,
      itemBytes: now.itemBytes - then.itemBytes,
      indexBytes: now.indexBytes - then.indexBytes,
      itemByteDays: now.itemByteDays - then.itemByteDays,
      indexByteDays: now.indexByteDays - then.indexByteDays,
    };
  });
}

function sizeOf(item: Item, { properties }: Resource, now: number) {
  const { AttributeName: expiry = '' } = properties.TimeToLiveSpecification ?? {};
  const expiresAt = Number(item[expiry]?.N ?? now / 1000);
  const indexes = (properties.GlobalSecondaryIndexes ?? []) as readonly Index[];
  return {
    item: itemBytes(item) + overheadBytes,
    indexes: indexes.reduce((sum, index) => sum + entryBytes(item, properties.KeySchema, index), 0),
    days: Math.max(0, expiresAt - now / 1000) / secondsADay,
  };
}

interface Index {
  readonly KeySchema: readonly Key[];
  readonly Projection: { readonly ProjectionType: string; readonly NonKeyAttributes?: readonly string[] };
}

interface Key {
  readonly AttributeName: string;
}

/** The size of an item's entry in an index: 0 where it lacks a key. */
function entryBytes(item: Item, tableKeys: readonly Key[], { KeySchema, Projection }: Index): number {
  if (KeySchema.some(({ AttributeName }) => item[AttributeName] === undefined)) return 0;
  if (Projection.ProjectionType === 'ALL') return itemBytes(item) + overheadBytes;
  const keys = [...tableKeys, ...KeySchema].map(({ AttributeName }) => AttributeName);
  const held = new Set([...keys, ...(Projection.NonKeyAttributes ?? [])]);
  return itemBytes(Object.fromEntries(Object.entries(item).filter(([name]) => held.has(name)))) + overheadBytes;
}

async function itemsOf(endpoint: string, TableName: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  let ExclusiveStartKey: Item | undefined;
  do {
    const page = await awsJson<{ Items: Item[]; LastEvaluatedKey?: Item }>(endpoint, 'DynamoDB_20120810.Scan', {
      TableName,
      ExclusiveStartKey,
    });
    items.push(...page.Items);
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return items;
}
