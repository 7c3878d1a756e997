/**
 * The eleven statuses of an email, what each means, and the merge that turns a set of events into one of them.
 *
 * An email's status is a pure function of the SET of its events: order of arrival, duplicates and concurrent writers
 * cannot change it. Everything about precedence is derived from one table, `precedence`: the in-memory merge and the
 * condition of the database update walk the same clauses, so that they cannot disagree. This module imports nothing.
 */

/** Who must act: `yes` somebody, now; `when_old` somebody, once there was no news for too long; `no` nobody. */
export type Attention = 'no' | 'when_old' | 'yes';

/** What support is told about: one alert per email and kind, ever. */
export type AlertKind = 'hard_bounce' | 'spam';

export interface StatusFacts {
  readonly label: string;
  readonly meaning: string;
  /** What to do about it; null where there is nothing to do. */
  readonly resolution: string | null;
  /** Whether the email is sent again, and by whom; null where the question does not arise. */
  readonly sentAgain: string | null;
  /** What the report behind this status must not be taken for. */
  readonly doesNotProve: string;
  readonly attention: Attention;
  readonly alert: AlertKind | null;
}

/** The catalogue, in the order of an email's life. Served by `GET /statuses`, so that no UI writes it again. */
export const statuses = {
  enqueued: {
    label: 'Enqueued',
    meaning: 'The email is queued at the mail server and has not been sent yet.',
    resolution: "If it is not sent within a reasonable time, resend it from the account's email history.",
    sentAgain: null,
    doesNotProve: "That the email was handed to the recipient's server, or will be.",
    attention: 'when_old',
    alert: null,
  },
  sent: {
    label: 'Sent',
    meaning:
      "The email was sent. The recipient's server has not answered yet; the status changes as soon as it reports back.",
    resolution: null,
    sentAgain: null,
    doesNotProve: "That the recipient's server took the email.",
    attention: 'when_old',
    alert: null,
  },
  deferred: {
    label: 'Deferred',
    meaning:
      "The recipient's server could not take the email now, for example because of a technical problem there. The status changes only when that server reports again, so some emails stay deferred and some become delivered.",
    resolution: null,
    sentAgain: 'The provider keeps trying.',
    doesNotProve: 'That the email is lost: a later try may get it through.',
    attention: 'when_old',
    alert: null,
  },
  delivered: {
    label: 'Delivered',
    meaning: "The email was received by the recipient's server. There is nothing to do.",
    resolution: null,
    sentAgain: null,
    doesNotProve:
      'That the email reached the inbox, or that anybody saw it: a server may still put it aside or drop it.',
    attention: 'no',
    alert: null,
  },
  soft_bounced: {
    label: 'Soft Bounced',
    meaning: 'Delivery failed for a temporary reason, for example a full inbox or a file that is too large.',
    resolution:
      'Reach the recipient another way and ask them to check their inbox and its settings, such as free space and size limits.',
    sentAgain: 'Usually, within a few days.',
    doesNotProve: 'That the address is wrong: a later email may arrive.',
    attention: 'yes',
    alert: null,
  },
  hard_bounced: {
    label: 'Hard Bounced',
    meaning:
      'Delivery failed for a permanent reason, for example because the domain does not exist or its server takes no mail.',
    resolution: 'Reach the recipient another way and verify the email address and its domain.',
    sentAgain: 'Not automatically.',
    doesNotProve:
      'That the recipient cannot be reached by email: a server may refuse for reasons of its own, or an address that it was forwarded to bounced.',
    attention: 'yes',
    alert: 'hard_bounce',
  },
  invalid: {
    label: 'Invalid',
    meaning: "The recipient's mail server answered that the email address does not exist.",
    resolution: 'Contact the recipient another way and verify the email address.',
    sentAgain: 'Not automatically.',
    doesNotProve: 'That the address never existed: it may have been closed, and some servers say so by mistake.',
    attention: 'yes',
    alert: 'hard_bounce',
  },
  rejected: {
    label: 'Rejected',
    meaning:
      'The email was refused by the SMTP server or the email service, for example because of wrong settings, an earlier bounce or complaint (suppression), a policy, or the network.',
    resolution: 'Check the authentication of the SMTP server and the settings of the email service, then resend it.',
    sentAgain: 'By hand, once the cause is fixed.',
    doesNotProve: "That the address is wrong: the recipient's server may never have been asked.",
    attention: 'yes',
    alert: null,
  },
  opened: {
    label: 'Opened',
    meaning: 'The recipient opened the email.',
    resolution: null,
    sentAgain: null,
    doesNotProve: 'That a person read it: programs load images too, and cannot always be told apart.',
    attention: 'no',
    alert: null,
  },
  link_clicked: {
    label: 'Link Clicked',
    meaning: 'The recipient clicked a link in the email, for example to view an invoice or to pay it.',
    resolution: null,
    sentAgain: null,
    doesNotProve:
      'That the recipient did it, or paid: a security program or somebody to whom it was forwarded may have followed the link.',
    attention: 'no',
    alert: null,
  },
  marked_spam: {
    label: 'Marked Spam',
    meaning: 'The recipient marked the email as spam.',
    resolution: 'Stop sending to this address. Ask the recipient another way how they want to hear from you.',
    sentAgain: 'No.',
    doesNotProve: 'That the recipient wants no invoices: some mark what they meant to delete.',
    attention: 'yes',
    alert: 'spam',
  },
} as const satisfies Record<string, StatusFacts>;

