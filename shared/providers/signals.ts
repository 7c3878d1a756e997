/**
 * Signals of failure: what a mail server's reply, or a provider's own label, says of why a delivery failed. All providers
 * share it, and no adapter reads a reply for itself.
 */

import { type Cause, causes, type Failure, type FailureStatus } from '../causes.ts';
import { failureOf as statusOf } from './smtp-reply.ts';

export interface SmtpReply {
  /** e.g. `5.1.1`. */
  readonly enhancedCode?: string | undefined;
  /** e.g. `550`, where the provider gives it apart from the text. */
  readonly code?: string | undefined;
  readonly text?: string | undefined;
}

/**
 * What a provider's own label says: a cause where the provider defines it precisely, which counts as words do; a status
 * where it is generic ("hard", "permanent"), which only decides where nothing else does.
 */
export type Label = Cause | FailureStatus;

/** The failure that a reply and a label tell of. */
export function failureOf(reply: SmtpReply, label: Label): Failure {
  const ofLabel = isCause(label) ? { cause: label, status: causes[label].status ?? 'soft_bounced' } : null;
  const cause = causeIn(reply);
  if (cause !== null) return { cause, status: causes[cause].status! };
  return ofLabel ?? { cause: 'unspecified', status: statusOf(reply) ?? (label as FailureStatus) };
}

/** The cause that a reply tells of, also where it only put the email off; null where it tells of none. */
export function causeIn(reply: SmtpReply): Cause | null {
  return statusOf(reply) === 'invalid' ? 'unknown_user' : null;
}

function isCause(label: Label): label is Cause {
  return Object.hasOwn(causes, label);
}
