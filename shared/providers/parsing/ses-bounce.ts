import { ownValue } from '../../runtime/own-property.ts';
import { type Cause, type Failure, failureBy } from '../../status/causes.ts';
import { statementIn, suppressionIn } from './own-words.ts';
import { failureOf } from './signals.ts';
import { enhancedCodeAmong, type SmtpReply } from './smtp-reply.ts';

/** Subtypes of emails that SES did not try, whatever reply it repeats. */
const notTried: readonly string[] = [
  'Suppressed',
  'OnAccountSuppressionList',
  'OnTenantSuppressionList',
  'UnsubscribedRecipient',
  'EmailValidationSuppressed',
];

/** Subtypes that name a cause. */
const subTypes = {
  NoEmail: 'unknown_user',
  MailboxFull: 'mailbox_full',
  MessageTooLarge: 'too_large',
  CustomTimeoutExceeded: 'expired',
  ContentRejected: 'spam_content',
  AttachmentRejected: 'policy',
} as const satisfies Record<string, Cause>;

/**
 * The failure of a bounce by the types of Amazon SES, which services on top of it repeat. Transient is final too: SES
 * publishes it after its last try.
 * https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
 */
export function sesBounce(type: string, subType: string, reply: SmtpReply): Failure {
  if (notTried.includes(subType)) return failureBy('suppressed', 'rejected');
  const cause = ownValue<Cause>(subTypes, subType);
  return failureOf(reply, cause ?? (type === 'Permanent' ? 'hard_bounced' : 'soft_bounced'));
}

/** A bounce as services on top of Amazon SES retell it. */
export interface RetoldBounce {
  readonly type?: string | null | undefined;
  readonly subType?: string | null | undefined;
  /** The words of SES or of the service, with advice. */
  readonly message?: string | null | undefined;
  /** The server's reply, or several. */
  readonly diagnosticCode?: string | readonly string[] | null | undefined;
}

const repliesIn = ({ diagnosticCode }: RetoldBounce) => [diagnosticCode ?? []].flat().join(' ');

/** The reason for people: the server's reply, or else the service's own words. */
export function retoldReason(bounce: RetoldBounce | null | undefined): Pick<SmtpReply, 'enhancedCode' | 'text'> {
  const reply = repliesIn(bounce ?? {});
  return { enhancedCode: enhancedCodeAmong(reply, bounce?.message), text: reply || bounce?.message || undefined };
}

/** Words for a permanent bounce, in place of a type. */
const permanentInWords = /\b(?:hard bounce|permanent(?:ly)?)\b/i;

/** The failure of such a bounce. With a type, its message is no reply. Without one, the message counts as the reply. */
export function retoldBounce(bounce: RetoldBounce): Failure {
  const { type, subType, message } = bounce;
  const { enhancedCode } = retoldReason(bounce);
  const reply = repliesIn(bounce);
  if (type) return sesBounce(type, subType ?? '', { enhancedCode, text: reply });
  if (suppressionIn(message)) return failureBy('suppressed', 'rejected');
  const typeInWords = permanentInWords.test(message ?? '') ? 'Permanent' : '';
  return sesBounce(typeInWords, subType ?? '', { enhancedCode, text: reply || statementIn(message) });
}
