import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createToken } from '../../infra/local/cli/token.ts';
import { accounts } from '../../infra/tools/simulate/lives.ts';
import { quantile } from '../bench/figures.ts';
import { type StartedStack, startStack } from '../rigs/start-stack.ts';
import { type AlertFigures, alertFigures, watchAlerts } from './alerts.ts';
import { type CountSums, wrongSums } from './counts.ts';
import { deliver, noFigures } from './delivery.ts';
import { startErasures } from './erasures.ts';
import { usualPercent } from './faults.ts';
import { type KilledFunction, startKills } from './kills.ts';
import { createLedger, type Deviation, deviationKinds } from './ledger.ts';
import { type Caller, startFaultProxies } from './proxies.ts';
import { startQueries } from './queries.ts';
import { between, seededRandom } from './random.ts';
import { eventsIn, indexEntries, keptMessages, storedItems, waitUntilDrained } from './stored.ts';
import { traffic, unreadableAddress } from './traffic.ts';

export interface TortureOptions {
  readonly events: number;
  readonly seed: number;
  /** Of the functions' calls, in percent. */
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
  /** What is not as it must be in the table and its indexes, by kind. */
  readonly deviant: Readonly<Record<Deviation['kind'], number>>;
  /** What the answers counted, and what is wrong with it. */
  readonly counts: CountSums;
  readonly wrongCounts: readonly string[];
  /** What was asked of the API meanwhile. */
  readonly queries: {
    readonly right: number;
    readonly honest: number;
    readonly lists: number;
    readonly wrong: readonly string[];
    readonly answers: Readonly<Record<string, number>>;
  };
  readonly erasures: {
    readonly done: number;
    readonly unfinished: number;
    readonly wrong: readonly string[];
    readonly answers: Readonly<Record<string, number>>;
  };
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
  /** By function and service. */
  readonly calls: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<Caller, Readonly<Record<string, number>>>>;
  readonly kills: { readonly processes: Readonly<Record<KilledFunction, number>>; readonly stacks: number };
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

/** As a new installation has it. */
const retentionDays = 400;
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
  const alertWatch = watchAlerts();
  const proxies = await startFaultProxies({
    faultPercent,
    random: purpose => random(1_000 + purpose),
    onCall: (caller, call) => caller === 'Alert' && alertWatch.onCall(call),
  });
  const { serviceEndpoints } = proxies;
  const start = async (again: { port?: number } = {}) => {
    const started = await startStack({
      dataDir,
      assembly: null,
      maxBatchingWindowSeconds: 1,
      maxVisibilityTimeoutSeconds,
      serviceEndpoints,
      processesPerFunction,
      ...again,
    });
    proxies.leadTo(started.endpoints);
    return started;
  };
  let stack: StartedStack | null = null;
  try {
    let running = await start();
    stack = running;
    const keys = JSON.parse(await readFile(running.endpoints.signingKeysFile!, 'utf8')) as Record<string, string>;
    const ledger = createLedger({ retentionDays, begunAt });
    const figures = noFigures();
    const url = () => running.url;
    const stopping = new AbortController();

    /** SIGKILL to all of it a few times on the way, and a new start on what is left. */
    const stackKills = kills
      ? Math.min(Math.max(Math.round(events / eventsPerStackKill), fewestStackKills), mostStackKills)
      : 0;
    const stacksKilled: number[] = [];
    const chance = random(5);
    const restarting = async () => {
      for (let kill = 1; kill <= stackKills; kill += 1) {
        const after = (events * (kill - 1 + between(0.2, 0.8, chance))) / stackKills;
        while (figures.acknowledgedEvents < after) {
          if (stopping.signal.aborted) return;
          await delay(20);
        }
        const { endpoints } = running;
        stacksKilled.push(Date.now());
        await running.kill();
        await untilGone(endpoints.dynamodb);
        running = await start({ port: Number(new URL(endpoints.url).port) });
        stack = running;
      }
    };

    const support = await createToken(dataDir, { support: true });
    const ofAccount = new Map(
      await Promise.all(
        accounts.map(
          async account => [account as string, await createToken(dataDir, { account, manage: true })] as const,
        ),
      ),
    );
    const tokens = { support, of: (accountId: string) => ofAccount.get(accountId)! };
    const processKills = kills ? startKills(url, random(6)) : null;
    const queries = startQueries({ url, tokens, ledger, random: random(8) });
    const erasures = startErasures({ url, tokens, ledger, random: random(9) });
    const shown = setInterval(() => {
      onProgress(
        `${figures.acknowledgedEvents} of ${events} events acknowledged, ${figures.sendings} requests, ` +
          `${erasures.done} erasures, ${queries.right} queries, ${stacksKilled.length} stacks killed`,
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
      await queries.stop();
    }
    await restarts;
    onProgress('waiting for the last erasure');
    await erasures.stop();
    const comparingSince = Date.now();

    onProgress('waiting for what is still under way');
    await proxies.idle();
    const undrained = await waitUntilDrained(running.endpoints, longestDraining);
    erasures.drained();

    const logFile = Object.entries(running.endpoints.functions).find(([id]) => id.startsWith('Ingest'))![1].logFile;
    const faultLines = (await readFile(logFile, 'utf8')).split('"message":"fault"').length - 1;

    onProgress('comparing with the table');
    const deviations: Deviation[] = [];
    const entries = await indexEntries(running.endpoints);
    for await (const item of storedItems(running.endpoints)) {
      deviations.push(...ledger.deviationsOf(item, entries.get(item.emailId) ?? {}));
      entries.delete(item.emailId);
    }
    deviations.push(...ledger.neverShown());
    for (const [emailId, left] of entries) {
      deviations.push({ kind: 'wrong index', emailId, what: `no item, and entries in ${Object.keys(left).join()}` });
    }

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
    const deviant = Object.fromEntries(
      deviationKinds.map(kind => [kind, wrong.filter(deviation => deviation.kind === kind).length]),
    ) as Record<Deviation['kind'], number>;
    const acknowledged = { events: figures.acknowledgedEvents, unreadable: figures.acknowledgedUnreadable };
    const nothingFails = faultPercent === 0 && !kills;
    const sums = wrongSums(figures.counts, acknowledged, ledger.distinct, nothingFails);

    onProgress('waiting for the alerts');
    const alertsSince = Date.now();
    const alerts = await alertFigures(running.url, ledger, () => ({
      ...alertWatch.seen,
      kills: [...(processKills?.times.Alert ?? []), ...stacksKilled],
    }));
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
      emails: ledger.size,
      requests: {
        different: figures.requests,
        sendings: figures.sendings,
        acknowledged: figures.acknowledged,
        unacknowledged: figures.unacknowledged,
        forgeriesRefused: figures.refused,
        forgeriesTaken: figures.forgeriesTaken,
      },
      deviant,
      counts: figures.counts,
      wrongCounts: [...sums, ...figures.wrongCounts],
      queries: { ...figuresOf(queries), right: queries.right, honest: queries.honest, lists: queries.lists },
      erasures: { ...figuresOf(erasures), done: erasures.done, unfinished: erasures.unfinished },
      durableButNotRecorded: aside.length,
      deviations: wrong.slice(0, deviationsShown),
      alerts,
      quarantine: {
        acknowledged: figures.quarantined.size,
        missing: [...figures.quarantined].filter(address => !inQuarantine.has(address)).length,
      },
      keptAside,
      undrained: Object.fromEntries(undrained),
      calls: proxies.calls(),
      faults: proxies.faults(),
      kills: {
        processes: Object.fromEntries(
          Object.entries(processKills?.times ?? {}).map(([name, times]) => [name, times.length]),
        ) as Record<KilledFunction, number>,
        stacks: stacksKilled.length,
      },
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
    await proxies.stop();
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

/** What queries and erasures were answered, and what is wrong with it. */
function figuresOf({ wrong, answers }: { wrong: readonly string[]; answers: ReadonlyMap<string, number> }) {
  return { wrong, answers: Object.fromEntries([...answers].toSorted()) };
}
