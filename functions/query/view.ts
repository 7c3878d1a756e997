/** What the API shows of an email, as its schemas say (answers.ts). */

import { shownAddress } from '../../shared/address.ts';
import { decidingEventOf, type HistoryEvent } from '../../shared/history.ts';
import type { Email, EmailSummary } from '../../shared/reader.ts';
import { reasonInWords } from '../../shared/reason.ts';
import { caveatsOf, needsAttention, type OldAfter, statuses, statusIds } from '../../shared/status.ts';
import { isoText } from '../../shared/time.ts';
import type { AttentionLine, Catalogue, EmailAnswer, EmailRow } from './answers.ts';

/** The catalogue of statuses. */
export function catalogueView(): Catalogue {
  return {
    statuses: statusIds.map(id => {
      const { label, meaning, resolution, sentAgain, doesNotProve, attention } = statuses[id];
      return { id, label, meaning, resolution, sentAgain, doesNotProve, attention };
    }),
  };
}

/** An email as a row of a list. */
export function rowView(email: EmailSummary, now: number, oldAfter: OldAfter): EmailRow {
  const { emailId, accountId, provider, recipient, subject, reference, verdict, firstSeenAt } = email;
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
    attention: needsAttention(verdict, now, oldAfter),
    firstSeenAt: isoText(firstSeenAt),
  };
}

/** One email with everything that is known about it. */
export function emailView(email: Email, now: number, oldAfter: OldAfter): EmailAnswer {
  const { messageId, verdict, updatedAt, events } = email;
  const facts = verdict && statuses[verdict.status];
  return {
    ...rowView(email, now, oldAfter),
    messageId,
    meaning: facts?.meaning ?? null,
    resolution: facts?.resolution ?? null,
    sentAgain: facts?.sentAgain ?? null,
    updatedAt: isoText(updatedAt),
    because: becauseView(email),
    timeline: events.map(timelineView),
    caveats: caveatsOf(email, now, oldAfter).map(({ code, text, at }) => ({
      code,
      text,
      at: at === undefined ? null : isoText(at),
    })),
  };
}

/** An email that somebody must act on, for the export. */
export function attentionLineOf(email: Email): AttentionLine {
  const { emailId, recipient, subject, reference, provider, verdict, firstSeenAt } = email;
  const { status, statusAt } = verdict!;
  return {
    emailId,
    recipient: shownAddress(recipient),
    subject: subject ?? null,
    reference: reference ?? null,
    provider,
    status: statuses[status].label,
    statusAt: isoText(statusAt),
    firstSeenAt: isoText(firstSeenAt),
    why: becauseView(email)?.text ?? '',
    whatToDo: statuses[status].resolution,
  };
}

/** The event that decided the status, also in words, and what it must not be taken for. */
function becauseView({ provider, verdict, events }: Email): EmailAnswer['because'] {
  const event = decidingEventOf(verdict, events);
  if (event === null || verdict === null) return null;
  const at = isoText(event.occurredAt);
  const reason = event.reason ? `: ${reasonInWords(event.reason)}` : '';
  return {
    eventId: event.eventId,
    at,
    providerEvent: event.providerEvent,
    evidence: event.evidence,
    text: `${provider} reported "${event.providerEvent}" at ${at}${reason}`,
    doesNotProve: statuses[verdict.status].doesNotProve,
  };
}

/** Another account that an event named is left out: it is none of this one's business. */
function timelineView(event: HistoryEvent): EmailAnswer['timeline'][number] {
  const { eventId, occurredAt, claimedAt, status, providerEvent, evidence, attribution, reason, clickUrl, userAgent } =
    event;
  return {
    eventId,
    at: isoText(occurredAt),
    claimedAt: claimedAt === undefined ? null : isoText(claimedAt),
    status,
    label: status && statuses[status].label,
    providerEvent,
    evidence,
    attribution: attribution ?? null,
    reason: reason
      ? { code: reason.code ?? null, enhancedCode: reason.enhancedCode ?? null, text: reason.text ?? null }
      : null,
    clickUrl: clickUrl ?? null,
    userAgent: userAgent ?? null,
  };
}
