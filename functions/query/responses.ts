/** Turns an email into the API's answers (response-schemas.ts). */

import { shownAddress } from '../../shared/email/address.ts';
import { isOwnNote, noteNames, ofApplication, type Reason } from '../../shared/email/event.ts';
import { canBeHandled } from '../../shared/email/handling.ts';
import { decidingEventOf, type HistoryEvent } from '../../shared/email/history.ts';
import type { Email, EmailSummary } from '../../shared/email/item.ts';
import { reasonInWords, reasonOf, replyInWords } from '../../shared/email/reason.ts';
import type { RecipientVerdict } from '../../shared/email/recipient-verdict.ts';
import { knownOfKinds, repeatKinds, timedOf } from '../../shared/email/repeats.ts';
import type {
  AttentionLine,
  Catalogue,
  EmailAnswer,
  EmailRow,
  RecipientVerdictAnswer,
} from '../../shared/http/response-schemas.ts';
import { providerInWords } from '../../shared/providers/titles.ts';
import { isoText, timeInWords } from '../../shared/runtime/time.ts';
import { attentionOf, type OldAfter } from '../../shared/status/attention.ts';
import { statuses, statusIds } from '../../shared/status/catalogue.ts';
import { type Cause, causeIds, causes } from '../../shared/status/causes.ts';
import { type CaveatId, caveatsOf, caveatTexts } from '../../shared/status/caveats.ts';
import { causeTexts, codesOf, emailTexts, statusTexts, textsOf } from '../../shared/status/coded-texts.ts';

/** The catalogue of statuses, causes and caveats. */
export function catalogueView(): Catalogue {
  return {
    statuses: statusIds.map((id, index) => {
      const { attention, tone, final, resend } = statuses[id];
      const told = statusTexts(id);
      return { id, ...textsOf(told), attention, tone, order: index + 1, final, resend, codes: codesOf(told) };
    }),
    causes: causeIds.map(id => {
      const { turn, status } = causes[id];
      const told = causeTexts(id);
      return { id, ...textsOf(told), turn, status, codes: codesOf(told) };
    }),
    caveats: Object.entries(caveatTexts).map(([id, text]) => ({ code: id as CaveatId, text })),
  };
}

/** An email as a row of a list. */
export function rowView(email: EmailSummary, now: number, oldAfter: OldAfter): EmailRow {
  const { emailId, accountId, provider, recipient, subject, reference, verdict, cause, tags, sentAt } = email;
  return {
    emailId,
    accountId: accountId ?? null,
    provider,
    recipient: shownAddress(recipient),
    subject: subject ?? null,
    reference: reference ?? null,
    status: verdict?.status ?? null,
    label: verdict && statuses[verdict.status].label,
    statusAt: verdict && isoText(verdict.statusAt),
    cause: cause ?? null,
    attention: attentionOf(email, now, oldAfter),
    tags: [...(tags ?? [])],
    sentAt: isoText(sentAt),
  };
}

/** One email with all its recorded facts. */
export function emailView(email: Email, now: number, oldAfter: OldAfter): EmailAnswer {
  const { messageId, verdict, cause, updatedAt } = email;
  const events = shownEvents(email);
  const joined = (note: string) =>
    events.flatMap(({ providerEvent, relatedEmailId }) => (providerEvent === note ? (relatedEmailId ?? []) : []));
  const told = emailTexts(verdict?.status ?? null, cause);
  const { meaning, resolution, whatToDo, whatToDoForAccount, sentAgain } = textsOf(told);
  const row = rowView(email, now, oldAfter);
  return {
    ...row,
    messageId,
    meaning,
    resolution,
    whatToDo,
    whatToDoForAccount,
    sentAgain,
    updatedAt: isoText(updatedAt),
    because: becauseView(email),
    handled: row.attention === null ? handledView(email) : null,
    canBeHandled: canBeHandled(email),
    resendOf: joined(noteNames.resend),
    resentAs: joined(noteNames.resent),
    timeline: events.map(timelineView),
    repeats: repeatsView(email),
    caveats: caveatsView(email, now, oldAfter),
    codes: codesOf(told),
  };
}

/**
 * The events to show. Of the notes that join two emails, each is shown once, because a sender may name the other email in
 * every report. One that another account's report brought is not shown.
 */
function shownEvents({ accountId, events }: Email): readonly HistoryEvent[] {
  const seen = new Set<string>();
  return events.filter(event => {
    if (!isOwnNote(event) || event.relatedEmailId === undefined) return true;
    if (event.accountId !== undefined && event.accountId !== accountId) return false;
    const note = `${event.providerEvent} ${event.relatedEmailId}`;
    return !seen.has(note) && seen.add(note);
  });
}

