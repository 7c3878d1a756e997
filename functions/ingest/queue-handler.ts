import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { CanonicalEvent } from '../../shared/email/event.ts';
import type { ErasureLookUp } from '../../shared/guards/erase-received.ts';
import type { Nonces } from '../../shared/guards/nonces.ts';
import { queueParsers } from '../../shared/queues/queue-parsers.ts';
import type { QueuedRequest, QueueServices } from '../../shared/queues/queued-request.ts';
import { abortable } from '../../shared/runtime/abortable.ts';
import { type Counts, noCounts, shownCounts } from '../../shared/runtime/counts.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import { ownValue } from '../../shared/runtime/own-property.ts';
import type { Deadlines } from './deadlines.ts';
import type { Measure } from './metrics.ts';
import type { GenuineRequest, PersistEvents, PersistOutcome } from './persist-events.ts';
import type { Refusals } from './refusals.ts';

export interface QueueDependencies extends QueueServices {
  /** By the queue's ARN. */
  readonly sources: Readonly<Record<string, keyof typeof queueParsers>>;
  /** Without a retry queue: an event that cannot be recorded stays in its own queue. */
  readonly persistEvents: PersistEvents;
  readonly nonces: Nonces;
  readonly lookUpErasures: ErasureLookUp;
  readonly measure: Measure;
  readonly refusals: Refusals;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

/** The outcome of a batch's messages of one provider. */
interface Drained {
  messages: number;
  failed: number;
  readonly counts: Counts;
  readonly arrived: CanonicalEvent[];
  readonly stored: CanonicalEvent[];
}

/** A message whose events are to be recorded. */
interface Genuine extends GenuineRequest {
  /** Number of its events that came before an erasure. */
  readonly erased: number;
}

/** The parts of the function's own time that are reserved for the queues and for the answer. */
const reservedForQueuesMs = 2_000;
const reservedForAnswerMs = 500;

/**
 * The ingest function for messages of its queues. The events of one email share a write, whichever messages brought
 * them. A message leaves its queue once its events are durable elsewhere. The answer names the failed messages: they
 * come again after their visibility timeout.
 */
export function createQueueHandler(dependencies: QueueDependencies) {
  const { sources, persistEvents, nonces, lookUpErasures, measure, refusals, now, log } = dependencies;
  return middy<SQSEvent, SQSBatchResponse>().handler(async ({ Records }, context) => {
    const requestId = context.awsRequestId;
    const timeLeft = context.getRemainingTimeInMillis();
    const deadlines: Deadlines = {
      table: AbortSignal.timeout(Math.max(0, timeLeft - reservedForQueuesMs)),
      queues: AbortSignal.timeout(Math.max(0, timeLeft - reservedForAnswerMs)),
    };
    const failed: string[] = [];
    const byProvider = new Map<string | null, Drained>();
    const source = ownValue(sources, Records[0]?.eventSourceARN ?? '');
    const messages = Records.map(record => ({ record, queued: queuedIn(record) }));
    const received = messages.flatMap(({ queued }) =>
      queued instanceof Error
        ? []
        : queued.parsed.events.map(event => ({ event, receivedAt: queued.request.receivedAt })),
    );
    // Once for all messages, each of which learns of it in its turn.
    const erasures = abortable(deadlines.table, lookUpErasures(received));
    erasures.catch(() => {});
    const judged = await Promise.all(
      messages.map(async ({ record, queued }) => {
        const drained = drainedOf(queued);
        drained.messages += 1;
        return { record, drained, judgement: await judgementOf(record, queued, drained) };
      }),
    );
    const genuine = judged.flatMap(({ judgement }) => ('request' in judgement ? [judgement] : []));
    const persisted = await persistEvents(genuine, deadlines);
    const outcomes = new Map(genuine.map((one, index) => [one, persisted[index]!]));
    for (const { record, drained, judgement } of judged) {
      const cause = 'request' in judgement ? causeAfter(outcomes.get(judgement)!, judgement, drained) : judgement.cause;
      if (cause === null) continue;
      drained.failed += 1;
      failed.push(record.messageId);
      log('queue.message-failed', { requestId, messageId: record.messageId, cause });
    }

    /** The request in a message, or the error that keeps it from being read. */
    function queuedIn({ messageId, body, attributes }: SQSRecord): QueuedRequest | Error {
      if (source === undefined) return new Error('unknown queue');
      try {
        const sentAt = Number(attributes.SentTimestamp) || now();
        return queueParsers[source]({ messageId, body, sentAt }, dependencies);
      } catch (error) {
        return error as Error;
      }
    }

    function drainedOf(queued: QueuedRequest | Error): Drained {
      const provider = queued instanceof Error ? null : queued.request.provider;
      const drained = byProvider.get(provider) ?? {
        messages: 0,
        failed: 0,
        counts: noCounts(),
        arrived: [],
        stored: [],
      };
      byProvider.set(provider, drained);
      return drained;
    }

    /** The events to record, or why the message has to come again; null where it need not. */
    async function judgementOf(
      { attributes }: SQSRecord,
      queued: QueuedRequest | Error,
      { arrived }: Drained,
    ): Promise<Genuine | { readonly cause: string | null }> {
      if (source === undefined) return { cause: 'unknown queue' };
      if (queued instanceof Error) return { cause: errorName(queued) };
      try {
        const { request, parsed, nonces: unproven } = queued;
        const { provider, receivedAt } = request;
        const use =
          unproven.length === 0 ? 'own' : await abortable(deadlines.table, nonces(provider, unproven, receivedAt));
        // Whatever else came with it while it could not be looked up is tried again within a minute, and may have come first.
        if (use === 'new') return { cause: 'nonce not known for a minute yet' };
        if (use !== 'own') {
          refusals.add(provider, request.requestId, 'reused_nonce');
          // Acknowledged, since it could not be told then; but proved by what had proved something else before.
          if (use === 'reused') return { cause: null };
        }
        // Events of the retry queue were counted when they came, and a message that comes again when it first did.
        if (source === 'ses' && (attributes.ApproximateReceiveCount ?? '1') === '1') arrived.push(...parsed.events);
        const erase = await erasures;
        const events = await abortable(deadlines.table, erase(parsed.events));
        return { request, parsed: { ...parsed, events }, erased: parsed.events.length - events.length };
      } catch (error) {
        return { cause: errorName(error) };
      }
    }

    /** Counts an outcome, and says why the message has to come again; null where it need not. */
    function causeAfter(outcome: PersistOutcome, { erased }: Genuine, { counts, stored }: Drained): string | null {
      stored.push(...outcome.stored);
      for (const name of Object.keys(counts) as (keyof Counts)[]) counts[name] += outcome.counts[name];
      counts.received += erased;
      counts.erased += erased;
      return outcome.durable ? null : outcome.cause;
    }

    for (const [provider, { messages, failed: count, counts, arrived, stored }] of byProvider) {
      const from = source ?? 'unknown';
      log(
        'queue.drained',
        {
          requestId,
          source: from,
          ...(provider !== null && { provider }),
          messages,
          ...shownCounts(counts),
          failed: count,
        },
        measure(provider, { arrived, stored, counts, failedMessages: { source: from, count } }),
      );
    }
    return { batchItemFailures: failed.map(itemIdentifier => ({ itemIdentifier })) };
  });
}
