import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** SQS takes 1 MiB in one call, of up to ten messages: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
const maxBatchBytes = 1024 * 1024;
const maxBatchMessages = 10;

/** A queue did not take all of a batch. The error's name is the queue's own code for the reason, for the log. */
class RefusedMessages extends Error {
  constructor(code = 'RefusedMessages') {
    super('a queue did not take all messages');
    this.name = code;
  }
}

/**
 * Sends messages in as few calls as they take; resolves once the queue has them all.
 *
 * @param messages ASCII, each of at most 1 MiB
 * @throws where the queue did not take one of them, whatever became of the others
 */
export async function sendMessages(
  client: Pick<SQSClient, 'send'>,
  queueUrl: string,
  messages: readonly string[],
): Promise<void> {
  await Promise.all(
    batchesOf(messages).map(async batch => {
      const { Failed = [] } = await client.send(
        new SendMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: batch.map((MessageBody, index) => ({ Id: String(index), MessageBody })),
        }),
      );
      if (Failed.length > 0) throw new RefusedMessages(Failed[0]?.Code);
    }),
  );
}

function batchesOf(messages: readonly string[]): string[][] {
  const batches: string[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    const open = batches.at(-1);
    if (open === undefined || open.length === maxBatchMessages || size + message.length > maxBatchBytes) {
      batches.push([message]);
      size = message.length;
    } else {
      open.push(message);
      size += message.length;
    }
  }
  return batches;
}
