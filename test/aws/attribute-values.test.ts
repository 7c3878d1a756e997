import { marshall } from '@aws-sdk/util-dynamodb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attributeValues } from '../../shared/aws/attribute-values.ts';

const scalars = fc.oneof(fc.string({ unit: 'binary' }), fc.maxSafeInteger(), fc.boolean());
const sets = fc.uniqueArray(fc.string(), { minLength: 1 }).map(texts => new Set(texts));
const values = fc.oneof(scalars, sets, fc.array(fc.oneof(scalars, sets)));

describe('the attribute values of an update', () => {
  it("are those of the SDK's own conversion", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), values), given => {
        expect(attributeValues(given)).toEqual(marshall(given));
      }),
    );
  });

  it.each([[undefined], [null], [Number.NaN], [1.5], [2 ** 53], [new Set()], [new Date(0)], [{ a: 1 }]])(
    'are never those of %s, which no update holds',
    value => {
      expect(() => attributeValues({ value })).toThrow(TypeError);
    },
  );
});
