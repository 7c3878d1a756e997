import { lookUp } from '../look-up.ts';
import { type FailureStatus, hardBounce, labelledFailure, type SmtpReply } from './smtp-reply.ts';

/** SES's own lists: it did not even try, whatever reply it repeats. */
const notTried: readonly string[] = [
  'Suppressed',
  'OnAccountSuppressionList',
  'OnTenantSuppressionList',
  'UnsubscribedRecipient',
  'EmailValidationSuppressed',
];

/** SES publishes these, too, once it has stopped trying. */
const finalAllTheSame: Readonly<Record<string, FailureStatus>> = {
  Transient: 'soft_bounced',
  Undetermined: 'soft_bounced',
};

/**
 * The status of a bounce by the types of Amazon SES, which services on top of it repeat.
 * https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
 */
export function sesBounce(type: string, subType: string, reply: SmtpReply): FailureStatus {
  if (notTried.includes(subType)) return 'rejected';
  if (type === 'Permanent' && subType === 'NoEmail') return 'invalid';
  if (type === 'Permanent') return hardBounce(reply);
  return labelledFailure(reply, lookUp(finalAllTheSame, type) ?? null) ?? 'soft_bounced';
}
