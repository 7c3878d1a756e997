/** The text of `npm run replay -- --dry-run --show` and of the quarantine page: time, fault and redacted content. */

import { isForeign, type Reason } from '../../../shared/email/event.ts';
import type { Provider } from '../../../shared/providers/provider.ts';
import type { QuarantineMessage } from '../../../shared/queues/quarantine-messages.ts';
import type { QueuedMessage, QueuedRequest, QueueServices } from '../../../shared/queues/queued-request.ts';
import { queuedEvent } from '../../../shared/queues/retry-messages.ts';
import { ownValue } from '../../../shared/runtime/own-property.ts';
import { utf8Text } from '../../../shared/runtime/text.ts';
import { isoMillis, isoText } from '../../../shared/runtime/time.ts';
import { statusIds } from '../../../shared/status/catalogue.ts';
import { causeIds } from '../../../shared/status/causes.ts';
import namesOfFixtures from './known-names.json' with { type: 'json' };
import { parsedContent, type QuarantinedContent, quarantinedContent, Unreadable } from './quarantined-request.ts';
import { type Allowed, maskedText, redactedLines } from './redacted.ts';
import { structureIn } from './structured-text.ts';

/** A message, or all messages of one large content, as `--show` presents them. */
export interface ShownContent {
  readonly provider: string;
  /** Epoch milliseconds; NaN where nothing tells. */
  readonly receivedAt: number;
  readonly reason: string;
  readonly pieces: readonly ShownPiece[];
  /** Pieces of the same message that are not shown. */
  readonly others: number;
}

interface ShownPiece {
  /** The path of the fault, in names that our schemas spell; null where there is none. */
  readonly field: string | null;
  /** The outcome of parsing it with this checkout's adapters, in words; null where it had been parsed before. */
  readonly outcome: string | null;
  /** A value of JSON, text, or bytes; undefined where there is none. */
  readonly content: unknown;
}

/** The pieces of one message share provider and reason: a few of them are enough. */
const maxPieces = 3;

/**
 * The content of quarantine messages.
 *
 * @param parts one message, or all parts of one content
 */
export function quarantineContent(
  parts: readonly [QuarantineMessage, ...QuarantineMessage[]],
  services: QueueServices,
): ShownContent {
  const [first] = parts;
  const { provider, reason } = first;
  const about = { provider, receivedAt: isoMillis(first.receivedAt), reason };
  try {
    const content = quarantinedContent(parts);
    const pieces = piecesOf(content);
    const shown = pieces.slice(0, maxPieces).map(piece => ({
      ...faultOf(first, piece, services),
      content: 'body' in piece ? piece.body : piece.pieces[0],
    }));
    return { ...about, pieces: shown, others: pieces.length - shown.length };
  } catch (error) {
    return { ...about, pieces: [{ field: null, outcome: outcomeOf(error), content: undefined }], others: 0 };
  }
}

/**
 * The content of any other message: its events; or its body, where it holds none or is no message of its queue.
 *
 * @param read throws where it is none
 */
export function messageContent(
  { body, sentAt }: QueuedMessage,
  reason: string,
  read: () => QueuedRequest,
): ShownContent {
  const ofBody = [{ field: null, outcome: null, content: body }];
  try {
    const { request, parsed } = read();
    const { provider, receivedAt } = request;
    const pieces = parsed.events.map(content => ({ field: null, outcome: null, content }));
    const shown = pieces.length === 0 ? ofBody : pieces.slice(0, maxPieces);
    return { provider, receivedAt, reason, pieces: shown, others: Math.max(0, pieces.length - maxPieces) };
  } catch {
    return { provider: '', receivedAt: sentAt, reason, pieces: ofBody, others: 0 };
  }
}

function piecesOf(content: QuarantinedContent): readonly QuarantinedContent[] {
  return 'body' in content ? [content] : content.pieces.map(piece => ({ pieces: [piece] }));
}

/** The fault that this checkout's adapters find, which may be another than when the piece came. */
function faultOf(
  message: QuarantineMessage,
  content: QuarantinedContent,
  services: QueueServices,
): Pick<ShownPiece, 'field' | 'outcome'> {
  try {
    const { quarantined, events } = parsedContent(message, content, services);
    const [fault] = quarantined;
    if (events.some(isForeign)) return { field: null, outcome: 'of another account: it is never recorded' };
    if (fault === undefined) return { field: null, outcome: 'can be read now' };
    const outcome = fault.reason === message.reason ? 'still cannot be read' : `now quarantined as ${fault.reason}`;
    return { field: fault.field ?? null, outcome };
  } catch (error) {
    return { field: null, outcome: outcomeOf(error) };
  }
}

function outcomeOf(error: unknown): string {
  return error instanceof Unreadable ? error.message : 'no message that can be read';
}

/** The lines in which a content is shown. Each piece has a head, and at most 60 lines of content. */
export function shownLines(
  { provider, receivedAt, reason, pieces, others }: ShownContent,
  providers: Readonly<Record<string, Provider>>,
): string[] {
  const known = ownValue(providers, provider);
  const words = new Set([...Object.keys(known?.events ?? {}), ...statusIds, ...causeIds]);
  const about = [
    Number.isNaN(receivedAt) ? 'unknown time' : isoText(receivedAt),
    known === undefined ? 'unknown provider' : provider,
    inertReason(reason),
  ];
  const lines = pieces.flatMap(({ field, outcome, content }, index) => [
    ...(index > 0 ? [''] : []),
    [...about, `field ${field ?? '-'}`, ...(outcome === null ? [] : [`(${outcome})`])].join('  '),
    ...contentLines(content, {
      words,
      names: knownNames(field),
      receivedAt,
      unknownEventName: reason === 'unknown_event',
    }).map(line => `  ${line}`),
  ]);
  return others > 0 ? [...lines, `  … ${others} more of the same message`] : lines;
}

const canonicalNames = [
  ...Object.keys(queuedEvent.shape),
  ...Object.keys({ code: true, enhancedCode: true, text: true, cause: true } satisfies Record<keyof Reason, true>),
];

/** The names that adapters know: those in fixtures and canonical events, and the path of the fault. */
function knownNames(field: string | null): ReadonlySet<string> {
  return new Set([...namesOfFixtures, ...canonicalNames, ...(field?.split('.') ?? [])]);
}

/** A reason as a terminal may have it: a message may hold anything. */
export function inertReason(text: string): string {
  return /^[a-z0-9_]{1,40}$/.test(text) ? text : 'unknown_reason';
}

function contentLines(content: unknown, allowed: Allowed): string[] {
  if (content === undefined) return [];
  if (typeof content === 'string') return textLines(content, allowed);
  if (!Buffer.isBuffer(content)) return redactedLines(content, allowed);
  const text = utf8Text(content);
  return text === null ? [`<${content.length} bytes, no UTF-8 text>`] : textLines(text, allowed);
}

/** Of a text that is neither JSON nor a form only the punctuation is shown. */
function textLines(text: string, allowed: Allowed): string[] {
  const value = structureIn(text);
  return value === null ? [maskedText(text)] : redactedLines(value, allowed);
}
