/** Facts about an email that its status hides. They are computed on reading and never stored. */

import { attentionOf, defaultOldAfter, type OldAfter } from './attention.ts';
import type { Status } from './catalogue.ts';
import { type DecidingEvent, failures, type Verdict } from './precedence.ts';

const ofEvent = 'event:';

/** The message id of an email for which a provider reported only one event and an address. */
export function messageIdOfEvent(eventId: string): string {
  return `${ofEvent}${eventId}`;
}

/** Whether a message id stands for an event alone, whose message is unknown. */
export function isMessageIdOfEvent(messageId: string): boolean {
  return messageId.startsWith(ofEvent);
}

export const caveatTexts = {
  temporary_failure_after_delivery:
    "The recipient's server first accepted the email and later reported a temporary failure: it may not be in the inbox.",
  receipt_after_failure:
    'A person opened the email or clicked a link after its delivery had failed: often only a forwarding address bounced.',
  no_news_since: 'Nothing was reported about this email for longer than usual.',
  one_of_several_recipients:
    'The message had several recipients, and an event named none of them. It is noted on each email and changes no status.',
  not_addressed:
    'The message was not sent to this address. The provider reported it, often because the original address forwards there.',
  message_not_known: 'The provider reported an address but no message. Look for other emails to the same address.',
  account_conflict: 'Events of this email named different accounts. It stays with the account that was named first.',
} as const;

export type CaveatId = keyof typeof caveatTexts;

export interface Caveat {
  readonly code: CaveatId;
  readonly text: string;
  /** Epoch milliseconds of the event, or of the last report; absent if no time applies. */
  readonly at?: number;
}

/**
 * The caveats of an email: facts that its status hides.
 *
 * @param email its verdict and account, and its events in any order
 * @param now epoch milliseconds
 */
export function caveatsOf(
  email: {
    readonly verdict: Verdict | null;
    readonly messageId?: string | undefined;
    readonly accountId?: string | undefined;
    readonly events: readonly (DecidingEvent & {
      readonly accountId?: string | undefined;
      readonly attribution?: 'ambiguous' | 'not_addressed' | undefined;
    })[];
  },
  now: number,
  oldAfter: OldAfter = defaultOldAfter,
): readonly Caveat[] {
  const { verdict, messageId = '', accountId, events } = email;
  const caveats: Caveat[] = [];
  const say = (code: Caveat['code'], at?: number) =>
    caveats.push({ code, text: caveatTexts[code], ...(at === undefined ? {} : { at }) });
  const times = (wanted: readonly (Status | null)[]) =>
    events
      .filter(event => event.evidence !== 'machine' && wanted.includes(event.status))
      .map(event => event.occurredAt);

  if (verdict !== null) {
    const { status, statusAt } = verdict;
    if (status === 'delivered' || status === 'opened' || status === 'link_clicked') {
      const delivered = Math.min(...times(['delivered', 'opened', 'link_clicked']));
      const failures = times(['soft_bounced', 'deferred']).filter(time => time > delivered);
      if (failures.length > 0) say('temporary_failure_after_delivery', Math.max(...failures));
    }
    if (failures.includes(status)) {
      const failed = Math.min(...times(failures));
      const receipts = times(['opened', 'link_clicked']).filter(time => time > failed);
      if (receipts.length > 0) say('receipt_after_failure', Math.min(...receipts));
    }
    if (attentionOf({ verdict }, now, oldAfter) === 'late') say('no_news_since', statusAt);
  }
  if (isMessageIdOfEvent(messageId)) say('message_not_known');
  const attributed = (attribution: 'ambiguous' | 'not_addressed') =>
    events.some(event => event.attribution === attribution);
  if (attributed('ambiguous')) say('one_of_several_recipients');
  if (attributed('not_addressed')) say('not_addressed');
  if (accountId !== undefined && events.some(event => event.accountId !== undefined && event.accountId !== accountId)) {
    say('account_conflict');
  }
  return caveats;
}
