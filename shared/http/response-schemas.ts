/**
 * Schemas of the answers. They type the views, the OpenAPI document is made of them, and tests check every answer
 * against them. The running function does not load them. Every member is always present, with null for an unknown
 * value.
 */

import * as z from 'zod/mini';
import { type SendCaveatId, type SendRule, sendCaveats, sendRules, sendVerdicts } from '../email/recipient-verdict.ts';
import { attentionKinds } from '../status/attention.ts';
import { statusIds } from '../status/catalogue.ts';
import { causeIds } from '../status/causes.ts';
import { type CaveatId, caveatTexts } from '../status/caveats.ts';

/** Some events claim years beyond 9999. */
const time = z
  .string()
  .check(z.regex(/^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/))
  .register(z.globalRegistry, { id: 'Time', description: 'ISO-8601 in UTC, with milliseconds.' });

const emailId = z
  .string()
  .check(z.regex(/^[\w-]{22}$/))
  .register(z.globalRegistry, { id: 'EmailId', description: 'Identifies one message to one recipient.' });

const status = z.enum(statusIds).register(z.globalRegistry, { id: 'Status', description: 'One of eleven statuses.' });

const cause = z
  .enum(causeIds)
  .register(z.globalRegistry, { id: 'Cause', description: 'Why a delivery failed or was deferred.' });

const turn = z.enum(['recipient', 'sender', 'receiving_server', 'nobody']).register(z.globalRegistry, {
  id: 'Turn',
  description: 'Who can fix it; nobody means wait.',
});

const evidence = z.enum(['human', 'machine', 'unknown']).register(z.globalRegistry, {
  id: 'Evidence',
  description: 'Who caused the event: a person, or a machine, which never decides a status.',
});

const text = z.string();
const maybe = <Schema extends z.ZodMiniType>(schema: Schema) => z.nullable(schema);

const causeOfStatus = maybe(cause).register(z.globalRegistry, {
  description:
    'unspecified: the delivery failed for good without a stated cause. null: no failure, or no cause reported.',
});

const described = <Schema extends z.ZodMiniType>(schema: Schema, description: string): Schema =>
  schema.check(z.describe(description));

const row = {
  emailId,
  accountId: described(maybe(text), 'null while no event names an account.'),
  provider: text,
  recipient: described(text, 'The domain is in Punycode if its letters could deceive.'),
  subject: described(maybe(text), 'null if never reported.'),
  reference: described(maybe(text), "The sender's own, e.g. an invoice number."),
  status: described(maybe(status), 'null while only notes are recorded.'),
  label: described(maybe(text), 'The status for people.'),
  statusAt: described(maybe(time), 'When the deciding event happened.'),
  cause: causeOfStatus,
  attention: maybe(z.enum(attentionKinds)).register(z.globalRegistry, {
    description: 'act: the email asks somebody to act. late: it waits too long for news. null: neither.',
  }),
  tags: z.array(text).register(z.globalRegistry, { description: "The sender's tags or categories." }),
  sentAt: described(time, 'The earliest event in the first recorded request.'),
};

export const emailRow = z
  .object(row)
  .register(z.globalRegistry, { id: 'EmailRow', description: 'An email in a list.' });

