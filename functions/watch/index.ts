import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { createOwnKey } from '../../shared/guards/own-key.ts';
import { createNewsStore } from '../../shared/news/store.ts';
import { providerTitles } from '../../shared/providers/titles.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { createCanary } from './canary.ts';
import { listedProviders, watchEnv } from './env.ts';
import { createHandler } from './handler.ts';
import { createWatchMetrics } from './metrics.ts';
import { createJudgeSilence } from './silence.ts';

const env = watchEnv.parse(process.env);
const requestHandler = { connectionTimeout: 1_000, requestTimeout: 10_000, throwOnRequestTimeout: true };
const lambda = new LambdaClient({ requestHandler, maxAttempts: 1 });
const sns = new SNSClient({ requestHandler });
const log = createLog();
const metrics = createWatchMetrics(env.METRICS_NAMESPACE);
const webhook = `${env.API_URL}/webhooks/app`;

export const handler = createHandler({
  canary: createCanary({
    key: createOwnKey(documentClient(), env.GUARD_TABLE_NAME, 'canary'),
    async post(headers, body) {
      const answer = await fetch(webhook, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) });
      return { status: answer.status, body: await answer.text() };
    },
    async query(event) {
      const { Payload, FunctionError } = await lambda.send(
        new InvokeCommand({ FunctionName: env.QUERY_FUNCTION_NAME, Payload: JSON.stringify(event) }),
      );
      if (FunctionError !== undefined) throw new Error(FunctionError);
      return JSON.parse(Buffer.from(Payload ?? []).toString());
    },
    accountClaim: env.ACCOUNT_CLAIM,
    now: Date.now,
  }),
  judgeSilence: createJudgeSilence({
    news: createNewsStore(documentClient(), env.GUARD_TABLE_NAME),
    knownProviders: Object.keys(providerTitles),
    listed: listedProviders(env),
    async publish({ subject, text }) {
      await sns.send(new PublishCommand({ TopicArn: env.OPERATIONS_TOPIC_ARN, Subject: subject, Message: text }));
    },
    metrics,
    log,
    now: Date.now,
  }),
  metrics,
  log,
  now: Date.now,
});
