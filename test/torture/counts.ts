import type { Counts } from '../../shared/runtime/counts.ts';

/** Counts of an answer, by name: `received`, and every way in which an event is counted, once each. */
export type AnswerCounts = Readonly<Partial<Record<keyof Counts, number>>>;

/** Ways in which a run may count events; every other count is zero. */
const possible = [
  'received',
  'recorded',
  'duplicate',
  'erased',
  'queued',
  'quarantined',
] as const satisfies readonly (keyof Counts)[];

/** Contents of a request, as it was made. */
export interface CountedRequest {
  /** Events that can be read, and how many different ones among them. */
  readonly events: number;
  readonly distinct: number;
  readonly unreadable: number;
  /** How many of the events are of emails that somebody is erasing, or has erased. */
  readonly ofErased: number;
}

/** Mistakes in the counts of an answer that acknowledged a request. */
export function wrongCounts(
  counts: AnswerCounts,
  { events, distinct, unreadable, ofErased }: CountedRequest,
): string[] {
  const wrong: string[] = [];
  const check = (isRight: boolean, what: string) => {
    if (!isRight) wrong.push(`${what}: ${JSON.stringify(counts)} of ${events} events and ${unreadable} unreadable`);
  };
  const { received = 0, recorded = 0, erased = 0, quarantined = 0, ...others } = counts;
  const all = Object.values(counts);
  for (const name of possible) check(counts[name] !== undefined, `${name} is not said`);
  check(
    all.every(count => Number.isInteger(count) && count >= 0),
    'something is no count',
  );
  check(received === events + unreadable, 'received is not what was sent');
  check(all.reduce((sum, count) => sum + count, 0) === 2 * received, 'the sum is not received');
  check(quarantined === unreadable, 'quarantined is not what is unreadable');
  check(recorded <= distinct, 'more is recorded than differs');
  check(erased <= ofErased, 'more is erased than somebody erased');
  // Nothing is unrelated, no email has as much history as is bounded, and none is as old as what has expired.
  for (const [name, count] of Object.entries(others)) {
    check(count === 0 || (possible as readonly string[]).includes(name), `something is ${name}`);
  }
  return wrong;
}

/** Sums over all answers of a run. */
export type CountSums = Record<(typeof possible)[number], number>;

export function noCounts(): CountSums {
  return { received: 0, recorded: 0, duplicate: 0, erased: 0, queued: 0, quarantined: 0 };
}

/**
 * Mistakes in the counts of all answers together. An event is recorded once: no answer may say so of it again,
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
  if (nothingFails && sums.recorded + sums.erased + sums.queued < distinct) {
    wrong.push(`recorded ${sums.recorded} of ${distinct} different events, though nothing failed`);
  }
  return wrong;
}
