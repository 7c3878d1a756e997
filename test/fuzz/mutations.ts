import fc from 'fast-check';
import type { BodyType } from '../fixtures/signing-scheme.ts';

/** Replacements for parts of genuine bodies. */
const scraps = [
  'null',
  '[]',
  '{}',
  '-0',
  '1e999',
  '9'.repeat(39),
  '""',
  '"__proto__"',
  '"toString"',
  '"\\ud800"',
  '"\\u0000"',
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '"\u202e"',
  '{"toString":1,"valueOf":null}',
  '1767355200000000',
  '"0000-00-00T00:00:00Z"',
  `"${'x'.repeat(70_000)}"`,
  `"${'a@'.repeat(20_000)}"`,
  `"${'4.4.4 '.repeat(10_000)}"`,
  `${'['.repeat(40)}${']'.repeat(40)}`,
];

/** Changes the text of a JSON body, or the fields of a form. */
export type Mutation = (body: Buffer, type: BodyType) => Buffer;

/** Generates changes of genuine bodies: one part replaced or removed, the body cut off, or one byte changed. */
export const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(...scraps), fc.json({ maxDepth: 3 })), fc.boolean()).map(
      ([at, scrap, isName]): Mutation =>
        (body, type) =>
          replaced(body, type, at, scrap, isName),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat().map(
      (at): Mutation =>
        body =>
          body.subarray(0, at % (body.length + 1)),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })).map(
      ([at, difference]): Mutation =>
        body => {
          if (body.length === 0) return body;
          const changed = Buffer.from(body);
          changed[at % body.length]! ^= difference;
          return changed;
        },
    ),
  },
);

/** Replaces the nth string, number or literal of JSON text, or the nth field of a form. */
function replaced(body: Buffer, type: BodyType, at: number, scrap: string, isName: boolean): Buffer {
  const text = body.toString();
  const ofJson = type === 'json' || type === 'jsonl';
  const tokens = [...text.matchAll(ofJson ? /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null/g : /[^&=]+/g)];
  const token = tokens[at % Math.max(tokens.length, 1)];
  if (token === undefined) return body;
  const replacement = ofJson
    ? isName
      ? '"__proto__"'
      : scrap
    : encodeURIComponent(isName ? '__proto__' : scrap.toWellFormed());
  return Buffer.from(text.slice(0, token.index) + replacement + text.slice(token.index + token[0].length));
}
