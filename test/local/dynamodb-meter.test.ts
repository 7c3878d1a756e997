import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AwsJsonError, awsJson } from '../../infra/local/services/aws-json.ts';
import { type DynamoDbEngine, startDynoxide } from '../../infra/local/services/dynamodb-engine.ts';
import { type ConsumedBy, type DynamoDbMeter, startDynamoDbMeter } from '../../infra/local/services/dynamodb-meter.ts';
import type { ServiceMetric } from '../../infra/local/services/service-metric.ts';
import { createEmailTable } from '../rigs/email-table.ts';

const clientOf = (endpoint: string, accessKeyId = 'local') =>
  new DynamoDBClient({
    endpoint,
    region: 'local',
    credentials: { accessKeyId, secretAccessKey: 'local' },
  });

describe('the meter of DynamoDB', () => {
  let engine: DynamoDbEngine;
  let meter: DynamoDbMeter;
  let client: DynamoDBDocumentClient;
  let tables = 0;
  let TableName = '';
  const metrics: ServiceMetric[] = [];

  beforeAll(async () => {
    engine = await startDynoxide();
    meter = await startDynamoDbMeter(engine.endpoint, metric => metrics.push(metric));
    client = DynamoDBDocumentClient.from(clientOf(meter.endpoint));
  });
  afterAll(async () => {
    await meter.stop();
    await engine.stop();
  });
  beforeEach(async () => {
    tables += 1;
    TableName = `emails-${tables}`;
    metrics.length = 0;
    await createEmailTable(clientOf(engine.endpoint), TableName);
  });

  const consumed = () => meter.consumed().filter(({ table }) => table === TableName);
  const unitsOf = (of: Partial<ConsumedBy>) =>
    consumed().find(row => Object.entries(of).every(([name, value]) => row[name as keyof ConsumedBy] === value))?.units;
  const failing: Omit<UpdateCommandInput, 'TableName'> = {
    Key: { emailId: 'one' },
    UpdateExpression: 'SET subject = :text',
    ConditionExpression: 'subject = :other',
    ExpressionAttributeValues: { ':text': 'a', ':other': 'b' },
  };

  it('counts writes of the table and of each index apart', async () => {
    const email = { emailId: 'one', accountId: 'acme', sentAt: 1, text: 'x'.repeat(1_500) };
    await client.send(new PutCommand({ TableName, Item: email }));
    expect(unitsOf({ operation: 'PutItem', index: null })).toBe(2);
    const indexes = consumed().filter(({ index }) => index !== null);
    expect(indexes.length).toBeGreaterThan(0);
    expect(indexes.every(({ units }) => units === 1)).toBe(true);
  });

  it('counts a failed condition by the size of the item that is there', async () => {
    await client.send(new PutCommand({ TableName, Item: { emailId: 'one', text: 'x'.repeat(3_000) } }));
    await expect(client.send(new UpdateCommand({ TableName, ...failing }))).rejects.toThrow(
      ConditionalCheckFailedException,
    );
    expect(consumed()).toContainEqual({
      caller: 'local',
      table: TableName,
      index: null,
      operation: 'UpdateItem',
      kind: 'write',
      units: 3,
      failedUnits: 3,
      calls: 1,
      failedCalls: 1,
    });
  });

  it('counts half a unit for an eventual read, and one for a strong read', async () => {
    await client.send(new PutCommand({ TableName, Item: { emailId: 'one' } }));
    await client.send(new GetCommand({ TableName, Key: { emailId: 'one' } }));
    expect(unitsOf({ operation: 'GetItem' })).toBe(0.5);
    await client.send(new GetCommand({ TableName, Key: { emailId: 'one' }, ConsistentRead: true }));
    expect(unitsOf({ operation: 'GetItem' })).toBe(1.5);
    await client.send(
      new BatchGetCommand({ RequestItems: { [TableName]: { Keys: [{ emailId: 'one' }, { emailId: 'two' }] } } }),
    );
    expect(unitsOf({ operation: 'BatchGetItem' })).toBe(1);
  });

  it('counts the units of each caller apart', async () => {
    for (const caller of ['Ingest1', 'Watch1']) {
      const named = DynamoDBDocumentClient.from(clientOf(meter.endpoint, caller));
      await named.send(new PutCommand({ TableName, Item: { emailId: caller } }));
      expect(unitsOf({ caller })).toBe(1);
    }
  });

  it('hides what the caller did not ask for', async () => {
    const write = await client.send(new PutCommand({ TableName, Item: { emailId: 'one', subject: 'c' } }));
    expect(write.ConsumedCapacity).toBeUndefined();
    const failure = await client.send(new UpdateCommand({ TableName, ...failing })).catch(error => error);
    expect(failure).toBeInstanceOf(ConditionalCheckFailedException);
    expect(failure.Item).toBeUndefined();
  });

  it('answers every call as the engine alone does', async () => {
    const asked = { ...failing, TableName, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const };
    const answers = async (endpoint: string) => {
      const to = DynamoDBDocumentClient.from(clientOf(endpoint));
      const outputs = [
        to.send(new PutCommand({ TableName, Item: { emailId: 'one', subject: 'c' }, ReturnConsumedCapacity: 'TOTAL' })),
        to.send(new PutCommand({ TableName, Item: { emailId: 'two' }, ReturnConsumedCapacity: 'INDEXES' })),
        to.send(new GetCommand({ TableName, Key: { emailId: 'one' } })),
        to.send(new GetCommand({ TableName, Key: { emailId: 'none' } })),
        to.send(new UpdateCommand(asked)).catch(({ name, message, Item }) => ({ name, message, Item })),
        to
          .send(new QueryCommand({ TableName, KeyConditionExpression: 'nothing = here' }))
          .catch(({ name }) => ({ name })),
      ];
      return (await Promise.all<object>(outputs)).map(output => ({ ...output, $metadata: null }));
    };
    expect(await answers(meter.endpoint)).toEqual(await answers(engine.endpoint));
  });

  it('passes calls on that consume nothing', async () => {
    const named = await awsJson<{ TableNames: string[] }>(meter.endpoint, 'DynamoDB_20120810.ListTables', {});
    expect(named.TableNames).toContain(TableName);
  });

  it('measures units as DynamoDB does', async () => {
    await client.send(new PutCommand({ TableName, Item: { emailId: 'one', accountId: 'acme', sentAt: 1 } }));
    await client.send(new GetCommand({ TableName, Key: { emailId: 'one' } }));
    const namespace = 'AWS/DynamoDB';
    expect(metrics).toContainEqual({
      namespace,
      name: 'ConsumedWriteCapacityUnits',
      dimensions: { TableName },
      value: 1,
    });
    expect(metrics).toContainEqual({
      namespace,
      name: 'ConsumedReadCapacityUnits',
      dimensions: { TableName },
      value: 0.5,
    });
    for (const { index } of consumed().filter(row => row.index !== null)) {
      expect(metrics).toContainEqual({
        namespace,
        name: 'ConsumedWriteCapacityUnits',
        dimensions: { TableName, GlobalSecondaryIndexName: index },
        value: 1,
      });
    }
  });
});

describe('the meter of a DynamoDB that throttles', () => {
  let server: Server;
  let meter: DynamoDbMeter;
  const metrics: ServiceMetric[] = [];

  beforeAll(async () => {
    server = createServer((_request, response) =>
      response
        .writeHead(400, { 'content-type': 'application/x-amz-json-1.0' })
        .end('{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}'),
    );
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    meter = await startDynamoDbMeter(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, metric =>
      metrics.push(metric),
    );
  });
  afterAll(async () => {
    await meter.stop();
    server.close();
  });

  it.each([
    ['UpdateItem', { TableName: 'emails' }],
    ['BatchGetItem', { RequestItems: { emails: {} } }],
  ])('counts a throttled %s, and no units', async (Operation, input) => {
    metrics.length = 0;
    await expect(awsJson(meter.endpoint, `DynamoDB_20120810.${Operation}`, input)).rejects.toThrow(AwsJsonError);
    expect(metrics).toEqual([
      {
        namespace: 'AWS/DynamoDB',
        name: 'ThrottledRequests',
        dimensions: { TableName: 'emails', Operation },
        value: 1,
      },
    ]);
    expect(meter.consumed()).toEqual([]);
  });
});
