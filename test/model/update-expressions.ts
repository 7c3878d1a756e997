/**
 * Interprets the update and condition expressions that the product writes, and no others, on one item of a DynamoDB
 * table. So a model can run the real expressions millions of times. It throws on any other expression.
 */

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { PutCommandInput, UpdateCommandInput } from '@aws-sdk/lib-dynamodb';

type Value = string | number | boolean | ReadonlySet<string> | readonly string[];

/** An item by attribute. It is immutable: a write makes another item. */
export type Item = Readonly<Record<string, Value>>;

/** Returns the item after the update, or null if its condition does not hold. */
export function updated(item: Item | undefined, input: UpdateCommandInput): Item | null {
  const condition = parsed(conditions, input.ConditionExpression ?? '', parsedCondition);
  const update = parsed(updates, input.UpdateExpression ?? '', parsedUpdate);
  const attributes: Attributes = {
    item: item ?? {},
    names: input.ExpressionAttributeNames ?? {},
    values: (input.ExpressionAttributeValues ?? {}) as Attributes['values'],
  };
  const given = [...Object.keys(attributes.names), ...Object.keys(attributes.values)];
  const unused = given.filter(name => !condition.mentions.has(name) && !update.mentions.has(name));
  // DynamoDB refuses unused placeholders too.
  if (unused.length > 0) throw new Error(`not used in any expression: ${unused.join(', ')}`);
  if (!condition.meaning(attributes)) return null;
  const changes = update.meaning.map(change => change(attributes));
  const paths = changes.map(([path]) => path);
  if (new Set(paths).size < paths.length) throw new Error(`two changes of one attribute: ${paths.join(', ')}`);
  const next = { ...item, ...(input.Key as Record<string, Value>), ...Object.fromEntries(changes) };
  return Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined)) as Item;
}

/** Returns the item after the put, or null if its condition does not hold. */
export function replaced(item: Item | undefined, input: PutCommandInput): Item | null {
  const { meaning } = parsed(conditions, input.ConditionExpression ?? '', parsedCondition);
  const names = input.ExpressionAttributeNames ?? {};
  const values = (input.ExpressionAttributeValues ?? {}) as Attributes['values'];
  return meaning({ item: item ?? {}, names, values }) ? (input.Item as Item) : null;
}

/** Returns the item in DynamoDB's JSON, as in the error of a failed condition. */
export function attributeValues(item: Item): Record<string, AttributeValue> {
  return Object.fromEntries(
    Object.entries(item).map(([name, value]): [string, AttributeValue] => {
      if (typeof value === 'string') return [name, { S: value }];
      if (typeof value === 'number') return [name, { N: String(value) }];
      if (typeof value === 'boolean') return [name, { BOOL: value }];
      if (value instanceof Set) return [name, { SS: [...value] }];
      return [name, { L: (value as readonly string[]).map(S => ({ S })) }];
    }),
  );
}

interface Attributes {
  readonly item: Item;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, Value>>;
}

type Operand = (attributes: Attributes) => Value | undefined;
type Test = (attributes: Attributes) => boolean;
/** An attribute and its new value. Undefined removes the attribute. */
type Change = (attributes: Attributes) => readonly [path: string, value: Value | undefined];

interface Parsed<Meaning> {
  readonly meaning: Meaning;
  /** The placeholders in the expression. */
  readonly mentions: ReadonlySet<string>;
}

const conditions = new Map<string, Parsed<Test>>();
const updates = new Map<string, Parsed<readonly Change[]>>();

function parsed<Meaning>(
  known: Map<string, Parsed<Meaning>>,
  expression: string,
  parse: (tokens: Tokens) => Meaning,
): Parsed<Meaning> {
  let found = known.get(expression);
  if (found === undefined) {
    const tokens = tokensOf(expression);
    found = { meaning: parse(tokens), mentions: tokens.mentions };
    if (tokens.next() !== '') throw new Error(`not understood: "${tokens.next()}" in ${expression}`);
    known.set(expression, found);
  }
  return found;
}

interface Tokens {
  readonly mentions: ReadonlySet<string>;
  /** Returns the next token without taking it, or '' at the end. */
  next(): string;
  take(): string;
  /** Takes the next token if it is this one, and returns whether it was. */
  takes(token: string): boolean;
  demand(token: string): void;
}

