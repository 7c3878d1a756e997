import { createHandler } from '../../functions/ingest/handler.ts';
import { createMeasure, type Measure } from '../../functions/ingest/metrics.ts';
import { createPersistEvents } from '../../functions/ingest/persist-events.ts';
import { createRefusals } from '../../functions/ingest/refusals.ts';
import type { RenewedSecretsOf, WebhookSecretsOf } from '../../functions/ingest/webhook-secrets.ts';
import { nothingRecorded, type Recorder } from '../../shared/email/recorder.ts';
import type { Nonces } from '../../shared/guards/nonces.ts';
import type { OwnKey } from '../../shared/guards/own-key.ts';
import type { Provider } from '../../shared/providers/provider.ts';
import { providers } from '../../shared/providers/registry.ts';
import type { Quarantine } from '../../shared/queues/quarantine-messages.ts';
import type { RetryQueue } from '../../shared/queues/retry-messages.ts';
import type { AbortAfter } from '../../shared/runtime/abortable.ts';
import type { Log } from '../../shared/runtime/log.ts';
import { ownValue } from '../../shared/runtime/own-property.ts';
import { context } from '../fixtures/fixtures.ts';
import { noon } from './arbitrary-events.ts';

/** Measures at noon, and counts nothing for support. */
export const measureAtNoon: Measure = createMeasure({
  namespace: 'Mailtrail/test',
  tally: { add() {} },
  now: () => noon,
});

/** A recorder of several requests that records each by itself. */
export function oneByOne({ record }: Pick<Recorder, 'record'>): Pick<Recorder, 'recordAll'> {
  return {
    recordAll: (requests, signal) =>
      Promise.all(requests.map(({ events, receivedAt }) => record(events, receivedAt, signal))),
  };
}

/** A recorder whose writes all fail. */
export function failingStore(error: unknown): Pick<Recorder, 'record'> {
  return {
    record: async events => ({
      ...nothingRecorded,
      failed: [{ events, error }],
    }),
  };
}

const outOfReach = () => Promise.reject(new Error('out of reach'));

/** Deadlines have tests of their own: in all others a busy machine has ten times as long. */
const distantDeadline: AbortAfter = milliseconds => AbortSignal.timeout(10 * milliseconds);

/** The parts of the ingest function that a test may replace. */
export interface IngestParts {
  readonly secretsOf: WebhookSecretsOf;
  readonly renewedSecretsOf?: RenewedSecretsOf;
  readonly canaryKey?: OwnKey;
  readonly store: Pick<Recorder, 'record'>;
  readonly quarantine?: Quarantine;
  readonly retryQueue?: RetryQueue;
  readonly nonces?: Nonces;
  readonly get?: (url: string) => Promise<string | null>;
  readonly measure?: Measure;
  readonly now?: () => number;
  readonly abortAfter?: AbortAfter;
  readonly log?: Log;
  readonly accepts?: (provider: string) => boolean;
}

/** Returns the ingest function with every provider. Omitted parts are unavailable, and every nonce is new. */
export function ingestFunction({
  secretsOf,
  renewedSecretsOf = async () => null,
  canaryKey = outOfReach,
  store,
  quarantine = outOfReach,
  retryQueue = outOfReach,
  nonces = async () => 'new',
  get = outOfReach,
  measure = measureAtNoon,
  now = () => noon,
  abortAfter = distantDeadline,
  log = () => {},
  accepts = () => true,
}: IngestParts) {
  const persistEvents = createPersistEvents({ store: oneByOne(store), quarantine, retryQueue, log });
  return createHandler({
    load: async name => ownValue<Provider>(providers, name),
    accepts,
    secretsOf,
    renewedSecretsOf,
    canaryKey,
    nonces,
    persistEvents,
    context,
    get,
    measure,
    refusals: createRefusals({ log, measure, now }),
    now,
    abortAfter,
    log,
  });
}
