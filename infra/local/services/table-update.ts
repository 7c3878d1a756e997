import type { CreateTableCommandInput, GlobalSecondaryIndex, UpdateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { StartError } from '../start-error.ts';

/** The parts of a table that an update may or may not change: those of a description, or of a template. */
export type TableShape = Pick<CreateTableCommandInput, 'KeySchema' | 'AttributeDefinitions' | 'GlobalSecondaryIndexes'>;

/**
 * The update that makes an existing table the template's; null where nothing is to be done. CloudFormation carries out the
 * same: one index is created or deleted, and no index is changed in place.
 *
 * @throws StartError for a change that CloudFormation would refuse, or that would replace the table
 */
export function tableUpdate(
  TableName: string,
  existing: TableShape,
  wanted: TableShape,
): Omit<UpdateTableCommandInput, 'TableName'> | null {
  const refuse = (fault: string, recipe: string) => {
    const start = 'For a new start remove the data directory, or set DATA_DIR.';
    return new StartError(`the table ${TableName} in the data directory ${fault}. ${recipe} ${start}`);
  };
  if (keysOf(existing, existing.KeySchema) !== keysOf(wanted, wanted.KeySchema)) {
    throw refuse('has other keys than the template', 'CloudFormation would replace the table, with all of its items.');
  }
  const before = definitions(existing);
  const after = definitions(wanted);
  const changed = [...after.keys()].filter(name => before.has(name) && before.get(name) !== after.get(name));
  if (changed.length > 0) {
    throw refuse(
      `has another definition of its index ${changed.join(', ')} than the template`,
      `An index never changes: give it a new name, e.g. ${changed[0]}2.`,
    );
  }
  const created = [...after.keys()].filter(name => !before.has(name)).sort();
  const deleted = [...before.keys()].filter(name => !after.has(name)).sort();
  if (created.length + deleted.length > 1) {
    const names = [...created.map(name => `+${name}`), ...deleted.map(name => `-${name}`)].join(', ');
    throw refuse(
      `differs from the template in more than one index (${names})`,
      'An update creates or deletes one index: add or remove one at a time.',
    );
  }
  const [creation] = (wanted.GlobalSecondaryIndexes ?? []).filter(({ IndexName }) => IndexName === created[0]);
  if (creation !== undefined) {
    return {
      AttributeDefinitions: wanted.AttributeDefinitions,
      GlobalSecondaryIndexUpdates: [{ Create: creation }],
    };
  }
  const [IndexName] = deleted;
  return IndexName === undefined ? null : { GlobalSecondaryIndexUpdates: [{ Delete: { IndexName } }] };
}

/** The keys and the projection of each index, as comparable text. */
function definitions(table: TableShape): ReadonlyMap<string, string> {
  return new Map(
    (table.GlobalSecondaryIndexes ?? []).map(({ IndexName, KeySchema, Projection }) => {
      const { ProjectionType, NonKeyAttributes = [] } = Projection ?? {};
      return [IndexName!, `${keysOf(table, KeySchema)} ${ProjectionType} ${[...NonKeyAttributes].sort()}`];
    }),
  );
}

/** Names, kinds and types of keys. */
function keysOf({ AttributeDefinitions = [] }: TableShape, keys: GlobalSecondaryIndex['KeySchema'] = []): string {
  return keys
    .map(({ AttributeName, KeyType }) => {
      const type = AttributeDefinitions.find(definition => definition.AttributeName === AttributeName)?.AttributeType;
      return `${KeyType} ${AttributeName} ${type}`;
    })
    .sort()
    .join();
}
