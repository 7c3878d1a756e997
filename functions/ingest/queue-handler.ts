import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Nonces } from '../../shared/guards/nonces.ts';
import { queueParsers } from '../../shared/queues/queue-parsers.ts';
import type { QueueServices } from '../../shared/queues/queued-request.ts';
import { abortable } from '../../shared/runtime/abortable.ts';
import { type Counts, noCounts } from '../../shared/runtime/counts.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import { ownValue } from '../../shared/runtime/own-property.ts';
import type { Deadlines } from './deadlines.ts';
import type { IngestMetrics } from './metrics.ts';
import type { PersistEvents } from './persist-events.ts';

export interface QueueDependencies extends QueueServices {
  /** By the queue's ARN. */
  readonly sources: Readonly<Record<string, keyof typeof queueParsers>>;
  /** Without a retry queue: what cannot be recorded stays in the queue that it came from. */
  readonly persistEvents: PersistEvents;
  readonly nonces: Nonces;
  readonly metrics: IngestMetrics;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

/** Of the function's own time, what is kept for the queues and for the answer. */
const reservedForQueuesMs = 2_000;
const reservedForAnswerMs = 500;

/**
 * The ingest function, fed by its queues: messages that are durable elsewhere are done with, the others stay, and come
 * again once their visibility timeout is over. Only those that failed are named in the answer.
 */
export function createQueueHandler(dependencies: QueueDependencies) {
  const { sources, persistEvents, nonces, metrics, now, log } = dependencies;
  return middy<SQSEvent, SQSBatchResponse>().handler(async ({ Records }, context) => {
    const requestId = context.awsRequestId;
    const timeLeft = context.getRemainingTimeInMillis();
    const deadlines: Deadlines = {
      table: AbortSignal.timeout(Math.max(0, timeLeft - reservedForQueuesMs)),
      queues: AbortSignal.timeout(Math.max(0, timeLeft - reservedForAnswerMs)),
    };
    const failed: string[] = [];
    const totals = noCounts();
    const source = ownValue(sources, Records[0]?.eventSourceARN ?? '');
    const work = Records.map(async record => {
      const cause = await outcomeOf(record);
      if (cause === null) return;
      failed.push(record.messageId);
      log('queue.message-failed', { requestId, messageId: record.messageId, cause });
    });
    await Promise.all(work);

    /** Why the message has to come again; null where it need not. */
    async function outcomeOf(record: SQSRecord): Promise<string | null> {
      if (source === undefined) return 'unknown queue';
      try {
        const { messageId, body, attributes } = record;
        const sentAt = Number(attributes.SentTimestamp) || now();
        const { request, parsed, nonces: unproven } = queueParsers[source]({ messageId, body, sentAt }, dependencies);
        const { provider, receivedAt } = request;
        const use =
          unproven.length === 0 ? 'own' : await abortable(deadlines.table, nonces(provider, unproven, receivedAt));
        // Whatever else came with it while it could not be looked up is tried again within a minute, and may have come first.
        if (use === 'new') return 'nonce not known for a minute yet';
        if (use !== 'own') {
          log('webhook.refused', { requestId: request.requestId, provider, refusal: 'reused_nonce' });
          metrics.count(provider, { refused: 1 });
          // Acknowledged, since it could not be told then; but proved by what had proved something else before.
          if (use === 'reused') return null;
        }
        // Events of the retry queue were counted when they came, and a message that comes again when it first did.
        if (source === 'ses' && (attributes.ApproximateReceiveCount ?? '1') === '1')
          metrics.arrived(provider, parsed.events);
        const outcome = await persistEvents(request, parsed, deadlines);
        for (const name of Object.keys(totals) as (keyof Counts)[]) totals[name] += outcome.counts[name];
        return outcome.durable ? null : outcome.cause;
      } catch (error) {
        return errorName(error);
      }
    }

    if (failed.length > 0) metrics.failedMessages(source ?? 'unknown', failed.length);
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
