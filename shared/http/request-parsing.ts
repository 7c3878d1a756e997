/** Parses a request's query and body by the schemas of its route. */

import * as z from 'zod/mini';
import { mailboxOf } from '../email/address.ts';
import { isRecipient } from '../email/event.ts';
import type { ApiEvent } from './access.ts';

/** The query of a route without parameters. */
export const noParameters = z.strictObject({});

/** An email address in any spelling. */
const spelledAddress = (description: string) =>
  z
    .string('must be an email address')
    .check(z.refine(text => isRecipient(mailboxOf(text)), 'must be an email address'))
    .register(z.globalRegistry, { description });

/** An email address in any spelling, parsed into the canonical form of events. */
export const emailAddress = (description: string) => z.pipe(spelledAddress(description), z.transform(mailboxOf));

/** The same, together with its spelling. */
export const askedAddress = (description: string) =>
  z.pipe(
    spelledAddress(description),
    z.transform(asked => ({ asked, recipient: mailboxOf(asked) })),
  );

/** A field of the request is invalid: the caller must change it before sending again. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest';
  readonly field: string;
  readonly detail: string;

  constructor(field: string, detail: string) {
    super(`${field} ${detail}`);
    this.field = field;
    this.detail = detail;
  }
}

/**
 * Parses the query of a request by its route's schema.
 *
 * @throws InvalidRequest for the first invalid, unknown or repeated parameter: ignoring a filter would return too many
 * emails
 */
export function parametersOf<Schema extends z.ZodMiniType>(schema: Schema, rawQueryString: string): z.infer<Schema> {
  const given = new URLSearchParams(rawQueryString);
  // API Gateway joins the values of a repeated parameter with commas: only the raw text separates them.
  const repeated = [...given.keys()].find(name => given.getAll(name).length > 1);
  if (repeated !== undefined) throw new InvalidRequest(repeated, 'is given more than once');
  return valid(schema, Object.fromEntries(given), 'query', 'is not a parameter of this route');
}

/** The body of a request, byte for byte. */
export function bodyBytes({ body = '', isBase64Encoded }: ApiEvent): Buffer {
  return Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
}

/**
 * Parses the JSON body of a request by its route's schema.
 *
 * @throws InvalidRequest for the first invalid or unknown field; its field is `body` if the body is not JSON
 */
export function bodyOf<Schema extends z.ZodMiniType>(schema: Schema, body: string): z.infer<Schema> {
  let given: unknown;
  try {
    given = JSON.parse(body);
  } catch {
    throw new InvalidRequest('body', 'must be JSON');
  }
  return valid(schema, given, 'body', 'is not a field of this request');
}

function valid<Schema extends z.ZodMiniType>(
  schema: Schema,
  given: unknown,
  whole: string,
  unknown: string,
): z.infer<Schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  if (issue.code === 'unrecognized_keys') throw new InvalidRequest(issue.keys[0]!, unknown);
  throw new InvalidRequest(issue.path.length === 0 ? whole : issue.path.join('.'), issue.message);
}
