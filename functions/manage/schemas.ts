/** Schemas of requests and answers. The request schemas validate; the OpenAPI document is made of all. */

import * as z from 'zod/mini';
import { limits } from '../../shared/email/event.ts';
import { emailAddress } from '../../shared/http/request-parsing.ts';

/** The body of a request to erase. */
export const erasureBody = z
  .strictObject({ recipient: emailAddress('The address, in any spelling of the mailbox.') }, 'must be a JSON object')
  .register(z.globalRegistry, { id: 'ErasureRequest', description: 'The recipient whose data to erase.' });

const counts = z
  .object({ emails: z.int().check(z.nonnegative()) })
  .register(z.globalRegistry, { id: 'ErasedCounts', description: 'The number of emails that this request erased.' });

const time = (description: string) =>
  z.iso.datetime().register(z.globalRegistry, {
    description,
    override: { type: 'string', format: 'date-time', pattern: undefined },
  });

/** The answer when no email remains. */
export const erasedAnswer = z
  .object({
    erased: counts,
    forgottenBy: z
      .object({
        queues: time('After this time no queue holds events from before the erasure. None of them is recorded.'),
        backups: time('After this time no backup of the table holds data from before the erasure.'),
      })
      .register(z.globalRegistry, { description: 'When the rest is gone, without another request.' }),
  })
  .register(z.globalRegistry, { id: 'Erased', description: 'No email remains, and none returns.' });

/** The members of the problem `not-erased` besides those of every problem. */
export const notErasedMembers = z.object({ erased: counts });

/** The body of a request that says that an email was handled. */
export const handledBody = z
  .strictObject(
    {
      note: z
        .optional(z.string('must be text').check(z.maxLength(limits.text, `must be at most ${limits.text} characters`)))
        .register(z.globalRegistry, { description: 'Your own words, for the history of the email.' }),
    },
    'must be a JSON object',
  )
  .register(z.globalRegistry, { id: 'HandledRequest', description: 'That somebody handled an email.' });

/** The answer once nobody needs to act. */
export const handledAnswer = z
  .object({
    emailId: z.string(),
    attention: z.nullable(z.enum(['act'])).register(z.globalRegistry, {
      description: 'null, unless it has failed again since.',
    }),
    recorded: z.boolean().register(z.globalRegistry, {
      description: 'false: there was nothing to handle.',
    }),
  })
  .register(z.globalRegistry, { id: 'Handled', description: 'The email asks nobody to act.' });
