import type { CanonicalEvent } from '../../shared/email/event.ts';
import { nothingRecorded, type Recorded, type Recorder } from '../../shared/email/recorder.ts';
import type { Nonce, ParsedRequest } from '../../shared/providers/provider.ts';
import type { Quarantine, QuarantinedPiece, QuarantinedRequest } from '../../shared/queues/quarantine-messages.ts';
import type { RetryQueue } from '../../shared/queues/retry-messages.ts';
import { abortable } from '../../shared/runtime/abortable.ts';
import type { Counts } from '../../shared/runtime/counts.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import type { Deadlines } from './deadlines.ts';

export type PersistOutcome = {
  readonly counts: Readonly<Counts>;
  /** Events that are in the table now, if at least one of them was newly recorded. */
  readonly stored: readonly CanonicalEvent[];
} & (
  | { readonly durable: true }
  /** Something of it is nowhere: whoever sent it has to send it again. `cause` says what failed, for the log. */
  | { readonly durable: false; readonly failed: number; readonly cause: string }
);

export interface PersistDependencies {
  readonly store: Pick<Recorder, 'recordAll'>;
  readonly quarantine: Quarantine;
  /** Where events go that cannot be recorded now; null for those that come from a queue, and stay in it. */
  readonly retryQueue: RetryQueue | null;
  readonly log: Log;
}

/** Of the pieces of one request, so many have a log line of their own. */
const maxLoggedPieces = 20;

/** A genuine request and its content. */
export interface GenuineRequest {
  readonly request: QuarantinedRequest;
  readonly parsed: ParsedRequest;
  /** Nonces that could not be looked up: nothing is recorded before the retry queue did that. */
  readonly unproven?: readonly Nonce[];
}

/**
 * Makes everything in genuine requests durable, and returns the outcome of each. Events go to the table, or else to the
 * retry queue; those of one email share a write. Unreadable pieces and unrecordable events go to quarantine. Never
 * rejects.
 */
export type PersistEvents = (
  requests: readonly GenuineRequest[],
  deadlines: Deadlines,
) => Promise<readonly PersistOutcome[]>;

export function createPersistEvents({ store, quarantine, retryQueue, log }: PersistDependencies): PersistEvents {
  return async (requests, deadlines) => {
    const isProven = ({ unproven = [] }: GenuineRequest) => unproven.length === 0;
    const proven = requests.filter(isProven);
    const received = proven.map(({ request, parsed }) => ({ events: parsed.events, receivedAt: request.receivedAt }));
    const recorded = await store.recordAll(received, deadlines.table);
    const outcomes = new Map(proven.map((one, index) => [one, recorded[index]!]));
    return Promise.all(requests.map(one => persisted(one, outcomes.get(one) ?? unrecorded(one), deadlines)));
  };

  /** Puts everything elsewhere that the table did not take. */
  async function persisted(
    { request, parsed, unproven = [] }: GenuineRequest,
    { recorded, duplicate, dropped, erased, expired, unrecordable, failed }: Recorded,
    { queues }: Deadlines,
  ): Promise<PersistOutcome> {
    const { requestId, provider, receivedAt } = request;
    const { events, quarantined: unreadable, unrelated } = parsed;
    const late = failed.flatMap(group => group.events);
    const quarantined: QuarantinedPiece[] = [
      ...unreadable,
      ...unrecordable.map(({ reason, event }) => ({ reason, piece: event })),
    ];

    // A message that comes again from its queue is put into quarantine once nothing else keeps it there.
    const quarantines = quarantined.length > 0 && (retryQueue !== null || late.length === 0);
    const [queueing, quarantining] = await Promise.allSettled([
      late.length > 0 && retryQueue !== null
        ? abortable(queues, retryQueue({ requestId, provider, receivedAt, nonces: unproven, events: late }))
        : undefined,
      quarantines ? abortable(queues, quarantine(request, quarantined)) : undefined,
    ]);
    const isQueued = retryQueue !== null && queueing.status === 'fulfilled';
    const isQuarantined = quarantines && quarantining.status === 'fulfilled';
    const counts: Counts = {
      received: events.length + unreadable.length + unrelated,
      recorded,
      duplicate,
      dropped,
      erased,
      expired: expired.length,
      queued: isQueued ? late.length : 0,
      quarantined: isQuarantined ? quarantined.length : 0,
      unrelated,
    };
    if (isQuarantined) logQuarantined(log, { requestId, provider }, quarantined);
    const isMissing = new Set([...late, ...expired, ...unrecordable.map(({ event }) => event)]);
    const stored = recorded === 0 ? [] : events.filter(event => !isMissing.has(event));

    const causes = [
      ...(late.length > 0 && !isQueued ? [`table: ${errorName(failed[0]?.error)}`] : []),
      ...(queueing.status === 'rejected' ? [`retry queue: ${errorName(queueing.reason)}`] : []),
      ...(quarantining.status === 'rejected' ? [`quarantine: ${errorName(quarantining.reason)}`] : []),
    ];
    if (causes.length === 0) return { counts, stored, durable: true };
    const lost = (isQueued ? 0 : late.length) + (isQuarantined ? 0 : quarantined.length);
    return { counts, stored, durable: false, failed: lost, cause: causes.join(', ') };
  }
}

function unrecorded({ parsed: { events } }: GenuineRequest): Recorded {
  return { ...nothingRecorded, failed: [{ events, error: new Error('nonce') }] };
}

function logQuarantined(
  log: Log,
  about: { readonly requestId: string; readonly provider: string },
  pieces: readonly QuarantinedPiece[],
): void {
  for (const { reason, field = null } of pieces.slice(0, maxLoggedPieces)) {
    log('webhook.quarantined', { ...about, reason, field });
  }
  const others = pieces.length - maxLoggedPieces;
  if (others > 0) log('webhook.quarantined-more', { ...about, pieces: others });
}
