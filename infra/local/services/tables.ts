import { setTimeout as delay } from 'node:timers/promises';
import type { CreateTableCommandInput, TableDescription } from '@aws-sdk/client-dynamodb';
import type { Resource } from '../cloudformation/template.ts';
import { AwsJsonError, awsJson } from './aws-json.ts';
import { type TableShape, tableUpdate } from './table-update.ts';

/** A table of the template as the engine holds it. */
export interface LocalTable {
  readonly name: string;
  readonly streamArn: string | undefined;
  /** The name of its partition key. */
  readonly partitionKey: string;
}

/**
 * Creates the table, or opens the one that an earlier start left. An index that the template has more or less is created
 * or deleted.
 *
 * @throws StartError where CloudFormation could not update that table either
 */
export async function openTable(endpoint: string, table: Resource): Promise<LocalTable> {
  const input = createTableInput(table);
  const TableName = table.ref;
  const existing = await describe(endpoint, TableName);
  if (existing !== null) {
    const update = tableUpdate(TableName, existing as TableShape, input);
    if (update !== null) {
      await awsJson(endpoint, 'DynamoDB_20120810.UpdateTable', { TableName, ...update });
      await indexesReady(endpoint, TableName);
    }
    return localTable(input, existing);
  }
  await awsJson(endpoint, 'DynamoDB_20120810.CreateTable', input);
  const { TimeToLiveSpecification } = table.properties;
  if (TimeToLiveSpecification !== undefined) {
    await awsJson(endpoint, 'DynamoDB_20120810.UpdateTimeToLive', { TableName, TimeToLiveSpecification });
  }
  return localTable(input, await describe(endpoint, TableName));
}

function localTable(
  { TableName, KeySchema = [] }: CreateTableCommandInput,
  description: TableDescription | null,
): LocalTable {
  const partitionKey = KeySchema.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName ?? '';
  return { name: TableName!, streamArn: description?.LatestStreamArn, partitionKey };
}

/** The CreateTable input for a table of a template: tests run against the table that is deployed. */
export function createTableInput({ ref, properties }: Resource): CreateTableCommandInput {
  const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, StreamSpecification } = properties;
  const indexes: CreateTableCommandInput['GlobalSecondaryIndexes'] = GlobalSecondaryIndexes;
  return {
    TableName: ref,
    KeySchema,
    AttributeDefinitions,
    BillingMode: 'PAY_PER_REQUEST',
    ...(indexes && {
      GlobalSecondaryIndexes: indexes.map(({ IndexName, KeySchema, Projection }) => ({
        IndexName,
        KeySchema,
        Projection,
      })),
    }),
    ...(StreamSpecification && {
      StreamSpecification: { StreamEnabled: true, StreamViewType: StreamSpecification.StreamViewType },
    }),
  };
}

/** Resolves once no index is being created or deleted. */
async function indexesReady(endpoint: string, TableName: string): Promise<void> {
  for (;;) {
    const { GlobalSecondaryIndexes = [] } = (await describe(endpoint, TableName)) ?? {};
    if (GlobalSecondaryIndexes.every(({ IndexStatus }) => IndexStatus === 'ACTIVE')) return;
    await delay(100);
  }
}

async function describe(endpoint: string, TableName: string): Promise<TableDescription | null> {
  try {
    const { Table } = await awsJson<{ Table: TableDescription }>(endpoint, 'DynamoDB_20120810.DescribeTable', {
      TableName,
    });
    return Table;
  } catch (error) {
    if (error instanceof AwsJsonError && error.name === 'ResourceNotFoundException') return null;
    throw error;
  }
}
