import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DynamoDbEngine, startDynoxide } from '../../infra/local/services/dynamodb-engine.ts';
import { createGuardTable } from '../rigs/email-table.ts';
import { type ConsumedUnits, countUnits } from './consumed-units.ts';

describe('the write units of the bench', () => {
  let engine: DynamoDbEngine;
  let client: DynamoDBDocumentClient;
  let units: ConsumedUnits;
  const failing = (guardKey: string) =>
    client.send(
      new UpdateCommand({
        TableName: 'guards',
        Key: { guardKey },
        UpdateExpression: 'SET more = :more',
        ConditionExpression: 'size(guardKey) > :size',
        ExpressionAttributeValues: { ':more': 1, ':size': 1_000 },
      }),
    );

  beforeAll(async () => {
    engine = await startDynoxide();
    const raw = new DynamoDBClient({
      endpoint: engine.endpoint,
      region: 'local',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    await createGuardTable(raw, 'guards');
    units = countUnits(raw);
    client = DynamoDBDocumentClient.from(raw);
  });
  afterAll(() => engine.stop());

  it('count a failed condition by the size of the item that is there', async () => {
    await client.send(new PutCommand({ TableName: 'guards', Item: { guardKey: 'large', text: 'x'.repeat(26_000) } }));
    expect(units).toEqual({ written: 26, failed: 0, failures: 0 });
    await expect(failing('large')).rejects.toThrow('conditional');
    expect(units).toEqual({ written: 26, failed: 26, failures: 1 });
  });

  it('count one unit for a failed condition where there is no item', async () => {
    const { failed } = units;
    await expect(failing('missing')).rejects.toThrow('conditional');
    expect(units.failed).toBe(failed + 1);
  });
});
