import { GetQueueUrlCommand, PurgeQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';
import type { QuarantineMessage } from '../../shared/queues/quarantine-messages.ts';
import type { RetryMessage } from '../../shared/queues/retry-messages.ts';

/** A queue on this machine. */
export interface TestQueue<Message> {
  readonly queueUrl: string;
  /** The messages since the last call, or since the queue was emptied. */
  kept(): Promise<Message[]>;
  empty(): Promise<unknown>;
}

/** A quarantine queue, real but for its being on this machine, and others beside it. */
export async function startQuarantineQueue() {
  const server = await startFauxqs({ port: 0, logger: false });
  const endpoint = `http://127.0.0.1:${server.port}`;
  const client = new SQSClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const open = async <Message>(QueueName: string): Promise<TestQueue<Message>> => {
    server.createQueue(QueueName);
    const { QueueUrl = '' } = await client.send(new GetQueueUrlCommand({ QueueName }));
    return {
      queueUrl: QueueUrl,
      async kept() {
        const messages: Message[] = [];
        for (;;) {
          const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
          if (Messages.length === 0) return messages;
          messages.push(...Messages.map(({ Body }) => JSON.parse(Body!) as Message));
        }
      },
      empty: () => client.send(new PurgeQueueCommand({ QueueUrl })),
    };
  };
  return {
    ...(await open<QuarantineMessage>('quarantine')),
    client,
    endpoint,
    another: <Message = RetryMessage>(name: string) => open<Message>(name),
    stop: () => server.stop(),
  };
}
