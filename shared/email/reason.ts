import { type Cause, causes } from '../status/causes.ts';
import type { Reason } from './event.ts';
import type { HistoryEvent } from './history.ts';

/**
 * Why an email has its status. The cause is stored with the email, since a full history may lack the deciding event.
 * The words come from that event.
 */
export function reasonOf(cause: Cause | undefined, deciding: HistoryEvent | null): Reason | undefined {
  const { cause: _, ...words } = deciding?.reason ?? {};
  const reason = { ...words, ...(cause !== undefined && { cause }) };
  return Object.keys(reason).length === 0 ? undefined : reason;
}

/**
 * The raw words and codes of a server or provider in one text; null if there are none. A provider's label is quoted as
 * `reported as SpamComplaint`. Codes that the text already contains are not repeated.
 */
export function replyInWords({ text, code, enhancedCode }: Reason): string | null {
  const codes = [
    ...(code && !text?.includes(code) ? [/^\d+$/.test(code) ? `code ${code}` : `reported as ${code}`] : []),
    ...(enhancedCode && !text?.includes(enhancedCode) ? [`enhanced code ${enhancedCode}`] : []),
  ].join(', ');
  const reply = text === undefined ? codes : codes === '' ? text : `${text} (${codes})`;
  return reply === '' ? null : reply;
}

/**
 * A reason in words, e.g. `Unknown address: no such user (code 550, enhanced code 5.1.1)`. The cause `unspecified` is
 * named only if there is nothing else.
 */
export function reasonInWords(reason: Reason): string {
  const { cause } = reason;
  const reply = replyInWords(reason);
  if (cause === undefined || (cause === 'unspecified' && reply !== null)) return reply ?? '';
  const { label } = causes[cause];
  return reply === null ? label : `${label}: ${reply}`;
}
