import { SNSClient } from '@aws-sdk/client-sns';
import { DeleteMessageBatchCommand, GetQueueUrlCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';
import { createPublish, type Publish } from '../../functions/alert/publish.ts';

/** A message as the topic's subscriber gets it: the part for machines, the part for people, and the attributes for filter policies. */
export interface Delivered {
  readonly subject: string;
  readonly attributes: Record<string, string>;
  readonly machines: {
    readonly version: number;
    readonly kind: string;
    readonly accountId: string | null;
    readonly emails: readonly { readonly emailId: string; readonly [fact: string]: unknown }[];
  };
  readonly people: string;
}

/** Starts a topic of an SNS on this machine, and a subscriber. */
export async function startAlertTopic() {
  const server = await startFauxqs({ port: 0, logger: false });
  const { topicArn } = server.createTopic('alerts');
  server.createQueue('support');
  server.subscribe({ topic: 'alerts', queue: 'support' });
  const config = {
    endpoint: `http://127.0.0.1:${server.port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const sqs = new SQSClient(config);
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'support' }));
  const publish: Publish = createPublish(new SNSClient(config), topicArn);

  /** The messages delivered since the last call. */
  async function delivered(): Promise<Delivered[]> {
    const messages: Delivered[] = [];
    for (;;) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      if (Messages.length === 0) return messages;
      for (const { Body } of Messages) {
        const { Subject, Message, MessageAttributes } = JSON.parse(Body!);
        // This SNS delivers both parts. The real one delivers the first to a queue and the second to an inbox.
        const { default: machines, email: people } = JSON.parse(Message);
        const attributes = Object.entries<{ Value: string }>(MessageAttributes).map(([name, { Value }]) => [
          name,
          Value,
        ]);
        messages.push({
          subject: Subject,
          attributes: Object.fromEntries(attributes),
          machines: JSON.parse(machines),
          people,
        });
      }
      await sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl,
          Entries: Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
        }),
      );
    }
  }

  return { publish, delivered, stop: () => server.stop() };
}
