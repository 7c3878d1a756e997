import { beforeAll, describe, expect, it } from 'vitest';
import {
  type StatusEventsReport,
  statusEventsFailed,
  statusEventsTable,
  tortureStatusEvents,
} from './status-events.ts';

/** Each run has another seed. A failure prints it. */
const seed = Date.now() % 1_000_000;

describe('changes of status, under faults and kills,', () => {
  let report: StatusEventsReport;
  beforeAll(async () => {
    report = await tortureStatusEvents({ changes: 1_000, seed });
    if (statusEventsFailed(report)) console.error(statusEventsTable(report));
  }, 480_000);

  it('are each published at least once', () => {
    expect(report.changes).toBeGreaterThanOrEqual(1_000);
    expect(report.deviant.missing, `seed ${seed}`).toBe(0);
    expect(report.givenUp, `seed ${seed}`).toEqual([]);
  });

  it('are the only published ones, each as it was at its time', () => {
    expect(report.deviant.invented, `seed ${seed}`).toBe(0);
    expect(report.deviant['wrong content'], `seed ${seed}`).toBe(0);
  });

  it('are repeated under the same id and with the same content', () => {
    expect(report.repetitions).toBeGreaterThan(0);
    expect(report.deviant['different repetition'], `seed ${seed}`).toBe(0);
  });

  it('are enough for a consumer to rebuild every status, in any order and with any repetition', () => {
    expect(report.deviant['wrong at the consumer'], `seed ${seed}`).toBe(0);
  });

  it('meet faults of every main kind, and kills', () => {
    for (const kind of ['throttled', 'timed out', 'response lost', 'part of a batch'])
      expect(report.faults[kind], kind).toBeGreaterThan(0);
    expect(report.kills).toBeGreaterThan(0);
  });
});
