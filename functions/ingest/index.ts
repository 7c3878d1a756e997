import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { documentClient } from '../../shared/dynamodb-client.ts';
import { createLog } from '../../shared/log.ts';
import { providers } from '../../shared/providers/registry.ts';
import { createRecorder } from '../../shared/store.ts';
import { ingestEnv } from './env.ts';
import { createHandler } from './handler.ts';
import { createGet } from './outside.ts';
import { createQuarantine } from './quarantine.ts';
import { createWebhookSecrets } from './webhook-secrets.ts';

const env = ingestEnv.parse(process.env);
const requestHandler = { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true };

export const handler = createHandler({
  providers,
  secretsOf: createWebhookSecrets(
    new SecretsManagerClient({ requestHandler, maxAttempts: 2 }),
    env.WEBHOOK_SECRETS_ARN,
    Date.now,
  ),
  store: createRecorder({
    client: documentClient(),
    tableName: env.TABLE_NAME,
    retentionDays: env.RETENTION_DAYS,
  }),
  quarantine: createQuarantine(new SQSClient({ requestHandler, maxAttempts: 2 }), env.QUARANTINE_QUEUE_URL),
  metadata: { accountId: env.METADATA_ACCOUNT_ID, reference: env.METADATA_REFERENCE },
  // Set where there is no AWS, like the endpoints that the SDK's clients take from the environment.
  get: createGet(process.env.SNS_ENDPOINT),
  now: Date.now,
  log: createLog(),
});
