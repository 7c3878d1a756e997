import { randomUUID } from 'node:crypto';
import { accountId, type ResolvedTemplate, region, ruleArn } from '../cloudformation/template.ts';
import type { StackFunctions } from '../lambda/stack-functions.ts';
import { StartError } from '../start-error.ts';

/** The schedules of a stack at work. */
export interface RunningSchedules {
  /** Starts no further run, and waits for those under way. */
  stop(): Promise<void>;
}

const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** The times of a schedule, in epoch milliseconds. */
export interface Times {
  readonly intervalMs: number;
  readonly first: (now: number) => number;
  readonly next: (now: number) => number;
}

/**
 * The times of a schedule such as `rate(5 minutes)`, or `cron(30 7 * * ? *)` for a daily time in UTC. The first run of a
 * rate is at once, so that one sees it at work.
 */
export function timesOf(expression: string): Times {
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const ms = unitMs[unit];
  if (count !== undefined && ms !== undefined) {
    const intervalMs = Number(count) * ms;
    return { intervalMs, first: now => now, next: now => now + intervalMs };
  }
  const [, minute, hour] = /^cron\(([1-5]?\d) (1?\d|2[0-3]) \* \* \? \*\)$/.exec(expression) ?? [];
  if (minute === undefined) throw new StartError(`the schedule ${expression} is not understood here`);
  const timeOfDay = Number(hour) * unitMs.hour! + Number(minute) * unitMs.minute!;
  const next = (now: number) => {
    const today = now - (now % unitMs.day!) + timeOfDay;
    return today > now ? today : today + unitMs.day!;
  };
  return { intervalMs: unitMs.day!, first: next, next };
}

/**
 * Runs the functions that rules of EventBridge start by a schedule.
 *
 * @param onFault called with one line for each run that fails
 */
export function startSchedules(
  template: ResolvedTemplate,
  functions: Pick<StackFunctions, 'at'>,
  onFault: (line: string) => void,
): RunningSchedules {
  const underWay = new Set<Promise<unknown>>();
  const timers = new Set<NodeJS.Timeout>();
  for (const { logicalId, properties } of template.ofType('AWS::Events::Rule')) {
    const { ScheduleExpression, EventPattern, State, Targets = [] } = properties;
    // The event bus has these.
    if (EventPattern !== undefined) continue;
    if (ScheduleExpression === undefined) throw new StartError(`${logicalId}: a rule without a schedule`);
    const { first, next } = timesOf(ScheduleExpression);
    if (State === 'DISABLED') continue;
    for (const { Arn } of Targets as { readonly Arn: string }[]) {
      const target = functions.at(Arn);
      const run = () => {
        const running = target
          .invoke(scheduledEvent(logicalId))
          .catch((error: Error) => onFault(`${target.name}: ${error.name}: ${error.message}`))
          .finally(() => underWay.delete(running));
        underWay.add(running);
        wait(next);
      };
      const wait = (time: Times['next']) => {
        const now = Date.now();
        const ms = time(now) - now;
        if (ms === 0) return run();
        const timer = setTimeout(() => {
          timers.delete(timer);
          run();
        }, ms);
        timers.add(timer);
      };
      wait(first);
    }
  }
  return {
    async stop() {
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(underWay);
    },
  };
}

function scheduledEvent(rule: string) {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: accountId,
    time: `${new Date().toISOString().slice(0, 19)}Z`,
    region,
    resources: [ruleArn(rule)],
    detail: {},
  };
}
