import type { Counts } from '../../functions/ingest/keep.ts';

/** Every way in which an event is counted, once each. */
const outcomes = [
  'recorded',
  'duplicate',
  'dropped',
  'erased',
  'deferred',
  'quarantined',
  'unrelated',
] as const satisfies readonly Exclude<keyof Counts, 'received'>[];

/** What a request holds, as it was made. */
export interface CountedRequest {
  /** Events that can be read, and how many different ones among them. */
  readonly events: number;
  readonly distinct: number;
  readonly unreadable: number;
  /** How many of the events are of emails that somebody is erasing, or has erased. */
  readonly ofErased: number;
}

/** What is wrong with the counts in an answer that acknowledged a request. */
export function wrongCounts(counts: Counts, { events, distinct, unreadable, ofErased }: CountedRequest): string[] {
  const wrong: string[] = [];
  const check = (isRight: boolean, what: string) => {
    if (!isRight) wrong.push(`${what}: ${JSON.stringify(counts)} of ${events} events and ${unreadable} unreadable`);
  };
  for (const name of ['received', ...outcomes] as const) {
    check(Number.isInteger(counts[name]) && counts[name] >= 0, `${name} is no count`);
  }
  check(counts.received === events + unreadable, 'received is not what was sent');
  check(outcomes.reduce((sum, name) => sum + counts[name], 0) === counts.received, 'the sum is not received');
  check(counts.quarantined === unreadable, 'quarantined is not what is unreadable');
  check(counts.recorded <= distinct, 'more is recorded than differs');
  check(counts.erased <= ofErased, 'more is erased than somebody erased');
  check(counts.unrelated === 0, 'something is unrelated');
  // No email has as much history as is bounded.
  check(counts.dropped === 0, 'something is dropped');
  return wrong;
}

/** What all answers of a run counted. */
export type CountSums = Record<keyof Counts, number>;

export function noCounts(): CountSums {
  return {
    received: 0,
    recorded: 0,
    duplicate: 0,
    dropped: 0,
    erased: 0,
    deferred: 0,
    quarantined: 0,
    unrelated: 0,
  };
}

/**
 * What is wrong with the counts of all answers together. An event is recorded once: no answer may say so of it again,
 * and where nothing fails, one has.
 *
 * @param acknowledged what was in all that was acknowledged, each time that it was
 * @param distinct different events that were sent
 */
export function wrongSums(
  sums: CountSums,
  acknowledged: { readonly events: number; readonly unreadable: number },
  distinct: number,
  nothingFails: boolean,
): string[] {
  const { events, unreadable } = acknowledged;
  const wrong: string[] = [];
  if (sums.received !== events + unreadable) wrong.push(`received ${sums.received} of ${events} and ${unreadable}`);
  if (sums.quarantined !== unreadable) wrong.push(`quarantined ${sums.quarantined} of ${unreadable}`);
  if (sums.recorded > distinct) wrong.push(`recorded ${sums.recorded} of ${distinct} different events`);
  if (nothingFails && sums.recorded + sums.erased < distinct) {
    wrong.push(`recorded ${sums.recorded} of ${distinct} different events, though nothing failed`);
  }
  return wrong;
}
