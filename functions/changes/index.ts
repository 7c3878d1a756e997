import { createNewsStore } from '../../shared/news/store.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { changesEnv } from './env.ts';
import { createHandler } from './handler.ts';

const env = changesEnv.parse(process.env);

export const handler = createHandler({
  news: createNewsStore(documentClient(), env.GUARD_TABLE_NAME),
  log: createLog(),
});
