import { createLedger } from '../../shared/alerts/ledger.ts';
import { createPublish, topicClient } from '../../shared/alerts/publish.ts';
import { createStoredAlerts } from '../../shared/alerts/stored-alerts.ts';
import { digestMessages } from '../../shared/queues/digest-messages.ts';
import { queueClient } from '../../shared/queues/queue-client.ts';
import { sendMessages } from '../../shared/queues/send-messages.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { alertEnv } from './env.ts';
import { createHandler } from './handler.ts';

const env = alertEnv.parse(process.env);
const client = documentClient();
const queues = queueClient();

export const handler = createHandler({
  ledger: createLedger(client, env.GUARD_TABLE_NAME, 'machines', Date.now),
  alertsOf: createStoredAlerts(client, env.TABLE_NAME, Date.now),
  publish: createPublish(topicClient(), env.ALERT_EVENTS_TOPIC_ARN),
  forward: keys => sendMessages(queues, env.DIGEST_QUEUE_URL, digestMessages(keys)),
  emailPageUrl: env.EMAIL_PAGE_URL,
  log: createLog(),
});
