import { utf8Text } from '../../runtime/text.ts';
import type { ProviderRequest } from '../provider.ts';
import { isRecord } from './exact-json.ts';

const openingBrace = Buffer.from('{');

/** Whether a request's body is a form: not where JSON comes under its name. */
export function isForm({ headers, body, pieces }: Pick<ProviderRequest, 'headers' | 'body' | 'pieces'>): boolean {
  // Of a form were kept its fields, or all of it as text.
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

/** More than any provider's form has; many more would take longer to take apart than anybody may who has proved nothing. */
const maxFields = 1_000;

/** The fields of a form, or of a query, in their order. */
export type FormFields = readonly [name: string, text: string][];

/** The fields in a form; null where there are more than any provider's has. */
export function fieldsIn(form: string): FormFields | null {
  return form.split('&', maxFields + 1).length > maxFields ? null : [...new URLSearchParams(form)];
}

/** Asked for by handshake, verification and reading of one request in turn. */
const bodies = new WeakMap<Buffer, FormFields | null>();

/** The fields in a request's body, parsed once; null where it is no text, too. */
export function bodyFields(body: Buffer): FormFields | null {
  const known = bodies.get(body);
  if (known !== undefined) return known;
  const form = utf8Text(body);
  const fields = form === null ? null : fieldsIn(form);
  bodies.set(body, fields);
  return fields;
}

/** Fields as text by name. Null where a name occurs twice: which one was signed, or meant? */
export function fieldsByName(fields: FormFields | null): Readonly<Record<string, string>> | null {
  const byName = Object.fromEntries(fields ?? []);
  return Object.keys(byName).length === fields?.length ? byName : null;
}
