/** What the adapters' `parse` functions share: from a body to its pieces, from a piece to canonical events. */

import * as z from 'zod/mini';
import { type CanonicalEvent, canonicalEvent, type EventDraft } from '../../email/event.ts';
import { ownValue } from '../../runtime/own-property.ts';
import { utf8Text } from '../../runtime/text.ts';
import type { Status } from '../../status/catalogue.ts';
import { type Cause, causes } from '../../status/causes.ts';
import type {
  EventMeaning,
  MetadataNames,
  ParsedRequest,
  ProviderRequest,
  Quarantined,
  QuarantineReason,
} from '../provider.ts';

/** A piece of a request that is not about any email. */
export const unrelated = Symbol('unrelated');

/** What an adapter makes of one piece of a request: the events in it (one per recipient), none, or why it cannot be read. */
export type PieceReading =
  | readonly EventDraft[]
  | typeof unrelated
  | QuarantineReason
  | Pick<Quarantined, 'reason' | 'nearest'>;

/**
 * What a piece of a request tells, by the provider's name for it: an unknown name is an outcome, never a guess.
 *
 * @param draftsOf the events in the piece, given the status that its meaning decides; none where it names nobody
 */
export function draftsFor<Piece>(
  events: Readonly<Record<string, EventMeaning<Piece>>>,
  name: string,
  piece: Piece,
  draftsOf: (status: Status | null) => readonly EventDraft[],
): PieceReading {
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

/** Why a delivery was put off, or ended in the status that the event's name fixes: no cause that leads to another status. */
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

const maxDepth = 32;

/** More pieces than any provider sends at once, and than can be looked at in time: the request is kept whole. */
const maxPieces = 20_000;

/** More names than any provider's request has: looking through an object of so many takes longer than there is time. */
const maxNames = 300_000;
const minNameLength = '"":0,'.length;

/** Whether JSON text may have more names than anybody sends. */
function hasTooManyNames(text: string): boolean {
  if (text.length < maxNames * minNameLength) return false;
  let names = 0;
  for (let at = text.indexOf('":'); at >= 0; at = text.indexOf('":', at + 2)) names += 1;
  return names > maxNames;
}

/**
 * What in `value` has to be looked after: nesting deeper than anything a provider sends, and integers that a double
 * cannot hold exactly. Iterative, so that depth itself cannot hurt.
 */
function oddities(value: unknown): { readonly tooDeep: boolean; readonly inexact: boolean } {
  let inexact = isInexact(value);
  let level: object[] = value !== null && typeof value === 'object' ? [value] : [];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > maxDepth) return { tooDeep: true, inexact };
    const next: object[] = [];
    for (const parent of level) {
      for (const child of Object.values(parent)) {
        if (typeof child === 'number') inexact ||= isInexact(child);
        else if (child !== null && typeof child === 'object') next.push(child);
      }
    }
    level = next;
  }
  return { tooDeep: false, inexact };
}

function isInexact(value: unknown): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}

/** The strings of JSON text, and its numbers of so many digits that a double may not hold them. */
const stringsAndLongNumbers = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\w.+-])-?\d{16,}(?![\d.eE])/g;

/** JSON text in which every integer above 2^53 is the text of its digits: two ids stay two ids. */
function withExactIntegers(text: string): string {
  return text.replace(stringsAndLongNumbers, found =>
    found.startsWith('"') || Number.isSafeInteger(Number(found)) ? found : `"${found}"`,
  );
}

/** JSON text as values; undefined where it is none. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** JSON text as values, every integer exact (undefined where it is none), and whether it nests too deeply. */
function parsedExactly(text: string): { readonly value: unknown; readonly tooDeep: boolean } {
  const parsed = parsedJson(text);
  const { tooDeep, inexact } = oddities(parsed);
  return { value: inexact ? parsedJson(withExactIntegers(text)) : parsed, tooDeep };
}

/** JSON text as values, every integer exact; undefined where it is none. */
export function exactJson(text: string): unknown {
  return parsedExactly(text).value;
}

