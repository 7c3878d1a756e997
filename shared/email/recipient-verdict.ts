/**
 * Decides whether to send an address another email, from the evidence in the newest emails to it (address-evidence.ts).
 * Nothing is stored: the events of those emails decide at each reading, in any order.
 */

import { day } from '../runtime/time.ts';
import { newestFirst } from './position.ts';

/** The evidence about its address in one email. Times are epoch milliseconds, null where the email has none. */
export interface AddressEvidence {
  readonly emailId: string;
  readonly sentAt: number;
  /** The newest delivery; the first open or click if none was reported. */
  readonly deliveredAt: number | null;
  /** The newest of these failures that says something about the address. */
  readonly invalidAt: number | null;
  readonly hardBouncedAt: number | null;
  /** The newest soft bounce, if it is the email's outcome and says something about the address. */
  readonly softBouncedAt: number | null;
  /** The newest spam mark. */
  readonly complainedAt: number | null;
  /** The same, unless somebody has handled the email since. */
  readonly openComplaintAt: number | null;
  /** The newest refusal by a provider that sends nothing to the address. */
  readonly suppressedAt: number | null;
}

/** The newest of the times that are there; null if none is. */
export function newestTime(times: readonly (number | null)[]): number | null {
  return times.reduce((newest, time) => (isLater(time, newest) ? time : newest), null);
}

/** Whether there is a time, and it is later than the other one, if there is such. */
export function isLater(time: number | null, other: number | null): time is number {
  return time !== null && time > (other ?? Number.NEGATIVE_INFINITY);
}

/** The evidence about an address in all of its emails that were read. */
interface Known {
  readonly address: string;
  readonly emails: readonly AddressEvidence[];
  readonly lastDelivered: number | null;
  /** The soft-bounced emails since the newest one that was delivered. */
  readonly softBounced: readonly AddressEvidence[];
  /** There may be older emails. */
  readonly truncated: boolean;
}

/** An email that a rule rests on, and the time of its event; both null if the rule rests on none. */
interface Ground {
  readonly emailId: string | null;
  readonly at: number | null;
}

interface Rule {
  readonly verdict: Exclude<SendVerdict, 'ok'>;
  readonly text: string;
  /** The newest reason to apply the rule; null if there is none. */
  readonly ground: (known: Known) => Ground | null;
}

const minSoftBounces = 3;
const minSoftBouncesMs = 7 * day;

/** The rules, the gravest first. The gravest that applies decides; without any it is ok to send. */
export const sendRules = {
  invalid: {
    verdict: 'stop',
    text: "The recipient's server does not know the address, and nothing has arrived there since. Ask the recipient another way for the right one.",
    ground: ({ emails, lastDelivered }) => newestGround(emails, 'invalidAt', lastDelivered),
  },
  hard_bounced: {
    verdict: 'stop',
    text: 'Delivery to the address failed for good, and nothing has arrived there since. Verify the address and its domain.',
    ground: ({ emails, lastDelivered }) => newestGround(emails, 'hardBouncedAt', lastDelivered),
  },
  marked_spam: {
    verdict: 'stop',
    text: 'The recipient marked an email as spam, and nobody has handled it yet. Ask them another way how they want to hear from you.',
    ground: ({ emails }) => newestGround(emails, 'openComplaintAt'),
  },
  soft_bounces: {
    verdict: 'caution',
    text: 'The last emails failed for temporary reasons, at least three in a row over at least a week. Reach the recipient another way too.',
    ground: ({ softBounced }) => {
      const times = softBounced.map(({ softBouncedAt }) => softBouncedAt!);
      const isLong = Math.max(...times) - Math.min(...times) >= minSoftBouncesMs;
      return times.length >= minSoftBounces && isLong ? newestGround(softBounced, 'softBouncedAt') : null;
    },
  },
  truncated: {
    verdict: 'caution',
    text: 'There may be more emails to the address than were looked at. An older one may be a reason not to send.',
    ground: ({ truncated }) => (truncated ? { emailId: null, at: null } : null),
  },
} as const satisfies Record<string, Rule>;

export type SendRule = keyof typeof sendRules;