export type Status = keyof typeof statuses;

export const statusIds = Object.keys(statuses) as readonly Status[];

/** Who did it: a person, a machine (mail-privacy prefetch, security scanner), or nobody can tell. */
export type Evidence = 'human' | 'machine' | 'unknown';

/** The part of an event that decides a status. Times are epoch milliseconds; event ids are printable ASCII. */
export interface DecidingEvent {
  readonly eventId: string;
  /** null: news that changes no status, such as an unsubscribe or an automatic reply. */
  readonly status: Status | null;
  readonly occurredAt: number;
  readonly evidence: Evidence;
}

/** What the events of an email amount to. */
export interface Verdict {
  readonly status: Status;
  readonly statusAt: number;
  readonly statusEventId: string;
}

interface Level {
  /** Rivals at one level; on a tie of time the later one in the list wins. */
  readonly statuses: readonly Status[];
  /** Which event time wins among rivals. */
  readonly wins: 'earliest' | 'newest';
}

/** Precedence, lowest first. A higher level always wins, whenever its event happened. */
export const precedence = [
  { statuses: ['enqueued'], wins: 'earliest' },
  { statuses: ['sent'], wins: 'earliest' },
  { statuses: ['deferred', 'soft_bounced'], wins: 'newest' },
  { statuses: ['delivered'], wins: 'earliest' },
  { statuses: ['opened'], wins: 'earliest' },
  { statuses: ['link_clicked'], wins: 'earliest' },
  { statuses: ['rejected'], wins: 'earliest' },
  { statuses: ['hard_bounced'], wins: 'earliest' },
  { statuses: ['invalid'], wins: 'earliest' },
  { statuses: ['marked_spam'], wins: 'earliest' },
] as const satisfies readonly Level[];

/**
 * One way in which a stored verdict gives way to a new one: the stored status is one of `statuses` and, where stated,
 * the stored time and event id compare so with the new ones. A comparison reads "stored OPERATOR new".
 */
export interface PriorState {
  readonly statuses: readonly Status[];
  readonly statusAt?: '<' | '>' | '=';
  readonly statusEventId?: '>';
}

function priorStatesOf(status: Status): readonly PriorState[] {
  const levels: readonly Level[] = precedence;
  const height = levels.findIndex(level => level.statuses.includes(status));
  const { statuses: rivals, wins } = levels[height]!;
  return [
    { statuses: levels.slice(0, height).flatMap(level => level.statuses) },
    { statuses: rivals, statusAt: wins === 'newest' ? ('<' as const) : ('>' as const) },
    { statuses: rivals.slice(0, rivals.indexOf(status)), statusAt: '=' as const },
    { statuses: [status], statusAt: '=' as const, statusEventId: '>' as const },
  ].filter(prior => prior.statuses.length > 0);
}

/** For each status, the stored states that an event of this status replaces; an email without a status always gives way. */
export const priorStates = Object.fromEntries(statusIds.map(status => [status, priorStatesOf(status)])) as Readonly<
  Record<Status, readonly PriorState[]>
>;

/** Whether `challenger` replaces `stored`. The store's update condition says the same, rendered from the same clauses. */
export function supersedes(challenger: Verdict, stored: Verdict | null): boolean {
  if (stored === null) return true;
  return priorStates[challenger.status].some(
    prior =>
      prior.statuses.includes(stored.status) &&
      (prior.statusAt === undefined || compares(stored.statusAt, prior.statusAt, challenger.statusAt)) &&
      (prior.statusEventId === undefined || stored.statusEventId > challenger.statusEventId),
  );
}

function compares(left: number, operator: '<' | '>' | '=', right: number): boolean {
  return operator === '<' ? left < right : operator === '>' ? left > right : left === right;
}

/** The verdict of one event alone; null for notes and for what a machine did. */
export function verdictOf(event: DecidingEvent): Verdict | null {
  if (event.status === null || event.evidence === 'machine') return null;
  return { status: event.status, statusAt: event.occurredAt, statusEventId: event.eventId };
}

/** The merge: the verdict over a set of events, the same for every order and any number of repetitions; null if none decides. */
export function merge(events: Iterable<DecidingEvent>): Verdict | null {
  let best: Verdict | null = null;
  for (const event of events) {
    const verdict = verdictOf(event);
    if (verdict !== null && supersedes(verdict, best)) best = verdict;
  }
  return best;
}

