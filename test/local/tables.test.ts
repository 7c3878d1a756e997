import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { awsJson } from '../../infra/local/services/aws-json.ts';
import {
  type DynamoDbEngine,
  hasJava,
  startDynamoDbLocal,
  startDynoxide,
} from '../../infra/local/services/dynamodb-engine.ts';
import { openTable } from '../../infra/local/services/tables.ts';
import { StartError } from '../../infra/local/start-error.ts';

const engines = [
  ['dynoxide', startDynoxide, true],
  ['DynamoDB Local', startDynamoDbLocal, await hasJava()],
] as const;

const key = (AttributeName: string, KeyType = 'HASH') => ({ AttributeName, KeyType });
const index = (IndexName: string, keys: readonly string[], projection: object = { ProjectionType: 'KEYS_ONLY' }) => ({
  IndexName,
  KeySchema: keys.map((name, at) => key(name, at === 0 ? 'HASH' : 'RANGE')),
  Projection: projection,
});
const byAccount = index('byAccount', ['account', 'at']);
const byReference = index('byReference', ['reference'], { ProjectionType: 'INCLUDE', NonKeyAttributes: ['a', 'b'] });
const types: Record<string, string> = { at: 'N' };

describe.each(engines.filter(([, , available]) => available))(
  'a table that an earlier start left on %s',
  (_, start) => {
    let engine: DynamoDbEngine;
    let tables = 0;
    beforeAll(async () => {
      engine = await start();
    });
    afterAll(() => engine.stop());

    const open = (indexes: readonly ReturnType<typeof index>[], changes: object = {}, typesNow = types) => {
      const names = new Set(['id', ...indexes.flatMap(({ KeySchema }) => KeySchema.map(one => one.AttributeName))]);
      return openTable(engine.endpoint, {
        logicalId: 'Emails',
        ref: `Emails${tables}`,
        properties: {
          KeySchema: [key('id')],
          AttributeDefinitions: [...names].map(AttributeName => ({
            AttributeName,
            AttributeType: typesNow[AttributeName] ?? 'S',
          })),
          ...(indexes.length > 0 && { GlobalSecondaryIndexes: indexes }),
          ...changes,
        },
      });
    };
    const call = <Output>(operation: string, input: object) =>
      awsJson<Output>(engine.endpoint, `DynamoDB_20120810.${operation}`, { TableName: `Emails${tables}`, ...input });
    const indexNames = async () => {
      const { Table } = await call<{ Table: { GlobalSecondaryIndexes?: { IndexName: string }[] } }>(
        'DescribeTable',
        {},
      );
      return (Table.GlobalSecondaryIndexes ?? []).map(({ IndexName }) => IndexName).sort();
    };

    beforeEach(async () => {
      tables += 1;
      await open([byAccount, byReference]);
      await call('PutItem', { Item: { id: { S: '1' }, account: { S: 'acme' }, at: { N: '1' }, owner: { S: 'jane' } } });
    });

    it('is opened as it is, in whichever order its indexes stand', async () => {
      const again = { ...byReference, Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['b', 'a'] } };
      expect(await open([again, byAccount])).toMatchObject({ name: `Emails${tables}`, partitionKey: 'id' });
    });

    it('gets one more index, which finds the items that were there', async () => {
      await open([byAccount, byReference, index('byOwner', ['owner'])]);
      const query = {
        IndexName: 'byOwner',
        KeyConditionExpression: '#o = :o',
        ExpressionAttributeNames: { '#o': 'owner' },
        ExpressionAttributeValues: { ':o': { S: 'jane' } },
      };
      expect(await call('Query', query)).toMatchObject({ Items: [{ id: { S: '1' } }] });
    });

    it('loses an index that the template has no more', async () => {
      await open([byAccount]);
      expect(await indexNames()).toEqual(['byAccount']);
    });

    it.each([
      ['whose projection has changed', [byAccount, index('byReference', ['reference'])], /byReference .* byReference2/],
      [
        'with one more attribute in a projection',
        [byAccount, { ...byReference, Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['a', 'b', 'c'] } }],
        /byReference .* byReference2/,
      ],
      ['whose keys have changed', [index('byAccount', ['account', 'owner']), byReference], /byAccount .* byAccount2/],
      [
        'that is created beside another',
        [byAccount, byReference, index('byA', ['a']), index('byB', ['b'])],
        /\+byA, \+byB/,
      ],
      ['that takes the place of another', [byAccount, index('byOwner', ['owner'])], /\+byOwner, -byReference/],
      ['that is deleted with another', [], /-byAccount, -byReference/],
    ])('refuses an index %s, as CloudFormation does, and stays as it is', async (_what, indexes, message) => {
      const refusal = await open(indexes).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(StartError);
      expect((refusal as StartError).message).toMatch(message);
      expect(await indexNames()).toEqual(['byAccount', 'byReference']);
    });

    it('refuses a key of another type', async () => {
      await expect(open([byAccount, byReference], {}, {})).rejects.toThrow(/another definition of its index byAccount/);
    });

    it('refuses other keys of its own, with which CloudFormation would replace it', async () => {
      const KeySchema = [key('id'), key('account', 'RANGE')];
      await expect(open([byAccount, byReference], { KeySchema })).rejects.toThrow(/would replace the table/);
    });
  },
);
