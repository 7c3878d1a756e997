import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { QueuedMessage } from '../../functions/ingest/queue-readings.ts';

/** A message that nobody else gets meanwhile. */
export interface HeldMessage extends QueuedMessage {
  readonly receiptHandle: string;
}

/** A queue that is gone through from end to end, once. */
export interface HeldQueue {
  /** About how many messages wait in it. */
  size(): Promise<number>;
  /** Every message once; it is held until it is deleted, or all are released. */
  messages(): AsyncGenerator<HeldMessage>;
  delete(message: HeldMessage): Promise<void>;
  /** Gives back what was not deleted. */
  release(): Promise<void>;
}

/** Long enough to go through a large queue; what comes back all the same is known by its id. */
const holdSeconds = 3_600;

/** Queues answer from some of their servers: one empty answer says little. */
const emptyAnswers = 2;

/** @param waitSeconds how long an answer may take to come from all of a queue's servers */
export function createHeldQueue(client: Pick<SQSClient, 'send'>, QueueUrl: string, waitSeconds = 2): HeldQueue {
  const held = new Map<string, string>();
  return {
    async size() {
      const { Attributes } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
      );
      return Number(Attributes?.ApproximateNumberOfMessages ?? 0);
    },

    async *messages() {
      const known = new Set<string>();
      for (let empty = 0; empty < emptyAnswers; ) {
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({
            QueueUrl,
            MaxNumberOfMessages: 10,
            VisibilityTimeout: holdSeconds,
            WaitTimeSeconds: waitSeconds,
            MessageSystemAttributeNames: ['SentTimestamp'],
          }),
        );
        let news = 0;
        for (const { MessageId = '', ReceiptHandle = '', Body = '', Attributes } of Messages) {
          held.set(MessageId, ReceiptHandle);
          if (known.has(MessageId)) continue;
          known.add(MessageId);
          news += 1;
          yield {
            messageId: MessageId,
            receiptHandle: ReceiptHandle,
            body: Body,
            sentAt: Number(Attributes?.SentTimestamp ?? 0),
          };
        }
        empty = news === 0 ? empty + 1 : 0;
      }
    },

    async delete({ messageId, receiptHandle }) {
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: receiptHandle }));
      held.delete(messageId);
    },

    async release() {
      const handles = [...held.values()];
      held.clear();
      for (let from = 0; from < handles.length; from += 10) {
        const Entries = handles
          .slice(from, from + 10)
          // Not 0: the engine of the local stack loses a message by that until it is started again.
          .map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout: 1 }));
        await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
      }
    },
  };
}
