import type { DynamoDBRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import type { EmailFacts, Reason } from '../../shared/email/event.ts';
import { decidingEventOf, decodeHistory } from '../../shared/email/history.ts';
import { reasonOf } from '../../shared/email/reason.ts';
import { ownValue } from '../../shared/runtime/own-property.ts';
import { type AlertKind, type Status, type StatusFacts, statuses, statusIds } from '../../shared/status/catalogue.ts';
import { causeIds } from '../../shared/status/causes.ts';
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

const text = z.pipe(
  z.object({ S: z.string() }),
  z.transform(({ S }) => S),
);
const number = z.pipe(
  z.object({ N: z.string() }),
  z.transform(({ N }) => Number(N)),
);

/** An email's item as the stream shows it. */
const emailImage = z.object({
  emailId: text,
  provider: text,
  messageId: text,
  recipient: text,
  accountId: z.optional(text),
  subject: z.optional(text),
  reference: z.optional(text),
  status: z.pipe(text, z.enum(statusIds)),
  statusAt: number,
  statusEventId: text,
  cause: z.optional(z.pipe(text, z.enum(causeIds))),
  history: z.pipe(
    z.object({ SS: z.array(z.string()) }),
    z.transform(({ SS }) => SS.map(decodeHistory)),
  ),
});

/**
 * The alert that a stream record asks for: its change took the email into an alerting kind. null where it asks for none.
 *
 * @throws if the record's image cannot be read
 */
export function alertOf({ eventName, dynamodb }: DynamoDBRecord): Alert | null {
  if (eventName === 'REMOVE') return null;
  const image = dynamodb?.NewImage;
  // An email that only notes are known of has no status yet.
  if (image !== undefined && image.status === undefined) return null;
  const email = emailImage.parse(image);
  const { alert: kind } = statuses[email.status];
  if (kind === null || kind === kindBefore(dynamodb?.OldImage?.status?.S)) return null;

  const { history, statusEventId, messageId, cause, ...facts } = email;
  const { status, statusAt } = facts;
  const deciding = decidingEventOf({ status, statusAt, statusEventId }, history);
  const reason = reasonOf(cause, deciding);
  return {
    ...facts,
    kind,
    status: status as AlertingStatus,
    ...(reason && { reason }),
    ...(history.some(({ attribution }) => attribution === 'not_addressed') && { notAddressed: true }),
    ...(isMessageIdOfEvent(messageId) && { messageNotKnown: true }),
  };
}

function kindBefore(status: string | undefined): AlertKind | null {
  return ownValue<StatusFacts>(statuses, status ?? '')?.alert ?? null;
}
