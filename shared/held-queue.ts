import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { eachInFlight } from './in-flight.ts';

/** A message as it came out of a queue. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  /** Epoch milliseconds. */
  readonly sentAt: number;
}

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

/** Queues answer from some of their servers: one empty answer says little. */
const emptyAnswers = 2;

/** Messages given back in one call, and calls in flight at once. */
const mostInBatch = 10;
const concurrentCalls = 8;

export interface HoldOptions {
  /** How long an answer may take to come from all of a queue's servers. */
  readonly waitSeconds?: number;
  /** How long a message is held; what comes again all the same is known by its id, and held again. */
  readonly holdSeconds?: number;
  /** Once aborted, nothing is waited for any more, but for the messages to be given back. */
  readonly abortSignal?: AbortSignal;
}

/** A quarter of an hour is long enough to go through most queues. */
export function createHeldQueue(
  client: Pick<SQSClient, 'send'>,
  QueueUrl: string,
  { waitSeconds = 2, holdSeconds = 900, abortSignal }: HoldOptions = {},
): HeldQueue {
  const options = { ...(abortSignal && { abortSignal }) };
  /** Receipt handles by message id: only a message's newest one counts. */
  const held = new Map<string, string>();
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
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({
            QueueUrl,
            MaxNumberOfMessages: 10,
            VisibilityTimeout: holdSeconds,
            WaitTimeSeconds: waitSeconds,
            MessageSystemAttributeNames: ['SentTimestamp'],
          }),
          options,
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
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: held.get(messageId) }), options);
      held.delete(messageId);
    },

    async release() {
      const handles = [...held.values()];
      held.clear();
      let failed = 0;
      const batches = Array.from({ length: Math.ceil(handles.length / mostInBatch) }, (_, index) =>
        handles.slice(index * mostInBatch, (index + 1) * mostInBatch),
      );
      await eachInFlight(batches, concurrentCalls, async batch => {
        // Not 0: the engine of the local stack loses a message by that until it is started again.
        const Entries = batch.map((ReceiptHandle, index) => ({
          Id: String(index),
          ReceiptHandle,
          VisibilityTimeout: 1,
        }));
        const refused = await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries })).then(
          ({ Failed = [] }) => Failed.length,
          () => Entries.length,
        );
        failed += refused;
      });
      return failed;
    },
  };
}
