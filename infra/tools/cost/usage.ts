import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { InvocationUse } from '../../local/lambda/function-environment.ts';
import { createLogReader } from '../../local/lambda/log-reader.ts';
import { embeddedMetrics } from '../../local/monitoring/embedded-metrics.ts';
import type { RunningStack } from '../../local/run-stack.ts';
import type { ConsumedBy } from '../../local/services/dynamodb-meter.ts';
import type { KeptEvent } from '../../local/services/event-bus.ts';

/** The use of one function. */
export interface FunctionUse {
  readonly invocations: number;
  /** Records and messages of its batches. */
  readonly records: number;
  readonly cpuMs: number;
  /** Calls of AWS services, by the service's name in signatures. */
  readonly calls: Readonly<Record<string, number>>;
  readonly logLines: number;
  readonly logBytes: number;
}

/** The use of a running stack in a span of time. */
export interface Usage {
  /** By the function's name. */
  readonly functions: Readonly<Record<string, FunctionUse>>;
  readonly units: readonly ConsumedBy[];
  readonly gatewayRequests: number;
  /** Events on the bus; each 64 KB of one count. */
  readonly busEvents: number;
  readonly accessLogLines: number;
  readonly accessLogBytes: number;
  /** The custom metrics that had data, each with its dimensions. */
  readonly metrics: readonly string[];
}

/** Counts the use of a stack. The span of a usage begins with the one before. */
export interface UsageCounter {
  invoked(name: string, event: unknown, used: InvocationUse): void;
  answered(): void;
  published(kept: KeptEvent): void;
  /** Epoch milliseconds of the last invocation's end. */
  readonly lastInvokedAt: number;
  /** The use since the last call. */
  take(stack: RunningStack): Usage;
}

/** EventBridge bills each further part of an event as one more. */
const eventBytes = 64 * 1024;

const noUse: FunctionUse = { invocations: 0, records: 0, cpuMs: 0, calls: {}, logLines: 0, logBytes: 0 };

export function createUsageCounter(): UsageCounter {
  let functions: Record<string, FunctionUse> = {};
  let gatewayRequests = 0;
  let busEvents = 0;
  let lastInvokedAt = Date.now();
  let units: readonly ConsumedBy[] = [];
  const readers = new Map<string, ReturnType<typeof createLogReader>>();

  /** The lines that a log has more than at the last time; its first lines are those of the start. */
  function linesOf(file: string): readonly string[] {
    const known = readers.get(file);
    if (known === undefined) {
      if (existsSync(file)) readers.set(file, createLogReader(file));
      return [];
    }
    const lines: string[] = [];
    for (let more = known.read(); more.length > 0; more = known.read()) lines.push(...more);
    return lines;
  }

  return {
    get lastInvokedAt() {
      return lastInvokedAt;
    },
    invoked(name, event, used) {
      lastInvokedAt = Date.now();
      const known = functions[name] ?? noUse;
      const { Records } = (event ?? {}) as { Records?: readonly unknown[] };
      functions[name] = {
        ...known,
        invocations: known.invocations + 1,
        records: known.records + (Records?.length ?? 0),
        cpuMs: known.cpuMs + used.cpuMs,
        calls: summed(known.calls, used.calls),
      };
    },
    answered() {
      gatewayRequests += 1;
    },
    published({ event }) {
      busEvents += Math.ceil(Buffer.byteLength(JSON.stringify(event)) / eventBytes);
    },
    take({ endpoints, meter }) {
      const metrics = new Set<string>();
      const logged = Object.entries(endpoints.functions).map(([name, { logFile }]) => {
        const lines = linesOf(logFile);
        const use = functions[name] ?? noUse;
        for (const { namespace, name: metric, dimensions } of lines.flatMap(embeddedMetrics)) {
          metrics.add(JSON.stringify([namespace, metric, Object.entries(dimensions).sort()]));
        }
        return [name, { ...use, logLines: lines.length, logBytes: bytesOf(lines) }] as const;
      });
      const access = linesOf(join(endpoints.logsDir, 'access.log'));
      const consumed = meter?.consumed() ?? [];
      const usage: Usage = {
        functions: Object.fromEntries(logged),
        units: consumed.flatMap(row => since(row, units)),
        gatewayRequests,
        busEvents,
        accessLogLines: access.length,
        accessLogBytes: bytesOf(access),
        metrics: [...metrics],
      };
      functions = {};
      gatewayRequests = 0;
      busEvents = 0;
      units = consumed;
      return usage;
    },
  };
}

function since(row: ConsumedBy, before: readonly ConsumedBy[]): readonly ConsumedBy[] {
  const { caller, table, index, operation } = row;
  const known = before.find(
    one => one.caller === caller && one.table === table && one.index === index && one.operation === operation,
  );
  if (known === undefined) return [row];
  if (known.calls === row.calls) return [];
  return [
    {
      ...row,
      units: row.units - known.units,
      failedUnits: row.failedUnits - known.failedUnits,
      calls: row.calls - known.calls,
      failedCalls: row.failedCalls - known.failedCalls,
    },
  ];
}

function summed(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>) {
  const names = Object.keys({ ...one, ...other });
  return Object.fromEntries(names.map(name => [name, (one[name] ?? 0) + (other[name] ?? 0)]));
}

function bytesOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
}
