import { describe, expect, it } from 'vitest';
import { resolveTemplate } from '../../infra/local/cloudformation/template.ts';
import { startSchedules, timesOf } from '../../infra/local/event-sources/schedules.ts';
import type { LocalFunction } from '../../infra/local/lambda/function-environment.ts';
import { noon } from '../rigs/arbitrary-events.ts';

describe('a schedule', () => {
  it.each([
    ['rate(5 minutes)', 300_000],
    ['rate(1 minute)', 60_000],
    ['rate(1 hour)', 3_600_000],
    ['rate(2 days)', 172_800_000],
  ])('%s comes at once, and then at its interval', (expression, interval) => {
    const { first, next } = timesOf(expression);
    expect([first(noon), next(noon)]).toEqual([noon, noon + interval]);
  });

  it.each([
    ['cron(0 13 * * ? *)', '2026-01-02T13:00:00.000Z'],
    ['cron(30 11 * * ? *)', '2026-01-03T11:30:00.000Z'],
    ['cron(0 12 * * ? *)', '2026-01-03T12:00:00.000Z'],
    ['cron(59 23 * * ? *)', '2026-01-02T23:59:00.000Z'],
    ['cron(0 0 * * ? *)', '2026-01-03T00:00:00.000Z'],
  ])('%s comes each day at that time of UTC, and not before', (expression, expected) => {
    const { first, next } = timesOf(expression);
    expect(new Date(first(noon)).toISOString()).toBe(expected);
    expect(next(first(noon))).toBe(first(noon) + 86_400_000);
  });

  it.each([
    'cron(0 24 * * ? *)',
    'cron(60 9 * * ? *)',
    'cron(0 9 ? * MON *)',
    'cron(0/5 9 * * ? *)',
    'rate(5 weeks)',
    'rate(x minutes)',
  ])('%s is not understood', expression => {
    expect(() => timesOf(expression)).toThrow('not understood');
  });

  const rule = (properties: object) =>
    resolveTemplate({
      Resources: {
        Watch: { Type: 'AWS::Lambda::Function' },
        Rule: {
          Type: 'AWS::Events::Rule',
          Properties: { Targets: [{ Arn: { 'Fn::GetAtt': ['Watch', 'Arn'] } }], ...properties },
        },
      },
    });

  function start(template: ReturnType<typeof rule>, invoke: LocalFunction['invoke']) {
    const faults: string[] = [];
    const target = { name: 'Watch', invoke, warm: async () => {}, stop: () => {} };
    const schedules = startSchedules(template, { at: () => target }, line => faults.push(line));
    return { faults, schedules };
  }

  it('runs its function at once, with an event of EventBridge, and waits for it at the end', async () => {
    const events: unknown[] = [];
    let isDone = false;
    const { faults, schedules } = start(rule({ ScheduleExpression: 'rate(5 minutes)' }), async event => {
      events.push(event);
      await Promise.resolve();
      isDone = true;
    });
    await schedules.stop();
    expect(events).toMatchObject([{ source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} }]);
    expect([isDone, faults]).toEqual([true, []]);
  });

  it('at a time of day does not run its function before', async () => {
    const anHourAgo = new Date(Date.now() - 3_600_000).getUTCHours();
    const { schedules } = start(rule({ ScheduleExpression: `cron(0 ${anHourAgo} * * ? *)` }), () => {
      throw new Error('run');
    });
    await schedules.stop();
  });

  it('tells of a run that failed', async () => {
    const { faults, schedules } = start(rule({ ScheduleExpression: 'rate(5 minutes)' }), async () => {
      throw new Error('no');
    });
    await schedules.stop();
    expect(faults).toEqual(['Watch: Error: no']);
  });

  it('runs nothing while it is disabled', async () => {
    const { schedules } = start(rule({ ScheduleExpression: 'rate(1 hour)', State: 'DISABLED' }), () => {
      throw new Error('run');
    });
    await schedules.stop();
  });

  it('of a rule without one is refused', () => {
    expect(() => start(rule({}), async () => {})).toThrow('a rule without a schedule');
  });
});
