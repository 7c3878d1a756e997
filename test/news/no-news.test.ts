import { describe, expect, it } from 'vitest';
import { awaitingOf, reporterOf } from '../../shared/news/first-news.ts';
import { noNewsOf, type SlotOfEmails, waitingSince } from '../../shared/news/no-news.ts';
import { slotOf } from '../../shared/news/slots.ts';
import type { Status } from '../../shared/status/catalogue.ts';

const minute = 60_000;
const noon = Date.UTC(2026, 0, 5, 12);

const of = (providerEvent: string, status: Status | null) => ({ providerEvent, status });

describe('news of an email', () => {
  it('is awaited once it is registered, and has come with the first report of its provider', () => {
    expect(awaitingOf([of('app.enqueued', 'enqueued')])).toEqual({ awaited: true, answered: false });
    expect(awaitingOf([of('app.enqueued', 'enqueued'), of('processed', 'sent')])).toEqual({
      awaited: true,
      answered: true,
    });
  });

  it('is awaited once its provider has Sent it, and has come with any other report', () => {
    expect(awaitingOf([of('processed', 'sent')])).toEqual({ awaited: true, answered: false });
    expect(awaitingOf([of('processed', 'sent'), of('open', null)])).toEqual({ awaited: true, answered: true });
  });

  it('is not awaited of an email that is known by its news alone, or by nothing', () => {
    expect(awaitingOf([of('bounce', 'hard_bounced')])).toEqual({ awaited: false, answered: false });
    expect(awaitingOf([])).toEqual({ awaited: false, answered: false });
  });

  it("is the provider's, unless the application reported it", () => {
    expect(reporterOf('sendgrid', of('delivered', 'delivered'))).toBe('sendgrid');
    expect(reporterOf('sendgrid', of('app.sent', 'sent'))).toBe('app');
  });
});

describe('emails without news', () => {
  /** Slots of emails that were first seen so many minutes before noon. */
  const seen = (minutesAgo: number, awaited: number, answered: number): SlotOfEmails => ({
    slot: slotOf(noon - minutesAgo * minute),
    awaited,
    answered,
  });
  const hourBefore = Array.from({ length: 12 }, (_, index) => seen(180 - 5 * index, 20, 20));

  it('show silence once five that are older than 30 minutes came after the last news', () => {
    const lastNews = noon - 43 * minute;
    const slots = [...hourBefore, seen(45, 10, 4), seen(40, 5, 0), seen(30, 10, 0)];
    expect(noNewsOf(slots, lastNews, true, noon)).toEqual({ emails: 15, waiting: 11, isSilent: true });
  });

  it('show nothing while they are younger, or fewer than five', () => {
    expect(noNewsOf([...hourBefore, seen(30, 100, 0)], noon - 32 * minute, true, noon).isSilent).toBe(false);
    expect(noNewsOf([...hourBefore, seen(40, 4, 0)], noon - 43 * minute, true, noon).isSilent).toBe(false);
  });

  it('show nothing of a provider that reports nothing but Sent', () => {
    expect(noNewsOf([seen(90, 500, 0)], null, true, noon).isSilent).toBe(false);
  });

  it('show a provider that never reported anything', () => {
    const slots = [seen(90, 500, 0)];
    expect(noNewsOf(slots, null, false, noon)).toEqual({ emails: 500, waiting: 500, isSilent: true });
    expect(waitingSince(slots, noon)).toBe(noon - 90 * minute);
    expect(waitingSince([], noon)).toBeNull();
  });

  it('must be more where fewer emails usually have news', () => {
    const half = Array.from({ length: 12 }, (_, index) => seen(180 - 5 * index, 20, 10));
    const silent = (awaited: number) => noNewsOf([...half, seen(40, awaited, 0)], noon - 43 * minute, true, noon);
    expect(silent(15).isSilent).toBe(false);
    expect(silent(30).isSilent).toBe(true);
  });

  it('of the day before yesterday do not count', () => {
    expect(noNewsOf([seen(25 * 60, 500, 0)], null, false, noon)).toEqual({ emails: 0, waiting: 0, isSilent: false });
  });
});
