import { isThrottled } from '../lambda/concurrency.ts';
import type { LocalFunction } from '../lambda/function-environment.ts';
import type { StackFunctions } from '../lambda/stack-functions.ts';
import type { MeasuredValue } from './metric-store.ts';

export type Measure = (measured: MeasuredValue) => void;

/** The machine's time, as the metrics tell it. */
export type Clock = (epochMs: number) => number;

const namespace = 'AWS/Lambda';

/** The same functions, whose invocations are measured as Lambda does. */
export function measuredFunctions(functions: StackFunctions, measure: Measure, clock: Clock): StackFunctions {
  return { ...functions, at: nameOrArn => measuredFunction(functions.at(nameOrArn), measure, clock) };
}

function measuredFunction(target: LocalFunction, measure: Measure, clock: Clock): LocalFunction {
  const dimensions = { FunctionName: target.name };
  const counted = (values: Readonly<Record<string, number>>) => {
    for (const [name, value] of Object.entries(values)) measure({ namespace, name, dimensions, value });
  };
  return {
    ...target,
    async invoke(event, source) {
      const from = Date.now();
      const created = lastCreation(event);
      if (created !== null) counted({ IteratorAge: Math.max(0, clock(from) - clock(created)) });
      const ended = (Errors: number) => counted({ Invocations: 1, Errors, Throttles: 0, Duration: Date.now() - from });
      try {
        const result = await target.invoke(event, source);
        ended(0);
        return result;
      } catch (error) {
        // A throttled invocation is none. Whoever throttles it counts it.
        if (!isThrottled(error)) ended(1);
        throw error;
      }
    },
  };
}

/** When the last record of a batch of a stream came about; null for any other event. */
function lastCreation(event: unknown): number | null {
  const { Records } = (event ?? {}) as { Records?: unknown };
  if (!Array.isArray(Records)) return null;
  const seconds = Records.at(-1)?.dynamodb?.ApproximateCreationDateTime as number | undefined;
  return seconds === undefined ? null : seconds * 1000;
}
