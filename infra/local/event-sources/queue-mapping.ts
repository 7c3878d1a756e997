import { counted } from '../cli/counted.ts';
import { region } from '../cloudformation/template.ts';
import type { LocalFunction } from '../lambda/function-environment.ts';
import { awsJson } from '../services/aws-json.ts';
import { type EventSourceMapping, invokeWithBatch, pause, type RunningMapping } from './event-source-mapping.ts';

interface Message {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly MD5OfBody: string;
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MessageAttributes?: Readonly<
    Record<string, { readonly DataType: string; readonly StringValue?: string; readonly BinaryValue?: string }>
  >;
}

export interface QueueMappingOptions {
  readonly mapping: EventSourceMapping;
  readonly target: LocalFunction;
  /** The queue engine, and the queue's URL there. */
  readonly endpoint: string;
  readonly queueUrl: string;
  readonly onFault: (line: string) => void;
}

/** SQS gives at most ten messages at a time. */
const messagesPerReceive = 10;

/** Batches in work at once. More would take all of the function's processes. */
const maxBatches = 2;

/**
 * Invokes a function with the messages of a queue, batch by batch. Messages that it took are deleted. Failed ones come
 * again when their visibility timeout is over, and in the end go to the queue's own dead-letter queue.
 */
export function startQueueMapping({
  mapping,
  target,
  endpoint,
  queueUrl,
  onFault,
}: QueueMappingOptions): RunningMapping {
  const stopping = new AbortController();
  const { signal } = stopping;
  const sqs = <Output>(operation: string, input: object) =>
    awsJson<Output>(endpoint, `AmazonSQS.${operation}`, { QueueUrl: queueUrl, ...input });

  async function deleteAll(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await sqs('DeleteMessageBatch', { Entries });
  }

  async function deliver(messages: readonly Message[]): Promise<void> {
    const records = messages.map(message => lambdaRecord(message, mapping.EventSourceArn));
    const outcome = await invokeWithBatch(target, records, mapping);
    if ('error' in outcome)
      return onFault(
        `${target.name}: ${counted(messages.length, 'queue message')} failed, to come again: ${outcome.error}`,
      );
    if (outcome.failed.size > 0)
      onFault(`${target.name}: ${counted(outcome.failed.size, 'queue message')} failed, to come again`);
    await deleteAll(messages.filter(({ MessageId }) => !outcome.failed.has(MessageId)));
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        const { Messages = [] } = await sqs<{ Messages?: Message[] }>('ReceiveMessage', {
          MaxNumberOfMessages: Math.min(mapping.BatchSize ?? messagesPerReceive, messagesPerReceive),
          WaitTimeSeconds: 1,
          AttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        });
        if (Messages.length > 0) await deliver(Messages);
      } catch (error) {
        if (signal.aborted) return;
        onFault(`${target.name}: its queue cannot be read: ${error}`);
        await pause(1_000, signal);
      }
    }
  }

  const batches = Math.min(mapping.ScalingConfig?.MaximumConcurrency ?? maxBatches, maxBatches);
  const finished = Promise.all(Array.from({ length: batches }, run));
  return {
    async stop() {
      stopping.abort();
      await finished;
    },
  };
}

function lambdaRecord(message: Message, eventSourceARN: string): object {
  const { MessageId, ReceiptHandle, Body, MD5OfBody, Attributes = {}, MessageAttributes = {} } = message;
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: Attributes,
    messageAttributes: Object.fromEntries(
      Object.entries(MessageAttributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
        name,
        { dataType: DataType, stringValue: StringValue, binaryValue: BinaryValue },
      ]),
    ),
    md5OfBody: MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN,
    awsRegion: region,
  };
}
