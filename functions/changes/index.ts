import { createAddNotes, createReadEmail } from '../../shared/email/notes.ts';
import { createNewsStore } from '../../shared/news/store.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { createAccountMarks } from '../../shared/watch/account-marks.ts';
import { changesEnv } from './env.ts';
import { createHandler } from './handler.ts';

const env = changesEnv.parse(process.env);

const client = documentClient();

export const handler = createHandler({
  news: createNewsStore(client, env.GUARD_TABLE_NAME),
  addNotes: createAddNotes(client, env.TABLE_NAME),
  readEmail: createReadEmail(client, env.TABLE_NAME),
  marks: createAccountMarks(client, env.GUARD_TABLE_NAME),
  log: createLog(),
  now: Date.now,
});
