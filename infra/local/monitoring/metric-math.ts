import { ownValue } from '../../../shared/runtime/own-property.ts';
import { tokensOf } from './expression-tokens.ts';

/** A value of one period; null where data is missing. */
export type Point = number | null;

/** Gives the expression's value of a period, from those of its metrics by id. */
export type Expression = (pointOf: (id: string) => Point) => Point;

type Evaluate = (pointOf: (id: string) => Point) => Point | readonly Point[];

const shape = /[a-z]\w*|[A-Z][A-Z_]*|\d+(?:\.\d+)?|&&|\|\||[<>=!]=|[-+*/<>()[\],]/g;

const truth = (value: boolean) => Number(value);

/** Each line binds more tightly than the one before. */
const operators: readonly Readonly<Record<string, (one: number, other: number) => Point>>[] = [
  { '||': (one, other) => truth(one !== 0 || other !== 0), OR: (one, other) => truth(one !== 0 || other !== 0) },
  { '&&': (one, other) => truth(one !== 0 && other !== 0), AND: (one, other) => truth(one !== 0 && other !== 0) },
  {
    '<': (one, other) => truth(one < other),
    '<=': (one, other) => truth(one <= other),
    '>': (one, other) => truth(one > other),
    '>=': (one, other) => truth(one >= other),
    '==': (one, other) => truth(one === other),
    '!=': (one, other) => truth(one !== other),
  },
  { '+': (one, other) => one + other, '-': (one, other) => one - other },
  { '*': (one, other) => one * other, '/': (one, other) => (other === 0 ? null : one / other) },
];

const overList =
  (reduce: (values: readonly number[]) => number) =>
  (list: Point | readonly Point[]): Point => {
    // Over one series these functions give one number for all periods.
    if (!Array.isArray(list)) throw new Error('SUM, MAX and MIN are understood here over a list of metrics alone');
    const known = list.filter(value => value !== null);
    return known.length === 0 ? null : reduce(known);
  };

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html */
const functions: Readonly<Record<string, (...args: (Point | readonly Point[])[]) => Point>> = {
  SUM: overList(values => values.reduce((sum, value) => sum + value, 0)),
  MAX: overList(values => Math.max(...values)),
  MIN: overList(values => Math.min(...values)),
  FILL: (value, otherwise) => point(value ?? otherwise ?? null),
  IF: (condition, then, otherwise) => (condition === null ? null : point((condition !== 0 ? then : otherwise) ?? null)),
};

function point(value: Point | readonly Point[]): Point {
  if (typeof value === 'number' || value === null) return value;
  throw new Error('a list of metrics stands where one value is expected');
}

/**
 * Reads an expression of CloudWatch's metric math.
 *
 * @throws Error for a function that our alarms do not use
 */
export function metricMath(text: string): Expression {
  const tokens = tokensOf(text, shape, `the expression ${text}`);

  function operation(level: number): Evaluate {
    const ofLevel = operators[level];
    if (ofLevel === undefined) return operand();
    let left = operation(level + 1);
    for (let token = tokens.peek(); token !== undefined && token in ofLevel; token = tokens.peek()) {
      const apply = ofLevel[tokens.next()]!;
      const [one, other] = [left, operation(level + 1)];
      left = pointOf => {
        const [first, second] = [point(one(pointOf)), point(other(pointOf))];
        return first === null || second === null ? null : apply(first, second);
      };
    }
    return left;
  }

  function listUntil(end: string): Evaluate[] {
    const members = [operation(0)];
    while (tokens.takes(',')) members.push(operation(0));
    tokens.expects(end);
    return members;
  }

  function operand(): Evaluate {
    const token = tokens.next();
    if (token === '(') {
      const inner = operation(0);
      tokens.expects(')');
      return inner;
    }
    if (token === '[') {
      const members = listUntil(']');
      return pointOf => members.map(member => point(member(pointOf)));
    }
    if (token === '-') {
      const inner = operand();
      return pointOf => {
        const value = point(inner(pointOf));
        return value === null ? null : -value;
      };
    }
    if (/^\d/.test(token)) return () => Number(token);
    if (/^[a-z]/.test(token)) return pointOf => pointOf(token);
    const apply = ownValue(functions, token);
    if (apply === undefined) throw new Error(`the expression ${text}: ${token} is not understood here`);
    tokens.expects('(');
    const args = listUntil(')');
    return pointOf => apply(...args.map(argument => argument(pointOf)));
  }

  const whole = operation(0);
  const rest = tokens.peek();
  if (rest !== undefined) throw new Error(`the expression ${text}: ${rest} is not understood here`);
  return pointOf => point(whole(pointOf));
}
