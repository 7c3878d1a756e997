import { setTimeout as delay } from 'node:timers/promises';
import { between, oneOf, type Random } from './random.ts';

interface Pace {
  /** The bounds of the pause between two kills, in milliseconds. */
  readonly soonest: number;
  readonly latest: number;
  /** With fewer processes, kills are rarer, so that long work can finish at last. */
  readonly usualProcesses: number;
}

/** The paces by the beginning of a function's logical id. */
const paces = {
  Ingest: { soonest: 200, latest: 2_000, usualProcesses: 6 },
  Alert: { soonest: 2_000, latest: 5_000, usualProcesses: 2 },
  Digest: { soonest: 2_000, latest: 5_000, usualProcesses: 2 },
  Query: { soonest: 1_000, latest: 5_000, usualProcesses: 2 },
  Manage: { soonest: 2_000, latest: 10_000, usualProcesses: 2 },
  // Its window is ten seconds here, and a batch may take as long under faults.
  Changes: { soonest: 5_000, latest: 20_000, usualProcesses: 1 },
} as const satisfies Record<string, Pace>;

export type KilledFunction = keyof typeof paces;

export interface Kills {
  /** The times of the kills of each function, in epoch milliseconds. */
  readonly times: Readonly<Record<KilledFunction, readonly number[]>>;
  stop(): Promise<void>;
}

/**
 * Sends SIGKILL to a process of each function at random times.
 *
 * @param url returns the URL of the running stack
 */
export function startKills(url: () => string, random: Random): Kills {
  const stopping = new AbortController();
  const { signal } = stopping;
  const times: Record<KilledFunction, number[]> = {
    Ingest: [],
    Alert: [],
    Digest: [],
    Query: [],
    Manage: [],
    Changes: [],
  };
  const run = async (name: KilledFunction) => {
    const { soonest, latest, usualProcesses } = paces[name];
    while (!signal.aborted) {
      await delay(between(soonest, latest, random), undefined, { signal }).catch(() => {});
      const pids = await processesOf(url(), name);
      if (random() >= pids.length / usualProcesses || signal.aborted) continue;
      try {
        process.kill(oneOf(pids, random), 'SIGKILL');
        times[name].push(Date.now());
      } catch {
        // The process has ended by itself meanwhile.
      }
    }
  };
  const finished = Promise.all((Object.keys(paces) as KilledFunction[]).map(run));
  return {
    times,
    async stop() {
      stopping.abort();
      await finished;
    },
  };
}

/** The processes of a function, or none while the stack is down. */
async function processesOf(url: string, name: KilledFunction): Promise<readonly number[]> {
  try {
    const answer = await fetch(`${url}/_local/processes`, { signal: AbortSignal.timeout(2_000) });
    const byFunction = (await answer.json()) as Record<string, number[]>;
    return Object.entries(byFunction).flatMap(([logicalId, pids]) => (logicalId.startsWith(name) ? pids : []));
  } catch {
    return [];
  }
}