const timelineEvent = z
  .object({
    eventId: described(text, 'Not always unique: use it together with `at`.'),
    at: time,
    providerTime: described(
      maybe(time),
      "The provider's time, if more than 10 minutes ahead; `at` is the arrival then.",
    ),
    status: described(maybe(status), 'null: a note, which changes no status.'),
    label: maybe(text),
    providerEvent: described(text, "The provider's name of the event."),
    evidence,
    attribution: maybe(z.enum(['ambiguous', 'not_addressed'])).register(z.globalRegistry, {
      description:
        'ambiguous: names none of several recipients. not_addressed: names an address that the message was not sent to.',
    }),
    reason: maybe(
      z.object({
        code: described(maybe(text), "The provider's code or label."),
        enhancedCode: described(maybe(text), 'RFC 3463, e.g. 5.1.1.'),
        text: maybe(text),
        cause: maybe(z.object({ id: cause, label: text, text, turn: maybe(turn) })),
      }),
    ),
    clickUrl: maybe(text),
    userAgent: maybe(text),
    relatedEmailId: maybe(emailId).register(z.globalRegistry, {
      description: 'The other email: sent again by this one, or sending this one again.',
    }),
    by: described(maybe(text), 'Who handled the email: the subject of their token.'),
  })
  .register(z.globalRegistry, {
    id: 'TimelineEvent',
    description:
      'An event that a provider or your application reported, or a note of Mailtrail itself: `mailtrail.handled` with words in `reason.text`, `mailtrail.successor_delivered`, `app.resend` and `app.resent`.',
  });

const repeats = z
  .object({
    status: z.enum(['opened', 'link_clicked']),
    label: text,
    evidence,
    attribution: maybe(z.enum(['not_addressed'])),
    atLeast: described(
      z.int().check(z.positive()),
      'Opens or clicks of this kind, those in the timeline included. There may have been more.',
    ),
    lastAt: described(time, 'The newest one that was counted.'),
  })
  .register(z.globalRegistry, {
    id: 'Repeats',
    description: 'Opens or clicks of one kind, of which the timeline has the first three and any earlier ones.',
  });

const caveatTextCode = z
  .enum(Object.keys(caveatTexts) as CaveatId[])
  .register(z.globalRegistry, { id: 'CaveatCode', description: 'Identifies a caveat and its text.' });

/** A code for each of these texts. */
const codes = <Member extends string>(members: readonly Member[]) =>
  z
    .object(
      Object.fromEntries(members.map(member => [member, maybe(text)])) as Record<
        Member,
        z.ZodMiniNullable<typeof text>
      >,
    )
    .register(z.globalRegistry, {
      description: 'The code of each text, for translations, e.g. `status.invalid.meaning`; null where the text is.',
    });

const forAccount = 'For people of the account, who can change no mail server.';

const caveat = z
  .object({ code: caveatTextCode, text, at: maybe(time) })
  .register(z.globalRegistry, { id: 'Caveat', description: 'Something worth knowing that the status hides.' });

export const email = z
  .object({
    ...row,
    messageId: described(text, "The provider's id of the message."),
    meaning: maybe(text),
    resolution: described(maybe(text), 'The action for the status; null if there is none.'),
    whatToDo: described(maybe(text), 'The action for the cause, or else for the status; null if there is none.'),
    whatToDoForAccount: described(maybe(text), forAccount),
    sentAgain: described(maybe(text), 'Whether and by whom the email is sent again.'),
    updatedAt: described(time, 'Arrival of the events recorded last.'),
    because: maybe(
      z
        .object({
          eventId: text,
          at: time,
          provider: described(text, 'Who reported it: `app` is your application.'),
          providerEvent: described(maybe(text), 'null if the full history lacks the event.'),
          evidence,
          cause: causeOfStatus,
          causeLabel: maybe(text),
          reply: described(maybe(text), "The server's or the provider's raw words and codes."),
          text: described(text, 'The same in one sentence, its time to the minute.'),
          doesNotProve: described(text, 'The conclusion that this status does not allow.'),
        })
        .register(z.globalRegistry, {
          id: 'Because',
          description: 'Why this status: the event that decided it.',
        }),
    ),
    handled: maybe(z.object({ at: time, by: maybe(text), note: maybe(text) })).register(z.globalRegistry, {
      description: 'Who handled it last, and their own words; null once it has failed again.',
    }),
    canBeHandled: described(z.boolean(), 'Whether there is something to handle.'),
    resendOf: described(z.array(emailId), 'The emails that this one sends again.'),
    resentAs: described(z.array(emailId), 'The emails that send this one again.'),
    timeline: z.array(timelineEvent),
    repeats: z.array(repeats),
    caveats: z.array(caveat),
    codes: codes(['label', 'meaning', 'resolution', 'whatToDo', 'whatToDoForAccount', 'sentAgain', 'doesNotProve']),
  })
  .register(z.globalRegistry, { id: 'Email', description: 'One email with all that is recorded.' });

