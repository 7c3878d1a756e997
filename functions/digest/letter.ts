import { type Alert, statusesOf } from '../../shared/alerts/alert.ts';
import { defangAddress, defangText, headerText, inertAddress } from '../../shared/alerts/defang.ts';
import { lookUpCommand, pageOf } from '../../shared/alerts/links.ts';
import { maxMessageBytes, type TopicMessage } from '../../shared/alerts/publish.ts';
import { replyInWords } from '../../shared/email/reason.ts';
import { providerInWords } from '../../shared/providers/titles.ts';
import { boundedText } from '../../shared/runtime/text.ts';
import { timeInWords } from '../../shared/runtime/time.ts';
import { type AlertKind, statuses } from '../../shared/status/catalogue.ts';
import { type Cause, causes, whatToDoAbout } from '../../shared/status/causes.ts';
import { caveatTexts } from '../../shared/status/caveats.ts';

/** Where a reader finds an email. */
export interface LetterLinks {
  /** Support's page of an email, with placeholders `{accountId}` and `{emailId}`; empty if there is none. */
  readonly emailPageUrl: string;
  readonly apiUrl: string;
}

/** Emails in one letter: a reader can scan them, and even the longest lines fit once they are shortened. */
export const maxEmailsPerLetter = 300;

/** Bytes of a subject and of a server's reply in a digest. */
const maxSubjectBytes = 80;
const maxReplyBytes = 80;

/** SNS takes a subject of fewer than 100 printable ASCII characters. */
const maxTitleLength = 99;

const kinds = {
  hard_bounce: { one: 'Could not be delivered', many: 'could not be delivered' },
  spam: { one: 'Marked as spam', many: 'marked as spam' },
} as const satisfies Record<AlertKind, { one: string; many: string }>;

const kindIds = Object.keys(kinds) as readonly AlertKind[];

/**
 * The letter to people about some emails. One email gets the whole story; several get a line each, by kind and account.
 *
 * @param digestId the same id twice is the same letter, sent again
 */
export function letterOf(digestId: string, alerts: readonly Alert[], links: LetterLinks): TopicMessage {
  const [first, ...others] = alerts;
  const foot = ['', `Alert ${digestId}. A second letter with this id repeats this one.`];
  const write = (lines: readonly string[]) => [...lines, ...foot].join('\n');
  const whole = write(others.length === 0 ? story(first!, links) : digest(alerts, links, wholeLines));
  const body = Buffer.byteLength(whole) <= maxMessageBytes ? whole : write(digest(alerts, links, shortLines));
  return { subject: titleOf(alerts), body, attributes: { digestId } };
}

function titleOf(alerts: readonly Alert[]): string {
  const [{ kind, recipient }] = alerts as readonly [Alert];
  const what = alerts.length === 1 ? `${kinds[kind].one}: ${inertAddress(recipient)}` : `Emails ${countsOf(alerts)}`;
  const accounts = [...new Set(alerts.map(({ accountId }) => accountId))];
  const whose =
    accounts.length > 1
      ? ` (${accounts.length} accounts)`
      : accounts[0] === undefined
        ? ''
        : ` (account ${defangText(accounts[0])})`;
  return headerText(`${what}${whose}`, maxTitleLength);
}

