import type { APIGatewayProxyEventV2, Context, SQSEvent } from 'aws-lambda';
import { createDirectCall } from '../../shared/aws/dynamodb-calls.ts';
import { directWrites } from '../../shared/aws/writes.ts';
import { createHotEmails } from '../../shared/email/hot-emails.ts';
import { createRecorder } from '../../shared/email/recorder.ts';
import { createNonces } from '../../shared/guards/nonces.ts';
import { createOwnKey } from '../../shared/guards/own-key.ts';
import { createNewsCounts } from '../../shared/news/counts.ts';
import { createTally } from '../../shared/news/tally.ts';
import { createLoadedAdapters } from '../../shared/providers/adapters.ts';
import { createReadingContext } from '../../shared/providers/parsing/reading-context.ts';
import { commaList } from '../../shared/runtime/comma-list.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { once } from '../../shared/runtime/once.ts';
import { ingestEnv, readingSettings, recorderSettings } from './env.ts';
import { createHandler } from './handler.ts';
import { createGet } from './http-get.ts';
import { createMeasure } from './metrics.ts';
import { createPersistEvents } from './persist-events.ts';
import type { Queues } from './queues.ts';
import { createRefusals } from './refusals.ts';
import { createSecretReader } from './secret-reader.ts';
import { createWebhookSecrets } from './webhook-secrets.ts';

const env = ingestEnv.parse(process.env);
// The recorder retries by itself; the retry queue retries nonces that could not be checked.
const dynamoDb = documentClient({ maxAttempts: 1 });

const log = createLog();
const tally = createTally(createNewsCounts(dynamoDb, env.GUARD_TABLE_NAME), Date.now, AbortSignal.timeout);
const measure = createMeasure({ namespace: env.METRICS_NAMESPACE, tally, now: Date.now });
const refusals = createRefusals({ log, measure, now: Date.now });
const accepted = commaList(env.ACCEPTED_PROVIDERS);
const adapters = createLoadedAdapters();
const context = createReadingContext(adapters.loaded, ...readingSettings(env));
const nonces = createNonces(dynamoDb, env.GUARD_TABLE_NAME);

/** Most requests need no queue, and a cold start of theirs loads none. */
const queues = once(async (): Promise<Queues> => (await import('./queues.ts')).createQueues(env));
const persistence = {
  store: createRecorder({
    client: dynamoDb,
    writes: directWrites(createDirectCall(dynamoDb)),
    ...recorderSettings(env),
    hotEmails: createHotEmails(Date.now),
  }),
  quarantine: (async (...given) => (await queues()).quarantine(...given)) satisfies Queues['quarantine'],
  log,
};

const secrets = createWebhookSecrets(createSecretReader(env.WEBHOOK_SECRETS_ARN, process.env), Date.now);
// They arrive while the first request is handed over.
secrets.prefetch();

const onRequest = createHandler({
  load: adapters.load,
  accepts: provider => accepted.length === 0 || accepted.includes(provider),
  ...secrets,
  canaryKey: createOwnKey(dynamoDb, env.GUARD_TABLE_NAME, 'canary'),
  nonces,
  persistEvents: createPersistEvents({
    ...persistence,
    retryQueue: async message => (await queues()).retryQueue(message),
  }),
  context,
  // Set only without AWS, like the endpoints that the SDK's clients read from the environment.
  get: createGet(process.env.SNS_ENDPOINT),
  measure,
  refusals,
  now: Date.now,
  abortAfter: AbortSignal.timeout,
  log,
});

const onMessages = once(async () => {
  const [{ createQueueHandler }, { createErasureLookUp }, { createErasureRecords }] = await Promise.all([
    import('./queue-handler.ts'),
    import('../../shared/guards/erase-received.ts'),
    import('../../shared/guards/erasure-records.ts'),
    // Messages of the retry queue hold events, and need no adapter.
    adapters.load('ses'),
  ]);
  const erasures = createErasureRecords(dynamoDb, env.GUARD_TABLE_NAME, recorderSettings(env).defaultAccountId);
  return createQueueHandler({
    sources: { [env.RETRY_QUEUE_ARN]: 'retry', [env.SES_QUEUE_ARN]: 'ses' },
    providers: adapters.loaded,
    context,
    persistEvents: createPersistEvents({ ...persistence, retryQueue: null }),
    nonces,
    lookUpErasures: createErasureLookUp(erasures, dynamoDb, env.TABLE_NAME, Date.now),
    measure,
    refusals,
    now: Date.now,
    log,
  });
});

/** Requests come from the API, messages from the two queues. */
export const handler = async (event: APIGatewayProxyEventV2 | SQSEvent, lambdaContext: Context) => {
  try {
    return await ('Records' in event ? (await onMessages())(event, lambdaContext) : onRequest(event, lambdaContext));
  } finally {
    refusals.flush();
    // Before the answer, since the process may be frozen after it.
    await tally.flush();
  }
};
