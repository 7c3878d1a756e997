import { SNSClient } from '@aws-sdk/client-sns';
import { DeleteMessageBatchCommand, GetQueueUrlCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';
import { createPublish, type Publish } from '../../shared/alerts/publish.ts';

/** A message as the topic's subscriber gets it, with the attributes for filter policies. */
export interface Delivered {
  readonly subject: string;
  readonly attributes: Record<string, string>;
  readonly body: string;
}

/** The content of a message for machines. */
export interface ForMachines {
  readonly version: number;
  readonly digestId: string;
  readonly kind: string;
  readonly accountId: string | null;
  readonly causes: readonly { readonly id: string }[];
  readonly emails: readonly { readonly emailId: string; readonly [fact: string]: unknown }[];
}

export function machinesIn({ body }: Pick<Delivered, 'body'>): ForMachines {
  return JSON.parse(body);
}

/** Starts a topic of an SNS on this machine, and a subscriber. */
export async function startAlertTopic() {
  const server = await startFauxqs({ port: 0, logger: false });
  const { topicArn } = server.createTopic('alerts');
  server.createQueue('subscriber');
  server.subscribe({ topic: 'alerts', queue: 'subscriber' });
  const config = {
    endpoint: `http://127.0.0.1:${server.port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const sqs = new SQSClient(config);
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'subscriber' }));
  const publish: Publish = createPublish(new SNSClient(config), topicArn);

  /** The messages delivered since the last call. */
  async function delivered(): Promise<Delivered[]> {
    const messages: Delivered[] = [];
    for (;;) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      if (Messages.length === 0) return messages;
      for (const { Body } of Messages) {
        const { Subject, Message, MessageAttributes } = JSON.parse(Body!);
        const attributes = Object.entries<{ Value: string }>(MessageAttributes).map(([name, { Value }]) => [
          name,
          Value,
        ]);
        messages.push({ subject: Subject, attributes: Object.fromEntries(attributes), body: Message });
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
