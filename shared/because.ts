import type { HistoryEvent, Reason } from './event.ts';
import type { Verdict } from './status.ts';

/** The event that decided an email's status; null where there is no status. */
export function decidingEventOf(verdict: Verdict | null, events: readonly HistoryEvent[]): HistoryEvent | null {
  const deciding = events.find(
    event =>
      event.eventId === verdict?.statusEventId &&
      event.status === verdict.status &&
      event.occurredAt === verdict.statusAt,
  );
  return deciding ?? null;
}

/** A reason in words, e.g. `no such user (code 550, enhanced code 5.1.1)`; a code that the text already names is not repeated. */
export function reasonInWords({ text, code, enhancedCode }: Reason): string {
  const codes = [
    ...(code && !text?.includes(code) ? [`code ${code}`] : []),
    ...(enhancedCode && !text?.includes(enhancedCode) ? [`enhanced code ${enhancedCode}`] : []),
  ].join(', ');
  if (text === undefined) return codes;
  return codes === '' ? text : `${text} (${codes})`;
}
