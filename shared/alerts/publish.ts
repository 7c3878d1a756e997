import { PublishCommand, SNSClient, type SNSClientConfig } from '@aws-sdk/client-sns';
import { sendableText } from './defang.ts';

/** SNS takes 256 KB for message and attributes; 1 KB is left for the attributes. */
export const maxMessageBytes = 255 * 1024;

/** A message for a topic. */
export interface TopicMessage {
  /** Fewer than 100 printable ASCII characters. */
  readonly subject: string;
  readonly body: string;
  /** The values by which a subscription can filter messages. */
  readonly attributes: Readonly<Record<string, string | undefined>>;
}

/** Publishes a message; rejects if that fails. */
export type Publish = (message: TopicMessage) => Promise<void>;

/**
 * The client of the functions that publish. A hanging call is aborted after 3 s. By default no call is repeated: the
 * topic may have taken the message, and the stream or the queue brings it again under its id.
 */
export function topicClient(config: SNSClientConfig = {}): SNSClient {
  return new SNSClient({
    requestHandler: { connectionTimeout: 500, requestTimeout: 3_000, throwOnRequestTimeout: true },
    maxAttempts: 1,
    ...config,
  });
}

/** Publishes to one topic. */
export function createPublish(client: Pick<SNSClient, 'send'>, topicArn: string): Publish {
  return async ({ subject, body, attributes }) => {
    const named = Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, { DataType: 'String', StringValue: sendableText(value) }] as const],
    );
    await client.send(
      new PublishCommand({
        TopicArn: topicArn,
        Subject: subject,
        Message: body,
        MessageAttributes: Object.fromEntries(named),
      }),
    );
  };
}
