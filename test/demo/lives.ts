import type { Status } from '../../shared/status.ts';

/** A step in the life of an email: a status that its provider reports, or an open by a machine. */
export type Step = Status | 'machine_opened';

export interface Life {
  readonly steps: readonly Step[];
  /** The status in which it ends, whatever the order in which its steps are reported. */
  readonly ends: Status;
}

/** How invoices fare, by how many of sixty fare so. Every one of the eleven statuses is somebody's end. */
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

export const accounts = ['acme', 'globex', 'initech'] as const;

export type DemoProvider = (typeof providers)[number];

export interface DemoEmail {
  readonly accountId: (typeof accounts)[number];
  readonly provider: DemoProvider;
  readonly messageId: string;
  readonly recipient: string;
  readonly subject: string;
  readonly reference: string;
  readonly life: Life;
  /** When it was enqueued; its steps follow minutes apart. Epoch milliseconds. */
  readonly startsAt: number;
}

const people = ['jane', 'omar', 'lin', 'sofia', 'piotr', 'amara', 'jonas', 'mei', 'carlos', 'freya', 'ravi', 'nadia'];
const documents = ['Invoice', 'Receipt', 'Payment reminder'];
const providers = ['sendgrid', 'mailgun', 'postmark', 'app'] as const;
const firstMorning = Date.UTC(2026, 10, 2, 9);

/** The demo's sixty emails, the same in every run: what is sent twice must change nothing. */
export function demoEmails(): DemoEmail[] {
  const each = lives.flatMap(({ count, steps, ends }) => Array<Life>(count).fill({ steps, ends }));
  return each.map((life, index) => {
    const accountId = accounts[index % accounts.length]!;
    // A stride that shares no factor with the other lists, so that each account meets every provider and life.
    const provider = providers[(index * 7) % providers.length]!;
    const number = 1001 + index;
    return {
      accountId,
      provider,
      messageId: provider === 'mailgun' ? `demo.${number}@mg.example.com` : `demo-${number}`,
      recipient: `${people[index % people.length]}${number}@example.com`,
      subject: `${documents[index % documents.length]} ${number}`,
      reference: `INV-${number}`,
      life,
      startsAt: firstMorning + index * 11 * 60_000,
    };
  });
}
