import { beforeAll, describe, expect, it } from 'vitest';
import { hasFailed, reportTable } from './report.ts';
import { type TortureReport, torture } from './run.ts';

/** Each run has another seed. A failure prints it. */
const seed = Date.now() % 1_000_000;

describe('events of random lives, under faults and kills,', () => {
  let report: TortureReport;
  beforeAll(async () => {
    report = await torture({ events: 1_000, seed });
    if (hasFailed(report)) console.error(reportTable(report));
  }, 480_000);

  it('are all stored once they are acknowledged', () => {
    expect(report.events.sent).toBeGreaterThanOrEqual(1_000);
    expect(report.events.acknowledged, `seed ${seed}`).toBe(report.events.sent);
    expect(report.deviant.missing + report.durableButNotRecorded, `seed ${seed}`).toBe(0);
    expect(report.quarantine.missing, `seed ${seed}`).toBe(0);
    expect(report.undrained).toEqual({});
  });

  it('are the only stored events, without invented or forged ones', () => {
    expect(report.deviant.invented, `seed ${seed}`).toBe(0);
    expect(report.requests.forgeriesTaken, `seed ${seed}`).toBe(0);
  });

  it('lead to the right status of every email', () => {
    expect(report.emails).toBeGreaterThan(10);
    expect(report.deviant['wrong status'], `seed ${seed}`).toBe(0);
  });

  it('are stored with the right facts, causes, times and index entries, and counted once in each answer', () => {
    for (const [kind, count] of Object.entries(report.deviant)) expect(count, `${kind}, seed ${seed}`).toBe(0);
    expect(report.wrongCounts, `seed ${seed}`).toEqual([]);
    expect(report.counts.received).toBeGreaterThanOrEqual(1_000);
  });

  it('are shown rightly or with an admitted failure, and erased on request', () => {
    expect(report.queries.wrong, `seed ${seed}`).toEqual([]);
    expect(report.queries.right).toBeGreaterThan(0);
    expect(report.erasures, `seed ${seed}`).toMatchObject({ wrong: [], unfinished: 0 });
  });

  it('ask for attention until somebody handles their email, or one that sends it again is delivered', () => {
    expect(report.attendants.wrong, `seed ${seed}`).toEqual([]);
    expect(report.attendants.handled).toBeGreaterThan(0);
    expect(report.notes['mailtrail.successor_delivered']).toBeGreaterThan(0);
    expect(report.queries.compared).toBeGreaterThan(10);
    expect(report.attention.asks).toBeGreaterThan(0);
  });

  it('lead to every due alert, to no other, and to no repeated one without a reason', () => {
    expect(report.alerts, `seed ${seed}`).toMatchObject({ missing: 0, invented: 0, unexplained: [] });
    expect(report.alerts.due).toBeGreaterThan(0);
  });

  it('meet faults of every main kind, and kills of processes and of the whole stack', () => {
    for (const kind of ['throttled', 'timed out', 'response lost'])
      expect(report.faults.Ingest[kind], kind).toBeGreaterThan(0);
    const { Ingest: _, ...others } = report.faults;
    expect(Object.values(others).flatMap(met => Object.keys(met))).not.toEqual([]);
    expect(report.kills.processes.Ingest).toBeGreaterThan(0);
    expect(report.kills.stacks).toBeGreaterThan(0);
  });
});
