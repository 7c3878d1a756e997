import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { sendableText } from './defang.ts';
import type { AlertMessage } from './message.ts';

/** Publishes a message to the topic; rejects if that fails. */
export type Publish = (message: AlertMessage) => Promise<void>;

/** Adds attributes by which a subscription can filter kinds or accounts (filter policy). */
export function createPublish(client: Pick<SNSClient, 'send'>, topicArn: string): Publish {
  return async ({ kind, accountId, subject, body }) => {
    await client.send(
      new PublishCommand({
        TopicArn: topicArn,
        Subject: subject,
        Message: body,
        MessageStructure: 'json',
        MessageAttributes: {
          kind: { DataType: 'String', StringValue: kind },
          ...(accountId !== undefined && {
            accountId: { DataType: 'String', StringValue: sendableText(accountId) },
          }),
        },
      }),
    );
  };
}
