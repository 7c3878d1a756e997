import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { QueuedMessage } from '../../../shared/queues/queued-request.ts';
import { forEachConcurrently } from '../../../shared/runtime/concurrency.ts';

/** A queue that is gone through from end to end, once, while nobody else gets its messages. */
export interface QueueSweep {
  /** About how many messages wait in it, and how many somebody else holds. */
  size(): Promise<{ readonly waiting: number; readonly held: number }>;
  /** Every message once; it is held until it is deleted, or all are released. */
  messages(): AsyncGenerator<QueuedMessage>;
  delete(message: QueuedMessage): Promise<void>;
  /** Gives back what was not deleted; says of how many messages that failed, which come back by themselves later. */
  release(): Promise<number>;
}

/** Queues answer from some of their servers: one empty answer says little. */
const emptyAnswers = 2;

/** Messages received or given back in one call, and calls in flight at once that give back. */
const maxBatchMessages = 10;
const concurrentCalls = 8;

/** How long a message is held: long enough to go through most queues. A message that comes again is known by its id, and held again. */
const holdSeconds = 15 * 60;

/** @param waitSeconds how long an answer may take to come from all of a queue's servers */
export function createQueueSweep(client: Pick<SQSClient, 'send'>, QueueUrl: string, waitSeconds = 2): QueueSweep {
  /** Receipt handles by message id: only a message's newest one counts. */
  const held = new Map<string, string>();
  const deleted = new Set<string>();

  /** All of an answer is held before the first of it is looked at: whoever stops then gives the others back, too. */
  async function receive() {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: maxBatchMessages,
        VisibilityTimeout: holdSeconds,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['SentTimestamp'],
      }),
    );
    // At least once: what was deleted may come once more.
    const again = Messages.filter(({ MessageId = '' }) => deleted.has(MessageId));
    for (const { ReceiptHandle } of again) await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    const received = Messages.filter(message => !again.includes(message));
    for (const { MessageId = '', ReceiptHandle = '' } of received) held.set(MessageId, ReceiptHandle);
    return received;
  }

  /** At most ten; says of how many that failed. */
  async function giveBack(handles: readonly string[]): Promise<number> {
    // Not 0: the engine of the local stack loses a message by that until it is started again.
    const Entries = handles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout: 1 }));
    return client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries })).then(
      ({ Failed = [] }) => Failed.length,
      () => Entries.length,
    );
  }

  return {
    async size() {
      const { Attributes } = await client.send(
        new GetQueueAttributesCommand({
          QueueUrl,
          AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
        }),
      );
      const { ApproximateNumberOfMessages = 0, ApproximateNumberOfMessagesNotVisible = 0 } = Attributes ?? {};
      const byOthers = Number(ApproximateNumberOfMessagesNotVisible) - held.size;
      return { waiting: Number(ApproximateNumberOfMessages), held: Math.max(0, byOthers) };
    },

    async *messages() {
      const known = new Set<string>();
      for (let empty = 0; empty < emptyAnswers; ) {
        const received = await receive();
        empty = received.length === 0 ? empty + 1 : 0;
        for (const { MessageId = '', Body = '', Attributes } of received) {
          if (known.has(MessageId)) continue;
          known.add(MessageId);
          yield { messageId: MessageId, body: Body, sentAt: Number(Attributes?.SentTimestamp ?? 0) };
        }
      }
    },

    async delete({ messageId }) {
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: held.get(messageId) }));
      held.delete(messageId);
      deleted.add(messageId);
    },

    async release() {
      const handles = [...held.values()];
      held.clear();
      let failed = 0;
      const batches = Array.from({ length: Math.ceil(handles.length / maxBatchMessages) }, (_, index) =>
        handles.slice(index * maxBatchMessages, (index + 1) * maxBatchMessages),
      );
      await forEachConcurrently(batches, concurrentCalls, async batch => {
        const refused = await giveBack(batch);
        failed += refused;
      });
      return failed;
    },
  };
}
