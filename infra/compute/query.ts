import type { Construct } from 'constructs';
import type { QueryEnv } from '../../functions/query/env.ts';
import { type IndexName, indexes } from '../../shared/email/item.ts';
import type { Config } from '../config.ts';
import type { CursorKey } from '../storage/cursor-key.ts';
import type { EmailTable } from '../storage/email-table.ts';
import type { GuardTable } from '../storage/guard-table.ts';
import { MailtrailFunction } from './mailtrail-function.ts';

/** The function that answers the account UI and support. */
export class Query extends MailtrailFunction {
  constructor(
    scope: Construct,
    id: string,
    parts: {
      readonly config: Config;
      readonly table: EmailTable;
      readonly guards: GuardTable;
      readonly cursorKey: CursorKey;
    },
  ) {
    const { config, table, guards, cursorKey } = parts;
    super(scope, id, {
      name: 'query',
      description: 'Mailtrail: answers the statuses and histories of emails',
      environment: {
        TABLE_NAME: table.tableName,
        CURSOR_KEY_ARN: cursorKey.secretArn,
        GUARD_TABLE_NAME: guards.tableName,
        PROVIDERS: config.providers.join(','),
        RETENTION_DAYS: String(config.retentionDays),
        ACCOUNT_CLAIM: config.accountClaim,
        SUPPORT_SCOPE: config.supportScope,
        ENQUEUED_OLD_AFTER_MINUTES: String(config.enqueuedOldAfterMinutes),
        SENT_OLD_AFTER_MINUTES: String(config.sentOldAfterMinutes),
        DEFERRED_OLD_AFTER_MINUTES: String(config.deferredOldAfterMinutes),
      } satisfies QueryEnv,
      permissions: [
        { actions: ['dynamodb:GetItem', 'dynamodb:BatchGetItem'], resources: [table.tableArn] },
        {
          actions: ['dynamodb:Query'],
          resources: (Object.keys(indexes) as IndexName[]).map(name => table.indexArn(name)),
        },
        // Counts the emails that ask somebody to act, over all accounts.
        { actions: ['dynamodb:Scan'], resources: [table.indexArn('byAttentionDay')] },
        { actions: ['dynamodb:BatchGetItem'], resources: [guards.tableArn] },
        { actions: ['secretsmanager:GetSecretValue'], resources: [cursorKey.secretArn] },
      ],
      memoryMegabytes: 1024,
      timeoutSeconds: 10,
      logging: config,
    });
  }
}
