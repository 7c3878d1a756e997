import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { forEachConcurrently } from '../runtime/concurrency.ts';
import type { QueuedMessage } from './queued-request.ts';

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

export interface HoldOptions {
  /** How long an answer may take to come from all of a queue's servers. */
  readonly waitSeconds?: number;
  /** How long a message is held; what comes again all the same is known by its id, and held again. */
  readonly holdSeconds?: number;
  /** Calls for messages at once: more, where there is little time. */
  readonly receives?: number;
  /**
   * Epoch milliseconds: what was sent then or later is given back at once. Without it a queue that never ceases to fill
   * is never gone through.
   */
  readonly sentBefore?: number;
  /** Once aborted, nothing is waited for any more, but for the messages to be given back. */
  readonly abortSignal?: AbortSignal;
}

/** A quarter of an hour is long enough to go through most queues. */
export function createQueueSweep(
  client: Pick<SQSClient, 'send'>,
  QueueUrl: string,
  {
    waitSeconds = 2,
    holdSeconds = 900,
    receives = 1,
    sentBefore = Number.POSITIVE_INFINITY,
    abortSignal,
  }: HoldOptions = {},
): QueueSweep {
  const options = { ...(abortSignal && { abortSignal }) };
  /** Receipt handles by message id: only a message's newest one counts. */
  const held = new Map<string, string>();
  const deleted = new Set<string>();

  /** All of an answer is held before the first of it is looked at: whoever stops then gives the others back, too. */
  async function receive(): Promise<{ readonly received: readonly Message[]; readonly isFull: boolean }> {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: maxBatchMessages,
        VisibilityTimeout: holdSeconds,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['SentTimestamp'],
      }),
      options,
    );
    // At least once: what was deleted may come once more.
    const again = Messages.filter(({ MessageId = '' }) => deleted.has(MessageId));
    for (const { ReceiptHandle } of again)
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }), options);
    const late = Messages.filter(message => sentAtOf(message) >= sentBefore);
    const received = Messages.filter(message => !late.includes(message) && !again.includes(message));
    for (const { MessageId = '', ReceiptHandle = '' } of received) held.set(MessageId, ReceiptHandle);
    await givenBack(late.map(({ ReceiptHandle = '' }) => ReceiptHandle));
    return { received, isFull: Messages.length === maxBatchMessages };
  }

  /** At most ten; says of how many that failed. */
  async function givenBack(handles: readonly string[]): Promise<number> {
    if (handles.length === 0) return 0;
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
        options,
      );
      const { ApproximateNumberOfMessages = 0, ApproximateNumberOfMessagesNotVisible = 0 } = Attributes ?? {};
      const byOthers = Number(ApproximateNumberOfMessagesNotVisible) - held.size;
      return { waiting: Number(ApproximateNumberOfMessages), held: Math.max(0, byOthers) };
    },

    async *messages() {
      const known = new Set<string>();
      for (let empty = 0; empty < emptyAnswers; ) {
        const answers = await Promise.allSettled(Array.from({ length: receives }, receive));
        const all = answers.map(answer => {
          if (answer.status === 'rejected') throw answer.reason;
          return answer.value;
        });
        const received = all.flatMap(answer => answer.received);
        // Where every answer is full of what came later, there may be more behind it.
        empty = received.length === 0 && all.some(({ isFull }) => !isFull) ? empty + 1 : 0;
        for (const message of received) {
          const { MessageId = '', Body = '' } = message;
          if (known.has(MessageId)) continue;
          known.add(MessageId);
          yield { messageId: MessageId, body: Body, sentAt: sentAtOf(message) };
        }
      }
    },

    async delete({ messageId }) {
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: held.get(messageId) }), options);
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
        const refused = await givenBack(batch);
        failed += refused;
      });
      return failed;
    },
  };
}

function sentAtOf({ Attributes }: Message): number {
  return Number(Attributes?.SentTimestamp ?? 0);
}
