import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Check } from '../../functions/watch/check.ts';
import { createJudgeConditions } from '../../functions/watch/judge-conditions.ts';
import type { OperatorMessage } from '../../functions/watch/message.ts';
import type { ConditionName } from '../../shared/watch/conditions.ts';
import { createEpisodeStore, type Judgement, judged, reminderMs, told } from '../../shared/watch/episodes.ts';
import { tableInMemory } from '../news/table-in-memory.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { runs } from '../rigs/runs.ts';

const minute = 60_000;
const hour = 60 * minute;

/** Three conditions of one subject each, so that a message says of each in turn what it has to say. */
const names = ['QuarantineNotEmpty', 'EventsGivenUp', 'LettersGivenUp'] as const satisfies readonly ConditionName[];
type Name = (typeof names)[number];

/** The level of a condition; 0 where it is off, and null where its check fails. */
type Levels = Readonly<Record<Name, 0 | 1 | 2 | null>>;

/** A step that ends a run: everything after it fails, as in a process that was killed. */
const crashes = ['none', 'before writing', 'after writing', 'after the first message', 'after the messages'] as const;
type Crash = (typeof crashes)[number];

/** `lost answer`: the message went out, and its publisher does not know. */
type Topic = 'up' | 'down' | 'lost answer';

interface Told {
  readonly at: number;
  readonly name: Name;
  readonly id: string;
  readonly text: string;
}

function watching() {
  const { client, item } = tableInMemory();
  const store = createEpisodeStore(client, 'guards');
  const inbox: Told[] = [];
  const faults: string[] = [];
  const perRun: number[] = [];
  let now = noon;

  /** Runs the judgement once. */
  async function run(levels: Levels, crash: Crash = 'none', topic: Topic = 'up'): Promise<void> {
    let isDead = crash === 'before writing';
    const alive = () => {
      if (isDead) throw new Error('killed');
    };
    let published = 0;
    const checks = names.map(
      (name): Check => ({
        name,
        conditions: [name],
        async judge() {
          const level = levels[name];
          if (level === null) throw new Error('AWS is down');
          const text = `${name} is ${level}.`;
          const of = { condition: name, subject: '', text } as const;
          const judgement: Judgement = level === 0 ? { ...of, isOn: false } : { ...of, isOn: true, name: '', level };
          return { judgements: [judgement] };
        },
      }),
    );
    const judge = createJudgeConditions({
      checks,
      episodes: {
        read: store.read,
        async replace(...args) {
          alive();
          const state = await store.replace(...args);
          if (crash === 'after writing') isDead = true;
          return state;
        },
      },
      async publish(message) {
        alive();
        if (topic === 'down') throw new Error('SNS is down');
        published += 1;
        inbox.push(...toldIn(message, now));
        if (crash === 'after the first message' || (crash === 'after the messages' && published === 2)) isDead = true;
        if (topic === 'lost answer') throw new Error('timeout');
      },
      log(line, details) {
        if (line === 'fault') faults.push(JSON.stringify(details));
      },
      now: () => now,
    });
    try {
      await judge('run');
    } catch (error) {
      if ((error as Error).message !== 'killed') throw error;
    }
    perRun.push(published);
  }

  return {
    inbox,
    faults,
    perRun,
    run,
    item,
    later(milliseconds: number) {
      now += milliseconds;
    },
    get now() {
      return now;
    },
  };
}

/** Reads a message: each condition has a paragraph with a sentence and its id. */
function toldIn({ text }: OperatorMessage, at: number): Told[] {
  return [...text.matchAll(/^(\w+) is .*\.\n(?:\nImpact: .*\nWhat to do: .*\n)?Episode: (\S+)$/gm)].map(
    ([whole, name, id]) => ({ at, name: name as Name, id: id!, text: whole.split('\n')[0]! }),
  );
}

const off: Levels = { QuarantineNotEmpty: 0, EventsGivenUp: 0, LettersGivenUp: 0 };
const on: Levels = { QuarantineNotEmpty: 1, EventsGivenUp: 1, LettersGivenUp: 1 };

