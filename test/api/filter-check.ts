/** Compares the rows of a list with the filters of its request. */

import type { DescribedRoute } from '../../infra/tools/docs/openapi.ts';
import type { EmailRow } from '../../shared/http/response-schemas.ts';
import type { Answer } from './answer-check.ts';

interface ListRequest {
  readonly routeKey: DescribedRoute;
  readonly query: string;
}

const lists: readonly DescribedRoute[] = ['GET /accounts/{accountId}/emails', 'GET /emails'];

const day = 24 * 60 * 60_000;
/** The time of a bound. A plain date is the begin of its day, and as an end the begin of the next day. */
const timeOf = (text: string, daysAfter: number) => Date.parse(text) + (text.length === 10 ? daysAfter * day : 0);

/** Whether a row matches the value of a parameter. */
const matches: Readonly<Record<string, (row: EmailRow, value: string) => boolean>> = {
  status: ({ status }, value) => status !== null && value.split(',').includes(status),
  cause: ({ cause }, value) => cause !== null && value.split(',').includes(cause),
  attention: ({ attention }, value) => attention === value,
  from: ({ sentAt }, value) => Date.parse(sentAt) >= timeOf(value, 0),
  to: ({ sentAt }, value) => Date.parse(sentAt) < timeOf(value, 1),
};

/** The member of a row that a parameter is about. */
const memberOf = (name: string) => (name === 'from' || name === 'to' ? 'sentAt' : (name as keyof EmailRow));

/** The first row of a list that its filters leave out, or a total that is missing or too much; null if all is right. */
export function filterFaultIn({ routeKey, query }: ListRequest, { statusCode, text }: Answer): string | null {
  if (statusCode !== 200 || !lists.includes(routeKey) || text === undefined) return null;
  const { emails, total } = JSON.parse(text) as { emails: EmailRow[]; total?: unknown };
  const given = new URLSearchParams(query);
  const hasTotal = total !== undefined;
  if (hasTotal !== (given.get('attention') === 'act')) return `it has ${hasTotal ? 'a' : 'no'} total`;
  for (const [name, value] of given) {
    const wrong = emails.find(row => matches[name]?.(row, value) === false);
    if (wrong !== undefined) return `a row has the ${memberOf(name)} ${wrong[memberOf(name)]} for ${name}=${value}`;
  }
  return null;
}
