import type { CanonicalEvent } from '../../shared/email/event.ts';
import { emailIdOf } from '../../shared/email/event.ts';
import { rankOf } from '../../shared/events/rank.ts';
import { shortHash } from '../../shared/runtime/hash.ts';
import { isoText } from '../../shared/runtime/time.ts';
import { statusIds } from '../../shared/status/catalogue.ts';
import { merge, type Verdict } from '../../shared/status/precedence.ts';
import { oneOf, type Random } from './random.ts';

/** An event that a change of status is to cause, as far as the model knows it. */
export interface DueEvent {
  readonly id: string;
  readonly emailId: string;
  readonly from: string | null;
  readonly to: string;
  readonly since: string;
  readonly rank: string;
}

/** The lives of emails: the events of each, in the order of their arrival, and the changes that they cause. */
export interface StatusChanges {
  /** For each email its writes, one after the other. */
  readonly emails: readonly (readonly (readonly CanonicalEvent[])[])[];
  /** By the id of the event. */
  readonly due: ReadonlyMap<string, DueEvent>;
}

const minute = 60_000;
/** Few, so that events of one time are common. */
const minutesOfLife = 6;
const maxEvents = 8;

/** Makes emails up until they change their statuses so many times. The same random numbers make the same emails. */
export function statusChanges(count: number, random: Random, endsBefore: number): StatusChanges {
  const emails: CanonicalEvent[][][] = [];
  const due = new Map<string, DueEvent>();
  for (let number = 0; due.size < count; number += 1) {
    const events = lifeOf(number, random, endsBefore - minutesOfLife * minute);
    const writes: CanonicalEvent[][] = [];
    for (const event of events) {
      // Some requests bring two events, and some come again.
      if (writes.length > 0 && random() < 0.2) writes.at(-1)!.push(event);
      else writes.push([event]);
      if (random() < 0.1) writes.push([...oneOf(writes, random)]);
    }
    let verdict: Verdict | null = null;
    const known: CanonicalEvent[] = [];
    for (const write of writes) {
      known.push(...write);
      const next: Verdict = merge(known) ?? verdict!;
      if (next !== null && !isSame(next, verdict)) {
        const one = dueEvent(emailIdOf(write[0]!), verdict, next);
        due.set(one.id, one);
        verdict = next;
      }
    }
    emails.push(writes);
  }
  return { emails, due };
}

function lifeOf(number: number, random: Random, startsAt: number): readonly CanonicalEvent[] {
  const length = 1 + Math.floor(random() * maxEvents);
  const accountId = random() < 0.8 ? oneOf(['acme', 'globex', 'initech'], random) : undefined;
  const events = Array.from(
    { length },
    (_, index): CanonicalEvent => ({
      eventId: `${Math.floor(random() * 1_000)}-${index}`,
      provider: 'sendgrid',
      messageId: `status-change-${number}`,
      recipient: `jane${number}@example.com`,
      status: random() < 0.1 ? null : oneOf(statusIds, random),
      occurredAt: startsAt + Math.floor(random() * minutesOfLife) * minute,
      evidence: oneOf(['human', 'unknown', 'unknown', 'machine'], random),
      providerEvent: 'x',
      ...(accountId !== undefined && { accountId }),
    }),
  );
  // Half of the lives come in an order in which most events change the status.
  const level = ({ status }: CanonicalEvent) => (status === null ? -1 : statusIds.indexOf(status));
  return random() < 0.5 ? events : events.toSorted((one, other) => level(one) - level(other));
}

function dueEvent(emailId: string, was: Verdict | null, verdict: Verdict): DueEvent {
  return {
    id: shortHash(emailId, verdict.status, verdict.statusEventId, verdict.statusAt),
    emailId,
    from: was?.status ?? null,
    to: verdict.status,
    since: isoText(verdict.statusAt),
    rank: rankOf(verdict),
  };
}

function isSame(one: Verdict, other: Verdict | null): boolean {
  return one.status === other?.status && one.statusAt === other.statusAt && one.statusEventId === other.statusEventId;
}
