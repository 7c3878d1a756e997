/**
 * What an email provider is to Mailtrail: one file with its table of events, how to prove a request genuine over its
 * raw bytes, and how to read its events. Adding one is that file, a folder of fixtures and a line in `registry.ts`.
 */

import type { ZodMiniType } from 'zod/mini';
import { type CanonicalEvent, canonicalEvent, type Defect, type EventDraft } from '../event.ts';
import { lookUp } from '../look-up.ts';
import type { Status } from '../status.ts';
import { utf8Text } from '../text.ts';

/** One HTTP call, as it came. */
export interface ProviderRequest {
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The bytes received, before anything touched them. */
  readonly body: Buffer;
  /** Epoch milliseconds of arrival. */
  readonly receivedAt: number;
}

/** Why a request is not taken for genuine. Counted, never told to the caller. */
export type Refusal =
  | 'no_secret_configured'
  | 'missing_signature'
  | 'malformed_signature'
  | 'stale_timestamp'
  | 'wrong_signature';

/** Names under which the sender attached our two ids to the email. */
export interface MetadataNames {
  readonly accountId: string;
  readonly reference: string;
}

export interface ReadingContext {
  readonly metadata: MetadataNames;
  /** A message id in the form in which the named provider's events give it; as it is for a name that is not known. */
  readonly messageIdOf: (provider: string, messageId: string) => string;
}

/** Why a genuine request, or one event of it, could not be read. */
export type QuarantineReason =
  | Defect
  | 'not_utf8'
  | 'not_json'
  | 'too_deep'
  | 'too_many'
  | 'unexpected_shape'
  | 'unknown_event'
  | 'item_full';

export interface Quarantined {
  readonly reason: QuarantineReason;
  /** The piece that could not be read, the same for each event in it; null where it is the whole body. */
  readonly piece: unknown;
}

/** Everything in one request: `events` and `quarantined` together are all that the provider sent. */
export interface Reading {
  readonly events: readonly CanonicalEvent[];
  readonly quarantined: readonly Quarantined[];
}

/** What an event name of a provider becomes. */
export interface EventMeaning<Piece = never> {
  /** Every status that it can become; null: news that changes none. */
  readonly statuses: readonly (Status | null)[];
  /** In words, what decides where there are several. */
  readonly by?: string;
  /** Decides where there are several. */
  decide?(piece: Piece): Status | null;
}

/**
 * What a piece of a request tells, by the provider's name for it: an unknown name is an outcome, never a guess.
 *
 * @param draftsOf the events in the piece, given the status that its meaning decides
 */
export function interpreted<Piece>(
  events: Readonly<Record<string, EventMeaning<Piece>>>,
  name: string,
  piece: Piece,
  draftsOf: (status: Status | null) => readonly EventDraft[],
): PieceReading {
  const meaning = lookUp(events, name);
  if (meaning === undefined) return 'unknown_event';
  return draftsOf(meaning.decide === undefined ? (meaning.statuses[0] ?? null) : meaning.decide(piece));
}

export interface Provider {
  readonly name: string;
  readonly title: string;
  /** How a request is proved genuine, in a few words for the README. */
  readonly authentication: string;
  /** What one secret is, in words for whoever configures it. */
  readonly secret: string;
  /** The same for whoever makes one: a public key (SPKI, base64), `user:password`, `whsec_` and base64, or any text. */
  readonly secretKind: 'ec-p256' | 'basic-auth' | 'standard-webhooks' | 'text';
  /** The provider's event names and what each becomes. */
  readonly events: Readonly<Record<string, EventMeaning>>;
  /** Whether one request may hold many events. */
  readonly batched: boolean;
  /** A message id as the send call returned it, in the form in which this provider's events give it. */
  messageIdOf?(messageId: string): string;
  /** null where the request is genuine under one of `secrets`; an empty secret verifies nothing. Never throws. */
  verify(request: ProviderRequest, secrets: readonly string[]): Refusal | null;
  /** All events of a genuine request. Never throws: what cannot be read is an explicit outcome. */
  parse(request: ProviderRequest, context: ReadingContext): Reading;
}

/** What an adapter makes of one piece of a request: the events in it (one per recipient), or why it cannot be read. */
export type PieceReading = readonly EventDraft[] | QuarantineReason;

const deepest = 32;

/** More pieces than any provider sends at once, and than can be looked at in time: the request is kept whole. */
const most = 20_000;

/** Whether `value` nests deeper than anything a provider sends; iterative, so that depth itself cannot hurt. */
function tooDeep(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false;
  let level: object[] = [value];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > deepest) return true;
    const next: object[] = [];
    for (const parent of level) {
      for (const child of Object.values(parent)) if (child !== null && typeof child === 'object') next.push(child);
    }
    level = next;
  }
  return false;
}

/** Only a number so long can be above what a double holds exactly; looking at each number costs three times the parsing. */
const longDigits = /\d{16}/;

/** Such a number is kept as the digits that were sent: two ids stay two ids. */
function exactNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? (context?.source ?? value) : value;
}

/**
 * Reads a request whose body is JSON: one event, or an array of them where the provider batches.
 *
 * @param read what the adapter makes of one piece that has the shape of `schema`
 */
export function readJson<Piece>(
  request: ProviderRequest,
  schema: ZodMiniType<Piece>,
  read: (piece: Piece) => PieceReading,
  options: { readonly batched: boolean | 'optional' },
): Reading {
  const text = utf8Text(request.body);
  if (text === null) return wholeBody('not_utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text, longDigits.test(text) ? exactNumber : undefined);
  } catch {
    return wholeBody('not_json');
  }
  if (options.batched === true && !Array.isArray(parsed)) return wholeBody('unexpected_shape');
  const all: readonly unknown[] = options.batched && Array.isArray(parsed) ? parsed : [parsed];
  if (all.length > most) return wholeBody('too_many');
  const pieces = all.filter(piece => !tooDeep(piece));

  const events: CanonicalEvent[] = [];
  // A piece too deep to be written as JSON again is kept by keeping the whole body, once.
  const quarantined: Quarantined[] = pieces.length < all.length ? [{ reason: 'too_deep', piece: null }] : [];
  for (const piece of pieces) {
    const shaped = schema.safeParse(piece);
    const outcome = shaped.success ? read(shaped.data) : 'unexpected_shape';
    if (typeof outcome === 'string') {
      quarantined.push({ reason: outcome, piece });
      continue;
    }
    for (const draft of outcome) {
      const event = canonicalEvent(draft, request.receivedAt);
      if (typeof event === 'string') quarantined.push({ reason: event, piece });
      else events.push(event);
    }
  }
  return { events, quarantined };
}

function wholeBody(reason: QuarantineReason): Reading {
  return { events: [], quarantined: [{ reason, piece: null }] };
}

/** The two ids that the sender attached to an email, from whatever the provider gives back of its metadata. */
export function attachedIds(
  metadata: Readonly<Record<string, unknown>> | null | undefined,
  names: MetadataNames,
): { readonly accountId: string | undefined; readonly reference: string | undefined } {
  const text = (name: string) => {
    const value = metadata ? lookUp(metadata, name) : undefined;
    return typeof value === 'string' || Number.isFinite(value) ? String(value) : undefined;
  };
  return { accountId: text(names.accountId), reference: text(names.reference) };
}
