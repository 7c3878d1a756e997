import { defangAddress, defangText } from '../../../shared/alerts/defang.ts';
import type { HistoryEvent } from '../../../shared/email/history.ts';
import type { Email } from '../../../shared/email/item.ts';
import { statuses } from '../../../shared/status/catalogue.ts';
import { merge } from '../../../shared/status/precedence.ts';

/** One event of an email, as it is printed. It never holds a body, a subject or a secret. */
export interface EventLine {
  readonly kind: 'event';
  /** ISO 8601, in UTC. */
  readonly at: string;
  readonly provider: string;
  readonly recipient: string;
  readonly accountId: string | null;
  /** The status before the event; null for the first one. */
  readonly from: string | null;
  /** The status with the event. */
  readonly to: string | null;
  /** The event's own status; null for a note. */
  readonly event: string | null;
  readonly cause: string | null;
  readonly reference: string | null;
  readonly emailId: string;
}

/** The alert about an email. */
export interface AlertLine {
  readonly kind: 'alert';
  readonly at: string;
  readonly alert: string;
  readonly recipient: string;
  readonly accountId: string | null;
  readonly emailId: string;
}

/** The callbacks of one provider within a minute, by their counts: they name no email. */
export interface CountsLine {
  readonly kind: 'counts';
  /** The beginning of the minute. */
  readonly at: string;
  readonly provider: string;
  readonly counts: Readonly<Record<string, number>>;
}

export type Line = EventLine | AlertLine | CountsLine;

const iso = (at: number) => new Date(at).toISOString();

function statusOf(events: readonly HistoryEvent[]): string | null {
  return merge(events)?.status ?? null;
}

/** The lines of an email's events from a time on, in the order of their times. */
export function linesOf(email: Email, isNew: (event: HistoryEvent) => boolean): readonly Line[] {
  const { emailId, provider, recipient, accountId = null, reference = null, events } = email;
  return events.flatMap((event, index): Line[] => {
    if (!isNew(event)) return [];
    const from = statusOf(events.slice(0, index));
    const to = statusOf(events.slice(0, index + 1));
    const at = iso(event.occurredAt);
    const about = { at, recipient, accountId, emailId };
    const cause = event.reason?.cause ?? null;
    const line: Line = { kind: 'event', ...about, provider, from, to, event: event.status, cause, reference };
    const alert = to === from || to === null ? null : statuses[to as keyof typeof statuses].alert;
    return alert === null ? [line] : [line, { kind: 'alert', ...about, alert }];
  });
}

/** A line for people. Strangers wrote recipient and reference: they cannot be clicked, and move no cursor. */
export function textOf(line: Line): string {
  const at = `${line.at.slice(0, 19).replace('T', ' ')} UTC`;
  if (line.kind === 'counts') {
    const figures = Object.entries(line.counts).map(([name, count]) => `${count} ${name}`);
    return `${at}  ${line.provider}  within a minute: ${figures.join(', ')}`;
  }
  const who = `${defangAddress(line.recipient)}  ${defangText(line.accountId ?? '-')}`;
  if (line.kind === 'alert') return `${at}  ALERT ${line.alert}  ${who}  ${line.emailId}`;
  const { provider, from, to, event, cause, reference, emailId } = line;
  const change = from === to ? `${to ?? '-'} (${event ?? 'note'})` : `${from ?? '-'} -> ${to}`;
  const why = cause === null ? '' : `  ${cause}`;
  return `${at}  ${provider}  ${who}  ${change}${why}  ${defangText(reference ?? emailId)}`;
}
