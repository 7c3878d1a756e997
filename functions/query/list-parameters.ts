import * as z from 'zod/mini';
import type { PageKey } from '../../shared/store.ts';
import { type ListOfAccount, pageKeyOf } from './cursor.ts';

/** The query parameters of a list of emails; every other one is refused, since ignoring a filter would show too much. */
const listParameters = z.strictObject({
  limit: z._default(
    z.pipe(
      z.string().check(z.regex(/^(?:[1-9]\d?|100)$/, 'must be a whole number from 1 to 100')),
      z.transform(Number),
    ),
    50,
  ),
  attention: z.optional(z.literal('true', 'can only be true')),
  cursor: z.optional(z.string()),
});

export interface ListRequest {
  readonly of: ListOfAccount;
  readonly limit: number;
  readonly after: PageKey | undefined;
}

/** The first query parameter that is wrong, and what is wrong with it. */
export interface WrongParameter {
  readonly field: string;
  readonly detail: string;
}

/** Which page of which list of the account is asked for. */
export function listRequest(accountId: string, rawQueryString: string): ListRequest | WrongParameter {
  const given = new URLSearchParams(rawQueryString);
  // API Gateway joins the values of a repeated parameter with commas: only the raw text tells them apart.
  const repeated = [...given.keys()].find(name => given.getAll(name).length > 1);
  if (repeated !== undefined) return { field: repeated, detail: 'is given more than once' };

  const parameters = listParameters.safeParse(Object.fromEntries(given));
  if (!parameters.success) {
    const issue = parameters.error.issues[0]!;
    if (issue.code === 'unrecognized_keys') return { field: issue.keys[0]!, detail: 'is not a parameter of this list' };
    return { field: String(issue.path[0]), detail: issue.message };
  }
  const { limit, attention, cursor } = parameters.data;
  const of: ListOfAccount = { accountId, list: attention === 'true' ? 'attention' : 'all' };
  if (cursor === undefined) return { of, limit, after: undefined };
  const after = pageKeyOf(of, cursor);
  if (after === null) return { field: 'cursor', detail: 'does not come from this list' };
  return { of, limit, after };
}
