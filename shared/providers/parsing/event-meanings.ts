import type { EventDraft } from '../../email/event.ts';
import { ownValue } from '../../runtime/own-property.ts';
import type { Status } from '../../status/catalogue.ts';
import { type Cause, causes } from '../../status/causes.ts';
import type { EventMeaning } from '../provider.ts';
import { isRecord } from './exact-json.ts';
import { type ParsedPiece, unrelated } from './pieces.ts';

/**
 * Reads a piece by the provider's name for its event: an unknown name is an outcome, never a guess.
 *
 * @param draftsOf the events in the piece, given the status that its meaning decides; none where it names nobody
 */
export function draftsFor<Piece>(
  events: Readonly<Record<string, EventMeaning<Piece>>>,
  name: string,
  piece: Piece,
  draftsOf: (status: Status | null) => readonly EventDraft[],
): ParsedPiece {
  const meaning = meaningOf(events, name);
  if (meaning === undefined) return 'unknown_event';
  if (meaning.statuses.length === 0) return unrelated;
  const decided = meaning.decide === undefined ? (meaning.statuses[0] ?? null) : meaning.decide(piece);
  const isFailure = decided !== null && typeof decided === 'object';
  const drafts = draftsOf(isFailure ? decided.status : decided);
  if (drafts.length === 0) return 'missing_recipient';
  const cause = isFailure ? decided.cause : causeBeside(decided, meaning, piece);
  return cause === null ? drafts : drafts.map(draft => ({ ...draft, cause }));
}

/** The cause of a delay, or of a status that the event's name fixes. It gives no cause that leads to another status. */
function causeBeside<Piece>(
  decided: Status | null,
  { cause: fixed, causeOf }: EventMeaning<Piece>,
  piece: Piece,
): Cause | null {
  if (decided === null || (fixed === undefined && causeOf === undefined)) return null;
  const cause = fixed ?? causeOf?.(piece) ?? null;
  if (cause === null || decided === 'deferred') return cause;
  const { status } = causes[cause];
  return status === null || status === decided ? cause : null;
}

/** The meaning of an event name: its own, or that of the family to which it belongs, e.g. `contact.*`. */
export function meaningOf<Meaning>(events: Readonly<Record<string, Meaning>>, name: string): Meaning | undefined {
  const own = name.endsWith('*') ? undefined : ownValue(events, name);
  if (own !== undefined) return own;
  const family = Object.keys(events).find(key => key.endsWith('*') && name.startsWith(key.slice(0, -1)));
  return family === undefined ? undefined : events[family];
}

/** Whether a piece is an event about no email, by its name under the first of `keys` that it has. */
export function unrelatedBy(
  events: Readonly<Record<string, Pick<EventMeaning, 'statuses'>>>,
  ...keys: readonly string[]
): (piece: unknown) => boolean {
  return piece => {
    const name = isRecord(piece) ? keys.map(key => piece[key]).find(value => typeof value === 'string') : undefined;
    return name !== undefined && meaningOf(events, name as string)?.statuses.length === 0;
  };
}
