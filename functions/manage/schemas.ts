/** Schemas of requests and answers. The request schemas validate; the OpenAPI document is made of all. */

import * as z from 'zod/mini';
import { emailAddress } from '../../shared/http/request-parsing.ts';

/** The body of a request to erase. */
export const erasureBody = z
  .strictObject(
    { recipient: emailAddress('The address, in any spelling that is the same mailbox.') },
    'must be a JSON object',
  )
  .register(z.globalRegistry, { id: 'ErasureRequest', description: 'Whose data is to be erased.' });

const counts = z
  .object({ emails: z.int().check(z.nonnegative()) })
  .register(z.globalRegistry, { id: 'ErasedCounts', description: 'How many emails were erased by this request.' });

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
        queues: time(
          'The queues hold nothing any more that came before the erasure. Nothing of it is recorded until then.',
        ),
        backups: time('No backup of the table reaches back to before the erasure.'),
      })
      .register(z.globalRegistry, { description: 'When the rest is gone, by itself.' }),
  })
  .register(z.globalRegistry, { id: 'Erased', description: 'No email remains, and none comes back.' });

/** The members of the problem `not-erased` besides those of every problem. */
export const notErasedMembers = z.object({ erased: counts });
