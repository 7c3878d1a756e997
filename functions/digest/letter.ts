import { type Alert, statusesOf } from '../../shared/alerts/alert.ts';
import { defangAddress, defangText, headerText, inertAddress } from '../../shared/alerts/defang.ts';
import { type AlertLinks, lookUpCommand, pageOf } from '../../shared/alerts/links.ts';
import { maxMessageBytes, type TopicMessage } from '../../shared/alerts/publish.ts';
import { replyInWords } from '../../shared/email/reason.ts';
import { providerInWords } from '../../shared/providers/titles.ts';
import { boundedText } from '../../shared/runtime/text.ts';
import { timeInWords } from '../../shared/runtime/time.ts';
import { type AlertKind, statuses } from '../../shared/status/catalogue.ts';
import { type Cause, causes, whatToDoAbout } from '../../shared/status/causes.ts';
import { caveatTexts } from '../../shared/status/caveats.ts';

/** Emails in one letter: a reader can scan them, and even the longest lines fit once they are shortened. */
export const maxEmailsPerLetter = 300;

/** Bytes of a subject and of a server's reply in a digest. */
const maxSubjectBytes = 80;
const maxReplyBytes = 80;

/** SNS takes a subject of fewer than 100 printable ASCII characters. */
const maxTitleLength = 99;

const kinds = {
  hard_bounce: {
    one: 'Could not be delivered',
    verb: { one: 'could not be delivered', many: 'could not be delivered' },
  },
  spam: { one: 'Marked as spam', verb: { one: 'was marked as spam', many: 'were marked as spam' } },
} as const satisfies Record<AlertKind, { one: string; verb: { one: string; many: string } }>;

const kindIds = Object.keys(kinds) as readonly AlertKind[];

/**
 * The letter to people about some emails. One email gets the whole story; several get a line each, by kind and account.
 *
 * @param digestId the same id twice is the same letter, sent again
 */
export function letterOf(digestId: string, alerts: readonly Alert[], links: AlertLinks): TopicMessage {
  const [first, ...others] = alerts;
  const foot = [
    '',
    'Sent by Mailtrail, which watches the delivery of the emails that you send.',
    `Alert id ${digestId}: a second letter with this id repeats this one.`,
  ];
  const write = (lines: readonly string[]) => [...lines, ...foot].join('\n');
  const whole = write(others.length === 0 ? story(first!, links) : digest(alerts, links, wholeLines));
  const body = Buffer.byteLength(whole) <= maxMessageBytes ? whole : write(digest(alerts, links, shortLines));
  return { subject: titleOf(alerts), body, attributes: { digestId } };
}

function titleOf(alerts: readonly Alert[]): string {
  const [{ kind, recipient }] = alerts as readonly [Alert];
  const what = alerts.length === 1 ? `${kinds[kind].one}: ${inertAddress(recipient)}` : countsOf(alerts);
  const accounts = [...new Set(alerts.flatMap(({ accountId }) => accountId ?? []))];
  const named = accounts.length === 1 ? ` (account ${defangText(accounts[0]!)})` : ` (${accounts.length} accounts)`;
  return headerText(`${what}${accounts.length === 0 ? '' : named}`, maxTitleLength);
}

/** E.g. `12 emails could not be delivered, 3 were marked as spam`. */
function countsOf(alerts: readonly Alert[]): string {
  return kindIds
    .map(kind => [kind, alerts.filter(alert => alert.kind === kind).length] as const)
    .filter(([, count]) => count > 0)
    .map(
      ([kind, count], index) => `${count}${index > 0 ? '' : count === 1 ? ' email' : ' emails'} ${verb(kind, count)}`,
    )
    .join(', ');
}

function verb(kind: AlertKind, count: number): string {
  return kinds[kind].verb[count === 1 ? 'one' : 'many'];
}

