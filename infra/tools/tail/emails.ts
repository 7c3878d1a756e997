import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createReader, type EmailFilter } from '../../../shared/email/reader.ts';
import { day } from '../../../shared/runtime/time.ts';
import { defaultOldAfter } from '../../../shared/status/attention.ts';
import { environmentOf } from '../doctor/functions.ts';
import type { Installation } from '../doctor/installation.ts';
import { type Line, linesOf } from './lines.ts';

/** Emails that one poll reads, the newest first. */
export const maxEmails = 100;

/** An email that was sent longer before the first shown event is not looked at. */
const sentBefore = 3 * day;

/** Reads the table again and gives the lines that it has not given before. */
export type Poll = () => Promise<readonly Line[]>;

/**
 * The events of the newest emails of an account or a recipient. Without either, no index lists all emails: those that ask
 * for attention are followed.
 *
 * @param since epoch milliseconds of the first event to give
 */
export async function followEmails(
  installation: Installation,
  { account, recipient }: { readonly account?: string | undefined; readonly recipient?: string | undefined },
  since: number,
): Promise<Poll> {
  const { TABLE_NAME: tableName = '', RETENTION_DAYS } = await environmentOf(installation, 'Query');
  const reader = createReader({
    client: DynamoDBDocumentClient.from(installation.clients.dynamoDb),
    tableName,
    retentionDays: Number(RETENTION_DAYS),
    oldAfter: defaultOldAfter,
    now: Date.now,
  });
  const filter: EmailFilter = {
    accountId: account ?? null,
    recipient: recipient?.toLowerCase(),
    from: since - sentBefore,
  };
  /** The events that are known, by email. */
  const known = new Map<string, Set<string>>();

  return async () => {
    const { shown } = await reader.wholePage(filter, { limit: maxEmails, after: null }, email => email);
    // The oldest email first, as a log grows.
    return shown.toReversed().flatMap(email => {
      const seen = known.get(email.emailId);
      const keyOf = ({ eventId, occurredAt }: (typeof email.events)[number]) => `${occurredAt} ${eventId}`;
      known.set(email.emailId, new Set(email.events.map(keyOf)));
      // An event of a known email may come late: it is new whatever its time.
      return linesOf(email, event => (seen === undefined ? event.occurredAt >= since : !seen.has(keyOf(event))));
    });
  };
}