/** E.g. `could not be delivered: 12, marked as spam: 3`. */
function countsOf(alerts: readonly Alert[]): string {
  return kindIds
    .map(kind => [kind, alerts.filter(alert => alert.kind === kind).length] as const)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${kinds[kind].many}: ${count}`)
    .join(', ');
}

/** One email: first why and what to do, then the facts. */
function story(alert: Alert, links: LetterLinks): readonly string[] {
  const { kind, accountId, recipient, subject, reference, status, statusAt, reason, caveats } = alert;
  const { label, meaning, sentAgain } = statuses[status];
  const reply = reason && replyInWords(reason);
  const page = pageOf(alert, links.emailPageUrl);
  return [
    `${kinds[kind].one}: ${defangAddress(recipient)}`,
    '',
    `Why:         ${whyOf(alert)}`,
    `What to do:  ${whatToDoAbout(status, reason?.cause)}`,
    ...caveats.map(code => `But:         ${caveatTexts[code]}`),
    '',
    `Recipient:   ${defangAddress(recipient)}`,
    `Account:     ${accountId === undefined ? 'not reported yet' : defangText(accountId)}`,
    `Subject:     ${subject === undefined ? 'not reported' : defangText(subject)}`,
    `Reference:   ${reference === undefined ? 'not reported' : defangText(reference)}`,
    `Status:      ${label}${statusAt === null ? '' : ` since ${timeInWords(statusAt)}`}, reported by ${reporterOf(alert)}`,
    `Reply:       ${reply ? defangText(reply) : 'not reported'}`,
    `Sent again:  ${sentAgain}`,
    '',
    meaning,
    doesNotProve(alert),
    '',
    page ?? lookUpCommand(alert, links.apiUrl),
  ];
}

/** The cause by its label; what to do begins with the whole sentence. */
function whyOf({ kind, reason }: Alert): string {
  if (kind === 'spam') return 'The recipient said so';
  return causes[reason?.cause ?? 'unspecified'].label;
}

function reporterOf({ reporter }: Alert): string {
  return reporter === 'app' ? 'your application' : defangText(providerInWords(reporter));
}

function doesNotProve({ status }: Pick<Alert, 'status'>): string {
  const { doesNotProve } = statuses[status];
  return `This does not prove ${doesNotProve[0]!.toLowerCase()}${doesNotProve.slice(1)}`;
}

/** The lines of a digest. */
interface Lines {
  readonly account: (accountId: string) => string;
  readonly email: (alert: Alert, links: LetterLinks) => string;
}

const wholeLines: Lines = { account: defangText, email: lineOf };

/** The lines where the whole ones would exceed SNS's size. */
const shortLines: Lines = {
  account: accountId => defangText(boundedText(accountId, 64)),
  email: ({ recipient, status, emailId }) =>
    `- ${defangAddress(boundedText(recipient, 128))} | ${statuses[status].label} | email ${emailId}`,
};

function digest(alerts: readonly Alert[], links: LetterLinks, lines: Lines): readonly string[] {
  const sections = kindIds.flatMap(kind => {
    const ofKind = alerts.filter(alert => alert.kind === kind);
    if (ofKind.length === 0) return [];
    const byAccount = Map.groupBy(ofKind, ({ accountId }) => accountId);
    return [
      '',
      `${kinds[kind].one}: ${ofKind.length}`,
      ...adviceFor(ofKind),
      ...[...byAccount].flatMap(([accountId, ofAccount]) => [
        '',
        `${accountId === undefined ? 'Without an account' : `Account ${lines.account(accountId)}`} (${ofAccount.length})`,
        ...ofAccount.map(alert => lines.email(alert, links)),
      ]),
    ];
  });
  const isWithoutPage = alerts.some(alert => pageOf(alert, links.emailPageUrl) === null);
  return [
    `Emails ${countsOf(alerts)}.`,
    ...sections,
    ...(isWithoutPage
      ? ['', `Look one up: curl -H "authorization: Bearer $TOKEN" ${links.apiUrl}/accounts/ACCOUNT/emails/EMAIL`]
      : []),
  ];
}

/** The advice, once for each status and cause that the emails have. */
function adviceFor(alerts: readonly Alert[]): readonly string[] {
  const { kind } = alerts[0]!;
  const found = statusesOf(kind).filter(id => alerts.some(({ status }) => status === id));
  const named = [...new Set(alerts.flatMap(({ reason }) => reason?.cause ?? []))].sort() as readonly Cause[];
  return [
    ...found.map(id => `${statuses[id].label}: ${statuses[id].resolution} ${doesNotProve({ status: id })}`),
    ...named.flatMap(id => (causes[id].whatToDo === null ? [] : [`${causes[id].label}: ${causes[id].whatToDo}`])),
  ];
}

/** One email in a digest. */
function lineOf(alert: Alert, { emailPageUrl }: LetterLinks): string {
  const { recipient, subject, reference, status, statusAt, reason, caveats, emailId } = alert;
  const { cause } = reason ?? {};
  const reply = reason && replyInWords(reason);
  return [
    `- ${defangAddress(recipient)}`,
    ...(subject === undefined ? [] : [`"${defangText(boundedText(subject, maxSubjectBytes))}"`]),
    ...(reference === undefined ? [] : [`reference ${defangText(reference)}`]),
    `${statuses[status].label}${statusAt === null ? '' : ` since ${timeInWords(statusAt)}`}`,
    ...(cause === undefined || cause === 'unspecified' ? [] : [causes[cause].label]),
    ...(reply ? [defangText(boundedText(reply, maxReplyBytes))] : []),
    ...caveats.map(code => `but: ${caveatTexts[code]}`),
    pageOf(alert, emailPageUrl) ?? `email ${emailId}`,
  ].join(' | ');
}
