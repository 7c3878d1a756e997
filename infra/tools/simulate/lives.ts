import type { ProviderName } from '../../../shared/providers/registry.ts';
import type { Status } from '../../../shared/status/catalogue.ts';
import { knownAccounts } from '../../local/issuer/pages.ts';
import type { SimulatedEmail } from './samples.ts';

/** A step in the life of an email: a status that its provider reports, or an open by a machine. */
export type Step = Status | 'machine_opened';

export interface Life {
  readonly steps: readonly Step[];
  /** The status in which it ends. The order of the reports does not change it. */
  readonly ends: Status;
}

/** Lives of invoices, each with how many of sixty have it. Every one of the eleven statuses ends some life. */
const lives = [
  { count: 2, steps: [], ends: 'enqueued' },
  { count: 3, steps: ['sent'], ends: 'sent' },
  { count: 3, steps: ['sent', 'deferred'], ends: 'deferred' },
  { count: 12, steps: ['sent', 'delivered'], ends: 'delivered' },
  { count: 3, steps: ['sent', 'deferred', 'delivered'], ends: 'delivered' },
  { count: 2, steps: ['sent', 'delivered', 'machine_opened'], ends: 'delivered' },
  { count: 9, steps: ['sent', 'delivered', 'opened'], ends: 'opened' },
  { count: 8, steps: ['sent', 'delivered', 'opened', 'link_clicked'], ends: 'link_clicked' },
  { count: 2, steps: ['sent', 'delivered', 'link_clicked'], ends: 'link_clicked' },
  { count: 3, steps: ['sent', 'deferred', 'soft_bounced'], ends: 'soft_bounced' },
  { count: 3, steps: ['sent', 'hard_bounced'], ends: 'hard_bounced' },
  { count: 1, steps: ['sent', 'delivered', 'hard_bounced', 'opened'], ends: 'hard_bounced' },
  { count: 3, steps: ['sent', 'invalid'], ends: 'invalid' },
  { count: 3, steps: ['sent', 'rejected'], ends: 'rejected' },
  { count: 2, steps: ['sent', 'delivered', 'opened', 'marked_spam'], ends: 'marked_spam' },
  { count: 1, steps: ['sent', 'delivered', 'marked_spam', 'opened'], ends: 'marked_spam' },
] as const satisfies readonly (Life & { count: number })[];

export const accounts = knownAccounts;

const people = ['jane', 'omar', 'lin', 'sofia', 'piotr', 'amara', 'jonas', 'mei', 'carlos', 'freya', 'ravi', 'nadia'];
/** Of another length than the list of people, so that 156 emails are to 156 people. */
const surnames = [
  'moore',
  'haddad',
  'chen',
  'rossi',
  'nowak',
  'okafor',
  'weber',
  'tanaka',
  'silva',
  'berg',
  'patel',
  'novak',
  'kelly',
] as const;
const documents = ['Invoice', 'Receipt', 'Payment reminder'];
const each = lives.flatMap(({ count, steps, ends }) => Array<Life>(count).fill({ steps, ends }));

/** An email and its life. */
export interface LivingEmail extends SimulatedEmail {
  readonly accountId: (typeof accounts)[number];
  readonly life: Life;
  /** The time when it was enqueued. Its steps follow 7 minutes apart. Epoch milliseconds, whole seconds. */
  readonly startsAt: number;
}

const minute = 60_000;

/** Emails of three accounts, sent by the providers in turn. The same arguments give the same emails. */
export function livingEmails(options: {
  readonly providers: readonly ProviderName[];
  readonly count: number;
  /** Ids of messages and events are made of it. */
  readonly firstNumber: number;
  /** The number of the first invoice, for people to read. If none is given, invoices and recipients have the emails' own. */
  readonly firstInvoice?: number;
  readonly firstStartsAt: number;
  /** Between one email and the next, in milliseconds. */
  readonly apart: number;
}): LivingEmail[] {
  const { providers, count, firstNumber, firstInvoice, firstStartsAt, apart } = options;
  return Array.from({ length: count }, (_, index) => {
    const number = firstNumber + index;
    const invoice = (firstInvoice ?? firstNumber) + index;
    const person = people[index % people.length]!;
    return {
      number,
      accountId: accounts[index % accounts.length]!,
      // A stride that shares no factor with the other lists, so that each account meets every provider and life.
      provider: providers[(index * 7) % providers.length]!,
      recipient: `${person}${firstInvoice === undefined ? number : `.${surnames[index % surnames.length]}`}@example.com`,
      subject: `${documents[index % documents.length]} ${invoice}`,
      reference: `INV-${invoice}`,
      life: each[index % each.length]!,
      startsAt: firstStartsAt + index * apart,
    };
  });
}

/** The steps of an email's life, each with its time in epoch milliseconds. */
export function stepsInTime({ life, startsAt }: LivingEmail): readonly { readonly step: Step; readonly at: number }[] {
  return (['enqueued', ...life.steps] as const).map((step, index) => ({ step, at: startsAt + index * 7 * minute }));
}
