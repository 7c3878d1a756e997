import { ChangeMessageVisibilityBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { chunks } from '../../shared/runtime/chunks.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';

/** Puts messages off for so many seconds. Those that fail come again after the queue's own visibility timeout. */
export type Postpone = (receiptHandles: readonly string[], seconds: number) => Promise<void>;

/** SQS changes ten messages in one call. */
const messagesPerCall = 10;
const callsInFlight = 8;

export function createPostpone(client: Pick<SQSClient, 'send'>, queueUrl: string): Postpone {
  return async (receiptHandles, seconds) => {
    await forEachConcurrently(chunks(receiptHandles, messagesPerCall), callsInFlight, async handles => {
      const Entries = handles.map((ReceiptHandle, index) => ({
        Id: String(index),
        ReceiptHandle,
        VisibilityTimeout: seconds,
      }));
      // A lost call only delays: the messages stay in the queue.
      await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries })).catch(() => {});
    });
  };
}
