import type { DynamoDBRecord } from 'aws-lambda';
import type { EmailFacts, Reason } from '../../shared/email/event.ts';
import { decidingEventOf } from '../../shared/email/history.ts';
import { emailIn, type Image, statusIn } from '../../shared/email/item.ts';
import { reasonOf } from '../../shared/email/reason.ts';
import { ownValue } from '../../shared/runtime/own-property.ts';
import { type AlertKind, type Status, type StatusFacts, statuses } from '../../shared/status/catalogue.ts';
import { isMessageIdOfEvent } from '../../shared/status/caveats.ts';

/** The statuses that support is told about. */
export type AlertingStatus = {
  [Id in Status]: (typeof statuses)[Id]['alert'] extends null ? never : Id;
}[Status];

/** What support is to be told about one email. */
export interface Alert extends EmailFacts {
  readonly kind: AlertKind;
  readonly emailId: string;
  readonly provider: string;
  readonly recipient: string;
  readonly status: AlertingStatus;
  /** Epoch milliseconds. */
  readonly statusAt: number;
  readonly reason?: Reason | undefined;
  /** The message was not sent to this address: only the report names it. */
  readonly notAddressed?: true | undefined;
  /** The report names an address and no message. */
  readonly messageNotKnown?: true | undefined;
}

/**
 * The alert that a stream record asks for: its change took the email into an alerting kind. null where it asks for none.
 *
 * @throws UnreadableImage, or another error, where the record shows no email
 */
export function alertOf({ eventName, dynamodb }: DynamoDBRecord): Alert | null {
  if (eventName === 'REMOVE') return null;
  const image = dynamodb?.NewImage as Image | undefined;
  // An email that only notes are known of has no status yet, and a tombstone has none any more.
  if (image !== undefined && statusIn(image) === undefined) return null;
  const { verdict, events, ...email } = emailIn(image);
  const { status, statusAt } = verdict;
  const { alert: kind } = statuses[status];
  const { alert: kindBefore } = ownValue<StatusFacts>(statuses, statusIn(dynamodb?.OldImage as Image) ?? '') ?? {};
  if (kind === null || kind === kindBefore) return null;

  const { emailId, provider, messageId, recipient, accountId, subject, reference, cause } = email;
  const reason = reasonOf(cause, decidingEventOf(verdict, events));
  return {
    kind,
    emailId,
    provider,
    recipient,
    ...(accountId !== undefined && { accountId }),
    ...(subject !== undefined && { subject }),
    ...(reference !== undefined && { reference }),
    status: status as AlertingStatus,
    statusAt,
    ...(reason && { reason }),
    ...(events.some(({ attribution }) => attribution === 'not_addressed') && { notAddressed: true }),
    ...(isMessageIdOfEvent(messageId) && { messageNotKnown: true }),
  };
}
