import { nothingRecorded, type Recorder } from '../../shared/email/recorder.ts';
import type { Nonce, ParsedRequest, Quarantined } from '../../shared/providers/provider.ts';
import type { Quarantine, QuarantinedRequest } from '../../shared/queues/quarantine-messages.ts';
import type { RetryQueue } from '../../shared/queues/retry-messages.ts';
import { abortable } from '../../shared/runtime/abortable.ts';
import { errorName } from '../../shared/runtime/log.ts';
import type { IngestMetrics } from './metrics.ts';

/** What became of a request's events; every one is in exactly one of those below `received`. */
export interface Counts {
  readonly received: number;
  readonly recorded: number;
  readonly duplicate: number;
  /** Repeats of opens, clicks and notes beyond the history's bound. */
  readonly dropped: number;
  /** Of emails that were erased, and stay so. */
  readonly erased: number;
  /** Longer ago than emails are kept: of these nothing is written, and nobody is alerted. */
  readonly expired: number;
  /** Handed to the retry queue. */
  readonly deferred: number;
  readonly quarantined: number;
  readonly unrelated: number;
}

export type PersistOutcome = { readonly counts: Counts } & (
  | { readonly durable: true }
  /** Something of it is nowhere: whoever sent it has to send it again. `cause` says what failed, for the log. */
  | { readonly durable: false; readonly failed: number; readonly cause: string }
);

/** Until when the table is waited for, and until when the queues are; what is not durable by then counts as lost. */
export interface Deadlines {
  readonly table: AbortSignal;
  readonly queues: AbortSignal;
}

export interface KeepDependencies {
  readonly store: Pick<Recorder, 'record'>;
  readonly quarantine: Quarantine;
  /** Where events go that cannot be recorded now; null for those that come from a queue, and stay in it. */
  readonly retryQueue: RetryQueue | null;
  readonly metrics: IngestMetrics;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Makes everything in a genuine request durable: its events in the table, or else in the retry queue; what cannot be read
 * or recorded in quarantine. Never rejects.
 *
 * @param unproven nonces that could not be looked up: nothing is recorded before the retry queue did that
 */
export type PersistEvents = (
  request: QuarantinedRequest,
  reading: ParsedRequest,
  deadlines: Deadlines,
  unproven?: readonly Nonce[],
) => Promise<PersistOutcome>;

export function createPersistEvents({ store, quarantine, retryQueue, metrics, now }: KeepDependencies): PersistEvents {
  return async (request, { events, quarantined: unreadable, unrelated }, { table, queues }, unproven = []) => {
    const { requestId, provider, receivedAt } = request;
    const { recorded, duplicate, dropped, erased, expired, unrecordable, failed } =
      unproven.length === 0
        ? await store.record(events, receivedAt, table)
        : { ...nothingRecorded, failed: [{ events, error: new Error('nonce') }] };
    const late = failed.flatMap(group => group.events);
    const quarantined: Quarantined[] = [
      ...unreadable,
      ...unrecordable.map(({ reason, event }) => ({ reason, piece: event })),
    ];

    // What comes again from its queue is put into quarantine once nothing else keeps it there.
    const quarantines = quarantined.length > 0 && (retryQueue !== null || late.length === 0);
    const [deferring, quarantining] = await Promise.allSettled([
      late.length > 0 && retryQueue !== null
        ? abortable(queues, retryQueue({ requestId, provider, receivedAt, nonces: unproven, events: late }))
        : undefined,
      quarantines ? abortable(queues, quarantine(request, quarantined)) : undefined,
    ]);
    const isDeferred = retryQueue !== null && deferring.status === 'fulfilled';
    const isQuarantined = quarantines && quarantining.status === 'fulfilled';
    const counts: Counts = {
      received: events.length + unreadable.length + unrelated,
      recorded,
      duplicate,
      dropped,
      erased,
      expired: expired.length,
      deferred: isDeferred ? late.length : 0,
      quarantined: isQuarantined ? quarantined.length : 0,
      unrelated,
    };
    if (recorded > 0) {
      const isMissing = new Set([...late, ...expired, ...unrecordable.map(({ event }) => event)]);
      metrics.recorded(provider, isMissing.size === 0 ? events : events.filter(event => !isMissing.has(event)), now());
    }
    metrics.count(provider, {
      duplicates: duplicate,
      quarantined: counts.quarantined,
      deferred: counts.deferred,
    });

    const causes = [
      ...(late.length > 0 && !isDeferred ? [`table: ${errorName(failed[0]?.error)}`] : []),
      ...(deferring.status === 'rejected' ? [`retry queue: ${errorName(deferring.reason)}`] : []),
      ...(quarantining.status === 'rejected' ? [`quarantine: ${errorName(quarantining.reason)}`] : []),
    ];
    if (causes.length === 0) return { counts, durable: true };
    const lost = (isDeferred ? 0 : late.length) + (isQuarantined ? 0 : quarantined.length);
    return { counts, durable: false, failed: lost, cause: causes.join(', ') };
  };
}
