import { SNSClient } from '@aws-sdk/client-sns';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { alertEnv } from './env.ts';
import { createHandler } from './handler.ts';
import { createPublish } from './publish.ts';
import { createSentAlerts } from './sent-alerts.ts';

const env = alertEnv.parse(process.env);
const sns = new SNSClient({
  requestHandler: { connectionTimeout: 500, requestTimeout: 3_000, throwOnRequestTimeout: true },
});

export const handler = createHandler({
  sentAlerts: createSentAlerts(documentClient(), env.TABLE_NAME),
  publish: createPublish(sns, env.ALERT_TOPIC_ARN),
  emailPageUrl: env.EMAIL_PAGE_URL,
  log: createLog(),
});
