import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { faultyField } from '../../../shared/providers/parsing/faulty-field.ts';
import { object, text } from '../../../shared/providers/parsing/schemas.ts';

const schema = object({
  id: z.string(),
  events: z.nullish(z.array(object({ sg_message_id: text }))),
  email: z.nullish(z.union([z.string(), object({ recipient: object({ address: z.string() }) })])),
  metadata: z.nullish(z.record(z.string(), z.string())),
});

function fieldIn(piece: unknown): string | undefined {
  const { error } = z.safeParse(schema, piece);
  return faultyField(schema, error!);
}

describe('the field at fault in a piece', () => {
  it.each([
    ['a member that is missing', {}, 'id'],
    ['a member of another type', { id: 7 }, 'id'],
    ['one of a list', { id: '', events: [{}, {}, {}, { sg_message_id: {} }] }, 'events[3].sg_message_id'],
    [
      'a member of the alternative that got furthest',
      { id: '', email: { recipient: { address: 7 } } },
      'email.recipient.address',
    ],
    ['the first of several', { id: 7, events: 7 }, 'id'],
    ['a name that the schema does not spell, as *', { id: '', metadata: { 'jane@example.com': 7 } }, 'metadata.*'],
    ['a number as a name, as *', { id: '', metadata: { 4915112345678: 7 } }, 'metadata.*'],
  ])('is %s', (_, piece, field) => {
    expect(fieldIn(piece)).toBe(field);
  });

  it.each([null, 7, 'jane@example.com', []])('is none where the piece is %j', piece => {
    expect(fieldIn(piece)).toBeUndefined();
  });
});
