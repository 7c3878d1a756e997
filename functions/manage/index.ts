import { createEraseEmails } from '../../shared/email/eraser.ts';
import { createAddNotes } from '../../shared/email/notes.ts';
import { createErasureRecords } from '../../shared/guards/erasure-records.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { manageEnv } from './env.ts';
import { createErase } from './erase.ts';
import { createHandler } from './handler.ts';

const env = manageEnv.parse(process.env);
const dynamoDb = documentClient();

export const handler = createHandler({
  erase: createErase(createErasureRecords(dynamoDb, env.GUARD_TABLE_NAME), createEraseEmails(dynamoDb, env.TABLE_NAME)),
  addNotes: createAddNotes(dynamoDb, env.TABLE_NAME),
  access: { accountClaim: env.ACCOUNT_CLAIM, supportScope: env.SUPPORT_SCOPE, manageScope: env.MANAGE_SCOPE },
  now: Date.now,
  log: createLog(),
});
