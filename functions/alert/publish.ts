import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { sendableText } from './defang.ts';
import type { AlertMessage } from './message.ts';

/** Hands a message to the topic; rejects when it could not be handed over. */
export type Publish = (message: AlertMessage) => Promise<void>;

/** Attributes let a subscription choose by kind or account (filter policy). */
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
