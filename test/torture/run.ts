import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type StartedStack, startStack } from '../../infra/local/start-stack.ts';
import { quantile } from '../bench/figures.ts';
import { type AlertFigures, alertFigures } from './alerts.ts';
import { deliver, noFigures } from './delivery.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { faultNames, faults, randomFaults, usualPercent } from './faults.ts';
import { startKills } from './kills.ts';
import { createLedger, type Deviation } from './ledger.ts';
import { between, seededRandom } from './random.ts';
import { eventsIn, keptMessages, storedItems, waitUntilDrained } from './stored.ts';
import { traffic, unreadableAddress } from './traffic.ts';

export interface TortureOptions {
  readonly events: number;
  readonly seed: number;
  /** Of the ingest function's calls, in percent. */
  readonly faultPercent?: number;
  readonly kills?: boolean;
  readonly onProgress?: (line: string) => void;
}

/** What came of a run. */
export interface TortureReport {
  readonly seed: number;
  readonly faultPercent: number;
  readonly seconds: Readonly<Record<'starting' | 'delivering' | 'comparing' | 'alerts', number>>;
  readonly eventsPerSecond: number;
  readonly events: { readonly sent: number; readonly acknowledged: number };
  readonly emails: number;
  readonly requests: {
    readonly different: number;
    readonly sendings: number;
    readonly acknowledged: number;
    readonly unacknowledged: number;
    readonly forgeriesRefused: number;
    readonly forgeriesTaken: number;
  };
  readonly missing: number;
  readonly invented: number;
  readonly wrongStatuses: number;
  /** Acknowledged, not in the table, and waiting for people in a queue that nothing empties. */
  readonly durableButNotRecorded: number;
  /** The first of them, in full. */
  readonly deviations: readonly Deviation[];
  readonly alerts: AlertFigures;
  /** Unreadable events that were acknowledged, and those that are in no quarantine. */
  readonly quarantine: { readonly acknowledged: number; readonly missing: number };
  /** Messages that wait in a queue nobody empties and are not of an unreadable event: durable, and not recorded. */
  readonly keptAside: Readonly<Record<string, number>>;
  /** Messages in queues that should have become empty. */
  readonly undrained: Readonly<Record<string, number>>;
  readonly calls: Readonly<Record<'dynamodb' | 'sqs', number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly kills: { readonly processes: number; readonly stacks: number };
  readonly answers: Readonly<Record<string, number>>;
  /** What functions failed of besides our kills, as the last stack printed it. */
  readonly functionFailures: readonly string[];
  /** Lines of the ingest function's log that say that it is at fault itself. */
  readonly faultLines: number;
  /** Of answered requests, in milliseconds. */
  readonly latency: Readonly<Record<'p50' | 'p99' | 'max', number>>;
}

/** Beyond the function's own timeout, so that a message of which it died is not in work twice at a time. */
const maxVisibilityTimeoutSeconds = 12;

const requestsInFlight = 8;
/** A request has a process of its own, which waits most of the time for what hangs. */
const processesPerFunction = requestsInFlight;
/** The whole stack is killed once for so many events, and at least and at most so often. */
const eventsPerStackKill = 7_000;
const fewestStackKills = 1;
const mostStackKills = 8;
const longestDraining = 20 * 60_000;
const deviationsShown = 50;

