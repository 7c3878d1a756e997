import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { within } from '../../shared/deadline.ts';
import { eachInFlight } from '../../shared/in-flight.ts';
import { errorName, type Log } from '../../shared/log.ts';
import { lookUp } from '../../shared/look-up.ts';
import type { Provider, ReadingContext } from '../../shared/providers/provider.ts';
import type { Counts, Deadlines, Keep, Kept } from './keep.ts';
import type { IngestMetrics } from './metrics.ts';
import type { Nonces } from './nonces.ts';
import { readRetryMessage } from './retry-queue.ts';

/** Where a queue's messages come from: our own retry queue, or Amazon SES through a topic. */
export type QueueSource = 'retry' | 'ses';

export interface QueueDependencies {
  /** By the queue's ARN. */
  readonly sources: Readonly<Record<string, QueueSource>>;
  readonly ses: Provider;
  readonly context: ReadingContext;
  /** Without a retry queue: what cannot be recorded stays in the queue that it came from. */
  readonly keep: Keep;
  readonly nonces: Nonces;
  readonly metrics: IngestMetrics;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

const messagesInFlight = 4;

/** Of the function's own time, what is kept for the queues and for the answer. */
const forQueues = 2_000;
const forAnswer = 500;

/**
 * The ingest function, fed by its queues: messages that are durable elsewhere are done with, the others stay, and come
 * again once their visibility timeout is over. Only those that failed are named in the answer.
 */
export function createQueueHandler(dependencies: QueueDependencies) {
  const { sources, log } = dependencies;
  return middy<SQSEvent, SQSBatchResponse>().handler(async ({ Records }, context) => {
    const requestId = context.awsRequestId;
    const timeLeft = context.getRemainingTimeInMillis();
    const deadlines: Deadlines = {
      table: AbortSignal.timeout(Math.max(0, timeLeft - forQueues)),
      queues: AbortSignal.timeout(Math.max(0, timeLeft - forAnswer)),
    };
    const failed: string[] = [];
    const totals = { received: 0, recorded: 0, duplicate: 0, dropped: 0, deferred: 0, quarantined: 0, unrelated: 0 };
    const source = lookUp(sources, Records[0]?.eventSourceARN ?? '');
    await eachInFlight(Records, messagesInFlight, async record => {
      const cause = await outcomeOf(record);
      if (cause === null) return;
      failed.push(record.messageId);
      log('queue.message-failed', { requestId, messageId: record.messageId, cause });
    });

    /** Why the message has to come again; null where it need not. */
    async function outcomeOf(record: SQSRecord): Promise<string | null> {
      if (source === undefined) return 'unknown queue';
      try {
        const kept = await readers[source](record, dependencies, deadlines);
        for (const name of Object.keys(totals) as (keyof Counts)[]) totals[name] += kept.counts[name];
        return kept.durable ? null : kept.cause;
      } catch (error) {
        return errorName(error);
      }
    }

    log('queue.drained', {
      requestId,
      source: source ?? 'unknown',
      messages: Records.length,
      ...totals,
      failed: failed.length,
    });
    return { batchItemFailures: failed.map(itemIdentifier => ({ itemIdentifier })) };
  });
}

const nothing: Kept = {
  counts: { received: 0, recorded: 0, duplicate: 0, dropped: 0, deferred: 0, quarantined: 0, unrelated: 0 },
  durable: true,
};

/** What becomes of one message, by where it comes from. Rejects, as not durable does, for a message that has to come again. */
const readers = {
  async retry({ body }, { keep, nonces, metrics, log }, deadlines) {
    const { events, nonce, ...request } = readRetryMessage(body);
    const { requestId, provider, receivedAt } = request;
    if (nonce !== null && !(await within(deadlines.table, nonces(provider, nonce, receivedAt)))) {
      // Acknowledged, since it could not be told then; but proved by what had proved something else before.
      log('webhook.refused', { requestId, provider, refusal: 'reused_nonce' });
      metrics.count(provider, { refused: 1 });
      return nothing;
    }
    return keep(
      { ...request, headers: {}, body: Buffer.alloc(0) },
      { events, quarantined: [], unrelated: 0 },
      deadlines,
    );
  },

  // Only the topic may send to this queue, and only SES to the topic: no signature needs to be looked at.
  async ses({ body, messageId, attributes }, { ses, context, keep, metrics, now }, deadlines) {
    const request = {
      method: 'POST',
      url: '',
      headers: {},
      body: Buffer.from(body),
      receivedAt: Number(attributes.SentTimestamp) || now(),
    };
    const reading = ses.parse(request, context);
    metrics.arrived(ses.name, reading.events);
    return keep({ ...request, requestId: messageId, provider: ses.name }, reading, deadlines);
  },
} as const satisfies Record<
  QueueSource,
  (record: SQSRecord, dependencies: QueueDependencies, deadlines: Deadlines) => Promise<Kept>
>;
