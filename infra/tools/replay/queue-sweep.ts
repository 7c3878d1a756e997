import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { QueuedMessage } from '../../../shared/queues/queued-request.ts';
import { chunks } from '../../../shared/runtime/chunks.ts';
import { forEachConcurrently } from '../../../shared/runtime/concurrency.ts';

/** One pass through a queue from end to end, during which nobody else receives its messages. */
export interface QueueSweep {
  /** The approximate numbers of messages that wait in it, and of those that somebody else holds. */
  size(): Promise<{ readonly waiting: number; readonly held: number }>;
  /** Every message once. The sweep holds it until it is deleted, or all are released. */
  messages(): AsyncGenerator<QueuedMessage>;
  delete(message: QueuedMessage): Promise<void>;
  /** Gives back the messages that were not deleted. Gives the number of those for which that failed: they come back later. */
  release(): Promise<number>;
}

/** A queue answers from some of its servers: one empty answer does not mean that it is empty. */
const emptyAnswers = 2;

/** Messages received or given back in one call, and such calls in flight at once. */
const maxBatchMessages = 10;
const concurrentCalls = 8;

/** The time for which a message is held: enough for most queues. A message that comes again is known by its id. */
export const holdMinutes = 15;

/** @param waitSeconds the seconds in which an answer comes from all of the queue's servers; 0 if it has only one */
export function createQueueSweep(client: Pick<SQSClient, 'send'>, QueueUrl: string, waitSeconds: number): QueueSweep {
  /** Receipt handles by message id: only a message's newest one counts. */
  const held = new Map<string, string>();
  const deleted = new Set<string>();

  /** Holds all messages of an answer before the first is read, so that a sweep that stops gives all of them back. */
  async function receive() {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: maxBatchMessages,
        VisibilityTimeout: holdMinutes * 60,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['SentTimestamp'],
      }),
    );
    // Delivery is at least once: a deleted message may come once more.
    const again = Messages.filter(({ MessageId = '' }) => deleted.has(MessageId));
    for (const { ReceiptHandle } of again) await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    const received = Messages.filter(message => !again.includes(message));
    for (const { MessageId = '', ReceiptHandle = '' } of received) held.set(MessageId, ReceiptHandle);
    return received;
  }

  /** Gives at most ten messages back. Gives the number of those for which that failed. */
  async function giveBack(handles: readonly string[]): Promise<number> {
    // With 0 the local stack's engine loses the message until it is started again.
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
      await forEachConcurrently(chunks(handles, maxBatchMessages), concurrentCalls, async batch => {
        const refused = await giveBack(batch);
        failed += refused;
      });
      return failed;
    },
  };
}