/** An email as a line of the export. */
export function attentionLineOf(email: Email, now: number, oldAfter: OldAfter): AttentionLine {
  const { emailId, recipient, subject, reference, provider, verdict, cause, sentAt } = email;
  const { whatToDo, whatToDoForAccount } = textsOf(emailTexts(verdict?.status ?? null, cause));
  return {
    emailId,
    recipient: shownAddress(recipient),
    subject: subject ?? null,
    reference: reference ?? null,
    provider,
    status: verdict?.status ?? null,
    label: verdict && statuses[verdict.status].label,
    statusAt: verdict && isoText(verdict.statusAt),
    sentAt: isoText(sentAt),
    cause: cause ?? null,
    causeLabel: cause === undefined ? null : causes[cause].label,
    why: becauseView(email)?.text ?? null,
    whatToDo,
    whatToDoForAccount,
    caveats: caveatsView(email, now, oldAfter),
  };
}

/** Whether to send an address another email. */
export function recipientVerdictView(asked: string, known: RecipientVerdict): RecipientVerdictAnswer {
  const { why, lastDelivered, complainedAt, asOf, caveats, ...rest } = known;
  return {
    asked,
    ...rest,
    why: why.map(({ at, ...ground }) => ({ ...ground, at: timeOrNull(at) })),
    lastDelivered: timeOrNull(lastDelivered),
    complainedAt: timeOrNull(complainedAt),
    asOf: isoText(asOf),
    caveats: [...caveats],
  };
}

function timeOrNull(millis: number | null): string | null {
  return millis === null ? null : isoText(millis);
}

/** The event that decided the status, in words too, and the conclusion that it does not allow. */
function becauseView({ provider, verdict, cause, events }: Email): EmailAnswer['because'] {
  if (verdict === null) return null;
  const { label, doesNotProve } = statuses[verdict.status];
  const event = decidingEventOf(verdict, events);
  const at = isoText(verdict.statusAt);
  const reason = reasonOf(cause, event);
  const reported = event === null ? label : `"${event.providerEvent}"`;
  const reporter = event?.providerEvent.startsWith(ofApplication) ? 'app' : provider;
  const subject = reporter === 'app' ? 'Your application' : providerInWords(reporter);
  return {
    eventId: verdict.statusEventId,
    at,
    provider: reporter,
    providerEvent: event?.providerEvent ?? null,
    evidence: event?.evidence ?? 'unknown',
    cause: cause ?? null,
    causeLabel: cause === undefined ? null : causes[cause].label,
    reply: reason === undefined ? null : replyInWords(reason),
    text: `${subject} reported ${reported} at ${timeInWords(verdict.statusAt)}${reason === undefined ? '' : `: ${reasonInWords(reason)}`}`,
    doesNotProve,
  };
}

/** The newest handling. */
function handledView({ events }: Email): EmailAnswer['handled'] {
  const event = events.findLast(({ providerEvent }) => providerEvent === noteNames.handled);
  if (event === undefined) return null;
  return { at: isoText(event.occurredAt), by: event.actor ?? null, note: event.reason?.text ?? null };
}

/** Counts beside the timeline. Those of a kind in the timeline are part of the number. */
function repeatsView({ events, repeats }: Email): EmailAnswer['repeats'] {
  const known = knownOfKinds(events);
  return [...repeats].map(([code, { count, last }]) => {
    const { status, evidence, attribution } = repeatKinds.get(code)!;
    return {
      status,
      label: statuses[status].label,
      evidence,
      attribution: attribution ?? null,
      atLeast: count + (known.get(code)?.number ?? 0),
      lastAt: isoText(last),
    };
  });
}

function caveatsView(email: Email, now: number, oldAfter: OldAfter): EmailAnswer['caveats'] {
  const events = [...email.events, ...timedOf(email.repeats)];
  return caveatsOf({ ...email, events }, now, oldAfter).map(({ code, text, at }) => ({
    code,
    text,
    at: at === undefined ? null : isoText(at),
  }));
}

/** Omits another account that an event named: this account must not see it. */
function timelineView(event: HistoryEvent): EmailAnswer['timeline'][number] {
  const {
    eventId,
    occurredAt,
    providerTime,
    status,
    providerEvent,
    evidence,
    attribution,
    reason,
    clickUrl,
    userAgent,
    relatedEmailId,
    actor,
  } = event;
  return {
    eventId,
    at: isoText(occurredAt),
    providerTime: providerTime === undefined ? null : isoText(providerTime),
    status,
    label: status && statuses[status].label,
    providerEvent,
    evidence,
    attribution: attribution ?? null,
    reason: reason ? reasonView(reason) : null,
    clickUrl: clickUrl ?? null,
    userAgent: userAgent ?? null,
    relatedEmailId: relatedEmailId ?? null,
    by: actor ?? null,
  };
}

function reasonView({ code, enhancedCode, text, cause }: Reason) {
  return {
    code: code ?? null,
    enhancedCode: enhancedCode ?? null,
    text: text ?? null,
    cause: cause === undefined ? null : causeView(cause),
  };
}

function causeView(id: Cause) {
  const { label, text, turn } = causes[id];
  return { id, label, text, turn };
}
