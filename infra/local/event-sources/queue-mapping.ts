import { chunks } from '../../../shared/runtime/chunks.ts';
import { counted } from '../cli/counted.ts';
import { region } from '../cloudformation/template.ts';
import type { LocalFunction } from '../lambda/function-environment.ts';
import { awsJson } from '../services/aws-json.ts';
import { StartError } from '../start-error.ts';
import {
  backoff,
  type EventSourceMapping,
  fittingCount,
  invokeWithBatch,
  pause,
  type RunningMapping,
} from './event-source-mapping.ts';

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
  /** The function puts messages off as a rule, and its log says which of them failed. */
  readonly postpones?: boolean;
  readonly onFault: (line: string) => void;
}

/** SQS gives and deletes at most ten messages at a time. */
const messagesPerCall = 10;

/** Lambda begins with so many batches of a standard queue in work at once. Later it adds more, which nobody waits for here. */
const firstBatches = 5;

/**
 * Invokes a function with the messages of a queue, batch by batch. Messages that it took are deleted. Failed ones come
 * again when their visibility timeout is over, and in the end go to the queue's own dead-letter queue.
 */
export function startQueueMapping({
  mapping,
  target,
  endpoint,
  queueUrl,
  postpones = false,
  onFault,
}: QueueMappingOptions): RunningMapping {
  const stopping = new AbortController();
  const { signal } = stopping;
  const sqs = <Output>(operation: string, input: object) =>
    awsJson<Output>(endpoint, `AmazonSQS.${operation}`, { QueueUrl: queueUrl, ...input });

  const batchSize = mapping.BatchSize ?? messagesPerCall;
  const window = (mapping.MaximumBatchingWindowInSeconds ?? 0) * 1000;

  async function deleteAll(messages: readonly Message[]): Promise<void> {
    for (const some of chunks(messages, messagesPerCall)) {
      const Entries = some.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await sqs('DeleteMessageBatch', { Entries });
    }
  }

  /** Invokes again while the function is throttled, until the messages are visible to others again. */
  async function invoked(messages: readonly Message[], receivedAt: number) {
    const records = messages.map(message => lambdaRecord(message, mapping.EventSourceArn));
    for (let throttles = 0; ; throttles += 1) {
      const outcome = await invokeWithBatch(target, records, mapping);
      if (!('throttled' in outcome)) return outcome;
      const next = Date.now() + backoff(throttles);
      if (signal.aborted || next > receivedAt + (await visibilityTimeoutMs())) return { error: 'throttled' };
      await pause(backoff(throttles), signal);
    }
  }

  async function visibilityTimeoutMs(): Promise<number> {
    const AttributeNames = ['VisibilityTimeout'];
    const { Attributes } = await sqs<{ Attributes: { VisibilityTimeout: string } }>('GetQueueAttributes', {
      AttributeNames,
    });
    return Number(Attributes.VisibilityTimeout) * 1000;
  }

  async function deliver({ messages, receivedAt }: Batch): Promise<void> {
    const outcome = await invoked(messages, receivedAt);
    if ('error' in outcome)
      return onFault(
        `${target.name}: ${counted(messages.length, 'queue message')} failed, to come again: ${outcome.error}`,
      );
    // A failed message is left alone: the function may have set when it is visible again.
    if (outcome.failed.size > 0 && !postpones)
      onFault(`${target.name}: ${counted(outcome.failed.size, 'queue message')} failed, to come again`);
    await deleteAll(messages.filter(({ MessageId }) => !outcome.failed.has(MessageId)));
  }

  async function receive(MaxNumberOfMessages: number, WaitTimeSeconds: number): Promise<readonly Message[]> {
    const { Messages = [] } = await sqs<{ Messages?: Message[] }>('ReceiveMessage', {
      MaxNumberOfMessages: Math.min(MaxNumberOfMessages, messagesPerCall),
      WaitTimeSeconds,
      AttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    });
    return Messages;
  }

  /**
   * Gathers until the batch is full, or its window is over.
   *
   * @param messages those that did not fit into the batch before; what does not fit into this one stays in it
   */
  async function nextBatch(messages: Message[]): Promise<Batch> {
    let receivedAt = messages.length === 0 ? Number.POSITIVE_INFINITY : Date.now();
    while (!signal.aborted && messages.length < batchSize && fittingCount(messages) === messages.length) {
      const left = receivedAt + window - Date.now();
      if (left <= 0) break;
      const news = await receive(batchSize - messages.length, left < 1_000 ? 0 : 1);
      if (news.length > 0) receivedAt = Math.min(receivedAt, Date.now());
      messages.push(...news);
      if (news.length === 0 && left < 1_000) await pause(Math.min(left, 100), signal);
    }
    return { messages: messages.splice(0, fittingCount(messages)), receivedAt };
  }

  async function run(): Promise<void> {
    const left: Message[] = [];
    while (!signal.aborted) {
      try {
        const batch = await nextBatch(left);
        if (batch.messages.length > 0) await deliver(batch);
      } catch (error) {
        if (signal.aborted) return;
        onFault(`${target.name}: its queue cannot be read: ${error}`);
        await pause(1_000, signal);
      }
    }
  }

  const batches = Math.min(mapping.ScalingConfig?.MaximumConcurrency ?? firstBatches, firstBatches);
  const finished = Promise.all(Array.from({ length: batches }, run));
  return {
    async stop() {
      stopping.abort();
      await finished;
    },
  };
}

interface Batch {
  readonly messages: readonly Message[];
  /** When the first one came: from then on it is hidden from others. */
  readonly receivedAt: number;
}

/**
 * Refuses a mapping of a queue that Lambda would refuse, or that is not understood here.
 *
 * @throws StartError naming the mapping
 */
export function checkQueueMapping(name: string, queueUrl: string, mapping: EventSourceMapping): void {
  const { BatchSize = messagesPerCall, MaximumBatchingWindowInSeconds: window = 0, ScalingConfig } = mapping;
  const { MaximumConcurrency = 2 } = ScalingConfig ?? {};
  const faults = [
    [queueUrl.endsWith('.fifo'), 'FIFO queues are not understood here'],
    [BatchSize < 1 || BatchSize > 10_000, 'BatchSize is from 1 to 10,000'],
    [BatchSize > messagesPerCall && window < 1, 'BatchSize above 10 needs MaximumBatchingWindowInSeconds of 1 or more'],
    [window < 0 || window > 300, 'MaximumBatchingWindowInSeconds is from 0 to 300'],
    [MaximumConcurrency < 2 || MaximumConcurrency > 1_000, 'MaximumConcurrency is from 2 to 1,000'],
  ] as const;
  const fault = faults.find(([is]) => is)?.[1];
  if (fault !== undefined) throw new StartError(`${name}: ${fault}`);
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