/** Sends events to a stack of its own in which services fail and processes die, and says what became of each of them. */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const { events, seed, faultPercent = usualPercent, kills = true, onProgress = () => {} } = options;
  const random = (purpose: number) => seededRandom(seed * 16 + purpose);
  const begunAt = Date.now();
  const dataDir = await mkdtemp(join(tmpdir(), 'mailtrail-torture-'));
  const dynamodb = await startFaultProxy({ plan: randomFaults(random(1), faultPercent), random: random(2) });
  const sqs = await startFaultProxy({ plan: randomFaults(random(3), faultPercent), random: random(4) });
  const serviceEndpoints = {
    Ingest: { AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint, AWS_ENDPOINT_URL_SQS: sqs.endpoint },
  };
  const start = async (again: { port?: number; assembly?: string } = {}) => {
    const started = await startStack({
      dataDir,
      maxBatchingWindowSeconds: 1,
      maxVisibilityTimeoutSeconds,
      serviceEndpoints,
      processesPerFunction,
      ...again,
    });
    dynamodb.leadTo(started.endpoints.dynamodb);
    sqs.leadTo(started.endpoints.sqs);
    return started;
  };
  let stack: StartedStack | null = null;
  try {
    let running = await start();
    stack = running;
    const keys = JSON.parse(await readFile(running.endpoints.signingKeysFile!, 'utf8')) as Record<string, string>;
    const ledger = createLedger();
    const figures = noFigures();
    const url = () => running.url;
    const stopping = new AbortController();

    /** SIGKILL to all of it a few times on the way, and a new start on what is left. */
    const stackKills = kills
      ? Math.min(Math.max(Math.round(events / eventsPerStackKill), fewestStackKills), mostStackKills)
      : 0;
    let stacksKilled = 0;
    const chance = random(5);
    const restarting = async () => {
      for (let kill = 1; kill <= stackKills; kill += 1) {
        const after = (events * (kill - 1 + between(0.2, 0.8, chance))) / stackKills;
        while (figures.acknowledgedEvents < after) {
          if (stopping.signal.aborted) return;
          await delay(20);
        }
        const { endpoints } = running;
        await running.kill();
        stacksKilled += 1;
        await untilGone(endpoints.dynamodb);
        running = await start({ port: Number(new URL(endpoints.url).port), assembly: join(dataDir, 'cdk.out') });
        stack = running;
      }
    };

    const processKills = kills ? startKills(url, random(6)) : null;
    const shown = setInterval(() => {
      onProgress(
        `${figures.acknowledgedEvents} of ${events} events acknowledged, ${figures.sendings} requests, ` +
          `${sum(dynamodb.injected) + sum(sqs.injected)} faults, ${processKills?.count ?? 0} + ${stacksKilled} kills`,
      );
    }, 500);
    const deliveringSince = Date.now();
    const delivering = deliver({
      url,
      keys,
      requests: traffic({ events, seed, endsBefore: begunAt }),
      inFlight: requestsInFlight,
      ledger,
      random: random(7),
      figures,
      signal: stopping.signal,
    });
    const restarts = restarting();
    // A stack that does not come back ends the run.
    restarts.catch(() => stopping.abort());
    try {
      await delivering;
    } finally {
      stopping.abort();
      clearInterval(shown);
      await processKills?.stop();
    }
    await restarts;
    const comparingSince = Date.now();

    onProgress('waiting for what is still under way');
    await Promise.all([dynamodb.idle(), sqs.idle()]);
    const undrained = await waitUntilDrained(running.endpoints, longestDraining);

    const logFile = Object.entries(running.endpoints.functions).find(([id]) => id.startsWith('Ingest'))![1].logFile;
    const faultLines = (await readFile(logFile, 'utf8')).split('"message":"fault"').length - 1;

    onProgress('comparing with the table');
    const deviations: Deviation[] = [];
    for await (const item of storedItems(running.endpoints)) deviations.push(...ledger.deviationsOf(item));
    deviations.push(...ledger.neverShown());

    const keptAside: Record<string, number> = {};
    const eventsAside = new Set<string>();
    const inQuarantine = new Set<string>();
    for await (const { logicalId, body } of keptMessages(running.endpoints)) {
      const addresses = [...body.matchAll(unreadableAddress)].map(([address]) => address);
      for (const address of addresses) inQuarantine.add(address);
      if (addresses.length > 0) continue;
      keptAside[logicalId] = (keptAside[logicalId] ?? 0) + 1;
      for (const { emailId, element } of eventsIn(body)) eventsAside.add(`${emailId} ${element}`);
    }
    const isAside = ({ kind, emailId, what }: Deviation) => kind === 'missing' && eventsAside.has(`${emailId} ${what}`);
    const aside = deviations.filter(isAside);
    const wrong = deviations.filter(deviation => !isAside(deviation));
    const count = (kind: Deviation['kind']) => wrong.filter(deviation => deviation.kind === kind).length;

    onProgress('waiting for the alerts');
    const alertsSince = Date.now();
    const alerts = await alertFigures(running.url, ledger);
    const faultsByKind = new Map<string, number>();
    for (const name of faultNames) {
      const { kind } = faults[name];
      const times = (dynamodb.injected.get(name) ?? 0) + (sqs.injected.get(name) ?? 0);
      faultsByKind.set(kind, (faultsByKind.get(kind) ?? 0) + times);
    }
    const latency = (share: number) => (figures.latencies.length === 0 ? 0 : quantile(figures.latencies, share));
    return {
      seed,
      faultPercent,
      seconds: {
        starting: (deliveringSince - begunAt) / 1000,
        delivering: (comparingSince - deliveringSince) / 1000,
        comparing: (alertsSince - comparingSince) / 1000,
        alerts: (Date.now() - alertsSince) / 1000,
      },
      eventsPerSecond: (figures.acknowledgedEvents * 1000) / (comparingSince - deliveringSince),
      events: { sent: figures.events, acknowledged: figures.acknowledgedEvents },
      emails: [...ledger.emails()].length,
      requests: {
        different: figures.requests,
        sendings: figures.sendings,
        acknowledged: figures.acknowledged,
        unacknowledged: figures.unacknowledged,
        forgeriesRefused: figures.refused,
        forgeriesTaken: figures.forgeriesTaken,
      },
      missing: count('missing'),
      invented: count('invented'),
      wrongStatuses: count('wrong status'),
      durableButNotRecorded: aside.length,
      deviations: wrong.slice(0, deviationsShown),
      alerts,
      quarantine: {
        acknowledged: figures.quarantined.size,
        missing: [...figures.quarantined].filter(address => !inQuarantine.has(address)).length,
      },
      keptAside,
      undrained: Object.fromEntries(undrained),
      calls: { dynamodb: dynamodb.calls, sqs: sqs.calls },
      faults: Object.fromEntries(faultsByKind),
      kills: { processes: processKills?.count ?? 0, stacks: stacksKilled },
      answers: Object.fromEntries([...figures.answers].toSorted()),
      faultLines,
      functionFailures: running
        .output()
        .split('\n')
        .filter(line => /\((?:[A-Z]\w+\.)?[A-Z]\w+\)$/.test(line) && !line.includes('SIGKILL'))
        .slice(-deviationsShown),
      latency: { p50: latency(0.5), p99: latency(0.99), max: latency(1) },
    };
  } finally {
    await stack?.stop();
    await Promise.all([dynamodb.stop(), sqs.stop()]);
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** A new engine cannot have the data while the old one still ends. */
async function untilGone(endpoint: string): Promise<void> {
  for (;;) {
    try {
      await (await fetch(endpoint, { signal: AbortSignal.timeout(1_000) })).arrayBuffer();
    } catch {
      return;
    }
    await delay(20);
  }
}

function sum(numbers: ReadonlyMap<unknown, number>): number {
  return [...numbers.values()].reduce((total, number) => total + number, 0);
}
