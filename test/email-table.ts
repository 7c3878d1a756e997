import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
export async function createEmailTable(client: DynamoDBClient, tableName: string) {
  const idx = (n: string, h: string, r: string) => ({
    IndexName: n,
    KeySchema: [
      { AttributeName: h, KeyType: 'HASH' as const },
      { AttributeName: r, KeyType: 'RANGE' as const },
    ],
    Projection: { ProjectionType: 'KEYS_ONLY' as const },
  });
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'emailId', KeyType: 'HASH' }],
      AttributeDefinitions: [
        ['emailId', 'S'],
        ['accountId', 'S'],
        ['firstSeenAt', 'N'],
        ['recipient', 'S'],
        ['reference', 'S'],
        ['attentionAt', 'N'],
        ['attentionDay', 'S'],
      ].map(([AttributeName, AttributeType]) => ({
        AttributeName: AttributeName!,
        AttributeType: AttributeType as 'S',
      })),
      GlobalSecondaryIndexes: [
        idx('byAccount', 'accountId', 'firstSeenAt'),
        idx('byRecipient', 'recipient', 'firstSeenAt'),
        idx('byReference', 'reference', 'firstSeenAt'),
        idx('byAttention', 'accountId', 'attentionAt'),
        idx('byAttentionDay', 'attentionDay', 'attentionAt'),
      ],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  );
}