/** Past these ages (milliseconds) a status that still waits for news is "old" and needs attention. */
export type OldAfter = Readonly<Record<'enqueued' | 'sent' | 'deferred', number>>;

const minute = 60_000;
export const defaultOldAfter: OldAfter = { enqueued: 15 * minute, sent: 24 * 60 * minute, deferred: 72 * 60 * minute };

/** Whether a status that waits for news has waited too long. */
export function isOld({ status, statusAt }: Verdict, now: number, oldAfter: OldAfter): boolean {
  return statuses[status].attention === 'when_old' && now - statusAt > oldAfter[status as keyof OldAfter];
}

/** Whether a status asks somebody to act, however old it is. */
export function asksForAttention({ status }: Verdict): boolean {
  return statuses[status].attention === 'yes';
}

/** Whether somebody must act on an email now: its status asks for it, or it has waited too long for news. */
export function needsAttention(verdict: Verdict | null, now: number, oldAfter: OldAfter): boolean {
  return verdict !== null && (asksForAttention(verdict) || isOld(verdict, now, oldAfter));
}

const ofEvent = 'event:';

/** The message id of an email of which a provider reported no more than one event and an address. */
export function messageIdOfEvent(eventId: string): string {
  return `${ofEvent}${eventId}`;
}

/** Whether a message id is that of an event alone: which message it was about is not known. */
export function isMessageIdOfEvent(messageId: string): boolean {
  return messageId.startsWith(ofEvent);
}

export const caveatTexts = {
  temporary_failure_after_delivery:
    "The recipient's server first took the email and later reported a temporary failure: it may not have reached the inbox.",
  receipt_after_failure:
    'A person opened or clicked the email after it had failed: often a forwarding address bounced while the recipient did get it.',
  no_news_since: 'Nothing was heard about this email for longer than usual.',
  one_of_several_recipients:
    'The message had several recipients, and some of what was heard of it may be about any of them: it is noted on each and changes no status.',
  unlisted_recipient:
    'The message was not sent to this address: a provider named it, often because the address it was sent to forwards there.',
  message_not_known:
    'The provider named an address and no message: which email this is about is not known. Look for others to the same address.',
  account_conflict: 'Events of this email named different accounts. It stays with the account that was named first.',
} as const;

export interface Caveat {
  readonly code: keyof typeof caveatTexts;
  readonly text: string;
  /** Epoch milliseconds: when it happened, or since when there is no news; absent where time says nothing. */
  readonly at?: number;
}

/**
 * What the order of precedence hides about an email, worked out when it is read and never stored.
 *
 * @param email its verdict and account, its events, in any order
 * @param now epoch milliseconds
 */
export function caveatsOf(
  email: {
    readonly verdict: Verdict | null;
    readonly messageId?: string | undefined;
    readonly accountId?: string | undefined;
    readonly events: readonly (DecidingEvent & {
      readonly accountId?: string | undefined;
      readonly attribution?: 'unnamed' | 'unlisted' | undefined;
    })[];
  },
  now: number,
  oldAfter: OldAfter = defaultOldAfter,
): readonly Caveat[] {
  const { verdict, messageId = '', accountId, events } = email;
  const caveats: Caveat[] = [];
  const say = (code: Caveat['code'], at?: number) =>
    caveats.push({ code, text: caveatTexts[code], ...(at === undefined ? {} : { at }) });
  const times = (wanted: readonly Status[]) =>
    events
      .filter(event => event.evidence !== 'machine' && event.status !== null && wanted.includes(event.status))
      .map(event => event.occurredAt);

  if (verdict !== null) {
    const { status, statusAt } = verdict;
    if (status === 'delivered' || status === 'opened' || status === 'link_clicked') {
      const delivered = Math.min(...times(['delivered', 'opened', 'link_clicked']));
      const failures = times(['soft_bounced', 'deferred']).filter(time => time > delivered);
      if (failures.length > 0) say('temporary_failure_after_delivery', Math.max(...failures));
    }
    if (status === 'hard_bounced' || status === 'invalid' || status === 'rejected') {
      const failed = Math.min(...times(['hard_bounced', 'invalid', 'rejected']));
      const receipts = times(['opened', 'link_clicked']).filter(time => time > failed);
      if (receipts.length > 0) say('receipt_after_failure', Math.min(...receipts));
    }
    if (isOld(verdict, now, oldAfter)) say('no_news_since', statusAt);
  }
  if (isMessageIdOfEvent(messageId)) say('message_not_known');
  const attributed = (attribution: 'unnamed' | 'unlisted') => events.some(event => event.attribution === attribution);
  if (attributed('unnamed')) say('one_of_several_recipients');
  if (attributed('unlisted')) say('unlisted_recipient');
  if (accountId !== undefined && events.some(event => event.accountId !== undefined && event.accountId !== accountId)) {
    say('account_conflict');
  }
  return caveats;
}
