import { type Cause, causes } from '../status/causes.ts';
import type { Reason } from './event.ts';
import type { HistoryEvent } from './history.ts';

/**
 * Why an email has its status. The cause is the email's own: it is known where the history had no room for the event that
 * decided. The words are that event's.
 */
export function reasonOf(cause: Cause | undefined, deciding: HistoryEvent | null): Reason | undefined {
  const { cause: _, ...words } = deciding?.reason ?? {};
  const reason = { ...words, ...(cause !== undefined && { cause }) };
  return Object.keys(reason).length === 0 ? undefined : reason;
}

/**
 * A reason in words, e.g. `Unknown address: no such user (code 550, enhanced code 5.1.1)`; a code that the text already
 * names is not repeated, and a cause that tells nothing is only said where nothing else is.
 */
export function reasonInWords({ text, code, enhancedCode, cause }: Reason): string {
  const codes = [
    ...(code && !text?.includes(code) ? [`code ${code}`] : []),
    ...(enhancedCode && !text?.includes(enhancedCode) ? [`enhanced code ${enhancedCode}`] : []),
  ].join(', ');
  const reply = text === undefined ? codes : codes === '' ? text : `${text} (${codes})`;
  if (cause === undefined || (cause === 'unspecified' && reply !== '')) return reply;
  const { label } = causes[cause];
  return reply === '' ? label : `${label}: ${reply}`;
}
