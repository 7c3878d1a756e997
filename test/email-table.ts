import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { createTableInput, resolveTemplate, type Template as TemplateJson, tablesOf } from '../infra/local/template.ts';
import { EmailTable } from '../infra/table.ts';

/** Creates the table of emails as it is deployed, keys and indexes and stream, under a name of the test's. */
export async function createEmailTable(client: DynamoDBClient, tableName: string): Promise<void> {
  const stack = new Stack(new App());
  new EmailTable(stack, 'Emails');
  const [table] = tablesOf(resolveTemplate(Template.fromStack(stack).toJSON() as TemplateJson));
  await client.send(new CreateTableCommand({ ...createTableInput(table!), TableName: tableName }));
}
