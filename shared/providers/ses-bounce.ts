import { type FailureStatus, hardBounce, labelledFailure, type SmtpReply } from './smtp-reply.ts';

/** SES's own lists: it did not even try, whatever reply it repeats. */
const notTried: readonly string[] = [
  'Suppressed',
  'OnAccountSuppressionList',
  'OnTenantSuppressionList',
  'UnsubscribedRecipient',
  'EmailValidationSuppressed',
];

/**
 * The status of a bounce by the types of Amazon SES, which services on top of it repeat.
 * https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
 */
export function sesBounce(type: string, subType: string, reply: SmtpReply): FailureStatus {
  if (notTried.includes(subType)) return 'rejected';
  if (type === 'Permanent' && subType === 'NoEmail') return labelledFailure(reply, 'invalid');
  if (type === 'Permanent') return hardBounce(reply);
  // SES publishes this, too, once it has stopped trying. Any other type says nothing: the server's words may.
  return labelledFailure(reply, type === 'Transient' ? 'soft_bounced' : null) ?? 'soft_bounced';
}
