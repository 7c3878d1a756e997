import { setTimeout as sleep } from 'node:timers/promises';
import { createLedger } from '../../shared/alerts/ledger.ts';
import { createPublish, topicClient } from '../../shared/alerts/publish.ts';
import { createStoredAlerts } from '../../shared/alerts/stored-alerts.ts';
import { queueClient } from '../../shared/queues/queue-client.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { digestEnv } from './env.ts';
import { createHandler } from './handler.ts';
import { createPace } from './pace.ts';
import { createPostpone } from './postpone.ts';

const env = digestEnv.parse(process.env);
const client = documentClient();

export const handler = createHandler({
  ledger: createLedger(client, env.GUARD_TABLE_NAME, 'people', Date.now),
  alertsOf: createStoredAlerts(client, env.TABLE_NAME, Date.now),
  pace: createPace(client, env.GUARD_TABLE_NAME, Number(env.SECONDS_BETWEEN_DIGESTS) * 1000, Date.now),
  postpone: createPostpone(queueClient(), env.DIGEST_QUEUE_URL),
  publish: createPublish(topicClient(), env.SUPPORT_TOPIC_ARN),
  links: { emailPageUrl: env.EMAIL_PAGE_URL, apiUrl: env.API_URL },
  now: Date.now,
  sleep,
  log: createLog(),
});
