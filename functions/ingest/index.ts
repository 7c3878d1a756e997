import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { APIGatewayProxyEventV2, Context, SQSEvent } from 'aws-lambda';
import { createHotEmails } from '../../shared/email/hot-emails.ts';
import { createRecorder } from '../../shared/email/recorder.ts';
import { createErasureLookUp } from '../../shared/guards/erase-received.ts';
import { createErasureRecords } from '../../shared/guards/erasure-records.ts';
import { createNonces } from '../../shared/guards/nonces.ts';
import { createOwnKey } from '../../shared/guards/own-key.ts';
import { createNewsCounts } from '../../shared/news/counts.ts';
import { createTally } from '../../shared/news/tally.ts';
import { createReadingContext } from '../../shared/providers/parsing/reading-context.ts';
import { providers } from '../../shared/providers/registry.ts';
import { createQuarantine } from '../../shared/queues/quarantine-messages.ts';
import { queueClient } from '../../shared/queues/queue-client.ts';
import { createRetryQueue } from '../../shared/queues/retry-messages.ts';
import { commaList } from '../../shared/runtime/comma-list.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { ingestEnv, readingSettings, recorderSettings } from './env.ts';
import { createHandler } from './handler.ts';
import { createGet } from './http-get.ts';
import { createMeasure } from './metrics.ts';
import { createPersistEvents } from './persist-events.ts';
import { createQueueHandler } from './queue-handler.ts';
import { createRefusals } from './refusals.ts';
import { createWebhookSecrets } from './webhook-secrets.ts';

const env = ingestEnv.parse(process.env);
const secretsManager = new SecretsManagerClient({
  requestHandler: { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true },
  maxAttempts: 2,
});
const sqs = queueClient();
// The recorder retries by itself; the retry queue retries nonces that could not be checked.
const dynamoDb = documentClient({ maxAttempts: 1 });

const log = createLog();
const tally = createTally(createNewsCounts(dynamoDb, env.GUARD_TABLE_NAME), Date.now, AbortSignal.timeout);
const measure = createMeasure({ namespace: env.METRICS_NAMESPACE, tally, now: Date.now });
const refusals = createRefusals({ log, measure, now: Date.now });
const accepted = commaList(env.ACCEPTED_PROVIDERS);
const context = createReadingContext(providers, ...readingSettings(env));
const nonces = createNonces(dynamoDb, env.GUARD_TABLE_NAME);
const persistence = {
  store: createRecorder({ client: dynamoDb, ...recorderSettings(env), hotEmails: createHotEmails(Date.now) }),
  quarantine: createQuarantine(sqs, env.QUARANTINE_QUEUE_URL),
  log,
};

const onRequest = createHandler({
  providers,
  accepts: provider => accepted.length === 0 || accepted.includes(provider),
  ...createWebhookSecrets(secretsManager, env.WEBHOOK_SECRETS_ARN, Date.now),
  canaryKey: createOwnKey(dynamoDb, env.GUARD_TABLE_NAME, 'canary'),
  nonces,
  persistEvents: createPersistEvents({ ...persistence, retryQueue: createRetryQueue(sqs, env.RETRY_QUEUE_URL) }),
  context,
  // Set only without AWS, like the endpoints that the SDK's clients read from the environment.
  get: createGet(process.env.SNS_ENDPOINT),
  measure,
  refusals,
  now: Date.now,
  abortAfter: AbortSignal.timeout,
  log,
});

const onMessages = createQueueHandler({
  sources: { [env.RETRY_QUEUE_ARN]: 'retry', [env.SES_QUEUE_ARN]: 'ses' },
  providers,
  context,
  persistEvents: createPersistEvents({ ...persistence, retryQueue: null }),
  nonces,
  lookUpErasures: createErasureLookUp(
    createErasureRecords(dynamoDb, env.GUARD_TABLE_NAME, recorderSettings(env).defaultAccountId),
    dynamoDb,
    env.TABLE_NAME,
    Date.now,
  ),
  measure,
  refusals,
  now: Date.now,
  log,
});

/** Requests come from the API, messages from the two queues. */
export const handler = async (event: APIGatewayProxyEventV2 | SQSEvent, lambdaContext: Context) => {
  try {
    return await ('Records' in event ? onMessages(event, lambdaContext) : onRequest(event, lambdaContext));
  } finally {
    refusals.flush();
    // Before the answer, since the process may be frozen after it.
    await tally.flush();
  }
};