function tokensOf(expression: string): Tokens {
  const tokens = expression.match(/[#:]?\w+|<=|>=|<>|\S/g) ?? [];
  let at = 0;
  const next = () => tokens[at] ?? '';
  const takes = (token: string) => {
    if (next() !== token) return false;
    at += 1;
    return true;
  };
  return {
    mentions: new Set(tokens.filter(token => /^[#:]/.test(token))),
    next,
    take: () => tokens[at++] ?? '',
    takes,
    demand(token) {
      if (!takes(token)) throw new Error(`not understood: "${next()}" for "${token}" in ${expression}`);
    },
  };
}

function separated<Part>(tokens: Tokens, separator: string, part: (tokens: Tokens) => Part): Part[] {
  const parts = [part(tokens)];
  while (tokens.takes(separator)) parts.push(part(tokens));
  return parts;
}

function parsedCondition(tokens: Tokens): Test {
  const alternatives = separated(tokens, 'OR', inner => separated(inner, 'AND', parsedTest));
  return attributes => alternatives.some(tests => tests.every(test => test(attributes)));
}

function parsedTest(tokens: Tokens): Test {
  if (tokens.takes('NOT')) {
    const test = parsedTest(tokens);
    return attributes => !test(attributes);
  }
  if (tokens.takes('(')) {
    const condition = parsedCondition(tokens);
    tokens.demand(')');
    return condition;
  }
  const test = functions[tokens.next()];
  if (test !== undefined) {
    tokens.take();
    return test(inParentheses(tokens));
  }
  const left = parsedOperand(tokens);
  if (tokens.takes('IN')) {
    const candidates = inParentheses(tokens);
    return attributes => candidates.some(candidate => holds('=', left(attributes), candidate(attributes)));
  }
  const operator = tokens.take();
  if (!(operator in comparisons)) throw new Error(`not understood: the operator "${operator}"`);
  const right = parsedOperand(tokens);
  return attributes => holds(operator as keyof typeof comparisons, left(attributes), right(attributes));
}

const functions: Readonly<Record<string, (operands: readonly Operand[]) => Test>> = {
  attribute_exists:
    ([path]) =>
    attributes =>
      path?.(attributes) !== undefined,
  attribute_not_exists:
    ([path]) =>
    attributes =>
      path?.(attributes) === undefined,
  contains:
    ([path, element]) =>
    attributes => {
      const whole = path?.(attributes);
      if (whole === undefined) return false;
      if (!(whole instanceof Set)) throw new Error('not understood: contains() of what is no set');
      return whole.has(element?.(attributes));
    },
};

function inParentheses(tokens: Tokens): Operand[] {
  tokens.demand('(');
  const operands = separated(tokens, ',', parsedOperand);
  tokens.demand(')');
  return operands;
}

function parsedOperand(tokens: Tokens): Operand {
  if (tokens.takes('size')) {
    const [path] = inParentheses(tokens);
    return attributes => {
      const whole = path?.(attributes);
      if (whole !== undefined && !(whole instanceof Set)) throw new Error('not understood: size() of what is no set');
      return whole?.size;
    };
  }
  if (!tokens.next().startsWith(':')) {
    const path = parsedPath(tokens);
    return attributes => attributes.item[path(attributes)];
  }
  const name = tokens.take();
  return ({ values }) => {
    const value = values[name];
    if (value === undefined) throw new Error(`no value for ${name}`);
    if (value instanceof Set && value.size === 0) throw new Error(`an empty set for ${name}`);
    return value;
  };
}

function parsedPath(tokens: Tokens): (attributes: Attributes) => string {
  const name = tokens.take();
  if (!/^#?\w+$/.test(name)) throw new Error(`not understood: "${name}" for an attribute`);
  if (!name.startsWith('#')) return () => name;
  return ({ names }) => {
    const path = names[name];
    if (path === undefined) throw new Error(`no name for ${name}`);
    return path;
  };
}

/** The comparisons, by the sign of the difference between two values of one type. */
const comparisons = {
  '=': (order: number) => order === 0,
  '<>': (order: number) => order !== 0,
  '<': (order: number) => order < 0,
  '<=': (order: number) => order <= 0,
  '>': (order: number) => order > 0,
  '>=': (order: number) => order >= 0,
} as const;

/** Returns false for a missing attribute and for values of different types. */
function holds(operator: keyof typeof comparisons, left: Value | undefined, right: Value | undefined): boolean {
  const compare = comparisons[operator];
  if (left === undefined || right === undefined) return false;
  if (typeof left === 'number' && typeof right === 'number') return compare(left - right);
  if (typeof left === 'string' && typeof right === 'string')
    return compare(Buffer.compare(Buffer.from(left), Buffer.from(right)));
  if (left instanceof Set && right instanceof Set && operator === '=')
    return left.size === right.size && [...left].every(element => right.has(element));
  throw new Error(`not understood: ${typeof left} ${operator} ${typeof right}`);
}

function parsedUpdate(tokens: Tokens): Change[] {
  const changes: Change[] = [];
  while (tokens.next() !== '') {
    const section = tokens.take();
    const change = sections[section];
    if (change === undefined) throw new Error(`not understood: "${section}" in an update`);
    changes.push(...separated(tokens, ',', change));
  }
  return changes;
}

const sections: Readonly<Record<string, (tokens: Tokens) => Change>> = {
  SET(tokens) {
    const path = parsedPath(tokens);
    tokens.demand('=');
    if (!tokens.takes('if_not_exists')) {
      const value = parsedOperand(tokens);
      return attributes => [path(attributes), there(value(attributes))];
    }
    const [present, otherwise] = inParentheses(tokens);
    return attributes => [path(attributes), there(present?.(attributes) ?? otherwise?.(attributes))];
  },
  REMOVE(tokens) {
    const path = parsedPath(tokens);
    return attributes => [path(attributes), undefined];
  },
  ADD(tokens) {
    const path = parsedPath(tokens);
    const elements = parsedOperand(tokens);
    return attributes => {
      const [before = new Set(), more] = [attributes.item[path(attributes)], elements(attributes)];
      if (!(before instanceof Set && more instanceof Set)) throw new Error('not understood: ADD to what is no set');
      return [path(attributes), new Set([...before, ...more])];
    };
  },
  DELETE(tokens) {
    const path = parsedPath(tokens);
    const elements = parsedOperand(tokens);
    return attributes => {
      const [before = new Set(), gone] = [attributes.item[path(attributes)], elements(attributes)];
      if (!(before instanceof Set && gone instanceof Set))
        throw new Error('not understood: DELETE from what is no set');
      const left = [...before].filter(element => !gone.has(element));
      // DynamoDB keeps no empty set.
      return [path(attributes), left.length === 0 ? undefined : new Set<string>(left as string[])];
    };
  },
};

function there(value: Value | undefined): Value {
  if (value === undefined) throw new Error('an attribute is set to what is not there');
  return value;
}
