import { type Alert, statusesOf } from '../../shared/alerts/alert.ts';
import { headerText } from '../../shared/alerts/defang.ts';
import { pageOf } from '../../shared/alerts/links.ts';
import { maxMessageBytes, type TopicMessage } from '../../shared/alerts/publish.ts';
import { shownAddress } from '../../shared/email/address.ts';
import { asciiJson, boundedText } from '../../shared/runtime/text.ts';
import { isoText } from '../../shared/runtime/time.ts';
import { type AlertKind, statuses } from '../../shared/status/catalogue.ts';
import { type Cause, causes } from '../../shared/status/causes.ts';
import { caveatTexts } from '../../shared/status/caveats.ts';

/** Bytes of a server's reply, so that a burst takes only a few messages. A cause takes part of them. */
const maxReasonBytes = 120;
const maxReasonBytesBesideCause = 80;

/** Left for texts of emails that change between two tries of one message. */
const reservedBytes = 8 * 1024;

/** SNS takes a subject of fewer than 100 printable ASCII characters. */
const maxSubjectLength = 99;

/**
 * The alerts of each message for machines, in order. Each account and kind has one message, or more if one would exceed
 * SNS's size. Every alert is in exactly one message. Emails without an account share one.
 *
 * @param emailPageUrl support's page of an email, with placeholders `{accountId}` and `{emailId}`; empty if there is
 * none
 */
export function messagesOf(alerts: readonly Alert[], emailPageUrl: string): (readonly Alert[])[] {
  const groups = Map.groupBy(alerts, ({ accountId, kind }) => JSON.stringify([kind, accountId]));
  return [...groups.values()].flatMap(group => withinSize(group, emailPageUrl));
}

function withinSize(group: readonly Alert[], emailPageUrl: string): Alert[][] {
  // Escaping works per character, so that sizes add up.
  const empty = bodyOf('', [group[0]!], causesOf(group), emailPageUrl).length;
  const messages: Alert[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const alert of group) {
    const added = asciiJson(entryOf(alert, emailPageUrl)).length + 1;
    if (size + added > maxMessageBytes - reservedBytes) {
      messages.push([]);
      size = empty;
    }
    messages.at(-1)!.push(alert);
    size += added;
  }
  return messages;
}

/**
 * The message for machines about some emails of one account and kind: JSON in ASCII.
 *
 * @param digestId the same id twice is the same message, sent again
 */
export function messageOf(digestId: string, alerts: readonly Alert[], emailPageUrl: string): TopicMessage {
  const { kind, accountId } = alerts[0]!;
  return {
    subject: headerText(`${kind}: ${alerts.length}`, maxSubjectLength),
    body: bodyOf(digestId, alerts, causesOf(alerts), emailPageUrl),
    attributes: { kind, accountId, digestId },
  };
}

/** The distinct causes of the alerts. */
function causesOf(alerts: readonly Alert[]): readonly Cause[] {
  return [...new Set(alerts.flatMap(({ reason }) => reason?.cause ?? []))].sort();
}

function bodyOf(digestId: string, alerts: readonly Alert[], named: readonly Cause[], emailPageUrl: string): string {
  const { kind, accountId } = alerts[0]!;
  return asciiJson({
    version: 1,
    digestId,
    kind,
    accountId: accountId ?? null,
    statuses: statusTexts(kind),
    causes: named.map(id => {
      const { label, text, whatToDo, turn } = causes[id];
      return { id, label, text, whatToDo, turn };
    }),
    caveats: [...new Set(alerts.flatMap(({ caveats }) => caveats))].map(code => ({ code, text: caveatTexts[code] })),
    emails: alerts.map(alert => entryOf(alert, emailPageUrl)),
  });
}

function statusTexts(kind: AlertKind) {
  return statusesOf(kind).map(id => {
    const { label, meaning, resolution, sentAgain, doesNotProve } = statuses[id];
    return { id, label, meaning, resolution, sentAgain, doesNotProve };
  });
}

/**
 * One email for machines, with the API's values. Shared values, and the texts of statuses, causes and caveats, are stated
 * once above.
 */
function entryOf(alert: Alert, emailPageUrl: string) {
  const { emailId, provider, reporter, recipient, subject, reference, status, statusAt, caveats } = alert;
  const { cause = null, ...reason } = alert.reason ?? {};
  const bytes = cause === null ? maxReasonBytes : maxReasonBytesBesideCause;
  const text = reason.text === undefined ? {} : { text: boundedText(reason.text, bytes) };
  return {
    emailId,
    provider,
    reporter,
    recipient: shownAddress(recipient),
    subject: subject ?? null,
    reference: reference ?? null,
    status,
    statusAt: statusAt === null ? null : isoText(statusAt),
    cause,
    reason: Object.keys(reason).length === 0 ? null : { ...reason, ...text },
    caveats,
    url: pageOf(alert, emailPageUrl),
  };
}
