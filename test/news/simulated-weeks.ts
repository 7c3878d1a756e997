/** Weeks of email traffic with nights and weekends, as the stream tells of it, and the watch function beside it. */

import type { OperatorMessage } from '../../functions/watch/message.ts';
import { createNewsStore, type EmailChange, type Report } from '../../shared/news/store.ts';
import { createJudgeSilence } from '../watch/judge-silence.ts';
import { type TableInMemory, tableInMemory } from './table-in-memory.ts';

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;
/** A Monday. */
export const begin = Date.UTC(2026, 0, 5);

/** Emails a minute at a time of the week. */
type Rate = (hourOfDay: number, isWeekend: boolean) => number;

export const traffic = {
  /** A shop: busy on working days, little at night and at the weekend. */
  sendgrid: (at, isWeekend) => (isWeekend ? 0.05 : at >= 7 && at < 20 ? 3 : 0.02),
  /** A service for everybody: never silent for long. */
  postmark: at => (at >= 6 && at < 23 ? 1.5 : 0.4),
  /** An office: six emails an hour, none at night and at the weekend. */
  mailgun: (at, isWeekend) => (!isWeekend && at >= 8 && at < 18 ? 0.1 : 0),
} as const satisfies Record<string, Rate>;

export type Simulated = keyof typeof traffic;
export const simulated = Object.keys(traffic) as readonly Simulated[];

/** Random numbers that are the same in each run (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One thing that arrives: a registration, or a callback. */
interface Arrival {
  readonly at: number;
  readonly provider: Simulated;
  readonly kind: 'registered' | 'first news' | 'more news';
  readonly seenAt: number;
}

/** All arrivals of some days, in order. */
export function arrivalsOf(days: number, seed: number): readonly Arrival[] {
  const random = randomFrom(seed);
  const wait = (mean: number) => -Math.log(1 - random()) * mean;
  const arrivals: Arrival[] = [];
  for (const provider of simulated) {
    for (let at = begin; at < begin + days * day; at += minute) {
      const date = new Date(at);
      const rate = traffic[provider](date.getUTCHours(), [0, 6].includes(date.getUTCDay()));
      // A few emails in one minute, or none.
      for (let due = wait(minute / rate); due < minute; due += wait(minute / rate)) {
        const seenAt = at + due;
        arrivals.push({ at: seenAt, provider, kind: 'registered', seenAt });
        // The provider takes some emails and never says anything about them.
        if (random() < 0.02) continue;
        const news = seenAt + (random() < 0.95 ? 1_000 + wait(4_000) : wait(40 * minute));
        arrivals.push({ at: news, provider, kind: 'first news', seenAt });
        if (random() < 0.4) arrivals.push({ at: news + wait(3 * hour), provider, kind: 'more news', seenAt });
      }
    }
  }
  return arrivals.sort((one, other) => one.at - other.at);
}

export interface Watching {
  /** The place in the arrivals and in time, and the table. */
  readonly now: number;
  readonly table: TableInMemory;
  /** The silence of each provider, and messages, since the beginning. */
  readonly silences: ReadonlyMap<string, readonly { readonly at: number; readonly silence: number }[]>;
  readonly messages: readonly (OperatorMessage & { readonly at: number })[];
  /** Goes on until this time. */
  until(end: number): Promise<void>;
  /** A second future from here on: callbacks of one provider are lost between these times. */
  branch(lost: Lost): Watching;
}

export interface Lost {
  readonly provider: Simulated;
  readonly from: number;
  readonly to: number;
}

const period = 5 * minute;

/** Runs the real judgement every five minutes over the real store, with the clock of the simulation. */
export function watching(
  arrivals: readonly Arrival[],
  start: { readonly now: number; readonly table: TableInMemory; readonly lost?: Lost } = {
    // The runs are at no even time of the slots.
    now: begin + 100_000,
    table: tableInMemory(),
  },
): Watching {
  let { now } = start;
  const { table, lost } = start;
  const store = createNewsStore(table.client, 'guards');
  const silences = new Map<string, { at: number; silence: number }[]>();
  const messages: (OperatorMessage & { at: number })[] = [];
  const judge = createJudgeSilence({
    client: table.client,
    news: store,
    knownProviders: [...simulated, 'app'],
    listed: new Map([...simulated, 'app'].map(provider => [provider, null])),
    publish: async message => {
      messages.push({ ...message, at: now });
    },
    metrics: {
      silence(provider, silence) {
        const known = silences.get(provider) ?? [];
        known.push({ at: now, silence });
        silences.set(provider, known);
      },
    },
    log(line, details) {
      if (line === 'fault') throw new Error(JSON.stringify(details));
    },
    now: () => now,
  });
  let next = arrivals.findIndex(({ at }) => at > now - period);

  const isLost = ({ provider, kind, at }: Arrival) =>
    lost !== undefined && provider === lost.provider && kind !== 'registered' && at >= lost.from && at < lost.to;

  return {
    get now() {
      return now;
    },
    table,
    silences,
    messages,
    async until(end) {
      for (; now < end; now += period) {
        const reports: Report[] = [];
        const emails: EmailChange[] = [];
        for (; next >= 0 && next < arrivals.length && arrivals[next]!.at <= now; next += 1) {
          const arrival = arrivals[next]!;
          if (isLost(arrival)) continue;
          const { at, provider, kind, seenAt } = arrival;
          reports.push({ provider: kind === 'registered' ? 'app' : provider, at: Math.floor(at), lag: 1_000 });
          if (kind === 'more news') continue;
          const isNew = kind === 'registered';
          emails.push({ provider, seenAt, awaited: Number(isNew), answered: Number(!isNew), at: Math.floor(at) });
        }
        if (reports.length > 0) await store.add({ batchId: String(next), reports, emails });
        await judge('simulation');
      }
    },
    branch: next => watching(arrivals, { now, table: table.copy(), lost: next }),
  };
}
