import { createAddNotes, createReadEmail } from '../../shared/email/notes.ts';
import { createNewsStore } from '../../shared/news/store.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { once } from '../../shared/runtime/once.ts';
import { createAccountMarks } from '../../shared/watch/account-marks.ts';
import { createAddResolved } from '../../shared/watch/resolved-failures.ts';
import { changesEnv } from './env.ts';
import { createHandler } from './handler.ts';
import type { PublishChanges } from './status-events.ts';

const env = changesEnv.parse(process.env);

const client = documentClient();

/** Most installations have no bus, and load none of it. */
const publishing = once(async () => (await import('./status-events.ts')).publishingTo(env.EVENT_BUS_NAME, process.env));
const publish: PublishChanges = async (...given) => (await publishing())(...given);

export const handler = createHandler({
  news: createNewsStore(client, env.GUARD_TABLE_NAME),
  addNotes: createAddNotes(client, env.TABLE_NAME),
  readEmail: createReadEmail(client, env.TABLE_NAME),
  marks: createAccountMarks(client, env.GUARD_TABLE_NAME),
  addResolved: createAddResolved(client, env.GUARD_TABLE_NAME),
  publish: env.EVENT_BUS_NAME === '' ? null : publish,
  log: createLog(),
  now: Date.now,
});