/** One email: first why and what to do, then the facts. */
function story(alert: Alert, links: AlertLinks): readonly string[] {
  const { kind, emailId, accountId, recipient, subject, reference, status, statusAt, reason, caveats } = alert;
  const { label, meaning, sentAgain } = statuses[status];
  const reply = reason && replyInWords(reason);
  const page = pageOf(alert, links.emailPageUrl);
  return [
    `${kinds[kind].one}: ${defangAddress(recipient)}`,
    '',
    `Why:         ${whyOf(alert)}`,
    `What to do:  ${whatToDoAbout(status, reason?.cause)}`,
    ...caveats.map(code => `Caution:     ${caveatTexts[code]}`),
    '',
    `Recipient:   ${defangAddress(recipient)}`,
    `Account:     ${accountId === undefined ? 'not reported yet' : defangText(accountId)}`,
    `Subject:     ${subject === undefined ? 'not reported' : defangText(subject)}`,
    `Reference:   ${reference === undefined ? 'not reported' : defangText(reference)}`,
    `Email id:    ${emailId}`,
    `Status:      ${label}${statusAt === null ? '' : ` on ${timeInWords(statusAt)}`}, reported by ${reporterOf(alert)}`,
    ...(reply ? [`Reply:       ${defangText(reply)}`] : []),
    `Sent again:  ${sentAgain}`,
    '',
    meaning,
    doesNotProve(alert),
    '',
    ...(page === null
      ? ['To look it up, with a token of the API in TOKEN:', lookUpCommand(alert, links.apiUrl)]
      : [page]),
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
  readonly email: (alert: Alert, links: AlertLinks) => string;
}

const wholeLines: Lines = { account: defangText, email: lineOf };

/** The lines where the whole ones would exceed SNS's size. */
const shortLines: Lines = {
  account: accountId => defangText(boundedText(accountId, 64)),
  email: ({ recipient, status, emailId }) =>
    `- ${defangAddress(boundedText(recipient, 128))} | ${statuses[status].label} | email ${emailId}`,
};

function digest(alerts: readonly Alert[], links: AlertLinks, lines: Lines): readonly string[] {
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
  const isWithoutPage = ({ accountId }: Alert) =>
    accountId !== undefined && pageOf({ emailId: '', accountId }, links.emailPageUrl) === null;
  return [
    `${countsOf(alerts)}.`,
    ...sections,
    ...(alerts.some(isWithoutPage)
      ? [
          '',
          'To look one up, with a token of the API in TOKEN:',
          `curl -H "authorization: Bearer $TOKEN" '${links.apiUrl}/accounts/ACCOUNT/emails/EMAIL'`,
        ]
      : []),
  ];
}

/** The advice, once for each status and cause that the emails have. */
function adviceFor(alerts: readonly Alert[]): readonly string[] {
  const { kind } = alerts[0]!;
  const adviceOf = ({ reason }: Alert) => (reason?.cause === undefined ? null : causes[reason.cause].whatToDo);
  const unadvised = new Set(alerts.filter(alert => adviceOf(alert) === null).map(({ status }) => status));
  const named = [...new Set(alerts.flatMap(({ reason }) => reason?.cause ?? []))].sort() as readonly Cause[];
  return [
    ...named.flatMap(id => (causes[id].whatToDo === null ? [] : [`${causes[id].label}: ${causes[id].whatToDo}`])),
    ...statusesOf(kind).flatMap(id =>
      unadvised.has(id) ? [`${statuses[id].label}: ${statuses[id].resolution} ${doesNotProve({ status: id })}`] : [],
    ),
  ];
}

/** A text of at most so many bytes, with an ellipsis where it is cut. */
function shortened(text: string, maxBytes: number): string {
  const short = boundedText(text, maxBytes);
  return short === boundedText(text, maxBytes + 1) ? short : `${short}…`;
}

/** One email in a digest. */
function lineOf(alert: Alert, { emailPageUrl }: AlertLinks): string {
  const { recipient, subject, reference, status, statusAt, reason, caveats, emailId } = alert;
  const { cause } = reason ?? {};
  const reply = reason && replyInWords(reason);
  return [
    `- ${defangAddress(recipient)}`,
    ...(subject === undefined ? [] : [`"${defangText(shortened(subject, maxSubjectBytes))}"`]),
    ...(reference === undefined ? [] : [`reference ${defangText(reference)}`]),
    `${statuses[status].label}${statusAt === null ? '' : ` on ${timeInWords(statusAt)}`}`,
    ...(cause === undefined || cause === 'unspecified' ? [] : [causes[cause].label]),
    ...(reply ? [defangText(shortened(reply, maxReplyBytes))] : []),
    ...caveats.map(code => `caution: ${caveatTexts[code]}`),
    pageOf(alert, emailPageUrl) ?? `email ${emailId}`,
  ].join(' | ');
}
