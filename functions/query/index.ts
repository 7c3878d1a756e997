import { documentClient } from '../../shared/dynamodb-client.ts';
import { createLog } from '../../shared/log.ts';
import { createReader } from '../../shared/store.ts';
import { queryEnv } from './env.ts';
import { createHandler } from './handler.ts';

const env = queryEnv.parse(process.env);
const minute = 60_000;

export const handler = createHandler({
  store: createReader({ client: documentClient(), tableName: env.TABLE_NAME }),
  access: { accountClaim: env.ACCOUNT_CLAIM, supportScope: env.SUPPORT_SCOPE },
  oldAfter: {
    enqueued: env.ENQUEUED_OLD_AFTER_MINUTES * minute,
    sent: env.SENT_OLD_AFTER_MINUTES * minute,
    deferred: env.DEFERRED_OLD_AFTER_MINUTES * minute,
  },
  now: Date.now,
  log: createLog(),
});
