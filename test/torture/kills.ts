import { setTimeout as delay } from 'node:timers/promises';
import { between, oneOf, type Random } from './random.ts';

/** Milliseconds between one kill and the next. */
const soonest = 200;
const latest = 2_000;

/** Of fewer processes one is killed more rarely, so that a request that needs some seconds has a chance in the end. */
const usualProcesses = 6;

export interface Kills {
  /** How many processes were killed. */
  readonly count: number;
  stop(): Promise<void>;
}

/**
 * SIGKILL to a process of the ingest function every now and then, wherever it is in its work.
 *
 * @param url of the stack that runs now
 */
export function startKills(url: () => string, random: Random): Kills {
  const stopping = new AbortController();
  const { signal } = stopping;
  let count = 0;
  const run = async () => {
    while (!signal.aborted) {
      await delay(between(soonest, latest, random), undefined, { signal }).catch(() => {});
      const pids = await ingestProcesses(url());
      if (random() >= pids.length / usualProcesses || signal.aborted) continue;
      try {
        process.kill(oneOf(pids, random), 'SIGKILL');
        count += 1;
      } catch {
        // It ended on its own meanwhile.
      }
    }
  };
  const finished = run();
  return {
    get count() {
      return count;
    },
    async stop() {
      stopping.abort();
      await finished;
    },
  };
}

/** The processes of the ingest function; none while the stack itself is down. */
async function ingestProcesses(url: string): Promise<readonly number[]> {
  try {
    const answer = await fetch(`${url}/_local/processes`, { signal: AbortSignal.timeout(2_000) });
    const byFunction = (await answer.json()) as Record<string, number[]>;
    return Object.entries(byFunction).flatMap(([logicalId, pids]) => (logicalId.startsWith('Ingest') ? pids : []));
  } catch {
    return [];
  }
}