describe('an episode', () => {
  const level = fc.constantFrom(0, 1, 2, null);
  const step = fc.record({
    after: fc.constantFrom(5 * minute, hour, 7 * hour, reminderMs),
    levels: fc.record({ QuarantineNotEmpty: level, EventsGivenUp: level, LettersGivenUp: level }),
    crash: fc.constantFrom('none', ...crashes),
    topic: fc.constantFrom('up', 'up', 'down', 'lost answer'),
  });

  it('tells of its begin, each day and its end once in any run of faults, and repeats itself only under its id', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
        const { inbox, run, later, perRun } = watching();
        for (const { after, levels, crash, topic } of steps) {
          later(after);
          await run(levels, crash as Crash, topic as Topic);
        }
        // Whatever happened, three runs in order tell all that is to be told.
        for (const levels of [on, on, on, off, off, off]) {
          later(5 * minute);
          await run(levels);
        }
        expect(Math.max(...perRun)).toBeLessThanOrEqual(2);
        for (const name of names) {
          const episodes = Map.groupBy(
            inbox.filter(told => told.name === name),
            ({ id }) => id,
          );
          expect(episodes.size).toBeGreaterThan(0);
          let endedAt = 0;
          for (const told of episodes.values()) {
            // A repeated message has the same words.
            const distinct = told.filter(({ text }, index) => text !== told[index - 1]?.text);
            const isEnd = (text: string) => text === `${name} is 0.`;
            expect(isEnd(distinct[0]!.text)).toBe(false);
            expect(distinct[0]!.text).not.toContain('This episode began');
            expect(distinct.map(({ text }) => isEnd(text)).indexOf(true)).toBe(distinct.length - 1);
            for (const { text } of distinct.slice(1, -1)) expect(text).toContain('This episode began at');
            // One episode follows another.
            expect(told[0]!.at).toBeGreaterThanOrEqual(endedAt);
            endedAt = told.at(-1)!.at;
          }
        }
      }),
      { numRuns: runs(200) },
    );
  });

  it('is reminded of every 24 hours under the same id, and once where it gets worse', async () => {
    const { inbox, run, later } = watching();
    const begin = noon;
    for (let runs = 0; runs < 3 * 288; runs += 1) {
      await run({ ...off, EventsGivenUp: runs < 2.5 * 288 ? (runs >= 300 ? 2 : 1) : 0 });
      later(5 * minute);
    }
    const hours = inbox.map(({ at }) => (at - begin) / hour);
    // It got worse 25 hours after its begin, and the next reminder counts from there.
    expect(hours).toEqual([0, 24, 25, 49, 60]);
    expect(new Set(inbox.map(({ id }) => id)).size).toBe(1);
  });

  it('waits where nobody can be told of 100 others, and their item stays below 400 KB', () => {
    const judgements = (isOn: boolean) =>
      Array.from({ length: 450 }, (_, index): Judgement => {
        const subject = `account:${String(index).padStart(128, 'x')}`;
        const about = { condition: 'BounceRate', subject, text: 'x'.repeat(4_000) } as const;
        return isOn ? { ...about, isOn, name: subject } : { ...about, isOn };
      });
    let { episodes } = judged([], judgements(true), noon);
    for (const isOn of [true, false]) {
      for (let runs = 0; runs < 5; runs += 1) {
        const pending = episodes.filter(({ turn }) => turn !== undefined).map(({ id }) => id);
        episodes = told(episodes, new Set(pending), noon);
        episodes = judged(judged(episodes, judgements(isOn), noon).episodes, judgements(isOn), noon).episodes;
        expect(Buffer.byteLength(JSON.stringify(episodes))).toBeLessThan(390 * 1024);
      }
      expect(episodes.filter(({ turn }) => turn === undefined)).toHaveLength(isOn ? 450 : 0);
    }
  });

  it('stays as it was while its check fails, and the fault is logged', async () => {
    const { inbox, run, later, faults } = watching();
    await run({ ...off, EventsGivenUp: 1 });
    later(2 * reminderMs);
    await run({ ...off, EventsGivenUp: null });
    expect(inbox).toHaveLength(1);
    expect(faults).toEqual([JSON.stringify({ requestId: 'run', where: 'watch.EventsGivenUp', error: 'Error' })]);
    await run(off);
    expect(inbox).toHaveLength(2);
  });

  it('is left to a run that may still be telling of it', async () => {
    const { inbox, run, later } = watching();
    await run(on, 'after writing');
    later(minute);
    await run(on);
    expect(inbox).toEqual([]);
    later(4 * minute);
    await run(on);
    expect(inbox).toHaveLength(3);
  });

  it('costs no write while nothing changes', async () => {
    const { run, later, item } = watching();
    await run(on);
    const before = item('watch:episodes');
    later(5 * minute);
    await run(on);
    expect(item('watch:episodes')).toBe(before);
  });
});
