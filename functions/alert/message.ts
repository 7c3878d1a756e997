import { shownAddress } from '../../shared/email/address.ts';
import { reasonInWords } from '../../shared/email/reason.ts';
import { asciiJson, boundedText } from '../../shared/runtime/text.ts';
import { isoText, timeInWords } from '../../shared/runtime/time.ts';
import { type AlertKind, type Status, statuses, statusIds } from '../../shared/status/catalogue.ts';
import { type Cause, causes, whatToDoAbout } from '../../shared/status/causes.ts';
import type { Alert } from './alert.ts';
import { defangAddress, defangText, headerText, inertAddress } from './defang.ts';

/** SNS takes 256 KB for message and attributes; 1 KB is left for the attributes. */
const maxMessageBytes = 255 * 1024;

/** Bytes of a server's reply in a digest, so that a burst takes only a few messages. A cause takes part of them. */
const maxReasonBytes = 120;
const maxReasonBytesBesideCause = 80;

/** SNS takes a subject of fewer than 100 printable ASCII characters. */
const maxSubjectLength = 99;

/** Warnings in an alert. The sender of a report may have invented an address that nothing else names. */
const marks = {
  notAddressed: 'The message was not sent to this address: only the report names it.',
  messageNotKnown: 'The report names this address but no message: it may be about any email to it.',
} as const satisfies Partial<Record<keyof Alert, string>>;

type Mark = keyof typeof marks;

/** A message for SNS, and the alerts in it. */
export interface AlertMessage {
  readonly kind: AlertKind;
  readonly accountId: string | undefined;
  readonly alerts: readonly Alert[];
  readonly subject: string;
  /** JSON in ASCII, for `MessageStructure: 'json'`: `default` for machines, `email` for people. */
  readonly body: string;
}

/** The values that all emails of one message share. */
type Group = Pick<Alert, 'kind' | 'accountId'>;

const kinds = {
  hard_bounce: { one: 'Hard bounce', many: 'hard bounces', what: 'could not be delivered, for a permanent reason' },
  spam: { one: 'Marked as spam', many: 'emails marked as spam', what: 'were marked as spam by the recipient' },
} as const satisfies Record<AlertKind, { one: string; many: string; what: string }>;

/**
 * The messages that alert support, in the alerts' order. Each account and kind has one message, or more if one would
 * exceed SNS's size. A single email gets a letter; several get a digest. Every alert is in exactly one message. Emails
 * without an account share one.
 *
 * @param emailPageUrl support's page of an email, with placeholders `{accountId}` and `{emailId}`; empty if there is
 * none
 */
export function messagesOf(alerts: readonly Alert[], emailPageUrl: string): AlertMessage[] {
  const groups = Map.groupBy(alerts, ({ accountId, kind }) => JSON.stringify([kind, accountId]));
  return [...groups.values()].flatMap(group =>
    digestsOf(group, emailPageUrl).map(told => messageOf(told, emailPageUrl)),
  );
}

/** Splits the alerts of one group into messages that SNS takes. */
function digestsOf(group: readonly Alert[], emailPageUrl: string): Alert[][] {
  if (group.length === 1) return [[...group]];
  // Both escapings work per character, so that sizes add up. The count takes a few bytes more; causes that only another
  // digest names take a few less.
  const empty = digestBodyOf(group[0]!, [], causesOf(group), emailPageUrl).length + 8;
  const digests: Alert[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const alert of group.map(withShortReason)) {
    const added = sizeOf(alert, emailPageUrl);
    if (size + added > maxMessageBytes) {
      digests.push([]);
      size = empty;
    }
    digests.at(-1)!.push(alert);
    size += added;
  }
  return digests;
}

function withShortReason(alert: Alert): Alert {
  const { reason } = alert;
  return reason?.text === undefined
    ? alert
    : {
        ...alert,
        reason: {
          ...reason,
          text: boundedText(reason.text, reason.cause === undefined ? maxReasonBytes : maxReasonBytesBesideCause),
        },
      };
}

/** Bytes that one more email adds to a digest's body. */
function sizeOf(alert: Alert, emailPageUrl: string): number {
  const quotes = 2;
  const entry = asciiJson(`${asciiJson(entryOf(alert, emailPageUrl))},`);
  const line = asciiJson(`${lineOf(alert, emailPageUrl)}\n`);
  return entry.length - quotes + line.length - quotes;
}

function messageOf(alerts: readonly Alert[], emailPageUrl: string): AlertMessage {
  const first = alerts[0]!;
  return {
    kind: first.kind,
    accountId: first.accountId,
    alerts,
    subject: subjectOf(alerts),
    body:
      alerts.length === 1
        ? bodyOf(first, alerts, causesOf(alerts), letterOf(first, emailPageUrl), emailPageUrl)
        : digestBodyOf(first, alerts, causesOf(alerts), emailPageUrl),
  };
}

function subjectOf(alerts: readonly Alert[]): string {
  const { kind, recipient, accountId } = alerts[0]!;
  const what =
    alerts.length === 1 ? `${kinds[kind].one}: ${inertAddress(recipient)}` : `${alerts.length} ${kinds[kind].many}`;
  return headerText(`${what}${accountId === undefined ? '' : ` (account ${defangText(accountId)})`}`, maxSubjectLength);
}

/** The distinct causes of the alerts. */
function causesOf(alerts: readonly Alert[]): readonly Cause[] {
  return [...new Set(alerts.flatMap(({ reason }) => reason?.cause ?? []))].sort();
}

