import type { Construct } from 'constructs';
import type { QueryEnv } from '../../functions/query/env.ts';
import { type IndexName, indexes } from '../../shared/email/item.ts';
import { ownKeyItem } from '../../shared/guards/own-key-names.ts';
import type { Config } from '../config.ts';
import type { EmailTable } from '../storage/email-table.ts';
import type { GuardTable } from '../storage/guard-table.ts';
import { MailtrailFunction, type Permission } from './mailtrail-function.ts';

/** The permissions to read single emails and lists. */
export function readingPermissions(table: EmailTable): readonly Permission[] {
  return [
    { actions: ['dynamodb:GetItem', 'dynamodb:BatchGetItem'], resources: [table.tableArn] },
    { actions: ['dynamodb:Query'], resources: (Object.keys(indexes) as IndexName[]).map(name => table.indexArn(name)) },
  ];
}

/** The function that answers the account UI and support. */
export class Query extends MailtrailFunction {
  constructor(
    scope: Construct,
    id: string,
    parts: {
      readonly config: Config;
      readonly table: EmailTable;
      readonly guards: GuardTable;
    },
  ) {
    const { config, table, guards } = parts;
    super(scope, id, {
      name: 'query',
      description: 'Mailtrail: answers the statuses and histories of emails',
      environment: {
        TABLE_NAME: table.tableName,
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
        ...readingPermissions(table),
        // Counts the emails that ask somebody to act, over all accounts.
        { actions: ['dynamodb:Scan'], resources: [table.indexArn('byAttentionDay')] },
        { actions: ['dynamodb:BatchGetItem'], resources: [guards.tableArn] },
        // Makes the key of the cursors at its first use, and writes no other item.
        {
          actions: ['dynamodb:UpdateItem'],
          resources: [guards.tableArn],
          conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [ownKeyItem('cursor')] } },
        },
      ],
      memoryMegabytes: 1024,
      timeoutSeconds: 10,
      logging: config,
    });
  }
}
