import type { DynamoDBRecord } from 'aws-lambda';
import type { EmailFacts, Reason } from '../../shared/email/event.ts';
import { decidingEventOf } from '../../shared/email/history.ts';
import { emailIn, type Image, statusIn } from '../../shared/email/item.ts';
import { reasonOf } from '../../shared/email/reason.ts';
import { ownValue } from '../../shared/runtime/own-property.ts';
import { type AlertKind, type Status, type StatusFacts, statuses } from '../../shared/status/catalogue.ts';
import { isMessageIdOfEvent } from '../../shared/status/caveats.ts';

/** The statuses that alert support. */
export type AlertingStatus = {
  [Id in Status]: (typeof statuses)[Id]['alert'] extends null ? never : Id;
}[Status];

/** The content of an alert about one email. */
export interface Alert extends EmailFacts {
  readonly kind: AlertKind;
  readonly emailId: string;
  readonly provider: string;
  readonly recipient: string;
  readonly status: AlertingStatus;
  /** Epoch milliseconds. */
  readonly statusAt: number;
  readonly reason?: Reason | undefined;
  /** The report names an address to which the message was not sent. */
  readonly notAddressed?: true | undefined;
  /** The report names an address and no message. */
  readonly messageNotKnown?: true | undefined;
}

/**
 * The alert for a stream record whose change takes the email into an alerting kind; null for other records.
 *
 * @throws UnreadableImage, or another error, if the record shows no email
 */
export function alertOf({ eventName, dynamodb }: DynamoDBRecord): Alert | null {
  if (eventName === 'REMOVE') return null;
  const image = dynamodb?.NewImage as Image | undefined;
  // An email with only notes has no status; neither has a tombstone.
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
