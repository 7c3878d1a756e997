import type { Construct } from 'constructs';
import type { ManageEnv } from '../../functions/manage/env.ts';
import type { Config } from '../config.ts';
import type { EmailTable } from '../storage/email-table.ts';
import type { GuardTable } from '../storage/guard-table.ts';
import { MailtrailFunction } from './mailtrail-function.ts';

/** The function that erases a recipient, and records that somebody handled an email. Its own role separates it from reading. */
export class Manage extends MailtrailFunction {
  constructor(
    scope: Construct,
    id: string,
    parts: { readonly config: Config; readonly table: EmailTable; readonly guards: GuardTable },
  ) {
    const { config, table, guards } = parts;
    super(scope, id, {
      name: 'manage',
      description: 'Mailtrail: erases the data about a recipient, and records handled emails',
      environment: {
        TABLE_NAME: table.tableName,
        GUARD_TABLE_NAME: guards.tableName,
        ACCOUNT_CLAIM: config.accountClaim,
        SUPPORT_SCOPE: config.supportScope,
        MANAGE_SCOPE: config.manageScope,
      } satisfies ManageEnv,
      permissions: [
        { actions: ['dynamodb:Query'], resources: [table.indexArn('byRecipient')] },
        { actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], resources: [table.tableArn] },
        { actions: ['dynamodb:UpdateItem'], resources: [guards.tableArn] },
      ],
      memoryMegabytes: 1024,
      // API Gateway waits 30 s at most; the handler starts no write after 24 s.
      timeoutSeconds: 29,
      logging: config,
    });
  }
}
