import { GetQueueUrlCommand, PurgeQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';
import type { QuarantineMessage } from '../../functions/ingest/quarantine.ts';

/** A quarantine queue, real but for its being on this machine. */
export async function startQuarantineQueue() {
  const server = await startFauxqs({ port: 0, logger: false });
  server.createQueue('quarantine');
  const client = new SQSClient({
    endpoint: `http://127.0.0.1:${server.port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const { QueueUrl = '' } = await client.send(new GetQueueUrlCommand({ QueueName: 'quarantine' }));
  return {
    client,
    queueUrl: QueueUrl,
    /** What was kept since the last call, or since it was emptied. */
    async kept(): Promise<QuarantineMessage[]> {
      const messages: QuarantineMessage[] = [];
      for (;;) {
        const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
        if (Messages.length === 0) return messages;
        messages.push(...Messages.map(({ Body }) => JSON.parse(Body!) as QuarantineMessage));
      }
    },
    empty: () => client.send(new PurgeQueueCommand({ QueueUrl })),
    stop: () => server.stop(),
  };
}
