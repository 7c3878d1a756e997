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

/** The interval of `rate(5 minutes)`, in milliseconds. */
export function intervalOf(expression: string): number {
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const ms = unitMs[unit];
  if (count === undefined || ms === undefined) {
    throw new StartError(`the schedule ${expression} is not understood here`);
  }
  return Number(count) * ms;
}

/**
 * Runs the functions that rules of EventBridge start by a schedule. The first run is at once, so that one sees it at work.
 *
 * @param onFault called with one line for each run that fails
 */
export function startSchedules(
  template: ResolvedTemplate,
  functions: Pick<StackFunctions, 'at'>,
  onFault: (line: string) => void,
): RunningSchedules {
  const underWay = new Set<Promise<unknown>>();
  const timers = template.ofType('AWS::Events::Rule').flatMap(({ logicalId, properties }) => {
    const { ScheduleExpression, EventPattern, State, Targets = [] } = properties;
    // The event bus has these.
    if (EventPattern !== undefined) return [];
    if (ScheduleExpression === undefined) throw new StartError(`${logicalId}: a rule without a schedule`);
    const interval = intervalOf(ScheduleExpression);
    if (State === 'DISABLED') return [];
    return (Targets as { readonly Arn: string }[]).map(({ Arn }) => {
      const target = functions.at(Arn);
      const run = () => {
        const running = target
          .invoke(scheduledEvent(logicalId))
          .catch((error: Error) => onFault(`${target.name}: ${error.name}: ${error.message}`))
          .finally(() => underWay.delete(running));
        underWay.add(running);
      };
      run();
      return setInterval(run, interval);
    });
  });
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer);
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
