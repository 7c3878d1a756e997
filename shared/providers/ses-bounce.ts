import { type Cause, type Failure, failureBy } from '../causes.ts';
import { lookUp } from '../look-up.ts';
import { failureOf } from './signals.ts';
import type { SmtpReply } from './smtp-reply.ts';

/** Subtypes of what SES did not even try, whatever reply it repeats. */
const notTried: readonly string[] = [
  'Suppressed',
  'OnAccountSuppressionList',
  'OnTenantSuppressionList',
  'UnsubscribedRecipient',
  'EmailValidationSuppressed',
];

/** Subtypes that say why. */
const subTypes = {
  NoEmail: 'unknown_user',
  MailboxFull: 'mailbox_full',
  MessageTooLarge: 'too_large',
  CustomTimeoutExceeded: 'expired',
  ContentRejected: 'spam_content',
  AttachmentRejected: 'policy',
} as const satisfies Record<string, Cause>;

/**
 * The failure that a bounce by the types of Amazon SES is, which services on top of it repeat. Transient is final, too:
 * SES publishes it once it has stopped trying.
 * https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
 */
export function sesBounce(type: string, subType: string, reply: SmtpReply): Failure {
  if (notTried.includes(subType)) return failureBy('suppressed', 'rejected');
  const cause = lookUp<Cause>(subTypes, subType);
  return failureOf(reply, cause ?? (type === 'Permanent' ? 'hard_bounced' : 'soft_bounced'));
}
