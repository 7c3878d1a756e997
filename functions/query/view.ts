/** What the API shows of an email. Every member is always there, null where nothing is known; times are ISO-8601 UTC. */

import { decidingEventOf, type HistoryEvent } from '../../shared/history.ts';
import { reasonInWords } from '../../shared/reason.ts';
import { caveatsOf, needsAttention, type OldAfter, statuses, statusIds } from '../../shared/status.ts';
import type { Email } from '../../shared/store.ts';
import { isoText } from '../../shared/time.ts';

/** The catalogue of statuses. */
export function catalogueView() {
  return {
    statuses: statusIds.map(id => {
      const { label, meaning, resolution, sentAgain, attention } = statuses[id];
      return { id, label, meaning, resolution, sentAgain, attention };
    }),
  };
}

/** An email as a row of a list. */
export function rowView(email: Email, now: number, oldAfter: OldAfter) {
  const { emailId, provider, recipient, subject, reference, verdict, firstSeenAt } = email;
  return {
    emailId,
    provider,
    recipient,
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
export function emailView(email: Email, now: number, oldAfter: OldAfter) {
  const { accountId, messageId, verdict, updatedAt, events } = email;
  const facts = verdict && statuses[verdict.status];
  return {
    ...rowView(email, now, oldAfter),
    accountId: accountId ?? null,
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

/** The event that decided the status, also in words. */
function becauseView({ provider, verdict, events }: Email) {
  const event = decidingEventOf(verdict, events);
  if (event === null) return null;
  const at = isoText(event.occurredAt);
  const reason = event.reason ? `: ${reasonInWords(event.reason)}` : '';
  return {
    eventId: event.eventId,
    at,
    providerEvent: event.providerEvent,
    text: `${provider} reported "${event.providerEvent}" at ${at}${reason}`,
  };
}

/** Another account that an event named is left out: it is none of this one's business. */
function timelineView(event: HistoryEvent) {
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