/** How a request's JSON holds its pieces: as the one there is, as an array, or as either. */
export interface JsonLayout {
  readonly batched: boolean | 'optional';
  /** The JSON text, where it is not the body itself; null where there is none. */
  readonly textOf?: (body: string) => string | null;
  /** The pieces in an envelope around them; null where it has another shape. */
  readonly piecesOf?: (envelope: unknown) => readonly unknown[] | null;
  /** Whether a piece that has another shape than an email's events is about no email, and need not have it. */
  readonly isUnrelated?: (piece: unknown) => boolean;
}

/** Whether the name of a piece, under the first of `keys` that it has, is that of an event about no email. */
export function unrelatedBy(
  events: Readonly<Record<string, Pick<EventMeaning, 'statuses'>>>,
  ...keys: readonly string[]
): (piece: unknown) => boolean {
  return piece => {
    const name = isRecord(piece) ? keys.map(key => piece[key]).find(value => typeof value === 'string') : undefined;
    return name !== undefined && meaningOf(events, name as string)?.statuses.length === 0;
  };
}

/**
 * Reads a request whose body holds JSON: one event, or many where the provider batches.
 *
 * @param read what the adapter makes of one piece that has the shape of `schema`, and of the piece as it came
 */
export function readJson<Piece>(
  request: ProviderRequest,
  schema: z.ZodMiniType<Piece>,
  read: (piece: Piece, raw: unknown) => PieceReading,
  { batched, textOf, piecesOf, isUnrelated }: JsonLayout,
): ParsedRequest {
  if (request.pieces !== undefined) return readAgain(request, request.pieces, schema, read, isUnrelated);
  const body = utf8Text(request.body);
  if (body === null) return wholeBody('not_utf8');
  const text = textOf === undefined ? body : textOf(body);
  if (text === null) return wholeBody('unexpected_shape');
  if (hasTooManyNames(text)) return wholeBody('too_many');
  const { value: parsed, tooDeep } = parsedExactly(text);
  if (parsed === undefined) return wholeBody('not_json');
  let all: readonly unknown[] | null = null;
  if (piecesOf !== undefined) all = piecesOf(parsed);
  else if (batched && Array.isArray(parsed)) all = parsed;
  else if (batched !== true) all = [parsed];
  if (all === null) return wholeBody('unexpected_shape');
  return readPieces(request, all, schema, read, tooDeep, isUnrelated);
}

/** Reads a request whose body has one JSON text a line. */
export function readJsonLines<Piece>(
  request: ProviderRequest,
  schema: z.ZodMiniType<Piece>,
  read: (piece: Piece, raw: unknown) => PieceReading,
): ParsedRequest {
  if (request.pieces !== undefined) return readAgain(request, request.pieces, schema, read);
  const body = utf8Text(request.body);
  if (body === null) return wholeBody('not_utf8');
  if (hasTooManyNames(body)) return wholeBody('too_many');
  const lines = body.split(/\r?\n/).filter(line => line.trim() !== '');
  if (lines.length === 0 || lines.length > maxPieces) return wholeBody(lines.length === 0 ? 'not_json' : 'too_many');
  const parsed = lines.map(parsedExactly);
  const pieces = parsed.map(({ value }) => value);
  // A line that is no JSON would be lost among the pieces: the request is kept as it came.
  if (pieces.includes(undefined)) return wholeBody('not_json');
  const tooDeep = parsed.some(line => line.tooDeep);
  return readPieces(request, pieces, schema, read, tooDeep);
}

const openingBrace = Buffer.from('{');

/** Whether a request's body is a form: not where JSON comes under its name. */
export function isForm({ headers, body, pieces }: Pick<ProviderRequest, 'headers' | 'body' | 'pieces'>): boolean {
  // Of a form were kept its fields, or all of it as text.
  if (pieces !== undefined) return pieces.every(isOfForm);
  return (
    !body.subarray(0, 1).equals(openingBrace) &&
    /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '')
  );
}

function isOfForm(piece: unknown): boolean {
  return (
    typeof piece === 'string' || (isRecord(piece) && Object.values(piece).every(value => typeof value === 'string'))
  );
}

/** More than any provider's form has; many more would take longer to take apart than anybody may who has proved nothing. */
const maxFields = 1_000;

/** The fields of a form, or of a query, in their order; null where there are more than any provider's has. */
export function fieldsIn(form: string): readonly [name: string, text: string][] | null {
  return form.split('&', maxFields + 1).length > maxFields ? null : [...new URLSearchParams(form)];
}

