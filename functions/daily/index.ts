import { createDailyDigests } from '../../shared/alerts/daily-digests.ts';
import { createPublish, topicClient } from '../../shared/alerts/publish.ts';
import { createPutEvents } from '../../shared/aws/eventbridge-calls.ts';
import { createReader } from '../../shared/email/reader.ts';
import { createPublishEvents } from '../../shared/events/publish.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { dailyEnv } from './env.ts';
import { createHandler } from './handler.ts';
import { createCountWork } from './work.ts';

const env = dailyEnv.parse(process.env);
const client = documentClient();
/**
 * Some regions take 300 messages a second. With many accounts they refuse some, which the client then repeats under their
 * ids.
 */
const machines = topicClient({ maxAttempts: 4 });

export const handler = createHandler({
  digests: createDailyDigests(client, env.GUARD_TABLE_NAME),
  countWork: createCountWork(
    createReader({
      client,
      tableName: env.TABLE_NAME,
      retentionDays: Number(env.RETENTION_DAYS),
      // A digest is not about late emails.
      oldAfter: defaultOldAfter,
      now: Date.now,
    }),
    Date.now,
  ),
  publishLetter: createPublish(topicClient(), env.SUPPORT_TOPIC_ARN),
  publishMessage: createPublish(machines, env.ALERT_EVENTS_TOPIC_ARN),
  publishEvents:
    env.EVENT_BUS_NAME === '' ? null : createPublishEvents(createPutEvents(process.env), env.EVENT_BUS_NAME),
  hour: Number(env.DIGEST_HOUR),
  accountDigests: env.ACCOUNT_DIGESTS === 'true',
  links: { uiUrl: env.UI_URL, apiUrl: env.API_URL },
  log: createLog(),
  now: Date.now,
});
