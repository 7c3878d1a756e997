/** The write units a second of the table and each index under a load, and of their hottest partitions. */

import { attentionDayOf } from '../../../shared/email/attention-day.ts';
import { type CanonicalEvent, emailIdOf } from '../../../shared/email/event.ts';
import { type Attribute, indexes } from '../../../shared/email/item.ts';
import type { Status } from '../../../shared/status/catalogue.ts';
import { type Store, stores, writesOf } from './writes.ts';

export interface Load {
  readonly eventsPerSecond: number;
  /** Emails of 100 that fail. Each of them recovers, which writes the indexes of attention once more. */
  readonly failingPercent: number;
  /** The share of the largest account in all emails. */
  readonly largestAccountPercent: number;
}

/** A store under a load. */
export interface StoreLoad {
  readonly store: Store;
  readonly unitsPerSecond: number;
  /** The partition key with the most writes. */
  readonly hottest: {
    readonly partition: string;
    readonly unitsPerSecond: number;
    /** It is the key of one email. All writes of that email's life then count for one second. */
    readonly isOfOneEmail: boolean;
  };
}

/** The most write units a second that one partition takes. */
export const partitionUnits = 1_000;

/** Emails whose ids are hashed. More of them change no figure by more than a hundredth. */
const sampled = 20_000;

const usualLife = ['enqueued', 'sent', 'delivered', 'opened', 'link_clicked'] as const satisfies readonly Status[];
const failingLife = ['enqueued', 'sent', 'soft_bounced', 'delivered', 'opened'] as const satisfies readonly Status[];
export const eventsPerEmail = usualLife.length;

/** Accounts besides the largest one. */
const otherAccounts = 1_000;

const userAgent =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
const start = Date.UTC(2026, 10, 30, 12);

/** The events of an email, with the usual texts. */
function lifeOf(number: number, life: readonly Status[], accountId: string): readonly CanonicalEvent[] {
  return life.map((status, step) => ({
    provider: 'sendgrid',
    messageId: `wr7hYk2GQRqkn0bDZ${String(number).padStart(5, '0')}`,
    recipient: `customer.${number}@example.com`,
    accountId,
    subject: `Your invoice ${number} from Example Ltd`,
    reference: `INV-${number}`,
    status,
    occurredAt: start + step * 60_000,
    evidence: status === 'opened' || status === 'link_clicked' ? 'human' : 'unknown',
    eventId: `${status}-${number}-${step}`.padEnd(step < 2 ? 22 : 48, 'x'),
    providerEvent: status,
    ...(status === 'delivered' && { reason: { text: '250 2.0.0 OK  1767323045 af79cd13be357-7c5a5d0d2d4 - gsmtp' } }),
    ...(status === 'soft_bounced' && {
      reason: { code: '452', text: '452 4.2.2 The mailbox is full', cause: 'mailbox_full' as const },
    }),
    ...((status === 'opened' || status === 'link_clicked') && { userAgent }),
    ...(status === 'link_clicked' && { clickUrl: `https://billing.example.com/invoices/${number}/pay` }),
  }));
}

/** An email's partition key in each store, by the functions that writers use. */
function partitionsOf(email: CanonicalEvent): Readonly<Record<Store, string>> {
  const emailId = emailIdOf(email);
  const values: Partial<Record<Attribute, string | undefined>> = {
    emailId,
    accountId: email.accountId,
    recipient: email.recipient,
    reference: email.reference,
    attentionDay: attentionDayOf(emailId, email.occurredAt),
  };
  const keyIn = (store: Store) => values[store === 'table' ? 'emailId' : indexes[store].partition]!;
  return Object.fromEntries(stores.map(store => [store, keyIn(store)])) as Record<Store, string>;
}

/** The units of a life by store. */
function unitsOf(life: readonly Status[]): Readonly<Record<Store, number>> {
  const writes = writesOf(lifeOf(0, life, 'largest'));
  const unitsIn = (one: Store) =>
    writes.filter(({ store }) => store === one).reduce((sum, { units }) => sum + units, 0);
  return Object.fromEntries(stores.map(store => [store, unitsIn(store)])) as Record<Store, number>;
}

interface Partition {
  units: number;
  emails: number;
}

/** The stores under a load: the writes of two lives, spread over the partition keys of a sample of emails. */
export function storesUnder({ eventsPerSecond, failingPercent, largestAccountPercent }: Load): readonly StoreLoad[] {
  const unitsOfLife = { usual: unitsOf(usualLife), failing: unitsOf(failingLife) };
  const partitions = new Map(stores.map(store => [store, new Map<string, Partition>()]));
  for (let number = 0; number < sampled; number += 1) {
    // The two depend on different digits, so that failures and accounts are independent.
    const life = number % 100 < failingPercent ? 'failing' : 'usual';
    const isOfLargest = Math.floor(number / 100) % 100 < largestAccountPercent;
    const accountId = isOfLargest ? 'largest' : `account-${number % otherAccounts}`;
    const [email] = lifeOf(number, usualLife, accountId);
    for (const [store, name] of Object.entries(partitionsOf(email!)) as [Store, string][]) {
      const units = unitsOfLife[life][store];
      if (units === 0) continue;
      const { units: known, emails } = partitions.get(store)!.get(name) ?? { units: 0, emails: 0 };
      partitions.get(store)!.set(name, { units: known + units, emails: emails + 1 });
    }
  }
  const factor = eventsPerSecond / eventsPerEmail / sampled;
  // More emails a second do not write the key of a single email more often.
  const rateOf = ({ units, emails }: Partition) => (emails === 1 ? units : units * factor);
  return stores.map(store => {
    const all = [...partitions.get(store)!];
    const [partition, hottest] = all.reduce((most, next) => (rateOf(next[1]) > rateOf(most[1]) ? next : most));
    return {
      store,
      unitsPerSecond: all.reduce((sum, [, { units }]) => sum + units, 0) * factor,
      hottest: { partition, unitsPerSecond: rateOf(hottest), isOfOneEmail: hottest.emails === 1 },
    };
  });
}
