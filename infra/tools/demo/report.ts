/** The API's answers, as the demo prints them for a person. */

import type { Email, EmailRow } from '../client/client.ts';

const attentionInWords = { act: '! needs action', late: '! late' } as const;

/** An account's history as a table, one email a line. */
export function historyTable(rows: readonly EmailRow[]): string {
  const header = ['sent', 'reference', 'subject', 'recipient', 'by', 'status', ''];
  const lines = rows.map(row => [
    shortTime(row.sentAt),
    row.reference ?? '',
    row.subject ?? '',
    row.recipient,
    row.provider,
    row.label ?? '',
    row.attention === null ? '' : attentionInWords[row.attention],
  ]);
  return table([header, ...lines]);
}

/** One email: its status, what to do, and everything that was reported about it. */
export function emailTimeline(email: Email): string {
  const timeline = email.timeline.map(event => [
    shortTime(event.at),
    event.label ?? 'note',
    event.providerEvent,
    event.evidence === 'unknown' ? '' : `by a ${event.evidence === 'human' ? 'person' : 'machine'}`,
    event.clickUrl ?? event.reason?.text ?? event.reason?.code ?? '',
  ]);
  return [
    `${email.subject} to ${email.recipient}: ${email.label}`,
    `  meaning     ${email.meaning}`,
    ...(email.because?.causeLabel ? [`  why         ${email.because.causeLabel}`] : []),
    ...(email.whatToDo ? [`  what to do  ${email.whatToDo}`] : []),
    ...email.caveats.map(({ text }) => `  but         ${text}`),
    table(timeline),
  ].join('\n');
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]!.length))) ?? [];
  return rows
    .map(row => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd())
    .join('\n');
}

function shortTime(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}