export const emailList = z
  .object({
    emails: z.array(emailRow),
    cursor: z.optional(text).register(z.globalRegistry, { description: 'For the next page; absent on the last page.' }),
    total: z
      .optional(z.object({ count: z.int().check(z.nonnegative(), z.maximum(1_000)), more: z.boolean() }))
      .register(z.globalRegistry, {
        description:
          'With `attention=act`: the number of these emails without any other filter, at most 1,000. more: there are more.',
      }),
    truncated: z.optional(z.literal(true)).register(z.globalRegistry, {
      description: 'The reference has more than the 1,000 emails that were searched. Filter by recipient too.',
    }),
  })
  .register(z.globalRegistry, { id: 'EmailList', description: 'A page of a list, newest first.' });

export const statusesAnswer = z
  .object({
    results: z.array(
      z.object({
        asked: z.string().register(z.globalRegistry, { description: 'The id or reference, trimmed.' }),
        emails: z.array(emailRow),
        more: z.boolean().register(z.globalRegistry, {
          description: 'The reference may have more emails: list them by `reference`.',
        }),
      }),
    ),
  })
  .register(z.globalRegistry, { id: 'Statuses', description: 'One result per id or reference, in their order.' });

const recipientVerdict = z
  .object({
    asked: described(text, 'The address as it was asked for.'),
    verdict: z.enum(sendVerdicts).register(z.globalRegistry, {
      description: 'stop: do not send. caution: sending is a risk. ok: nothing known speaks against it.',
    }),
    why: z.array(
      z.object({
        code: z.enum(Object.keys(sendRules) as SendRule[]).register(z.globalRegistry, {
          id: 'SendRule',
          description: 'Identifies a reason not to send, and its text.',
        }),
        text,
        emailId: described(maybe(emailId), 'The newest email that is a reason; null for `truncated`.'),
        at: described(maybe(time), 'When that happened; null for `truncated`.'),
      }),
    ),
    lastDelivered: described(
      maybe(time),
      'The newest delivery, also one that only an open or a click shows; null if none is known.',
    ),
    softBouncesInARow: described(
      z.int().check(z.nonnegative()),
      'The emails that ended in a soft bounce since the last delivered one was sent, but for causes on your side.',
    ),
    complainedAt: described(maybe(time), 'The newest spam mark, handled or not.'),
    asOf: described(time, 'When this was decided.'),
    truncated: described(z.boolean(), 'There may be more emails than were looked at: the verdict is never ok.'),
    caveats: z.array(
      z.object({
        code: z.enum(Object.keys(sendCaveats) as SendCaveatId[]).register(z.globalRegistry, {
          id: 'SendCaveatCode',
          description: 'Identifies a caveat about an address, and its text.',
        }),
        text,
      }),
    ),
  })
  .register(z.globalRegistry, {
    id: 'RecipientVerdict',
    description: 'Whether to send an address another email. An unknown or erased address is ok.',
  });

export const recipientsAnswer = z
  .object({ results: z.array(recipientVerdict) })
  .register(z.globalRegistry, { id: 'RecipientVerdicts', description: 'One result per address, in their order.' });

