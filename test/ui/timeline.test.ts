import { describe, expect, it } from 'vitest';
import { daysBetween, stepsOf, type TimelineEvent } from '../../functions/ui/elements/timeline.ts';

function eventAt(at: string, status: TimelineEvent['status'], providerEvent: string = status ?? 'note'): TimelineEvent {
  return {
    eventId: 'same',
    at: `2026-11-${at}:00.000Z`,
    providerTime: null,
    status,
    label: null,
    providerEvent,
    evidence: 'unknown',
    attribution: null,
    reason: null,
    clickUrl: null,
    userAgent: null,
    relatedEmailId: null,
    by: null,
  };
}

const attemptsOf = (events: readonly TimelineEvent[]) => stepsOf(events).map(({ attempt }) => attempt);

describe('the timeline of an email', () => {
  it('numbers no attempt where the email was never deferred', () => {
    expect(attemptsOf([eventAt('01T10:00', 'sent'), eventAt('01T10:01', 'delivered')])).toEqual([null, null]);
  });

  it('numbers each deferral, and the outcome that ends them', () => {
    const events = [
      eventAt('01T10:00', 'sent'),
      eventAt('01T10:01', 'deferred'),
      eventAt('01T10:02', null),
      eventAt('01T11:00', 'deferred'),
      eventAt('01T12:00', 'delivered'),
      eventAt('01T13:00', 'soft_bounced'),
    ];
    expect(attemptsOf(events)).toEqual([null, 1, null, 2, 3, null]);
  });

  it('counts sendings under one name of the provider, from the second one on', () => {
    const events = [
      eventAt('01T10:00', 'sent', 'accepted'),
      eventAt('01T10:01', 'sent', 'processed'),
      eventAt('02T10:01', 'sent', 'processed'),
    ];
    expect(stepsOf(events).map(({ sending }) => sending)).toEqual([null, null, 2]);
  });

  it('says how many whole days passed without an event', () => {
    const events = [eventAt('01T10:00', 'sent'), eventAt('02T09:59', 'deferred'), eventAt('05T10:00', 'delivered')];
    expect(stepsOf(events).map(({ silentDays }) => silentDays)).toEqual([0, 0, 3]);
    expect(daysBetween('2026-11-01T00:00:00.000Z', Date.parse('2026-11-03T12:00:00.000Z'))).toBe(2);
  });

  it('keeps events apart whose ids are equal', () => {
    const keys = stepsOf([eventAt('01T10:00', 'opened'), eventAt('01T10:01', 'opened')]).map(({ key }) => key);
    expect(new Set(keys).size).toBe(2);
  });
});
