import { shownAddress } from '../../shared/email/address.ts';
import { reasonInWords } from '../../shared/email/reason.ts';
import { asciiJson, boundedText } from '../../shared/runtime/text.ts';
import { isoText } from '../../shared/runtime/time.ts';
import { type AlertKind, type Status, statuses, statusIds } from '../../shared/status/catalogue.ts';
import { type Cause, causes, whatToDoAbout } from '../../shared/status/causes.ts';
import type { Alert } from './alert.ts';
import { defangAddress, defangText, headerText, inertAddress } from './defang.ts';

/** SNS takes 256 KB, message and attributes together; the rest is room for the attributes. */
const maxMessageBytes = 255 * 1024;

/** So many bytes of a server's reply are in a digest, so that a burst stays a handful of messages. A cause takes some of them. */
const maxReasonBytes = 120;
const maxReasonBytesBesideCause = 80;

/** SNS's bound for a subject: fewer than 100 printable ASCII characters. */
const maxSubjectLength = 99;

/** Marks of an alert, in words. Whoever wrote a report may have made up an address that nothing else names. */
const marks = {
  notAddressed: 'The message was not sent to this address: only the report names it.',
  messageNotKnown: 'The report names this address and no message: it may be about any email to it.',
} as const satisfies Partial<Record<keyof Alert, string>>;

type Mark = keyof typeof marks;

/** A message as SNS takes it, and the alerts in it. */
export interface AlertMessage {
  readonly kind: AlertKind;
  readonly accountId: string | undefined;
  readonly alerts: readonly Alert[];
  readonly subject: string;
  /** JSON in ASCII, for `MessageStructure: 'json'`: `default` for machines, `email` for people. */
  readonly body: string;
}

/** What the emails of one message have in common. */
type Group = Pick<Alert, 'kind' | 'accountId'>;

const kinds = {
  hard_bounce: { one: 'Hard bounce', many: 'hard bounces', what: 'could not be delivered, for a permanent reason' },
  spam: { one: 'Marked as spam', many: 'emails marked as spam', what: 'were marked as spam by the recipient' },
} as const satisfies Record<AlertKind, { one: string; many: string; what: string }>;

/**
 * The messages that tell support of the alerts, in their order: per account and kind one, a letter about a single email
 * or a digest that names them all, and more only where the size does not allow it. Every alert is in exactly one. Emails
 * whose account is not known yet are folded together.
 *
 * @param emailPageUrl where support sees an email, with `{accountId}` and `{emailId}`; empty where there is no such page
 */
export function messagesOf(alerts: readonly Alert[], emailPageUrl: string): AlertMessage[] {
  const groups = Map.groupBy(alerts, ({ accountId, kind }) => JSON.stringify([kind, accountId]));
  return [...groups.values()].flatMap(group =>
    digestsOf(group, emailPageUrl).map(told => messageOf(told, emailPageUrl)),
  );
}

/** Alerts of one group split where a message would become too large. */
function digestsOf(group: readonly Alert[], emailPageUrl: string): Alert[][] {
  if (group.length === 1) return [[...group]];
  // Both escapings work character by character, so that sizes add up; the count in the text takes a few bytes more, and
  // the words of causes that are only in another digest a few less.
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

/** What one more email adds to a digest's body. */
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

/** The causes that the alerts name, once each. */
function causesOf(alerts: readonly Alert[]): readonly Cause[] {
  return [...new Set(alerts.flatMap(({ reason }) => reason?.cause ?? []))].sort();
}

function digestBodyOf(group: Group, alerts: readonly Alert[], named: readonly Cause[], emailPageUrl: string): string {
  return bodyOf(group, alerts, named, digestOf(group, alerts, named, emailPageUrl), emailPageUrl);
}

/** Both parts of a message: `default` is what SNS gives to everything but an inbox. */
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

/** One email for machines: every value as the API shows it. Common values, and the words of statuses and causes, stand above. */
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

/** One email for a person: what happened to whom, why, and what to do now. */
function letterOf(alert: Alert, emailPageUrl: string): string {
  const { kind, accountId, recipient, subject, reference, provider, status, statusAt, reason } = alert;
  const { label, meaning, sentAgain } = statuses[status];
  const page = pageOf(alert, emailPageUrl);
  const lines = [
    `${kinds[kind].one}: ${defangAddress(recipient)}`,
    '',
    `Recipient: ${defangAddress(recipient)}`,
    ...marksOf(alert).map(mark => `           ${marks[mark]}`),
    `Account:   ${accountId === undefined ? 'not known yet' : defangText(accountId)}`,
    `Subject:   ${subject === undefined ? 'not known' : defangText(subject)}`,
    `Reference: ${reference === undefined ? 'not known' : defangText(reference)}`,
    `Status:    ${label} since ${isoText(statusAt)}, reported by ${defangText(provider)}`,
    `Reason:    ${reason === undefined ? 'not given' : defangText(reasonInWords(reason))}`,
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
  const whose = accountId === undefined ? 'whose account is not known yet' : `of account ${defangText(accountId)}`;
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
    `${statuses[status].label} since ${isoText(statusAt)}`,
    ...(reason === undefined ? [] : [defangText(reasonInWords(reason))]),
    pageOf(alert, emailPageUrl) ?? `email ${alert.emailId}`,
  ].join(' | ');
}

function marksOf(alert: Alert): readonly Mark[] {
  return (Object.keys(marks) as Mark[]).filter(mark => alert[mark]);
}

/** Where support sees the email; null where there is no such page, or no account that it could be shown under. */
function pageOf({ accountId, emailId }: Alert, emailPageUrl: string): string | null {
  if (emailPageUrl === '' || (accountId === undefined && emailPageUrl.includes('{accountId}'))) return null;
  const values = { '{accountId}': accountId ?? '', '{emailId}': emailId };
  return emailPageUrl.replace(/\{accountId\}|\{emailId\}/g, name =>
    encodeURIComponent(values[name as keyof typeof values].toWellFormed()),
  );
}
