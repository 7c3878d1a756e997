import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { createEmailEraser } from '../../shared/email/eraser.ts';
import { createReadingContext } from '../../shared/providers/parsing/reading-context.ts';
import { ses } from '../../shared/providers/ses.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { manageEnv } from './env.ts';
import { createErase } from './erase.ts';
import { createHandler } from './handler.ts';
import { placesOf } from './places.ts';

const env = manageEnv.parse(process.env);
// An empty queue takes the second that is asked for below to say so.
const requestHandler = { connectionTimeout: 500, requestTimeout: 3_000, throwOnRequestTimeout: true };
const providers = { ses };

const emails = createEmailEraser(documentClient(), env.TABLE_NAME);

export const handler = createHandler({
  erase: createErase(
    emails,
    placesOf({
      emails,
      sqs: new SQSClient({ requestHandler }),
      s3: new S3Client({ requestHandler }),
      queueUrls: {
        retry: env.RETRY_QUEUE_URL,
        retryDeadLetters: env.RETRY_DEAD_LETTERS_QUEUE_URL,
        ses: env.SES_QUEUE_URL,
        sesDeadLetters: env.SES_DEAD_LETTERS_QUEUE_URL,
        quarantine: env.QUARANTINE_QUEUE_URL,
      },
      failureBucket: env.FAILURE_BUCKET_NAME,
      reading: {
        providers,
        context: createReadingContext(providers, {
          accountId: env.METADATA_ACCOUNT_ID,
          reference: env.METADATA_REFERENCE,
        }),
      },
      accountName: env.METADATA_ACCOUNT_ID,
      // Longer than the function runs: what it cannot give back comes back by itself.
      hold: { waitSeconds: 1, holdSeconds: 30, receives: 8 },
      betweenLooks: 1_000,
    }),
  ),
  access: { accountClaim: env.ACCOUNT_CLAIM, supportScope: env.SUPPORT_SCOPE },
  now: Date.now,
  log: createLog(),
});
