import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createToken } from '../../infra/local/cli/token.ts';
import { accounts } from '../../infra/tools/simulate/lives.ts';
import { quantile } from '../bench/figures.ts';
import { type StartedStack, startStack } from '../rigs/start-stack.ts';
import { type AlertFigures, alertFigures, watchAlerts } from './alerts.ts';
import { startAttendants } from './attendants.ts';
import { type CountSums, wrongSums } from './counts.ts';
import { deliver, noFigures } from './delivery.ts';
import { startErasures } from './erasures.ts';
import { usualPercent } from './faults.ts';
import { type KilledFunction, startKills } from './kills.ts';
import { createLedger, type Deviation, deviationKinds, historyOf } from './ledger.ts';
import { type ListedEmail, listedEmail } from './lists.ts';
import { noteNamesIn } from './notes.ts';
import { type Caller, startFaultProxies } from './proxies.ts';
import { startQueries } from './queries.ts';
import { between, seededRandom } from './random.ts';
import { eventsIn, indexEntries, keptMessages, storedItems, waitUntilDrained, waitUntilStreamRead } from './stored.ts';
import { type TrafficRequest, traffic, unreadableAddress } from './traffic.ts';

export interface TortureOptions {
  readonly events: number;
  readonly seed: number;
  /** The share of the functions' calls that fail, in percent. */
  readonly faultPercent?: number;
  readonly kills?: boolean;
  readonly onProgress?: (line: string) => void;
}

/** The report of a run. */
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
  /** The number of faults in the table and its indexes, by kind. */
  readonly deviant: Readonly<Record<Deviation['kind'], number>>;
  /** The sums of the answers' counts. `wrongCounts` has their mistakes. */
  readonly counts: CountSums;
  readonly wrongCounts: readonly string[];
  /** The figures of the queries during the run. */
  readonly queries: {
    readonly right: number;
    readonly honest: number;
    readonly lists: number;
    readonly compared: number;
    readonly wrong: readonly string[];
    readonly answers: Readonly<Record<string, number>>;
  };
  readonly erasures: {
    readonly done: number;
    readonly unfinished: number;
    readonly wrong: readonly string[];
    readonly answers: Readonly<Record<string, number>>;
  };
  /** The handled and resent emails. */
  readonly attendants: {
    readonly handled: number;
    readonly nothingToHandle: number;
    readonly resends: number;
    readonly wrong: readonly string[];
    readonly answers: Readonly<Record<string, number>>;
  };
  /** The number of notes in the table that people or other emails led to, by name. */
  readonly notes: Readonly<Record<string, number>>;
  /** The number of emails that ask for attention, and of those that a resolution ended or moved. */
  readonly attention: { readonly asks: number; readonly resolved: number; readonly asksAgain: number };
  /** The number of acknowledged events that wait for people in a queue instead of being in the table. */
  readonly durableButNotRecorded: number;
  /** The first faults in full. */
  readonly deviations: readonly Deviation[];
  readonly alerts: AlertFigures;
  /** The number of acknowledged unreadable events, and of those missing from quarantine. */
  readonly quarantine: { readonly acknowledged: number; readonly missing: number };
  /** The messages without unreadable events in queues that no function empties. */
  readonly keptAside: Readonly<Record<string, number>>;
  /** The messages left in queues that must become empty. */
  readonly undrained: Readonly<Record<string, number>>;
  /** The number of calls by function and service. */
  readonly calls: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<Caller, Readonly<Record<string, number>>>>;
  readonly kills: { readonly processes: Readonly<Record<KilledFunction, number>>; readonly stacks: number };
  readonly answers: Readonly<Record<string, number>>;
  /** Failures of functions other than kills, in the last stack's output. */
  readonly functionFailures: readonly string[];
  /** The number of lines about internal faults in the ingest function's log. */
  readonly faultLines: number;
  /** The latency of answered requests, in milliseconds. */
  readonly latency: Readonly<Record<'p50' | 'p99' | 'max', number>>;
}

/** It is longer than the function's timeout, so that a message is never in work twice at a time. */
const maxVisibilityTimeoutSeconds = 12;

/** The retention of a new installation. */
const retentionDays = 400;
const requestsInFlight = 8;
/** Each request has its own process, because processes wait for hanging calls most of the time. */
const processesPerFunction = requestsInFlight;
/** The whole stack is killed once per so many events, within these bounds. */
const eventsPerStackKill = 7_000;
const fewestStackKills = 1;
const mostStackKills = 8;
const longestDraining = 20 * 60_000;
const deviationsShown = 50;

