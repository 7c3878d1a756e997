import * as z from 'zod/mini';

const count = () => z.int().check(z.nonnegative());

const counts = z
  .object({
    emails: count().register(z.globalRegistry, { description: 'In the table.' }),
    queuedEvents: count().register(z.globalRegistry, {
      description: 'Waiting in the retry queue or that of Amazon SES, or given up there.',
    }),
    quarantined: count().register(z.globalRegistry, { description: 'Events, pieces and whole bodies in quarantine.' }),
    alertRecords: count().register(z.globalRegistry, {
      description: 'In the failure bucket, of alerts that could not be sent.',
    }),
  })
  .register(z.globalRegistry, { id: 'ErasedCounts', description: 'How much was erased, by where it was.' });

export type ErasedCounts = Readonly<z.infer<typeof counts>>;

/** The answer where nothing remains. */
export const erasedAnswer = z
  .object({ erased: counts })
  .register(z.globalRegistry, { id: 'Erased', description: 'Nothing remains.' });

/** What the problem `not-erased` says besides what every problem does. */
export const notErasedMembers = z.object({
  erased: counts,
  remains: z.array(z.string()).register(z.globalRegistry, {
    description: 'What remains, or may, and what to do: a sentence each, with no address in it.',
  }),
});