export const catalogue = z
  .object({
    statuses: z.array(
      z.object({
        id: status,
        label: text,
        meaning: text,
        resolution: maybe(text),
        resolutionForAccount: described(maybe(text), forAccount),
        sentAgain: maybe(text),
        doesNotProve: described(text, 'The conclusion that this status does not allow.'),
        attention: described(z.enum(['no', 'when_old', 'yes']), 'when_old: once it has waited too long.'),
        tone: described(z.enum(['waiting', 'good', 'warning', 'bad']), 'How it looks to people.'),
        order: described(z.int().check(z.gte(1), z.lte(statusIds.length)), "Its place in an email's life."),
        final: described(z.boolean(), 'No later attempt to deliver the email is to be expected.'),
        resend: described(
          z.enum(['no', 'after_fix', 'yes']),
          'Whether sending it again makes sense; a waiting email only once it is late.',
        ),
        codes: codes(['label', 'meaning', 'resolution', 'resolutionForAccount', 'sentAgain', 'doesNotProve']),
      }),
    ),
    causes: z.array(
      z.object({
        id: cause,
        label: text,
        text,
        whatToDo: maybe(text).register(z.globalRegistry, { description: 'null: see the status.' }),
        whatToDoForAccount: described(maybe(text), forAccount),
        turn: maybe(turn),
        status: maybe(status).register(z.globalRegistry, {
          description: 'The status of an email that failed for this cause; null if the cause does not decide it.',
        }),
        codes: codes(['label', 'text', 'whatToDo', 'whatToDoForAccount']),
      }),
    ),
    caveats: z.array(z.object({ code: caveatTextCode, text })),
  })
  .register(z.globalRegistry, {
    id: 'Catalogue',
    description: 'All statuses, causes and caveats: meaning and action.',
  });

/** The news of the providers. */
export const providersAnswer = z
  .object({
    countedSince: described(time, 'The counts begin here, a week ago.'),
    providers: z.array(
      z
        .object({
          provider: described(text, 'By the name in its webhook URL.'),
          title: described(text, 'The name for people.'),
          inUse: described(z.boolean(), 'Listed by the setting `providers`, and watched for silence.'),
          lastEventAt: described(maybe(time), 'Arrival of its newest event; null if it never reported any.'),
          lagSeconds: described(maybe(z.number()), 'From its newest event until the arrival.'),
          refused: described(z.int().check(z.nonnegative()), 'Calls in its name that were not genuine.'),
          quarantined: described(z.int().check(z.nonnegative()), 'Pieces that could not be read or recorded.'),
          silentSince: described(maybe(time), 'null: it is not unusually silent.'),
          noNews: maybe(
            z.object({
              emails: described(z.int(), 'Those first seen since about the last news, more than 30 minutes ago.'),
              waiting: described(z.int(), 'Those of them without any news.'),
            }),
          ).register(z.globalRegistry, { description: 'null before the first judgement.' }),
          judgedAt: described(maybe(time), 'When its silence was last judged; this happens every five minutes.'),
        })
        .register(z.globalRegistry, { id: 'ProviderNews', description: 'The news of one provider.' }),
    ),
  })
  .register(z.globalRegistry, {
    id: 'Providers',
    description: 'The news of each provider that is in use, or of which something came.',
  });

/** A line of the exported list. */
export const attentionLine = z
  .object({
    emailId,
    recipient: text,
    subject: maybe(text),
    reference: maybe(text),
    provider: text,
    status: described(maybe(status), 'null while only notes are recorded.'),
    label: described(maybe(text), 'The status for people.'),
    statusAt: maybe(time),
    sentAt: time,
    cause: causeOfStatus,
    causeLabel: maybe(text),
    why: described(maybe(text), 'The deciding event in one sentence.'),
    whatToDo: maybe(text),
    whatToDoForAccount: described(maybe(text), forAccount),
    caveats: z.array(caveat),
  })
  .register(z.globalRegistry, {
    id: 'AttentionLine',
    description: 'An email in the exported list.',
  });

export type EmailRow = z.infer<typeof emailRow>;
export type EmailAnswer = z.infer<typeof email>;
export type RecipientVerdictAnswer = z.infer<typeof recipientVerdict>;
export type Catalogue = z.infer<typeof catalogue>;
export type ProvidersAnswer = z.infer<typeof providersAnswer>;
export type AttentionLine = z.infer<typeof attentionLine>;
