import type { Counts } from '../../shared/runtime/counts.ts';

/** Counts of an answer, by name: `received`, and every outcome of an event. */
export type AnswerCounts = Readonly<Partial<Record<keyof Counts, number>>>;

/** The counts that a run may have. All others must be zero. */
const possible = [
  'received',
  'recorded',
  'duplicate',
  'dropped',
  'erased',
  'queued',
  'quarantined',
] as const satisfies readonly (keyof Counts)[];

/** The contents of a request. */
export interface CountedRequest {
  /** The number of readable events. `distinct` is the number of different ones. */
  readonly events: number;
  readonly distinct: number;
  readonly unreadable: number;
  /** The number of events of emails that are being erased or are erased. */
  readonly ofErased: number;
  /** The number of opens and clicks, of which the email counts some. */
  readonly repeatable: number;
}

/** Returns the mistakes in the counts of an acknowledging answer. */
export function wrongCounts(
  counts: AnswerCounts,
  { events, distinct, unreadable, ofErased, repeatable }: CountedRequest,
): string[] {
  const wrong: string[] = [];
  const check = (isRight: boolean, what: string) => {
    if (!isRight) wrong.push(`${what}: ${JSON.stringify(counts)} of ${events} events and ${unreadable} unreadable`);
  };
  const { received = 0, recorded = 0, dropped = 0, erased = 0, quarantined = 0, ...others } = counts;
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
  check(dropped <= repeatable, 'more is dropped than can be repeated');
  check(erased <= ofErased, 'more is erased than somebody erased');
  // A run has no unrelated event, no history at its limit and no event older than the retention.
  for (const [name, count] of Object.entries(others)) {
    check(count === 0 || (possible as readonly string[]).includes(name), `something is ${name}`);
  }
  return wrong;
}

/** Sums over all answers of a run. */
export type CountSums = Record<(typeof possible)[number], number>;

export function noCounts(): CountSums {
  return { received: 0, recorded: 0, duplicate: 0, dropped: 0, erased: 0, queued: 0, quarantined: 0 };
}

/**
 * Returns the mistakes in the counts of all answers together. At most one answer counts an event as recorded, and
 * exactly one does if nothing fails.
 *
 * @param acknowledged the events in all acknowledged requests, repeated ones included
 * @param distinct the number of different events sent
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
  if (nothingFails && sums.recorded + sums.dropped + sums.erased + sums.queued < distinct) {
    wrong.push(`recorded ${sums.recorded} of ${distinct} different events, though nothing failed`);
  }
  return wrong;
}