function digestBodyOf(group: Group, alerts: readonly Alert[], named: readonly Cause[], emailPageUrl: string): string {
  return bodyOf(group, alerts, named, digestOf(group, alerts, named, emailPageUrl), emailPageUrl);
}

/** Both parts of a message. SNS sends `default` to every subscriber except an inbox. */
function bodyOf(
  { kind, accountId }: Group,
  alerts: readonly Alert[],
  named: readonly Cause[],
  forPeople: string,
  emailPageUrl: string,
): string {
  const forMachines = {
    version: 1,
    kind,
    accountId: accountId ?? null,
    statuses: statusesOf(kind).map(id => {
      const { label, meaning, resolution, sentAgain } = statuses[id];
      return { id, label, meaning, resolution, sentAgain };
    }),
    causes: named.map(id => {
      const { label, text, whatToDo, turn } = causes[id];
      return { id, label, text, whatToDo, turn };
    }),
    emails: alerts.map(alert => entryOf(alert, emailPageUrl)),
  };
  return asciiJson({ default: asciiJson(forMachines), email: forPeople });
}

function statusesOf(kind: AlertKind): readonly Status[] {
  return statusIds.filter(id => statuses[id].alert === kind);
}

/**
 * One email for machines, with the API's values. Shared values, and the texts of statuses and causes, are stated once
 * above.
 */
function entryOf(alert: Alert, emailPageUrl: string) {
  const { emailId, provider, recipient, subject, reference, status, statusAt } = alert;
  const { cause = null, ...reason } = alert.reason ?? {};
  return {
    emailId,
    provider,
    recipient: shownAddress(recipient),
    ...Object.fromEntries(marksOf(alert).map(mark => [mark, true])),
    subject: subject ?? null,
    reference: reference ?? null,
    status,
    statusAt: isoText(statusAt),
    cause,
    reason: Object.keys(reason).length === 0 ? null : reason,
    url: pageOf(alert, emailPageUrl),
  };
}

/** One email for a person: its status, its recipient, the reason and what to do. */
function letterOf(alert: Alert, emailPageUrl: string): string {
  const { kind, accountId, recipient, subject, reference, provider, status, statusAt, reason } = alert;
  const { label, meaning, sentAgain } = statuses[status];
  const page = pageOf(alert, emailPageUrl);
  const lines = [
    `${kinds[kind].one}: ${defangAddress(recipient)}`,
    '',
    `Recipient: ${defangAddress(recipient)}`,
    ...marksOf(alert).map(mark => `           ${marks[mark]}`),
    `Account:   ${accountId === undefined ? 'not reported yet' : defangText(accountId)}`,
    `Subject:   ${subject === undefined ? 'not reported' : defangText(subject)}`,
    `Reference: ${reference === undefined ? 'not reported' : defangText(reference)}`,
    `Status:    ${label} since ${timeInWords(statusAt)}, reported by ${defangText(provider)}`,
    `Reason:    ${reason === undefined ? 'not reported' : defangText(reasonInWords(reason))}`,
    '',
    meaning,
    `What to do: ${whatToDoAbout(status, reason?.cause)}`,
    `Is it sent again? ${sentAgain}`,
    ...(page === null ? [] : ['', page]),
  ];
  return lines.join('\n');
}

function digestOf(
  { kind, accountId }: Group,
  alerts: readonly Alert[],
  named: readonly Cause[],
  emailPageUrl: string,
): string {
  const whose = accountId === undefined ? 'without an account' : `of account ${defangText(accountId)}`;
  return [
    `${alerts.length} emails ${whose} ${kinds[kind].what}.`,
    '',
    ...statusesOf(kind).map(id => `${statuses[id].label}: ${statuses[id].meaning} ${statuses[id].resolution}`),
    ...named.flatMap(id => (causes[id].whatToDo === null ? [] : [`${causes[id].label}: ${causes[id].whatToDo}`])),
    '',
    ...alerts.map(alert => lineOf(alert, emailPageUrl)),
  ].join('\n');
}

/** One email in a digest. */
function lineOf(alert: Alert, emailPageUrl: string): string {
  const { recipient, subject, reference, status, statusAt, reason } = alert;
  return [
    `- ${defangAddress(recipient)}`,
    ...marksOf(alert).map(mark => marks[mark]),
    ...(subject === undefined ? [] : [`"${defangText(subject)}"`]),
    ...(reference === undefined ? [] : [`reference ${defangText(reference)}`]),
    `${statuses[status].label} since ${timeInWords(statusAt)}`,
    ...(reason === undefined ? [] : [defangText(reasonInWords(reason))]),
    pageOf(alert, emailPageUrl) ?? `email ${alert.emailId}`,
  ].join(' | ');
}

function marksOf(alert: Alert): readonly Mark[] {
  return (Object.keys(marks) as Mark[]).filter(mark => alert[mark]);
}

/** Support's page of the email; null if there is none, or if it needs an account that the email does not have. */
function pageOf({ accountId, emailId }: Alert, emailPageUrl: string): string | null {
  if (emailPageUrl === '' || (accountId === undefined && emailPageUrl.includes('{accountId}'))) return null;
  const values = { '{accountId}': accountId ?? '', '{emailId}': emailId };
  return emailPageUrl.replace(/\{accountId\}|\{emailId\}/g, name =>
    encodeURIComponent(values[name as keyof typeof values].toWellFormed()),
  );
}
