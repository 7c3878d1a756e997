import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { QueuedMessage } from '../../functions/ingest/queue-readings.ts';

/** A queue that is gone through from end to end, once, while nobody else gets its messages. */
export interface HeldQueue {
  /** About how many messages wait in it, and how many somebody else holds. */
  size(): Promise<{ readonly waiting: number; readonly held: number }>;
  /** Every message once; it is held until it is deleted, or all are released. */
  messages(): AsyncGenerator<QueuedMessage>;
  delete(message: QueuedMessage): Promise<void>;
  /** Gives back what was not deleted; says of how many messages that failed, which come back by themselves later. */
  release(): Promise<number>;
}

/** Long enough to go through most queues; what comes again all the same is known by its id, and held again. */
export const holdSeconds = 900;

/** Queues answer from some of their servers: one empty answer says little. */
const emptyAnswers = 2;

/** @param waitSeconds how long an answer may take to come from all of a queue's servers */
export function createHeldQueue(client: Pick<SQSClient, 'send'>, QueueUrl: string, waitSeconds = 2): HeldQueue {
  /** Receipt handles by message id: only a message's newest one counts. */
  const held = new Map<string, string>();
  return {
    async size() {
      const { Attributes } = await client.send(
        new GetQueueAttributesCommand({
          QueueUrl,
          AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
        }),
      );
      const { ApproximateNumberOfMessages = 0, ApproximateNumberOfMessagesNotVisible = 0 } = Attributes ?? {};
      return { waiting: Number(ApproximateNumberOfMessages), held: Number(ApproximateNumberOfMessagesNotVisible) };
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
        empty = Messages.length === 0 ? empty + 1 : 0;
        // All of them before the first is looked at: whoever stops then gives the others back, too.
        for (const { MessageId = '', ReceiptHandle = '' } of Messages) held.set(MessageId, ReceiptHandle);
        for (const { MessageId = '', Body = '', Attributes } of Messages) {
          if (known.has(MessageId)) continue;
          known.add(MessageId);
          yield { messageId: MessageId, body: Body, sentAt: Number(Attributes?.SentTimestamp ?? 0) };
        }
      }
    },

    async delete({ messageId }) {
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: held.get(messageId) }));
      held.delete(messageId);
    },

    async release() {
      const handles = [...held.values()];
      held.clear();
      let failed = 0;
      for (let from = 0; from < handles.length; from += 10) {
        const Entries = handles
          .slice(from, from + 10)
          // Not 0: the engine of the local stack loses a message by that until it is started again.
          .map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout: 1 }));
        const refused = await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries })).then(
          ({ Failed = [] }) => Failed.length,
          () => Entries.length,
        );
        failed += refused;
      }
      return failed;
    },
  };
}
