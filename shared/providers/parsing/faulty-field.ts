import type * as z from 'zod/mini';
import type { Defect, EventDraft } from '../../email/event.ts';
import { ownValue } from '../../runtime/own-property.ts';
import type { UnparsableReason } from '../provider.ts';

/** The member of the canonical event that each defect is about. */
const fieldOfDefect = {
  missing_message_id: 'messageId',
  missing_recipient: 'recipient',
  unusable_recipient: 'recipient',
  unusable_account_id: 'accountId',
  unusable_reference: 'reference',
  unreadable_time: 'occurredAt',
} as const satisfies Record<Defect, keyof EventDraft>;

/** The member of the canonical event that a reason is about; undefined where it is about none. */
export function defectiveField(reason: UnparsableReason): string | undefined {
  return ownValue<string>(fieldOfDefect, reason);
}

/** Names of the members of a schema's objects, at any depth. */
const namesBySchema = new WeakMap<z.ZodMiniType, ReadonlySet<string>>();

/**
 * The path of the first fault in a piece, such as `events[3].sg_message_id`; undefined where the piece itself is at fault.
 * It is logged: a key of the piece that the schema does not spell is written as `*`, since it may be an address.
 */
export function faultyField(schema: z.ZodMiniType, { issues }: z.core.$ZodError): string | undefined {
  let names = namesBySchema.get(schema);
  if (names === undefined) {
    names = namesIn(schema);
    namesBySchema.set(schema, names);
  }
  let path = '';
  for (const step of issues[0] === undefined ? [] : pathOf(issues[0])) {
    if (typeof step === 'number') path += `[${step}]`;
    else path += `${path === '' ? '' : '.'}${typeof step === 'string' && names.has(step) ? step : '*'}`;
  }
  return path === '' ? undefined : path;
}

/** Of a union the alternative that got furthest tells most. */
function pathOf(issue: z.core.$ZodIssue): readonly PropertyKey[] {
  const within =
    issue.code === 'invalid_union' ? issue.errors.flatMap(([first]) => (first ? [pathOf(first)] : [])) : [];
  const [furthest = []] = within.toSorted((one, other) => other.length - one.length);
  return [...issue.path, ...furthest];
}

/** Goes through whatever a schema is made of: a schema has its definition under `_zod`, and an object's has a `shape`. */
function namesIn(schema: z.ZodMiniType): ReadonlySet<string> {
  const names = new Set<string>();
  const seen = new Set<object>();
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null || seen.has(part)) return;
    seen.add(part);
    const { _zod } = part as { readonly _zod?: { readonly def: { readonly shape?: object } } };
    for (const name of Object.keys(_zod?.def.shape ?? {})) names.add(name);
    for (const inner of Object.values(_zod?.def ?? part)) visit(inner);
  };
  visit(schema);
  return names;
}
