/** Searches the protocol of alerts through every place where a step fails, loses its answer or is the last of a process. */

import { describe, expect, it } from 'vitest';
import { type AlertKey, keyText } from '../../shared/alerts/alert.ts';
import { type AlertProtocol, type AlertScenario, everyRun, type World } from './alert-protocol.ts';

const [a, b, c] = ['a', 'b', 'c'].map((emailId): AlertKey => ({ kind: 'hard_bounce', emailId })) as [
  AlertKey,
  AlertKey,
  AlertKey,
];
const spam: AlertKey = { kind: 'spam', emailId: 'a' };

/** The promise that a world breaks, in words; null if it breaks none. */
function brokenIn({ publications, excused }: World, keys: readonly AlertKey[], concurrent: boolean): string | null {
  for (const key of keys) {
    const about = publications.filter(publication => publication.keys.includes(keyText(key)));
    if (about.length === 0) return 'every alert is told';
    if (new Set(about.map(({ digestId }) => digestId)).size > 1) return 'an alert is told under one id';
    if (new Set(about.map(publication => publication.keys.toSorted().join())).size > 1)
      return 'a message that is told again names the same alerts';
    if (about.some(({ afterCommit }) => afterCommit)) return 'no alert is told after its commit';
    const excuses = excused.get(about[0]!.digestId) ?? 0;
    if (!concurrent && about.length > 1 + excuses) return 'an alert is told again for a fault at its message alone';
  }
  return null;
}

const scenarios: Readonly<Record<string, AlertScenario & { readonly keys: readonly AlertKey[] }>> = {
  'one batch that comes again as a whole': { processes: [[[a, b, spam]]], maxFaults: 3, keys: [a, b, spam] },
  'one batch that is split after a failure': { processes: [[[a, b, c], [a], [b, c]]], maxFaults: 2, keys: [a, b, c] },
  'batches that overlap': {
    processes: [
      [
        [a, b],
        [b, c],
        [c, a],
      ],
    ],
    maxFaults: 2,
    keys: [a, b, c],
  },
  'two processes at once with the same alerts': {
    processes: [[[a, b]], [[a, b]]],
    maxFaults: 0,
    maxSwitches: 4,
    keys: [a, b],
  },
  'two processes at once that share an alert, and a fault': {
    processes: [[[a, b]], [[b]]],
    maxFaults: 1,
    maxSwitches: 2,
    keys: [a, b],
  },
};

async function firstBroken(name: string, protocol?: AlertProtocol) {
  const { keys, processes, ...scenario } = scenarios[name]!;
  let broken: string | null = null;
  const runs = await everyRun(
    { ...scenario, processes },
    world => {
      broken = brokenIn(world, keys, processes.length > 1);
      return broken === null;
    },
    protocol,
  );
  return { broken, runs };
}

describe('every alert is told, under one id, and again only for a fault between message and commit, with', () => {
  it.each(Object.keys(scenarios))('%s', async name => {
    const { broken, runs } = await firstBroken(name);
    expect(broken).toBeNull();
    expect(runs).toBeGreaterThan(50);
  });
});

describe('the search finds the fault of a protocol that', () => {
  it.each<[string, string, AlertProtocol, string]>([
    [
      'commits before it publishes',
      'one batch that comes again as a whole',
      { ledger: ledger => ledger, commitsFirst: true },
      'every alert is told',
    ],
    [
      'takes no reservation',
      'one batch that is split after a failure',
      { ledger: ledger => ({ ...ledger, digestsOf: async () => new Map(), reserve: async () => true }) },
      'an alert is told under one id',
    ],
    [
      'forgets that a digest was told',
      'one batch that is split after a failure',
      {
        ledger: ledger => ({
          ...ledger,
          isTold: async () => false,
          async digestsOf(keys) {
            const found = [...(await ledger.digestsOf(keys))];
            return new Map(found.map(([key, digest]) => [key, { ...digest, told: false }]));
          },
        }),
      },
      'no alert is told after its commit',
    ],
    [
      'takes an alert that another digest has reserved',
      'two processes at once that share an alert, and a fault',
      {
        ledger: ledger => ({
          ...ledger,
          async reserve(key, digestId) {
            await ledger.reserve(key, digestId);
            return true;
          },
        }),
      },
      'an alert is told under one id',
    ],
  ])('%s', async (_, scenario, protocol, promise) => {
    expect((await firstBroken(scenario, protocol)).broken).toBe(promise);
  });
});
