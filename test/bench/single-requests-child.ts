import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { cpuMs } from '../rigs/cpu-time.ts';
import { lambdaContext } from '../rigs/http-event.ts';

/** CPU milliseconds of a request, and of a bare call, by round. */
export interface SingleRequestSamples {
  readonly ours: readonly number[];
  readonly bare: readonly number[];
}

process.once('message', async (rounds: readonly (readonly APIGatewayProxyEventV2[])[]) => {
  const { handler } = await import(process.argv[2]!);
  const client = documentClient();
  const ours: number[] = [];
  const bare: number[] = [];
  for (const [round, requests] of rounds.entries()) {
    const ingestAll = async () => {
      for (const request of requests) {
        // Its deadline counts from now.
        request.requestContext.timeEpoch = Date.now();
        const { statusCode } = await handler(request, lambdaContext);
        if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
      }
    };
    const updateAll = async () => {
      for (const [index] of requests.entries()) await client.send(new UpdateCommand(inputOf(`${round}-${index}`)));
    };
    const measure = {
      ours: async () => ours.push((await cpuMs(ingestAll)) / requests.length),
      bare: async () => bare.push((await cpuMs(updateAll)) / requests.length),
    };
    // The order alternates, so that neither always runs after the other.
    for (const each of round % 2 === 0 ? (['ours', 'bare'] as const) : (['bare', 'ours'] as const))
      await measure[each]();
  }
  process.send!({ ours, bare } satisfies SingleRequestSamples, undefined, undefined, () => process.exit());
});

/** An update as long as one of the recorder's. */
function inputOf(id: string) {
  return {
    TableName: 'emails',
    Key: { emailId: id.padEnd(22, 'x') },
    UpdateExpression:
      'SET #status = :status, #statusAt = :at, #provider = if_not_exists(#provider, :provider), #messageId = if_not_exists(#messageId, :messageId), #recipient = if_not_exists(#recipient, :recipient), #accountId = if_not_exists(#accountId, :accountId), #updatedAt = :at ADD #history :history',
    ConditionExpression: 'attribute_not_exists(#status) OR #status IN (:a, :b, :c, :d)',
    ExpressionAttributeNames: Object.fromEntries(
      ['status', 'statusAt', 'provider', 'messageId', 'recipient', 'accountId', 'updatedAt', 'history'].map(name => [
        `#${name}`,
        name,
      ]),
    ),
    ExpressionAttributeValues: {
      ':status': 'delivered',
      ':at': Date.now(),
      ':provider': 'sendgrid',
      ':messageId': `${id}-14c5d75ce93`,
      ':recipient': `customer.${id}@example.com`,
      ':accountId': 'acme',
      ':history': new Set([`[${Date.now()},"delivered","${id}","delivered",0,0,0,0,"250 2.0.0 OK"]`]),
      ':a': 'enqueued',
      ':b': 'sent',
      ':c': 'deferred',
      ':d': 'soft_bounced',
    },
    ReturnValues: 'ALL_OLD',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  } as const;
}
