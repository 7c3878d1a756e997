import type { Status } from '../status.ts';
import { type FailureStatus, failureOf, labelledFailure, type SmtpReply } from './smtp-reply.ts';

/** SES's own lists: it did not even try, whatever reply it repeats. */
const notTried: readonly string[] = [
  'Suppressed',
  'OnAccountSuppressionList',
  'OnTenantSuppressionList',
  'UnsubscribedRecipient',
  'EmailValidationSuppressed',
];

const byType: Readonly<Record<string, FailureStatus>> = {
  Permanent: 'hard_bounced',
  // Final all the same: SES publishes it once it has stopped trying.
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
  // With or without a code, the server's words tell of an address that does not exist.
  if (type === 'Permanent' && failureOf(reply) === 'invalid') return 'invalid';
  const label: Status | null = Object.hasOwn(byType, type) ? byType[type]! : null;
  return (labelledFailure(reply, label) ?? 'soft_bounced') as FailureStatus;
}