/** Sends events to a separate stack with failing services and dying processes, and reports the outcome of each event. */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const { events, seed, faultPercent = usualPercent, kills = true, onProgress = () => {} } = options;
  const random = (purpose: number) => seededRandom(seed * 16 + purpose);
  const begunAt = Date.now();
  const dataDir = await mkdtemp(join(tmpdir(), 'mailtrail-torture-'));
  const alertWatch = watchAlerts();
  const proxies = await startFaultProxies({
    faultPercent,
    random: purpose => random(1_000 + purpose),
    onCall: (caller, call) => ['Alert', 'Digest'].includes(caller) && alertWatch.onCall(call),
  });
  const { serviceEndpoints } = proxies;
  const start = async (again: { port?: number } = {}) => {
    const started = await startStack({
      dataDir,
      assembly: null,
      secondsBetweenDigests: 1,
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

    /** The number of SIGKILLs to the whole stack. A new stack starts on the remaining data each time. */
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
    const besides: TrafficRequest[] = [];
    const attendants = startAttendants({
      url,
      tokens,
      ledger,
      random: random(10),
      send: requests => besides.push(...requests),
    });
    const shown = setInterval(() => {
      onProgress(
        `${figures.acknowledgedEvents} of ${events} events acknowledged, ${figures.sendings} requests, ` +
          `${erasures.done} erasures, ${attendants.handled} handled, ${queries.right} queries, ${stacksKilled.length} stacks killed`,
      );
    }, 500);
    const deliveringSince = Date.now();
    const delivering = deliver({
      url,
      keys,
      requests: traffic({ events, seed, endsBefore: begunAt }),
      besides,
      inFlight: requestsInFlight,
      ledger,
      random: random(7),
      figures,
      signal: stopping.signal,
    });
    const restarts = restarting();
    // A stack that does not start again ends the run.
    restarts.catch(() => stopping.abort());
    try {
      await delivering;
    } finally {
      stopping.abort();
      clearInterval(shown);
      await processKills?.stop();
      await queries.stop();
      await attendants.stop();
    }
    await restarts;
    onProgress('waiting for the last erasure');
    await erasures.stop();
    const comparingSince = Date.now();

    onProgress('waiting for what is still under way');
    await proxies.idle();
    const undrained = await waitUntilDrained(running.endpoints, longestDraining);
    for (const reader of await waitUntilStreamRead(running.endpoints, longestDraining)) undrained.set(reader, 1);
    erasures.drained();

    const logFile = Object.entries(running.endpoints.functions).find(([id]) => id.startsWith('Ingest'))![1].logFile;
    const faultLines = (await readFile(logFile, 'utf8')).split('"message":"fault"').length - 1;

    onProgress('comparing with the table');
    const deviations: Deviation[] = [];
    const entries = await indexEntries(running.endpoints);
    const listed: ListedEmail[] = [];
    const notes: Record<string, number> = {};
    const attention = { asks: 0, resolved: 0, asksAgain: 0 };
    for await (const item of storedItems(running.endpoints)) {
      const email = listedEmail(item);
      if (email !== null) {
        listed.push(email);
        attention.asks += email.asks ? 1 : 0;
        attention.resolved += email.isResolved ? 1 : 0;
        attention.asksAgain += email.asks && email.isResolved ? 1 : 0;
        for (const name of noteNamesIn(historyOf(item))) notes[name] = (notes[name] ?? 0) + 1;
      }
      deviations.push(...ledger.deviationsOf(item, entries.get(item.emailId) ?? {}));
      entries.delete(item.emailId);
    }
    deviations.push(...ledger.neverShown(), ...ledger.wrongLinks());
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

    onProgress('comparing the lists with the table');
    // A page of all accounts takes hundreds of calls, so that few pages would come through.
    proxies.calm('Query');
    await queries.compareLists(listed);

    onProgress('waiting for the alerts');
    const alertsSince = Date.now();
    const alerts = await alertFigures(running.url, ledger, () => ({
      ...alertWatch.seen,
      kills: [...(processKills?.times.Alert ?? []), ...(processKills?.times.Digest ?? []), ...stacksKilled],
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
      queries: {
        ...figuresOf(queries),
        right: queries.right,
        honest: queries.honest,
        lists: queries.lists,
        compared: queries.compared,
      },
      erasures: { ...figuresOf(erasures), done: erasures.done, unfinished: erasures.unfinished },
      attendants: {
        ...figuresOf(attendants),
        handled: attendants.handled,
        nothingToHandle: attendants.nothingToHandle,
        resends: attendants.resends,
      },
      notes,
      attention,
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

/** Waits for the end of the old engine, because a new one cannot open the data before. */
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

/** The answers of queries or erasures, and their mistakes. */
function figuresOf({ wrong, answers }: { wrong: readonly string[]; answers: ReadonlyMap<string, number> }) {
  return { wrong, answers: Object.fromEntries([...answers].toSorted()) };
}
