import { accessLineIn } from '../api-gateway/access-log.ts';
import type { Answered } from '../api-gateway/http-api.ts';
import type { ResolvedTemplate } from '../cloudformation/template.ts';
import { tokensOf } from './expression-tokens.ts';
import type { MeasuredValue } from './metric-store.ts';

/** A line of a log with its members. */
type Line = Readonly<Record<string, unknown>>;

/** Whether a line of a log passes a filter. */
export type LinePattern = (line: Line) => boolean;

const shape = /\$\.\w+|"[^"]*"|\d+|&&|\|\||!=|[={}()<>]/g;

const comparisons: Readonly<Record<string, (member: unknown, expected: string) => boolean>> = {
  '=': (member, expected) => member === expected,
  '!=': (member, expected) => member !== expected,
  '>': (member, expected) => typeof member === 'number' && member > Number(expected),
  '<': (member, expected) => typeof member === 'number' && member < Number(expected),
};

/**
 * Reads a metric filter's pattern for JSON lines, e.g. `{ ($.status = "429") && ($.integration = "-") }`.
 *
 * @throws Error for anything that our own filters do not use
 */
export function linePattern(text: string): LinePattern {
  const tokens = tokensOf(text, shape, `the filter pattern ${text}`);

  function either(): LinePattern {
    let left = both();
    while (tokens.takes('||')) {
      const [one, other] = [left, both()];
      left = line => one(line) || other(line);
    }
    return left;
  }

  function both(): LinePattern {
    let left = condition();
    while (tokens.takes('&&')) {
      const [one, other] = [left, condition()];
      left = line => one(line) && other(line);
    }
    return left;
  }

  function condition(): LinePattern {
    if (tokens.takes('(')) {
      const inner = either();
      tokens.expects(')');
      return inner;
    }
    const member = tokens.next().replace('$.', '');
    const operator = tokens.next();
    const expected = tokens.next();
    const compare = comparisons[operator];
    const isText = expected.startsWith('"');
    if (compare === undefined || expected.includes('*') || isText !== (operator === '=' || operator === '!=')) {
      throw new Error(`the filter pattern ${text}: ${operator} ${expected} is not understood here`);
    }
    return line => line[member] !== undefined && compare(line[member], expected.replaceAll('"', ''));
  }

  tokens.expects('{');
  const whole = either();
  tokens.expects('}');
  return whole;
}

/** The metrics that the template's filters make of the lines of logs. */
export interface LogFilters {
  /** @param group the reference of a log group */
  ofLine(group: string, line: string): readonly MeasuredValue[];
  /** Of an answer of the HTTP API, as its line in the access log says it. */
  ofAnswer(answered: Answered): readonly MeasuredValue[];
}

/** The bytes of lines that a log group took. */
export function incomingBytes(LogGroupName: string, lines: readonly string[]): MeasuredValue {
  const value = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
  return { namespace: 'AWS/Logs', name: 'IncomingBytes', dimensions: { LogGroupName }, value };
}

export function logFilters(template: ResolvedTemplate): LogFilters {
  const [stage] = template.ofType('AWS::ApiGatewayV2::Stage');
  const { Format = '{}', DestinationArn = '' } = stage?.properties.AccessLogSettings ?? {};
  const filters = template.ofType('AWS::Logs::MetricFilter').map(({ properties }) => ({
    group: String(properties.LogGroupName),
    passes: linePattern(properties.FilterPattern),
    measured: properties.MetricTransformations.map((to: Readonly<Record<string, string>>) => ({
      namespace: to.MetricNamespace,
      name: to.MetricName,
      dimensions: {},
      value: Number(to.MetricValue),
    })) as readonly MeasuredValue[],
  }));
  const lineOf = accessLineIn(Format);
  const groups = new Set(filters.map(({ group }) => group));
  const accessLog = [...groups].find(group => DestinationArn.startsWith(`${group}.`));
  const measuredIn = (group: string | undefined, line: Line) =>
    filters.filter(filter => filter.group === group && filter.passes(line)).flatMap(({ measured }) => measured);

  function ofLine(group: string | undefined, line: string): readonly MeasuredValue[] {
    if (group === undefined || !groups.has(group) || !line.startsWith('{')) return [];
    try {
      return measuredIn(group, JSON.parse(line) as Line);
    } catch {
      return [];
    }
  }

  return {
    ofLine,
    ofAnswer(answered) {
      if (accessLog === undefined) return [];
      const line = lineOf(answered);
      return [incomingBytes(accessLog, [line]), ...ofLine(accessLog, line)];
    },
  };
}
