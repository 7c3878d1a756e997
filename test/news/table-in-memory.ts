import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, type DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { type Item, replaced, updated } from '../model/update-expressions.ts';

/** The interpreter takes no update without a condition. */
const always = 'attribute_not_exists(nowhere)';

/** A table in memory for the real store's commands, thousands of times as fast as an engine. */
export interface TableInMemory {
  readonly client: DynamoDBDocumentClient;
  /** The item with this key, as it is now. */
  item(key: string): Item | undefined;
  /** Another table with the same items. */
  copy(): TableInMemory;
}

export function tableInMemory(items: ReadonlyMap<string, Item> = new Map()): TableInMemory {
  const table = new Map(items);
  const written = (key: string, next: Item | null) => {
    if (next !== null) return table.set(key, next);
    const known = table.get(key);
    throw new ConditionalCheckFailedException({
      message: 'The conditional request failed',
      $metadata: {},
      ...(known && { Item: marshall(known) }),
    });
  };
  const send = async (command: unknown) => {
    if (command instanceof BatchGetCommand) {
      const [[name, asked] = ['', {}]] = Object.entries(command.input.RequestItems ?? {});
      const found = asked.Keys!.map(({ guardKey }) => table.get(guardKey as string)).filter(item => item !== undefined);
      return { Responses: { [name]: found } };
    }
    if (command instanceof PutCommand) {
      const key = command.input.Item!.guardKey as string;
      return written(key, replaced(table.get(key), command.input));
    }
    if (command instanceof UpdateCommand) {
      const key = command.input.Key!.guardKey as string;
      return written(key, updated(table.get(key), { ConditionExpression: always, ...command.input }));
    }
    throw new Error('a command that the table does not know');
  };
  return {
    client: { send } as unknown as DynamoDBDocumentClient,
    item: key => table.get(key),
    copy: () => tableInMemory(table),
  };
}
