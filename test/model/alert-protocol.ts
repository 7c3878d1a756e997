/**
 * The real protocol of alerts, run step by step. A search decides the fate of each step: it works, fails, loses its
 * answer, or its process dies. It also decides which of two processes goes next.
 */

import type { Alert, AlertKey } from '../../shared/alerts/alert.ts';
import { keyText } from '../../shared/alerts/alert.ts';
import type { Digest, Ledger } from '../../shared/alerts/ledger.ts';
import { type Told, tellOnce } from '../../shared/alerts/tell-once.ts';
import { anAlert } from '../alert/an-alert.ts';

/** The fate of one step. After `dies` its process does nothing more; the step itself was applied or not. */
export const fates = ['works', 'fails', 'loses its answer', 'dies before', 'dies after'] as const;
export type Fate = (typeof fates)[number];

export interface Publication {
  readonly digestId: string;
  readonly keys: readonly string[];
  /** Whether the digest was committed before this process read the ledger. */
  readonly afterCommit: boolean;
}

/** Everything that survives a process. */
export interface World {
  readonly reserved: Map<string, string>;
  readonly digests: Map<string, readonly AlertKey[]>;
  readonly told: Set<string>;
  readonly publications: Publication[];
  /** Faults that met a publication or a commit, by digest. */
  readonly excused: Map<string, number>;
}

export function emptyWorld(): World {
  return { reserved: new Map(), digests: new Map(), told: new Set(), publications: [], excused: new Map() };
}

/** The protocol under test: faults of the checker's own tests change it. */
export interface AlertProtocol {
  readonly ledger: (ledger: Ledger) => Ledger;
  readonly commitsFirst?: boolean;
}

export const alertProtocol: AlertProtocol = { ledger: ledger => ledger };

interface Step {
  readonly process: number;
  readonly run: (fate: Fate) => void;
}

/** One process at a time, or two at once. Each tells its keys, and tries again while some failed. */
export interface AlertScenario {
  readonly processes: readonly (readonly (readonly AlertKey[])[])[];
  readonly maxFaults: number;
  /** How often a process is interrupted by the other one; few interruptions find nearly all races. */
  readonly maxSwitches?: number;
}

export type Decide = (options: number) => number;

/**
 * Runs a scenario to its end.
 *
 * @param decide chooses one of so many options
 */
export async function runScenario(
  { processes, maxFaults, maxSwitches = 0 }: AlertScenario,
  decide: Decide,
  protocol: AlertProtocol = alertProtocol,
): Promise<World> {
  const world = emptyWorld();
  const waiting: Step[] = [];
  let faults = 0;
  let switches = 0;
  let current = 0;
  let running = processes.length;

  const lives = processes.map(async (batches, process) => {
    for (const batch of batches) {
      // A batch comes again until nothing of it failed.
      for (let tries = 0; tries < 10; tries += 1) {
        const outcome = await invocation(batch, process);
        if (outcome !== null && outcome.failed.size === 0) break;
      }
    }
    running -= 1;
  });

  /** One invocation; null if its process died. */
  function invocation(batch: readonly AlertKey[], process: number): Promise<Told | null> {
    return new Promise(resolve => {
      let committedBefore = new Set<string>();
      const step = <Result>(apply: () => Result, digestId?: string): Promise<Result> =>
        new Promise((answered, refused) => {
          waiting.push({
            process,
            run(fate) {
              if (fate !== 'works' && digestId !== undefined)
                world.excused.set(digestId, (world.excused.get(digestId) ?? 0) + 1);
              const result = fate === 'fails' || fate === 'dies before' ? undefined : apply();
              if (fate === 'works') answered(result as Result);
              else if (fate === 'fails' || fate === 'loses its answer') refused(new Error(fate));
              else {
                // The process is gone: none of its other calls is answered any more.
                for (let index = waiting.length - 1; index >= 0; index -= 1)
                  if (waiting[index]!.process === process) waiting.splice(index, 1);
                resolve(null);
              }
            },
          });
        });
      const ledger: Ledger = {
        digestsOf: keys =>
          step(() => {
            committedBefore = new Set(world.told);
            return new Map(
              keys.flatMap(key => {
                const id = world.reserved.get(keyText(key));
                if (id === undefined) return [];
                return [[keyText(key), { id, keys: world.digests.get(id)!, told: world.told.has(id) }] as const];
              }),
            );
          }),
        open: ({ id, keys }: Digest) =>
          step(() => {
            const wasOpen = world.digests.has(id);
            world.digests.set(id, keys);
            return wasOpen;
          }),
        reserve: (key, id) =>
          step(() => {
            const holder = world.reserved.get(keyText(key)) ?? id;
            world.reserved.set(keyText(key), holder);
            return holder === id;
          }),
        isTold: id => step(() => world.told.has(id)),
        commit: id => step(() => void world.told.add(id), id),
      };
      const publish = (digestId: string, alerts: readonly Alert[]) =>
        step(() => {
          const afterCommit = committedBefore.has(digestId);
          world.publications.push({ digestId, keys: alerts.map(keyText), afterCommit });
        }, digestId);
      const changed = protocol.ledger(ledger);
      void tellOnce(batch, {
        channel: 'machines',
        ledger: protocol.commitsFirst ? { ...changed, commit: async () => {} } : changed,
        alertsOf: async keys => keys.map(key => anAlert(key)),
        split: alerts => [alerts],
        async publish(digestId, alerts) {
          if (protocol.commitsFirst) await changed.commit(digestId);
          await publish(digestId, alerts);
        },
        onFault: () => {},
      }).then(resolve, () => resolve({ failed: new Set(batch.map(keyText)), waiting: new Set(), ...noCounts }));
    });
  }

  const noCounts = { emails: 0, messages: 0, alreadyTold: 0 };
  while (running > 0) {
    await settled();
    if (waiting.length === 0) continue;
    const ready = [...new Set(waiting.map(({ process }) => process))];
    if (!ready.includes(current)) current = ready[0]!;
    else if (ready.length > 1 && switches < maxSwitches && decide(2) === 1) {
      switches += 1;
      current = ready.find(one => one !== current)!;
    }
    // Steps of one process that wait at once commute: the first goes first.
    const [step] = waiting.splice(
      waiting.findIndex(({ process }) => process === current),
      1,
    );
    const fate = faults < maxFaults ? fates[decide(fates.length)]! : 'works';
    if (fate !== 'works') faults += 1;
    step!.run(fate);
  }
  await Promise.all(lives);
  return world;
}

/** Lets all promises go on as far as they can. */
function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

/**
 * Runs a scenario once for every sequence of decisions, and returns the number of runs.
 *
 * @param goesOn looks at the result of each run; the search ends where it says no
 */
export async function everyRun(
  scenario: AlertScenario,
  goesOn: (world: World) => boolean,
  protocol?: AlertProtocol,
): Promise<number> {
  let path: { chosen: number; options: number }[] = [];
  for (let runs = 1; ; runs += 1) {
    let depth = 0;
    const taken: { chosen: number; options: number }[] = [];
    const world = await runScenario(
      scenario,
      options => {
        const chosen = path[depth]?.chosen ?? 0;
        depth += 1;
        taken.push({ chosen, options });
        return chosen;
      },
      protocol,
    );
    if (!goesOn(world)) return runs;
    // The next sequence: the last decision that has another option takes it.
    while (taken.length > 0 && taken.at(-1)!.chosen + 1 === taken.at(-1)!.options) taken.pop();
    if (taken.length === 0) return runs;
    taken.at(-1)!.chosen += 1;
    path = taken;
  }
}
