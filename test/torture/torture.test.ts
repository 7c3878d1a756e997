import { beforeAll, describe, expect, it } from 'vitest';
import { hasFailed, reportTable } from './report.ts';
import { type TortureReport, torture } from './run.ts';

/** Another one each time: what fails is printed with its seed. */
const seed = Date.now() % 1_000_000;

describe('events of random lives, while calls fail and processes die', () => {
  let report: TortureReport;
  beforeAll(async () => {
    report = await torture({ events: 1_000, seed });
    if (hasFailed(report)) console.error(reportTable(report));
  }, 240_000);

  it('are all there, once they were acknowledged', () => {
    expect(report.events.sent).toBeGreaterThanOrEqual(1_000);
    expect(report.events.acknowledged, `seed ${seed}`).toBe(report.events.sent);
    expect(report.deviant.missing + report.durableButNotRecorded, `seed ${seed}`).toBe(0);
    expect(report.quarantine.missing, `seed ${seed}`).toBe(0);
    expect(report.undrained).toEqual({});
  });

  it('are all that is there: nothing is invented, and nothing forged is taken', () => {
    expect(report.deviant.invented, `seed ${seed}`).toBe(0);
    expect(report.requests.forgeriesTaken, `seed ${seed}`).toBe(0);
  });

  it('amount to the right status of every email', () => {
    expect(report.emails).toBeGreaterThan(10);
    expect(report.deviant['wrong status'], `seed ${seed}`).toBe(0);
  });

  it('lead to every alert that is due, and to no other', () => {
    expect(report.alerts).toMatchObject({ missing: 0, invented: 0 });
    expect(report.alerts.due).toBeGreaterThan(0);
  });

  it('met faults of every main kind, and kills of processes and of the whole stack', () => {
    for (const kind of ['throttled', 'timed out', 'response lost'])
      expect(report.faults[kind], kind).toBeGreaterThan(0);
    expect(report.kills.processes).toBeGreaterThan(0);
    expect(report.kills.stacks).toBeGreaterThan(0);
  });
});