/** The same as text by name. Null where a name occurs twice: which one was signed, or meant? */
export function formFields(form: string): Readonly<Record<string, string>> | null {
  const fields = fieldsIn(form);
  if (fields === null) return null;
  const byName = Object.fromEntries(fields);
  return Object.keys(byName).length === fields.length ? byName : null;
}

/**
 * Reads a request that is a form, or a query, with the fields of one event.
 *
 * @param fieldsOf what of it is read, and kept where it cannot be: its fields, if not stated; null where it has too many
 */
export function readForm<Piece>(
  request: ProviderRequest,
  form: string | null,
  schema: z.ZodMiniType<Piece>,
  read: (piece: Piece, raw: unknown) => PieceReading,
  fieldsOf: (form: string) => unknown = formFields,
): ParsedRequest {
  if (request.pieces !== undefined) {
    // A form with a field too many was kept as text.
    const forms = request.pieces.map(piece => (typeof piece === 'string' ? (fieldsOf(piece) ?? piece) : piece));
    return readAgain(request, forms, schema, read);
  }
  if (form === null) return wholeBody('not_utf8');
  const fields = fieldsOf(form);
  // Of a GET the body has nothing: what is kept is the form.
  if (fields === null)
    return { ...wholeBody('unexpected_shape'), quarantined: [{ reason: 'unexpected_shape', piece: form }] };
  return readPieces(request, [fields], schema, read, false);
}

function readAgain<Piece>(
  request: ProviderRequest,
  pieces: readonly unknown[],
  schema: z.ZodMiniType<Piece>,
  read: (piece: Piece, raw: unknown) => PieceReading,
  isUnrelated?: (piece: unknown) => boolean,
): ParsedRequest {
  const tooDeep = pieces.some(piece => oddities(piece).tooDeep);
  return readPieces(request, pieces, schema, read, tooDeep, isUnrelated);
}

/** @param tooDeep whether any of the pieces is */
function readPieces<Piece>(
  request: ProviderRequest,
  all: readonly unknown[],
  schema: z.ZodMiniType<Piece>,
  read: (piece: Piece, raw: unknown) => PieceReading,
  tooDeep: boolean,
  isUnrelated: (piece: unknown) => boolean = () => false,
): ParsedRequest {
  if (all.length > maxPieces) return wholeBody('too_many');
  const pieces = tooDeep ? all.filter(piece => !oddities(piece).tooDeep) : all;
  const events: CanonicalEvent[] = [];
  // A piece too deep to be written as JSON again is kept by keeping the whole body, once.
  const quarantined: Quarantined[] =
    pieces.length < all.length || (tooDeep && all.length === 0) ? [{ reason: 'too_deep', piece: null }] : [];
  let unrelatedPieces = 0;
  for (const piece of pieces) {
    const shaped = z.safeParse(schema, piece);
    const outcome = shaped.success ? read(shaped.data, piece) : isUnrelated(piece) ? unrelated : 'unexpected_shape';
    if (outcome === unrelated) unrelatedPieces += 1;
    else if (typeof outcome === 'string') quarantined.push({ reason: outcome, piece });
    else if ('reason' in outcome) quarantined.push({ ...outcome, piece });
    else {
      for (const draft of outcome) {
        const event = canonicalEvent(draft, request.receivedAt);
        if (typeof event === 'string') quarantined.push({ reason: event, piece });
        else events.push(event);
      }
    }
  }
  return { events, quarantined, unrelated: unrelatedPieces };
}

