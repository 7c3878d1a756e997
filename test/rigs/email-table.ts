import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { config } from '../../infra/config.ts';
import { resolveTemplate, type Template as TemplateJson } from '../../infra/local/cloudformation/template.ts';
import { createTableInput } from '../../infra/local/services/tables.ts';
import { emailTable } from '../../infra/storage/email-table.ts';
import { GuardTable } from '../../infra/storage/guard-table.ts';

/** Creates the table of emails with the deployed keys, indexes and stream, under the test's own name. */
export function createEmailTable(client: DynamoDBClient, tableName: string): Promise<void> {
  return createTable(client, tableName, stack => emailTable(stack, 'Emails', config.parse({})));
}

/** Creates the table of nonces and erasure records in the same way. */
export function createGuardTable(client: DynamoDBClient, tableName: string): Promise<void> {
  return createTable(client, tableName, stack => new GuardTable(stack, 'Guards', config.parse({})));
}

async function createTable(client: DynamoDBClient, TableName: string, add: (stack: Stack) => unknown): Promise<void> {
  const stack = new Stack(new App());
  add(stack);
  const template = resolveTemplate(Template.fromStack(stack).toJSON() as TemplateJson);
  const [table] = template.ofType('AWS::DynamoDB::Table');
  await client.send(new CreateTableCommand({ ...createTableInput(table!), TableName }));
}