/** The newest such time of any email, if it is not before the last delivery. */
function newestGround(
  emails: readonly AddressEvidence[],
  member: 'invalidAt' | 'hardBouncedAt' | 'openComplaintAt' | 'softBouncedAt',
  lastDelivered: number | null = null,
): Ground | null {
  const grounds = emails.flatMap(({ emailId, [member]: at }) => (at === null ? [] : { emailId, at })).sort(newestFirst);
  return grounds.find(({ at }) => !isLater(lastDelivered, at)) ?? null;
}

interface SendCaveat {
  readonly text: string;
  readonly applies: (known: Known) => boolean;
}

const domainsOfGmail: readonly string[] = ['gmail.com', 'googlemail.com'];

/** Facts worth knowing that change no verdict. */
export const sendCaveats = {
  gmail_reports_no_complaints: {
    text: 'Gmail reports no complaints: the recipient may have marked emails as spam all the same.',
    applies: ({ address }) => domainsOfGmail.includes(address.slice(address.lastIndexOf('@') + 1)),
  },
  suppressed_by_provider: {
    text: 'An email provider sends nothing to the address until you take it off its suppression list.',
    applies: ({ emails, lastDelivered }) =>
      isLater(newestTime(emails.map(({ suppressedAt }) => suppressedAt)), lastDelivered),
  },
} as const satisfies Record<string, SendCaveat>;

export type SendCaveatId = keyof typeof sendCaveats;

/** `stop`: do not send. `caution`: sending is a risk. `ok`: nothing known speaks against it. */
export const sendVerdicts = ['ok', 'caution', 'stop'] as const;

export type SendVerdict = (typeof sendVerdicts)[number];

/** Whether to send an address another email, and why. Times are epoch milliseconds, null where nothing is known. */
export interface RecipientVerdict {
  readonly verdict: SendVerdict;
  /** Every rule that applies, the gravest first. */
  readonly why: readonly (Ground & { readonly code: SendRule; readonly text: string })[];
  /** The newest delivery, also one that only an open or a click shows. */
  readonly lastDelivered: number | null;
  /** The soft-bounced emails in order of sending, without a delivered one after or between them. */
  readonly softBouncesInARow: number;
  /** The newest spam mark, handled or not. */
  readonly complainedAt: number | null;
  readonly asOf: number;
  readonly truncated: boolean;
  readonly caveats: readonly { readonly code: SendCaveatId; readonly text: string }[];
}

/**
 * The verdict about an address.
 *
 * @param emails the evidence in the newest emails to it, in any order; none if the address is unknown or erased
 * @param about `address` is canonical; `truncated`: there may be older emails
 */
export function verdictFor(
  emails: readonly AddressEvidence[],
  about: { readonly address: string; readonly truncated: boolean; readonly now: number },
): RecipientVerdict {
  const { address, truncated, now } = about;
  const lastDelivered = newestTime(emails.map(({ deliveredAt }) => deliveredAt));
  const softBounced = softBouncedInARow(emails);
  const known: Known = { address, emails, lastDelivered, softBounced, truncated };
  const why = entriesOf<SendRule, Rule>(sendRules).flatMap(([code, { text, ground }]) => {
    const found = ground(known);
    return found === null ? [] : { code, text, ...found };
  });
  return {
    verdict: why[0] === undefined ? 'ok' : sendRules[why[0].code].verdict,
    why,
    lastDelivered,
    softBouncesInARow: softBounced.length,
    complainedAt: newestTime(emails.map(({ complainedAt }) => complainedAt)),
    asOf: now,
    truncated,
    caveats: entriesOf<SendCaveatId, SendCaveat>(sendCaveats)
      .filter(([, { applies }]) => applies(known))
      .map(([code, { text }]) => ({ code, text })),
  };
}

/** The soft-bounced emails sent after the last delivered one. An email without an outcome yet counts as neither. */
function softBouncedInARow(emails: readonly AddressEvidence[]): readonly AddressEvidence[] {
  const place = ({ sentAt, emailId }: AddressEvidence) => ({ at: sentAt, emailId });
  const sorted = emails.toSorted((one, other) => newestFirst(place(one), place(other)));
  const delivered = sorted.findIndex(({ deliveredAt }) => deliveredAt !== null);
  const since = delivered === -1 ? sorted : sorted.slice(0, delivered);
  return since.filter(({ softBouncedAt }) => softBouncedAt !== null);
}

function entriesOf<Code extends string, Row>(table: Readonly<Record<Code, Row>>): readonly [Code, Row][] {
  return Object.entries(table) as [Code, Row][];
}
