import { createHash } from 'node:crypto';

/** `PendingConfirmation` and `Deleted` subscriptions get nothing. */
export type SubscriptionState = 'Confirmed' | 'PendingConfirmation' | 'Deleted';

/** Why a subscription gets nothing any more. */
export type EndCause =
  | 'too many messages within a second'
  | 'its unsubscribe link was visited'
  | 'nobody has confirmed it yet'
  | 'an operator removed it';

/** A subscription by email, as it is now. */
export interface EmailSubscription {
  readonly arn: string;
  readonly topicArn: string;
  readonly email: string;
  readonly state: SubscriptionState;
  readonly cause: EndCause | null;
  /** Epoch milliseconds of the end; null while it is alive. */
  readonly endedAt: number | null;
  /** Whether its unsubscribe link asks for a sign-in to AWS. */
  readonly authenticatesUnsubscribe: boolean;
}

/** A message for one subscriber. */
export interface Delivery {
  readonly subscription: EmailSubscription;
  /** Too many messages came within a second: this one is lost, and the subscription is suspended. */
  readonly isLost: boolean;
}

/** The subscriptions by email of all topics, with the limits that SNS sets them. */
export interface EmailSubscriptions {
  /** Adds a confirmed subscription. */
  subscribe(topicArn: string, email: string): void;
  /** Adds a subscription that waits for its confirmation. */
  request(topicArn: string, email: string): void;
  /** Ends a subscription, as a person does who is signed in. */
  remove(arn: string): boolean;
  /** Offers a message of the topic to its live subscriptions. */
  deliver(topicArn: string): readonly Delivery[];
  /** Follows the unsubscribe link, as anybody may who has the letter. */
  unsubscribe(arn: string): 'ended' | 'sign-in required' | 'unknown';
  /** Confirms every subscription anew; one that was deleted is made anew first. */
  confirm(options?: { readonly authenticatesUnsubscribe?: boolean }): void;
  all(): readonly EmailSubscription[];
}

/** A hard limit of SNS for each subscription by email. */
const maxPerSecond = 10;
/** SNS deletes a subscription that nobody confirms. */
const pendingMs = 48 * 3_600_000;
/** The causes that leave a subscription for somebody to confirm. */
const pendingCauses: ReadonlySet<EndCause> = new Set([
  'too many messages within a second',
  'nobody has confirmed it yet',
]);

interface Held {
  readonly topicArn: string;
  readonly email: string;
  arn: string;
  ended: { readonly at: number; readonly cause: EndCause } | null;
  authenticatesUnsubscribe: boolean;
  /** Times of the last messages, the oldest first. */
  recent: number[];
}

export function createEmailSubscriptions(now: () => number = Date.now): EmailSubscriptions {
  const held: Held[] = [];
  let made = 0;

  function newArn(topicArn: string, email: string): string {
    made += 1;
    const hex = createHash('sha256').update(`${topicArn} ${email} ${made}`).digest('hex');
    return `${topicArn}:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
  }

  function stateOf({ ended }: Held): SubscriptionState {
    if (ended === null) return 'Confirmed';
    const isPending = pendingCauses.has(ended.cause) && now() - ended.at < pendingMs;
    return isPending ? 'PendingConfirmation' : 'Deleted';
  }

  function seen(one: Held): EmailSubscription {
    const { arn, topicArn, email, ended, authenticatesUnsubscribe } = one;
    const endedAt = ended?.at ?? null;
    return {
      arn,
      topicArn,
      email,
      state: stateOf(one),
      cause: ended?.cause ?? null,
      endedAt,
      authenticatesUnsubscribe,
    };
  }

  function add(topicArn: string, email: string, ended: Held['ended']): void {
    const arn = newArn(topicArn, email);
    held.push({ topicArn, email, arn, ended, authenticatesUnsubscribe: false, recent: [] });
  }

  return {
    subscribe: (topicArn, email) => add(topicArn, email, null),
    request: (topicArn, email) => add(topicArn, email, { at: now(), cause: 'nobody has confirmed it yet' }),
    remove(arn) {
      const found = held.find(one => one.arn === arn);
      if (found === undefined || stateOf(found) === 'Deleted') return false;
      found.ended = { at: now(), cause: 'an operator removed it' };
      return true;
    },
    deliver(topicArn) {
      const at = now();
      return held
        .filter(one => one.topicArn === topicArn && one.ended === null)
        .map(one => {
          one.recent = [...one.recent.filter(time => time > at - 1_000), at];
          const isLost = one.recent.length > maxPerSecond;
          if (isLost) one.ended = { at, cause: 'too many messages within a second' };
          return { subscription: seen(one), isLost };
        });
    },
    unsubscribe(arn) {
      const found = held.find(one => one.arn === arn);
      if (found === undefined || stateOf(found) === 'Deleted') return 'unknown';
      if (found.authenticatesUnsubscribe) return 'sign-in required';
      found.ended = { at: now(), cause: 'its unsubscribe link was visited' };
      return 'ended';
    },
    confirm({ authenticatesUnsubscribe = false } = {}) {
      for (const one of held) {
        if (stateOf(one) === 'Deleted') one.arn = newArn(one.topicArn, one.email);
        one.ended = null;
        one.recent = [];
        one.authenticatesUnsubscribe = authenticatesUnsubscribe;
      }
    },
    all: () => held.map(seen),
  };
}
