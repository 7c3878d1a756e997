import { utf8Text } from '../../runtime/text.ts';
import type { ProviderRequest } from '../provider.ts';
import { isRecord } from './exact-json.ts';

const openingBrace = Buffer.from('{');

/** Whether a request's body is a form. JSON with the content type of a form is none. */
export function isForm({ headers, body, pieces }: Pick<ProviderRequest, 'headers' | 'body' | 'pieces'>): boolean {
  // A form is quarantined as its fields, or whole as text.
  if (pieces !== undefined) return pieces.every(isOfForm);
  return (
    !body.subarray(0, 1).equals(openingBrace) &&
    /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '')
  );
}

function isOfForm(piece: unknown): boolean {
  return (
    typeof piece === 'string' || (isRecord(piece) && Object.values(piece).every(value => typeof value === 'string'))
  );
}

/** More than any provider's form has. Parsing many more would take too long for a sender who has proved nothing. */
const maxFields = 1_000;

/** The fields of a form, or of a query, in their order. */
export type FormFields = readonly [name: string, text: string][];

/** The fields in a form; null if it has more than any provider's. */
export function fieldsIn(form: string): FormFields | null {
  return form.split('&', maxFields + 1).length > maxFields ? null : [...new URLSearchParams(form)];
}

/** Handshake, verification and parser of one request need the same fields in turn. */
const bodies = new WeakMap<Buffer, FormFields | null>();

/** The fields in a request's body, parsed once; null too if it is no text. */
export function bodyFields(body: Buffer): FormFields | null {
  const known = bodies.get(body);
  if (known !== undefined) return known;
  const form = utf8Text(body);
  const fields = form === null ? null : fieldsIn(form);
  bodies.set(body, fields);
  return fields;
}

/** Fields by name; null if a name occurs twice, because nobody knows which one was signed. */
export function fieldsByName(fields: FormFields | null): Readonly<Record<string, string>> | null {
  const byName = Object.fromEntries(fields ?? []);
  return Object.keys(byName).length === fields?.length ? byName : null;
}
