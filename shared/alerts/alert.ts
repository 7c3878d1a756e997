import * as z from 'zod/mini';
import { type EmailFacts, ofApplication, type Reason } from '../email/event.ts';
import { decidingEventOf } from '../email/history.ts';
import { checkedEmailOf, type Email, type Item } from '../email/item.ts';
import { reasonOf } from '../email/reason.ts';
import { timedOf } from '../email/repeats.ts';
import { ownValue } from '../runtime/own-property.ts';
import { type AlertKind, type Status, type StatusFacts, statuses, statusIds } from '../status/catalogue.ts';
import { causeIds } from '../status/causes.ts';
import { type CaveatId, caveatsOf } from '../status/caveats.ts';
import { merge, type Verdict } from '../status/precedence.ts';

/** The statuses that alert support. */
export type AlertingStatus = {
  [Id in Status]: (typeof statuses)[Id]['alert'] extends null ? never : Id;
}[Status];

/** An alert's identity: one email and one kind. Support gets it once, ever. */
export interface AlertKey {
  readonly kind: AlertKind;
  readonly emailId: string;
}

/** The content of an alert about one email. */
export interface Alert extends AlertKey, EmailFacts {
  readonly provider: string;
  /** The reporter of the failure: the provider, or `app` for the sending application itself. */
  readonly reporter: string;
  readonly recipient: string;
  readonly status: AlertingStatus;
  /** Epoch milliseconds; null if the stored email cannot be read. */
  readonly statusAt: number | null;
  readonly reason?: Reason | undefined;
  /** Facts that the status hides. */
  readonly caveats: readonly CaveatId[];
}

/** All kinds of alerts. */
export const alertKinds = [...new Set(statusIds.flatMap(id => statuses[id].alert ?? []))] as readonly AlertKind[];

/** The kind that a status alerts to; null for no alert, and for a text that is no status. */
export function kindOf(status: string | undefined): AlertKind | null {
  return ownValue<StatusFacts>(statuses, status ?? '')?.alert ?? null;
}

/** The statuses of a kind, in the order of the catalogue. */
export function statusesOf(kind: AlertKind): readonly AlertingStatus[] {
  return statusIds.filter(id => statuses[id].alert === kind) as AlertingStatus[];
}

/** A key as a text, without a blank in its parts. */
export function keyText({ kind, emailId }: AlertKey): string {
  return `${kind} ${emailId}`;
}

/**
 * The alert of a kind about a stored email, as its events stand now. Events of the other kinds are left out: an email
 * that bounced and was marked as spam has two alerts. An item that cannot be read still gives an alert, without details.
 *
 * @param now epoch milliseconds
 */
export function alertOf(item: Item, kind: AlertKind, now: number): Alert {
  try {
    const alert = alertOfEmail(checkedEmailOf(item), kind, now);
    return tellable.parse(alert) && alert;
  } catch {
    // The reader of the alert can still look for the email.
    return {
      kind,
      emailId: String(item.emailId),
      provider: textOr(item.provider, 'unknown'),
      reporter: textOr(item.provider, 'unknown'),
      recipient: textOr(item.recipient, 'unknown'),
      ...(typeof item.accountId === 'string' && { accountId: item.accountId }),
      status: statusesOf(kind)[0]!,
      statusAt: null,
      caveats: [],
    };
  }
}

function alertOfEmail(email: Email, kind: AlertKind, now: number): Alert {
  const { emailId, provider, messageId, recipient, accountId, subject, reference } = email;
  const events = email.events.filter(({ status }) => [null, kind].includes(kindOf(status ?? undefined)));
  const merged = merge(events);
  // A full history may lack the deciding event: the stored verdict stands then.
  const verdict = (kindOf(merged?.status) === kind ? merged : email.verdict) as Verdict & { status: AlertingStatus };
  const deciding = decidingEventOf(verdict, events);
  const isCurrent = verdict.statusEventId === email.verdict?.statusEventId;
  const cause = isCurrent ? email.cause : deciding?.reason?.cause;
  const reason = reasonOf(causeIds.includes(cause!) ? cause : undefined, deciding);
  return {
    kind,
    emailId,
    provider,
    reporter: deciding?.providerEvent.startsWith(ofApplication) ? 'app' : provider,
    recipient,
    ...(accountId !== undefined && { accountId }),
    ...(subject !== undefined && { subject }),
    ...(reference !== undefined && { reference }),
    status: verdict.status,
    statusAt: verdict.statusAt,
    ...(reason && { reason }),
    caveats: caveatsOf({ verdict, messageId, accountId, events: [...events, ...timedOf(email.repeats)] }, now).map(
      ({ code }) => code,
    ),
  };
}

const text = z.optional(z.string());

/** The members that messages are made of. A version that wrote an item may know more causes than this one. */
const tellable = z.object({
  provider: z.string(),
  recipient: z.string(),
  accountId: text,
  subject: text,
  reference: text,
  // The times that a Date can hold: https://tc39.es/ecma262/#sec-time-values-and-time-range
  statusAt: z.number().check(z.gte(-8.64e15), z.lte(8.64e15)),
  reason: z.optional(z.object({ code: text, enhancedCode: text, text, cause: z.optional(z.enum(causeIds)) })),
});

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
