import { describe, expect, it } from 'vitest';
import { defaultOldAfter, isActionable, isActionableNow, isOld } from '../../shared/status/attention.ts';
import { type Status, statusIds } from '../../shared/status/catalogue.ts';
import { noon } from '../rigs/arbitrary-events.ts';

const minute = 60_000;
const hour = 60 * minute;
const since = (status: Status, statusAt = noon) => ({ status, statusAt, statusEventId: 'e' });

const failures: readonly Status[] = ['soft_bounced', 'hard_bounced', 'invalid', 'rejected', 'marked_spam'];
const waiting = ['enqueued', 'sent', 'deferred'] as const;
const arrived: readonly Status[] = ['delivered', 'opened', 'link_clicked'];

describe('an email', () => {
  it.each([
    ['enqueued', 15 * minute],
    ['sent', 24 * hour],
    ['deferred', 72 * hour],
  ] as const)('that is %s is old after %d ms, unless the installation sets another age', (status, age) => {
    expect(defaultOldAfter[status]).toBe(age);
    expect(isOld(since(status), noon + age, defaultOldAfter)).toBe(false);
    expect(isOld(since(status), noon + age + 1, defaultOldAfter)).toBe(true);
    const oldAfter = { ...defaultOldAfter, [status]: 1_000 };
    expect(isOld(since(status), noon + 1_000, oldAfter)).toBe(false);
    expect(isOld(since(status), noon + 1_001, oldAfter)).toBe(true);
  });

  it('that has arrived or failed is never old, even if a configuration names an age for it', () => {
    const everyAge = Object.fromEntries(statusIds.map(status => [status, 0])) as Record<Status, number>;
    for (const status of [...failures, ...arrived])
      expect(isOld(since(status), noon * 2, everyAge), status).toBe(false);
  });

  it.each(statusIds)(
    'that is %s needs attention at once only if its delivery failed or it was marked as spam',
    status => {
      expect(isActionable(since(status))).toBe(failures.includes(status));
      expect(isActionableNow(since(status), noon, defaultOldAfter)).toBe(failures.includes(status));
    },
  );

  it.each(waiting)('that is %s needs attention once it is old', status => {
    expect(isActionableNow(since(status), noon + defaultOldAfter[status], defaultOldAfter)).toBe(false);
    expect(isActionableNow(since(status), noon + defaultOldAfter[status] + 1, defaultOldAfter)).toBe(true);
  });

  it.each(arrived)('that is %s never needs attention', status => {
    expect(isActionableNow(since(status), noon * 2, defaultOldAfter)).toBe(false);
  });

  it('without a status needs no attention', () => {
    expect(isActionableNow(null, noon * 2, defaultOldAfter)).toBe(false);
  });
});
