/**
 * The schema of the event that tells other systems of an email's new status. It types the event, and the published JSON
 * Schema is made of it. The running function does not load it.
 */

import * as z from 'zod/mini';
import { statusIds } from '../status/catalogue.ts';

const described = <Schema extends z.ZodMiniType>(schema: Schema, description: string): Schema =>
  schema.check(z.describe(description));

const text = z.string();
const maybe = <Schema extends z.ZodMiniType>(schema: Schema) => z.nullable(schema);

/** Some events claim years beyond 9999. */
const time = z.string().check(z.regex(/^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/));

const status = z.enum(statusIds);

const hash = z.string().check(z.regex(/^[\w-]{22}$/));

/** The event's detail. Every member is always present, with null for an unknown value. */
export const statusChanged = z.object({
  schemaVersion: described(z.literal(1), 'A change that could break a consumer gives another version.'),
  id: described(hash, 'The same for every repetition of the event, and different for any other event.'),
  accountId: described(maybe(text), 'null while no event names an account.'),
  emailId: described(hash, 'Identifies one message to one recipient.'),
  provider: described(text, 'The provider of the email, by the name in its webhook URL.'),
  messageId: described(text, "The provider's id of the message."),
  recipient: described(text, 'The address in lower case, with its domain in Punycode.'),
  reference: described(maybe(text), "The sender's own, e.g. an invoice number."),
  from: maybe(z.object({ status, since: described(time, 'When the event happened that had decided it.') })).check(
    z.describe('The status before this change; null if there was none. It may be the same, with another time.'),
  ),
  to: described(status, 'The status.'),
  label: described(text, 'The status for people.'),
  since: described(time, 'When the event happened that decided the status, in UTC.'),
  rank: described(
    z.string().check(z.regex(/^\d{20}[\da-f]*$/)),
    'Keep the event with the greatest rank of each email: events come in any order. Compare it as a text.',
  ),
  cause: described(
    maybe(text),
    'Why the delivery failed or was deferred: a cause of `GET /statuses`. More may be added.',
  ),
  attention: described(maybe(z.enum(['act'])), 'act: the status asks somebody to act. null: it does not.'),
  tags: described(z.array(text), "The sender's tags or categories."),
  at: described(
    time,
    'When Mailtrail received the event that decided the status, in UTC; of events recorded together, the last.',
  ),
});

export type StatusChanged = z.infer<typeof statusChanged>;
