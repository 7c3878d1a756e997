import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { demoDay } from '../../infra/tools/demo/demo-day.ts';
import { demoEmails } from '../../infra/tools/demo/requests.ts';
import { stepsInTime } from '../../infra/tools/simulate/lives.ts';
import { messageIdOf } from '../../infra/tools/simulate/samples.ts';
import { emailIdOf } from '../../shared/email/event.ts';

const now = Date.UTC(2026, 10, 29, 0, 5);
const day = 24 * 3_600_000;
const yesterday = Date.UTC(2026, 10, 28, 9);

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-test-'));
});

describe("the day of the demo's emails", () => {
  it('is the day before its first run, so that all of their lives lie in the past', () => {
    const firstEmailAt = demoDay(dataDir, 400, now);
    expect(firstEmailAt).toBe(yesterday);
    for (const email of demoEmails(firstEmailAt)) expect(stepsInTime(email).at(-1)!.at).toBeLessThan(now);
  });

  it('is the same in later runs, so that they change nothing', () => {
    demoDay(dataDir, 400, now);
    expect(demoDay(dataDir, 400, now + 398 * day)).toBe(yesterday);
  });

  it('is a new one once the stack would take its events as expired, with other emails', () => {
    const first = demoDay(dataDir, 20, now);
    const second = demoDay(dataDir, 20, now + 20 * day);
    expect(second).toBe(yesterday + 20 * day);
    expect(demoDay(dataDir, 20, now + 21 * day)).toBe(second);
    const ids = (at: number) => demoEmails(at).map(email => emailIdOf({ ...email, messageId: messageIdOf(email) }));
    expect(new Set([...ids(first), ...ids(second)]).size).toBe(120);
  });

  it.each([0, 9, 17, 23])('is within a retention of one day at %i hours', hours => {
    const at = now + hours * 3_600_000;
    const firstEmailAt = demoDay(dataDir, 1, at);
    expect(firstEmailAt).toBeGreaterThan(at - day + 3_600_000);
    for (const email of demoEmails(firstEmailAt)) expect(stepsInTime(email).at(-1)!.at).toBeLessThan(at);
  });

  it('is no guess where its file is damaged: the demo says which file', () => {
    writeFileSync(join(dataDir, 'demo.json'), '{');
    expect(() => demoDay(dataDir, 400, now)).toThrow(`${join(dataDir, 'demo.json')} is damaged`);
  });
});