/** A request of which nothing can be read: it is kept as it came. */
export function wholeBody(reason: QuarantineReason): ParsedRequest {
  return { events: [], quarantined: [{ reason, piece: null }], unrelated: 0 };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The sender's two ids; absent where nothing names one, or two values do. */
export interface AttachedIds {
  readonly accountId: string | undefined;
  readonly reference: string | undefined;
}

/** A name and its value, such as a header, of which a request may hold several. */
export type NamedValue = readonly [name: string, value: unknown];

/** The two ids that the sender attached to an email, from whatever the provider gives back of its metadata. */
export function attachedIds(metadata: unknown, names: MetadataNames): AttachedIds {
  const id = (name: string) => idOf(isRecord(metadata) ? ownValue(metadata, name) : undefined);
  return { accountId: id(names.accountId), reference: id(names.reference) };
}

/** The same out of names and values: a name with two values names nobody, since either may be somebody else's text. */
export function idsAmong(pairs: readonly NamedValue[], names: MetadataNames): AttachedIds {
  return { accountId: idAmong(pairs, names.accountId), reference: idAmong(pairs, names.reference) };
}

function idAmong(pairs: readonly NamedValue[], name: string): string | undefined {
  let id: string | undefined;
  let isNamed = false;
  for (const [given, value] of pairs) {
    if (given !== name) continue;
    const another = idOf(value);
    if (isNamed && another !== id) return undefined;
    id = another;
    isNamed = true;
  }
  return id;
}

function idOf(value: unknown): string | undefined {
  return typeof value === 'string' || Number.isFinite(value) ? String(value) : undefined;
}

/** The same out of tags: each is one name and value such as `account_id:acme`, whatever else its text holds. */
export function idsInTags(tags: readonly unknown[], names: MetadataNames): AttachedIds {
  return idsAmong(namedIn(tags, names), names);
}

/** The same out of the message's headers, names and values in any case: `X-Account-Id` is `account_id`. */
export function idsInHeaders(
  headers: readonly (readonly [name: string, value: unknown])[],
  { accountId, reference }: MetadataNames,
): AttachedIds {
  const plain = (name: string) => name.toLowerCase().replace(/^x-/, '').replaceAll('-', '_');
  const values = headers.map(([name, value]) => [plain(name), value] as const);
  return idsAmong(values, { accountId: plain(accountId), reference: plain(reference) });
}

/**
 * The same out of the one text that some providers give back: JSON, or names and values such as
 * `account_id:acme|reference:INV-7`.
 *
 * @param plain what a text is that is neither; ignored if not stated
 */
export function idsInText(text: string | null | undefined, names: MetadataNames, plain?: 'reference'): AttachedIds {
  const written = text?.trim() ?? '';
  const pairs = pairsInText(written, names);
  const isPlain = plain === 'reference' && pairs.length === 0 && !written.startsWith('{');
  return isPlain ? { accountId: undefined, reference: written || undefined } : idsAmong(pairs, names);
}

/** The names and values in such a text. */
export function pairsInText(text: string, names: MetadataNames): readonly NamedValue[] {
  if (text === '') return [];
  return text.trimStart().startsWith('{') ? membersOf(text, names) : namedIn(text.split('|'), names);
}

function namedIn(texts: readonly unknown[], names: MetadataNames): readonly NamedValue[] {
  const pairs: NamedValue[] = [];
  for (const text of texts) {
    if (typeof text !== 'string') continue;
    const pair = text.trimStart();
    for (const name of [names.accountId, names.reference]) {
      if (pair.startsWith(name) && pair[name.length] === ':') pairs.push([name, pair.slice(name.length + 1).trim()]);
    }
  }
  return pairs;
}

const stringsAndBrackets = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/g;

/** Whether a name stands more than once in JSON text: as a name again, or elsewhere. */
function mayRepeat(text: string, name: string): boolean {
  const quoted = `"${name}"`;
  return text.indexOf(quoted) !== text.lastIndexOf(quoted);
}

/**
 * Those members of a JSON object's text that have our names. Parsing keeps the last value of a name: one that occurs twice
 * comes with null besides.
 */
function membersOf(text: string, names: MetadataNames): readonly NamedValue[] {
  const value = exactJson(text);
  if (!isRecord(value)) return [];
  const wanted = [names.accountId, names.reference];
  const members: NamedValue[] = [];
  for (const name of wanted) if (Object.hasOwn(value, name)) members.push([name, value[name]]);
  // An escape may spell a name in another way.
  if (!text.includes('\\') && !wanted.some(name => mayRepeat(text, name))) return members;
  const seen = new Set<string>();
  let depth = 0;
  for (const [token, string, colon] of text.matchAll(stringsAndBrackets)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (depth === 1 && string !== undefined && colon !== undefined) {
      const name: string = JSON.parse(string);
      if (seen.has(name)) members.push([name, null]);
      seen.add(name);
    }
  }
  return members;
}
