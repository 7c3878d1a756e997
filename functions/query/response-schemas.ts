/**
 * Schemas of the answers. They type the views, the OpenAPI document is made of them, and tests check every answer
 * against them. The running function does not load them. Every member is always present, with null for an unknown
 * value.
 */

import * as z from 'zod/mini';
import { statusIds } from '../../shared/status/catalogue.ts';
import { causeIds } from '../../shared/status/causes.ts';
import { caveatTexts } from '../../shared/status/caveats.ts';

/** Some events claim years beyond 9999. */
const time = z
  .string()
  .check(z.regex(/^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/))
  .register(z.globalRegistry, { id: 'Time', description: 'ISO-8601 in UTC, with milliseconds.' });

const emailId = z
  .string()
  .check(z.regex(/^[\w-]{22}$/))
  .register(z.globalRegistry, { id: 'EmailId', description: 'One message to one recipient.' });

const status = z.enum(statusIds).register(z.globalRegistry, { id: 'Status', description: 'One of the eleven.' });

const cause = z
  .enum(causeIds)
  .register(z.globalRegistry, { id: 'Cause', description: 'Why a delivery failed, or was put off.' });

const turn = z.enum(['recipient', 'sender', 'receiving_server', 'nobody']).register(z.globalRegistry, {
  id: 'Turn',
  description: 'Who can put it right; nobody: only time does.',
});

const evidence = z.enum(['human', 'machine', 'unknown']).register(z.globalRegistry, {
  id: 'Evidence',
  description: 'Who did it: a person, a machine (which never decides a status), or nobody can tell.',
});

const text = z.string();
const maybe = <Schema extends z.ZodMiniType>(schema: Schema) => z.nullable(schema);

const causeOfStatus = maybe(cause).register(z.globalRegistry, {
  description:
    'unspecified: the delivery failed for good, and the report states no cause. null: nothing failed, or nobody said why.',
});

const row = {
  emailId,
  accountId: maybe(text),
  provider: text,
  recipient: text,
  subject: maybe(text),
  reference: maybe(text),
  status: maybe(status).register(z.globalRegistry, { description: 'null while nothing is known but notes.' }),
  label: maybe(text),
  statusAt: maybe(time),
  cause: causeOfStatus,
  attention: z.boolean().register(z.globalRegistry, {
    description: 'Somebody must act: the status asks for it, or the email has waited too long for news.',
  }),
  tags: z.array(text).register(z.globalRegistry, { description: 'Under what the sender filed the message.' }),
  sentAt: time,
};

export const emailRow = z
  .object(row)
  .register(z.globalRegistry, { id: 'EmailRow', description: 'An email as a row of a list.' });

const timelineEvent = z
  .object({
    eventId: text,
    at: time,
    providerTime: maybe(time).register(z.globalRegistry, {
      description: 'What the provider said, where that was too far in the future to be believed.',
    }),
    status: maybe(status).register(z.globalRegistry, { description: 'null: a note, which changes no status.' }),
    label: maybe(text),
    providerEvent: text,
    evidence,
    attribution: maybe(z.enum(['ambiguous', 'not_addressed'])).register(z.globalRegistry, {
      description:
        'ambiguous: it names nobody of several recipients; not_addressed: it names an address that the message was not sent to.',
    }),
    reason: maybe(
      z.object({
        code: maybe(text),
        enhancedCode: maybe(text),
        text: maybe(text),
        cause: maybe(z.object({ id: cause, label: text, text, turn: maybe(turn) })),
      }),
    ),
    clickUrl: maybe(text),
    userAgent: maybe(text),
  })
  .register(z.globalRegistry, { id: 'TimelineEvent', description: 'What a provider reported.' });

const caveat = z
  .object({
    code: z.enum(Object.keys(caveatTexts) as (keyof typeof caveatTexts)[]),
    text,
    at: maybe(time),
  })
  .register(z.globalRegistry, { id: 'Caveat', description: 'A fact that the status alone hides.' });

export const email = z
  .object({
    ...row,
    messageId: text,
    meaning: maybe(text),
    resolution: maybe(text).register(z.globalRegistry, {
      description: 'The action that the status asks for; null where there is nothing to do.',
    }),
    whatToDo: maybe(text).register(z.globalRegistry, {
      description:
        'The action that the cause asks for, or else the status. null for a deferred email, since the provider still tries, and where there is nothing to do.',
    }),
    sentAgain: maybe(text),
    updatedAt: time,
    because: maybe(
      z
        .object({
          eventId: text,
          at: time,
          providerEvent: maybe(text).register(z.globalRegistry, {
            description: 'null where the history had no room for the event.',
          }),
          evidence,
          cause: causeOfStatus,
          causeLabel: maybe(text),
          text,
          doesNotProve: text,
        })
        .register(z.globalRegistry, {
          id: 'Because',
          description: 'Why this status: the event that decided it, in words, and what that does not prove.',
        }),
    ),
    timeline: z.array(timelineEvent),
    caveats: z.array(caveat),
  })
  .register(z.globalRegistry, { id: 'Email', description: 'One email with everything that is known about it.' });

export const emailList = z
  .object({
    emails: z.array(emailRow),
    cursor: z.optional(text).register(z.globalRegistry, { description: 'For the next page; absent on the last one.' }),
    truncated: z.optional(z.literal(true)).register(z.globalRegistry, {
      description:
        'The reference has more emails than the 1,000 of which this list is made. Ask for the recipient as well.',
    }),
  })
  .register(z.globalRegistry, { id: 'EmailList', description: 'A page of a list, newest first.' });

export const statusesAnswer = z
  .object({
    results: z.array(
      z.object({
        asked: z
          .string()
          .register(z.globalRegistry, { description: 'The id or the reference, without blanks around it.' }),
        emails: z.array(emailRow),
        more: z.boolean().register(z.globalRegistry, {
          description: 'There may be more emails of this reference: the list by reference has them all.',
        }),
      }),
    ),
  })
  .register(z.globalRegistry, { id: 'Statuses', description: 'What was asked for, in its order.' });

export const catalogue = z
  .object({
    statuses: z.array(
      z.object({
        id: status,
        label: text,
        meaning: text,
        resolution: maybe(text),
        sentAgain: maybe(text),
        doesNotProve: text,
        attention: z.enum(['no', 'when_old', 'yes']),
      }),
    ),
    causes: z.array(
      z.object({
        id: cause,
        label: text,
        text,
        whatToDo: maybe(text).register(z.globalRegistry, { description: 'null: as the status says.' }),
        turn: maybe(turn),
        status: maybe(status).register(z.globalRegistry, {
          description: 'Of an email that failed for it; null where the cause does not decide it.',
        }),
      }),
    ),
  })
  .register(z.globalRegistry, {
    id: 'Catalogue',
    description: 'The statuses and the causes, with what each means and what to do.',
  });

/** A line of the exported attention list. */
export const attentionLine = z
  .object({
    emailId,
    recipient: text,
    subject: maybe(text),
    reference: maybe(text),
    provider: text,
    status: text,
    statusAt: time,
    sentAt: time,
    cause: causeOfStatus,
    causeLabel: maybe(text),
    why: text,
    whatToDo: maybe(text),
    caveats: z.array(caveat),
  })
  .register(z.globalRegistry, {
    id: 'AttentionLine',
    description: 'An email that somebody must act on: who, and why.',
  });

export type EmailRow = z.infer<typeof emailRow>;
export type EmailAnswer = z.infer<typeof email>;
export type Catalogue = z.infer<typeof catalogue>;
export type AttentionLine = z.infer<typeof attentionLine>;
