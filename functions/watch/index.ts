import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { createDailyDigests } from '../../shared/alerts/daily-digests.ts';
import { createOwnKey } from '../../shared/guards/own-key.ts';
import { createNewsStore } from '../../shared/news/store.ts';
import { providerTitles } from '../../shared/providers/titles.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { createAccountMarks } from '../../shared/watch/account-marks.ts';
import { createEpisodeStore } from '../../shared/watch/episodes.ts';
import { createFailures } from '../../shared/watch/failures.ts';
import { createNewestResolved } from '../../shared/watch/resolved-failures.ts';
import { createAccountRatesCheck } from './account-rates.ts';
import { createCanary } from './canary.ts';
import { createDailyDigestCheck } from './daily-digest.ts';
import { listedProviders, pairs, watchEnv } from './env.ts';
import { createHandler } from './handler.ts';
import { createJudgeConditions } from './judge-conditions.ts';
import { createWatchMetrics } from './metrics.ts';
import { createProviderRatesCheck } from './provider-rates.ts';
import { createSilenceCheck } from './silence.ts';
import { createBucketCheck, createMappingCheck, createQueueCheck, createTopicCheck } from './waiting-work.ts';

const env = watchEnv.parse(process.env);
const requestHandler = { connectionTimeout: 1_000, requestTimeout: 10_000, throwOnRequestTimeout: true };
const lambda = new LambdaClient({ requestHandler, maxAttempts: 1 });
const sns = new SNSClient({ requestHandler });
const sqs = new SQSClient({ requestHandler });
const log = createLog();
const metrics = createWatchMetrics(env.METRICS_NAMESPACE);
const listed = listedProviders(env);
const knownProviders = Object.keys(providerTitles);
const documents = documentClient();
const news = createNewsStore(documents, env.GUARD_TABLE_NAME);
const failures = createFailures(documents, env.TABLE_NAME, createNewestResolved(documents, env.GUARD_TABLE_NAME));
const webhook = `${env.API_URL}/webhooks/app`;

export const handler = createHandler({
  canary: createCanary({
    key: createOwnKey(documents, env.GUARD_TABLE_NAME, 'canary'),
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
  judgeConditions: createJudgeConditions({
    episodes: createEpisodeStore(documents, env.GUARD_TABLE_NAME),
    checks: [
      createSilenceCheck({ news, knownProviders, listed, metrics, log }),
      createQueueCheck(sqs, {
        condition: 'QuarantineNotEmpty',
        queues: { quarantine: env.QUARANTINE_QUEUE_URL },
        whenOver: 'The quarantine is empty again.',
      }),
      createQueueCheck(sqs, {
        condition: 'EventsGivenUp',
        queues: {
          'the dead-letter queue of the retry queue': env.RETRY_DEAD_LETTERS_URL,
          'that of Amazon SES': env.SES_DEAD_LETTERS_URL,
        },
        whenOver: 'The dead-letter queues of events are empty again.',
      }),
      createQueueCheck(sqs, {
        condition: 'LettersGivenUp',
        queues: { "the dead-letter queue of people's alerts": env.DIGEST_DEAD_LETTERS_URL },
        whenOver: "The dead-letter queue of people's alerts is empty again.",
      }),
      createBucketCheck(new S3Client({ requestHandler }), env.FAILURE_BUCKET_NAME),
      createTopicCheck(sns, env.SUPPORT_TOPIC_ARN),
      createDailyDigestCheck(
        createDailyDigests(documents, env.GUARD_TABLE_NAME),
        env.DIGEST_HOUR === '' ? null : Number(env.DIGEST_HOUR),
      ),
      createMappingCheck(lambda, Object.fromEntries(pairs(env.EVENT_SOURCE_MAPPINGS))),
      createAccountRatesCheck({ marks: createAccountMarks(documents, env.GUARD_TABLE_NAME), failures, log }),
      createProviderRatesCheck({
        client: new CloudWatchClient({ requestHandler }),
        namespace: env.METRICS_NAMESPACE,
        news,
        failures,
        knownProviders,
        listed: [...listed.keys()],
        log,
      }),
    ],
    async publish({ subject, text }) {
      await sns.send(new PublishCommand({ TopicArn: env.OPERATIONS_TOPIC_ARN, Subject: subject, Message: text }));
    },
    log,
    now: Date.now,
  }),
  metrics,
  log,
  now: Date.now,
});
