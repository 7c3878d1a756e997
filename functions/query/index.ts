import { createReader } from '../../shared/email/reader.ts';
import { createOwnKey } from '../../shared/guards/own-key.ts';
import { createNewsCounts } from '../../shared/news/counts.ts';
import { createNewsStore } from '../../shared/news/store.ts';
import { commaList } from '../../shared/runtime/comma-list.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { createCursors } from './cursor.ts';
import { queryEnv } from './env.ts';
import { createHandler } from './handler.ts';
import document from './openapi.json' with { type: 'json' };

const env = queryEnv.parse(process.env);
const minute = 60_000;
const oldAfter = {
  enqueued: env.ENQUEUED_OLD_AFTER_MINUTES * minute,
  sent: env.SENT_OLD_AFTER_MINUTES * minute,
  deferred: env.DEFERRED_OLD_AFTER_MINUTES * minute,
};
const client = documentClient();

export const handler = createHandler({
  store: createReader({
    client,
    tableName: env.TABLE_NAME,
    retentionDays: env.RETENTION_DAYS,
    oldAfter,
    now: Date.now,
  }),
  cursors: createCursors(createOwnKey(client, env.GUARD_TABLE_NAME, 'cursor')),
  access: { accountClaim: env.ACCOUNT_CLAIM, supportScope: env.SUPPORT_SCOPE },
  oldAfter,
  document,
  news: { ...createNewsStore(client, env.GUARD_TABLE_NAME), ...createNewsCounts(client, env.GUARD_TABLE_NAME) },
  listedProviders: commaList(env.PROVIDERS),
  now: Date.now,
  log: createLog(),
});
