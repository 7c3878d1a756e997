import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import type { Resource } from '../cloudformation/template.ts';
import { StartError } from '../start-error.ts';
import { AwsJsonError, awsJson } from './aws-json.ts';

interface Index {
  readonly IndexName: string;
}

interface TableDescription {
  readonly LatestStreamArn?: string;
  readonly KeySchema: unknown;
  readonly GlobalSecondaryIndexes?: readonly Index[];
}

/** A table of the template as the engine holds it. */
export interface LocalTable {
  readonly name: string;
  readonly streamArn: string | undefined;
  /** The name of its partition key. */
  readonly partitionKey: string;
}

/** Creates the table, or opens the one that an earlier start left. */
export async function openTable(endpoint: string, table: Resource): Promise<LocalTable> {
  const input = createTableInput(table);
  const TableName = table.ref;
  const existing = await describe(endpoint, TableName);
  if (existing !== null) {
    const names = (indexes: readonly Partial<Index>[] = []) => indexes.map(({ IndexName }) => IndexName).sort();
    if (`${names(existing.GlobalSecondaryIndexes)}` !== `${names(input.GlobalSecondaryIndexes)}`) {
      throw new StartError(
        `the table ${TableName} in the data directory has other indexes than the template: remove the directory, or set DATA_DIR`,
      );
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
