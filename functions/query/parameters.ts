/** Schemas of queries and bodies. They validate, and the OpenAPI document is made of them. */

import * as z from 'zod/mini';
import { limits } from '../../shared/email/event.ts';
import { emailAddress } from '../../shared/http/request-parsing.ts';
import { isPlainText } from '../../shared/runtime/text.ts';
import { statusIds } from '../../shared/status/catalogue.ts';

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

const time = (description: string) =>
  z.pipe(
    z.iso
      .datetime({
        offset: true,
        error: 'must be a time such as 2026-11-24T00:00:00Z (in a URL the + of an offset is %2B)',
      })
      .register(z.globalRegistry, {
        description,
        override: { type: 'string', format: 'date-time', pattern: undefined },
      }),
    z.transform(text => Date.parse(text)),
  );

const cursor = z.string().register(z.globalRegistry, {
  description: 'The `cursor` of the page before, valid only with the same account and filters.',
});

const filters = {
  status: z.optional(
    z
      .enum(statusIds, `must be one of ${statusIds.join(', ')}`)
      .register(z.globalRegistry, { description: 'Emails with this status.' }),
  ),
  attention: z.optional(
    z.pipe(
      z.literal('true', 'can only be true').register(z.globalRegistry, {
        description:
          'Emails whose status asks for attention, newest problem first. (Find emails that wait too long by `status` and `to`.)',
      }),
      z.transform(() => true),
    ),
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
  from: z.optional(time('Emails whose `sentAt` is this time or later.')),
  to: z.optional(time('Emails whose `sentAt` is before this time.')),
};

const listed = { ...filters, limit: wholeNumber(100, 50), cursor: z.optional(cursor) };

const rightWayRound: z.core.CheckFn<{ from?: number | undefined; to?: number | undefined }> = ({ value, issues }) => {
  if (value.from === undefined || value.to === undefined || value.from < value.to) return;
  issues.push({ code: 'custom', input: value, path: ['to'], message: 'must be later than from' });
};

const narrowed: z.core.CheckFn<{ recipient?: unknown; reference?: unknown; attention?: unknown }> = payload => {
  const { recipient, reference, attention } = payload.value;
  if ((recipient ?? reference ?? attention) !== undefined) return;
  const message = 'or reference or attention must be given: a list across accounts needs one of them';
  payload.issues.push({ code: 'custom', input: payload.value, path: ['recipient'], message });
};

export const listParameters = z.strictObject(listed).check(rightWayRound);

export const supportListParameters = z.strictObject(listed).check(rightWayRound, narrowed);

export const attentionListParameters = z.strictObject({
  format: z
    .enum(['csv', 'jsonl'], 'must be csv or jsonl')
    .register(z.globalRegistry, { description: 'csv for spreadsheets, jsonl (JSON Lines) for programs.' }),
  limit: wholeNumber(500, 500),
  cursor: z.optional(cursor),
});

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
