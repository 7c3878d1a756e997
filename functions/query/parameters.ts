/** Schemas of queries and bodies. They validate, and the OpenAPI document is made of them. */

import * as z from 'zod/mini';
import { limits } from '../../shared/email/event.ts';
import { emailAddress } from '../../shared/http/request-parsing.ts';
import { isPlainText } from '../../shared/runtime/text.ts';
import { day } from '../../shared/runtime/time.ts';
import { type AttentionKind, attentionKinds, isActionableOnly } from '../../shared/status/attention.ts';
import { type Status, statusIds } from '../../shared/status/catalogue.ts';
import { causeIds } from '../../shared/status/causes.ts';

const wholeNumber = (max: number, usual: number) =>
  z
    ._default(
      z.pipe(
        z.string().check(z.refine(text => isWholeNumber(text, max), `must be a whole number from 1 to ${max}`)),
        z.transform(Number),
      ),
      usual,
    )
    .register(z.globalRegistry, {
      description: 'The most emails on a page. A page may be short or empty: follow `cursor` until there is none.',
      override: { type: 'integer', minimum: 1, maximum: max, default: usual },
    });

function isWholeNumber(text: string, max: number): boolean {
  return /^[1-9]\d{0,2}$/.test(text) && Number(text) <= max;
}

const plainDate = z.iso.date();

/** A time, or a plain date: that UTC day counts as a whole, so that `dateIs` says at which of its ends the bound is. */
const time = (description: string, dateIs: 'start' | 'end') =>
  z.pipe(
    z
      .union([z.iso.datetime({ offset: true }), plainDate], {
        error: 'must be a date such as 2026-11-24 or a time such as 2026-11-24T00:00:00Z (in a URL, write + as %2B)',
      })
      .register(z.globalRegistry, {
        description,
        override: {
          anyOf: [
            { type: 'string', format: 'date-time' },
            { type: 'string', format: 'date' },
          ],
        },
      }),
    z.transform(text => Date.parse(text) + (dateIs === 'end' && plainDate.safeParse(text).success ? day : 0)),
  );

/** One or several ids, separated by commas, parsed into the order of `ids`: the order of a request says nothing. */
const idList = <Id extends string>(ids: readonly Id[], description: string) =>
  z
    .optional(
      z.pipe(
        z
          .string()
          .check(
            z.refine(text => isIdList(text, ids), {
              error: `must be one or more of ${ids.join(', ')}, separated by commas, each at most once`,
              // Checks of the whole query get a list of ids or do not run.
              abort: true,
            }),
          )
          .register(z.globalRegistry, {
            override: { type: 'array', items: { type: 'string', enum: [...ids] }, minItems: 1, uniqueItems: true },
          }),
        z.transform(text => {
          const given = text.split(',');
          return ids.filter(id => given.includes(id));
        }),
      ),
    )
    .register(z.globalRegistry, { description, param: { style: 'form', explode: false } });

function isIdList(text: string, ids: readonly string[]): boolean {
  const given = text.split(',');
  return given.every(id => ids.includes(id)) && new Set(given).size === given.length;
}

const cursor = z.string().register(z.globalRegistry, {
  description: 'The `cursor` of the page before, valid only with the same account and filters.',
});

const filters = {
  status: idList(statusIds, 'Emails with one of these statuses, separated by commas.'),
  cause: idList(causeIds, 'Emails that failed or are deferred for one of these causes, separated by commas.'),
  attention: z.optional(
    z.enum(attentionKinds, `must be ${attentionKinds.join(' or ')}`).register(z.globalRegistry, {
      description:
        'act: emails that ask somebody to act, newest problem first. late: emails of the last 90 days that wait too long for news.',
    }),
  ),
  recipient: z.optional(emailAddress('Emails to this address, in any letter case, its domain in letters or Punycode.')),
  reference: z.optional(
    z
      .string()
      .check(
        z.trim(),
        z.refine(
          text => isPlainText(text, limits.reference),
          `must be text of at most ${limits.reference} bytes without control characters`,
        ),
      )
      .register(z.globalRegistry, {
        description: 'Emails with this reference of the sender, e.g. an invoice number.',
      }),
  ),
  from: z.optional(time('Emails whose `sentAt` is this time or later, or not before this UTC day.', 'start')),
  to: z.optional(time('Emails whose `sentAt` is before this time, or not after this UTC day.', 'end')),
};

const listed = { ...filters, limit: wholeNumber(100, 50), cursor: z.optional(cursor) };

const rightWayRound: z.core.CheckFn<{ from?: number | undefined; to?: number | undefined }> = ({ value, issues }) => {
  if (value.from === undefined || value.to === undefined || value.from < value.to) return;
  issues.push({ code: 'custom', input: value, path: ['to'], message: 'must be later than from' });
};

interface Narrowing {
  recipient?: string | undefined;
  reference?: string | undefined;
  attention?: AttentionKind | undefined;
  status?: readonly Status[] | undefined;
}

const narrowed: z.core.CheckFn<Narrowing> = payload => {
  const { recipient, reference } = payload.value;
  if ((recipient ?? reference) !== undefined || isActionableOnly(payload.value)) return;
  const message =
    'or reference, attention=act or only statuses that ask for action must be given: a list across accounts needs one of them';
  payload.issues.push({ code: 'custom', input: payload.value, path: ['recipient'], message });
};

export const listParameters = z.strictObject(listed).check(rightWayRound);

export const supportListParameters = z.strictObject(listed).check(rightWayRound, narrowed);

export const attentionListParameters = z
  .strictObject({
    format: z
      .enum(['csv', 'jsonl'], 'must be csv or jsonl')
      .register(z.globalRegistry, { description: 'csv for spreadsheets, jsonl (JSON Lines) for programs.' }),
    ...filters,
    limit: wholeNumber(300, 300),
    cursor: z.optional(cursor),
  })
  .check(rightWayRound);

const hundred = (what: string) =>
  z.optional(
    z
      .array(z.string('must be text').check(z.trim()), 'must be a list')
      .check(z.minLength(1, 'must not be empty'), z.maxLength(100, `must be at most 100 ${what}`)),
  );

/** The body of a request for many statuses at once. */
export const statusesBody = z
  .strictObject({ emailIds: hundred('ids'), references: hundred('references') }, 'must be a JSON object')
  .check(
    z.refine(({ emailIds, references }) => (emailIds === undefined) !== (references === undefined), {
      path: ['emailIds'],
      error: 'or references must be given, but not both',
    }),
  )
  .register(z.globalRegistry, {
    id: 'StatusesRequest',
    description: 'Either up to 100 email ids or up to 100 references.',
    override: ({ jsonSchema }: { readonly jsonSchema: Record<string, unknown> }) => {
      jsonSchema.oneOf = [{ required: ['emailIds'] }, { required: ['references'] }];
    },
  });
