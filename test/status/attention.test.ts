import { describe, expect, it } from 'vitest';
import { attentionOf, defaultOldAfter, isActionable, isActionableOnly } from '../../shared/status/attention.ts';
import { type Status, statusIds } from '../../shared/status/catalogue.ts';
import { noon } from '../rigs/arbitrary-events.ts';

const minute = 60_000;
const hour = 60 * minute;
const since = (status: Status, statusAt = noon) => ({ status, statusAt, statusEventId: 'e' });

const failures: readonly Status[] = ['soft_bounced', 'hard_bounced', 'invalid', 'rejected', 'marked_spam'];
const arrived: readonly Status[] = ['delivered', 'opened', 'link_clicked'];

describe('an email', () => {
  it.each([
    ['enqueued', 15 * minute],
    ['sent', 24 * hour],
    ['deferred', 72 * hour],
  ] as const)('that is %s is late after %d ms, unless the installation sets another age', (status, age) => {
    expect(defaultOldAfter[status]).toBe(age);
    expect(attentionOf({ verdict: since(status) }, noon + age, defaultOldAfter)).toBeNull();
    expect(attentionOf({ verdict: since(status) }, noon + age + 1, defaultOldAfter)).toBe('late');
    const oldAfter = { ...defaultOldAfter, [status]: 1_000 };
    expect(attentionOf({ verdict: since(status) }, noon + 1_000, oldAfter)).toBeNull();
    expect(attentionOf({ verdict: since(status) }, noon + 1_001, oldAfter)).toBe('late');
  });

  it('that has arrived or failed is never late, even if a configuration names an age for it', () => {
    const everyAge = Object.fromEntries(statusIds.map(status => [status, 0])) as Record<Status, number>;
    for (const status of failures)
      expect(attentionOf({ verdict: since(status), attentionAt: noon }, noon * 2, everyAge), status).toBe('act');
    for (const status of arrived)
      expect(attentionOf({ verdict: since(status) }, noon * 2, everyAge), status).toBeNull();
  });

  it.each(statusIds)('that is %s asks somebody to act only if its delivery failed or it was marked as spam', status => {
    expect(isActionable(since(status))).toBe(failures.includes(status));
    expect(attentionOf({ verdict: since(status), attentionAt: noon }, noon, defaultOldAfter)).toBe(
      failures.includes(status) ? 'act' : null,
    );
  });

  it.each(failures)('that is %s asks nobody any more once it has been handled', status => {
    const handled = { verdict: since(status), resolvedAt: noon + minute };
    expect(attentionOf(handled, noon + hour, defaultOldAfter)).toBeNull();
  });

  it('that waits is no longer late once it has been handled, until it waits too long for news again', () => {
    const resolvedAt = noon + 100 * hour;
    const handled = (statusAt: number) => ({ verdict: since('deferred', statusAt), resolvedAt });
    expect(attentionOf(handled(noon), noon + 200 * hour, defaultOldAfter)).toBeNull();
    expect(attentionOf(handled(resolvedAt + 1), resolvedAt + 72 * hour + 2, defaultOldAfter)).toBe('late');
  });

  it('without a status needs no attention', () => {
    expect(attentionOf({ verdict: null }, noon * 2, defaultOldAfter)).toBeNull();
  });
});

describe('a filter takes only emails that ask somebody to act', () => {
  it.each([
    { attention: 'act' },
    { attention: 'act', status: ['sent'] },
    ...failures.map(status => ({ status: [status] })),
    { status: failures },
  ] as const)('with %o', filter => {
    expect(isActionableOnly(filter)).toBe(true);
  });

  it.each([
    {},
    { attention: 'late' },
    { attention: 'late', status: ['invalid'] },
    { status: ['invalid', 'deferred'] },
    ...arrived.map(status => ({ status: [status] })),
  ] as const)('but not with %o', filter => {
    expect(isActionableOnly(filter)).toBe(false);
  });
});
