/** The adapters' parsers: from a body to its pieces, and from a piece to canonical events. */

import * as z from 'zod/mini';
import { type CanonicalEvent, canonicalEvent, type EventDraft } from '../../email/event.ts';
import { utf8Text } from '../../runtime/text.ts';
import type {
  ParsedRequest,
  Provider,
  ProviderRequest,
  Quarantined,
  ReadingContext,
  UnparsableReason,
} from '../provider.ts';
import { bodyJson, isTooDeep, jsonLines, parsedJson } from './exact-json.ts';
import { defectiveField, faultyField } from './faulty-field.ts';
import { fieldsByName, fieldsIn } from './forms.ts';

/** A piece of a request that is not about any email. */
export const unrelated = Symbol('unrelated');

/** An adapter's outcome for one piece of a request: the events in it (one per recipient), none, or why it cannot be read. */
export type ParsedPiece = readonly EventDraft[] | typeof unrelated | UnparsableReason | Omit<Quarantined, 'piece'>;

/** The context in which a piece is read. */
export interface PieceContext extends ReadingContext {
  /** Of the request; names in lower case. */
  readonly headers: ProviderRequest['headers'];
}

/** Reads a piece that has its shape; `raw` is the piece as it came. */
type ReadPiece<Piece> = (piece: Piece, context: PieceContext, raw: unknown) => ParsedPiece;

/** How JSON holds its pieces. */
interface JsonLayout {
  /** Whether the pieces are an array, or may be; the JSON is one piece if not stated. */
  readonly batched?: boolean | 'optional';
  /** Whether a body has one JSON text a line, each a piece. */
  readonly isLines?: (request: ProviderRequest) => boolean;
  /** The JSON text where it is not the body itself; null where there is none, undefined where it is the body. */
  readonly textOf?: (request: ProviderRequest) => string | null | undefined;
  /** The pieces, where they are in an envelope; null where it has another shape. */
  readonly piecesOf?: (envelope: unknown) => readonly unknown[] | null;
  /** Whether a piece that has another shape than an email's events is about no email, and need not have it. */
  readonly isUnrelated?: (piece: unknown) => boolean;
}

/** How a form, or a query, holds the fields of one event. */
interface FormLayout {
  /** The form, where it is not the body itself; null where it is no text. */
  readonly textOf?: (request: ProviderRequest) => string | null;
  /** The piece in a form, kept where it cannot be read: its fields, if not stated; null where it has too many. */
  readonly pieceOf?: (form: string) => unknown;
}

type Parse = Provider['parse'];

/** More pieces than any provider sends at once, and than can be looked at in time: the request is kept whole. */
const maxPieces = 20_000;

/**
 * Reads requests whose bodies hold JSON: one event, or many where the provider batches.
 *
 * @param provider whose events they are, unless a draft says otherwise
 */
export function jsonParser<Piece>(
  provider: string,
  schema: z.ZodMiniType<Piece>,
  read: ReadPiece<Piece>,
  { batched = false, isLines, textOf, piecesOf, isUnrelated }: JsonLayout = {},
): Parse {
  const readPieces = pieceReader(provider, schema, read, isUnrelated);
  return (request, context) => {
    if (request.pieces !== undefined) return readPieces(request, context, request.pieces);
    const text = textOf?.(request);
    if (text === null) return wholeBody(utf8Text(request.body) === null ? 'not_utf8' : 'unexpected_shape');
    if (isLines?.(request)) {
      const lines = jsonLines(request.body, maxPieces);
      return typeof lines === 'string' ? wholeBody(lines) : readPieces(request, context, lines.value, lines.tooDeep);
    }
    const json = text === undefined ? bodyJson(request.body) : parsedJson(text);
    if (typeof json === 'string') return wholeBody(json);
    let pieces: readonly unknown[] | null = null;
    if (piecesOf !== undefined) pieces = piecesOf(json.value);
    else if (batched && Array.isArray(json.value)) pieces = json.value;
    else if (batched !== true) pieces = [json.value];
    return pieces === null ? wholeBody('unexpected_shape') : readPieces(request, context, pieces, json.tooDeep);
  };
}

/** Reads requests that are a form, or a query, with the fields of one event. */
export function formParser<Piece>(
  provider: string,
  schema: z.ZodMiniType<Piece>,
  read: ReadPiece<Piece>,
  { textOf = ({ body }) => utf8Text(body), pieceOf = form => fieldsByName(fieldsIn(form)) }: FormLayout = {},
): Parse {
  const readPieces = pieceReader(provider, schema, read);
  return (request, context) => {
    if (request.pieces !== undefined) {
      // A form with a field too many was kept as text.
      const forms = request.pieces.map(piece => (typeof piece === 'string' ? (pieceOf(piece) ?? piece) : piece));
      return readPieces(request, context, forms);
    }
    const form = textOf(request);
    if (form === null) return wholeBody('not_utf8');
    const piece = pieceOf(form);
    if (piece !== null) return readPieces(request, context, [piece], false);
    // Of a GET the body has nothing: what is kept is the form.
    return { events: [], quarantined: [{ reason: 'unexpected_shape', piece: form }], unrelated: 0 };
  };
}

/** @param tooDeep whether any of the pieces is */
type ReadPieces = (
  request: ProviderRequest,
  context: ReadingContext,
  all: readonly unknown[],
  tooDeep?: boolean,
) => ParsedRequest;

function pieceReader<Piece>(
  provider: string,
  schema: z.ZodMiniType<Piece>,
  read: ReadPiece<Piece>,
  isUnrelated: (piece: unknown) => boolean = () => false,
): ReadPieces {
  return ({ receivedAt, headers }, context, all, tooDeep = all.some(isTooDeep)) => {
    if (all.length > maxPieces) return wholeBody('too_many');
    const pieces = tooDeep ? all.filter(piece => !isTooDeep(piece)) : all;
    const pieceContext: PieceContext = { ...context, headers };
    const events: CanonicalEvent[] = [];
    // A piece too deep to be written as JSON again is kept by keeping the whole body, once.
    const quarantined: Quarantined[] =
      pieces.length < all.length || (tooDeep && all.length === 0) ? [{ reason: 'too_deep', piece: null }] : [];
    let unrelatedPieces = 0;
    for (const piece of pieces) {
      const shaped = z.safeParse(schema, piece);
      const outcome = shaped.success
        ? read(shaped.data, pieceContext, piece)
        : isUnrelated(piece)
          ? unrelated
          : ({ reason: 'unexpected_shape', field: faultyField(schema, shaped.error) } as const);
      if (outcome === unrelated) unrelatedPieces += 1;
      else if (typeof outcome === 'string') quarantined.push(withReason(outcome, piece));
      else if ('reason' in outcome) quarantined.push({ ...outcome, piece });
      else {
        for (const draft of outcome) {
          const event = canonicalEvent(draft, receivedAt, provider);
          if (typeof event === 'string') quarantined.push(withReason(event, piece));
          else events.push(event);
        }
      }
    }
    return { events, quarantined, unrelated: unrelatedPieces };
  };
}

function withReason(reason: UnparsableReason, piece: unknown): Quarantined {
  return { reason, field: defectiveField(reason), piece };
}

/** A request of which nothing can be read: it is kept as it came. */
export function wholeBody(reason: UnparsableReason): ParsedRequest {
  return { events: [], quarantined: [{ reason, piece: null }], unrelated: 0 };
}
