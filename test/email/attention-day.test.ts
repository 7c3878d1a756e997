import { describe, expect, it } from 'vitest';
import { attentionDayOf, attentionDaysOf, partitionsOfDay } from '../../shared/email/attention-day.ts';
import { shortHash } from '../../shared/runtime/hash.ts';

const noon = Date.parse('2026-11-30T12:00:00Z');
const ids = Array.from({ length: 40_000 }, (_, index) => shortHash('an email', index));

describe('the partitions of a day', () => {
  it('are the day alone and numbered ones, so that emails of earlier versions are in the first', () => {
    expect(attentionDaysOf(noon)).toEqual(['2026-11-30', '2026-11-30#1', '2026-11-30#2', '2026-11-30#3']);
  });

  it('change with the day in UTC', () => {
    expect(attentionDaysOf(Date.parse('2026-11-30T23:59:59.999Z'))[1]).toBe('2026-11-30#1');
    expect(attentionDaysOf(Date.parse('2026-12-01T00:00:00.000Z'))[1]).toBe('2026-12-01#1');
  });

  it('give one email always the same one', () => {
    expect(attentionDayOf('MaJt_ucE7Ua9yqK32Jp9sX', noon)).toBe('2026-11-30#1');
    expect(attentionDayOf('AAJt_ucE7Ua9yqK32Jp9sX', noon)).toBe('2026-11-30');
  });

  it('are all read, and each gets the same share of the emails within 5 %', () => {
    const counts = Map.groupBy(ids, emailId => attentionDayOf(emailId, noon));
    expect([...counts.keys()].sort()).toEqual(attentionDaysOf(noon));
    const share = ids.length / partitionsOfDay;
    for (const [name, { length }] of counts) expect(Math.abs(length / share - 1), name).toBeLessThan(0.05);
  });
});
