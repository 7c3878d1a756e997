import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { createStatusConsumer } from '../../docs/examples/status-consumer.ts';
import { readAssembly } from '../../infra/local/cloudformation/assembly.ts';
import { region, resolveTemplate } from '../../infra/local/cloudformation/template.ts';
import { startStackMappings } from '../../infra/local/event-sources/stack-mappings.ts';
import { createStackFunctions } from '../../infra/local/lambda/stack-functions.ts';
import { chooseEngine } from '../../infra/local/services/dynamodb-engine.ts';
import { startEventBus } from '../../infra/local/services/event-bus.ts';
import type { BusEvent } from '../../infra/local/services/put-events.ts';
import { startQueues } from '../../infra/local/services/queues.ts';
import { openTable } from '../../infra/local/services/tables.ts';
import { createRecorder } from '../../shared/email/recorder.ts';
import { type StatusChanged, statusChanged } from '../../shared/events/status-changed-schema.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { isoText } from '../../shared/runtime/time.ts';
import { sharedAssembly } from '../rigs/assembly.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { faults, randomFaults, usualPercent } from './faults.ts';
import type { StoredItem } from './ledger.ts';
import { between, oneOf, type Random, seededRandom } from './random.ts';
import { type DueEvent, statusChanges } from './status-changes.ts';
import { storedItems } from './stored.ts';

export interface StatusEventsOptions {
  /** How many times the emails change their status. */
  readonly changes: number;
  readonly seed: number;
  /** The share of the function's calls that fail, in percent. */
  readonly faultPercent?: number;
  readonly kills?: boolean;
  readonly onProgress?: (line: string) => void;
}

/** The number of faults by kind. */
const deviationKinds = [
  'missing',
  'invented',
  'wrong content',
  'different repetition',
  'wrong at the consumer',
] as const;
type DeviationKind = (typeof deviationKinds)[number];

/** The report of a run. */
export interface StatusEventsReport {
  readonly seed: number;
  readonly faultPercent: number;
  readonly seconds: number;
  readonly emails: number;
  /** Changes of status, each of which is due as an event. */
  readonly changes: number;
  /** Events that the bus took, with repetitions. */
  readonly published: number;
  readonly repetitions: number;
  readonly deviant: Readonly<Record<DeviationKind, number>>;
  /** The first faults in full. */
  readonly deviations: readonly string[];
  /** Batches of the stream that went to the failure bucket. */
  readonly givenUp: readonly string[];
  readonly putEventsCalls: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly kills: number;
}

/** A lane mostly waits: for calls that hang, for processes that were killed, and between attempts. */
const shards = 12;
const writersAtOnce = 16;
/** A run ends if the function has put no event for so long. No wait of its source or its client lasts longer. */
const longestQuietMs = 60_000;
const deviationsShown = 50;
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/**
 * Changes the statuses of emails in a real table, whose stream feeds the bundled changes function. Its calls to the bus and
 * to the table of guards fail, and its processes are killed.
 */
export async function tortureStatusEvents(options: StatusEventsOptions): Promise<StatusEventsReport> {
  const { changes, seed, faultPercent = usualPercent, kills = true, onProgress = () => {} } = options;
  const random = (purpose: number) => seededRandom(seed * 16 + purpose);
  const begunAt = Date.now();
  const dataDir = await mkdtemp(join(tmpdir(), 'mailtrail-status-events-'));
  const stops: (() => unknown)[] = [() => rm(dataDir, { recursive: true, force: true })];
  try {
    const planned = statusChanges(changes, random(1), begunAt);
    const published: BusEvent[] = [];
    const parts = await startChanges(dataDir, {
      faultPercent,
      random: random(2),
      onEvent: event => published.push(event),
      stops,
    });
    const killing = kills ? startKilling(parts.pids, random(3)) : null;

    const left = new Set(planned.due.keys());
    let written = 0;
    const shown = setInterval(() => {
      const emails = `${written} of ${planned.emails.length} emails written`;
      onProgress(`${emails}, ${published.length} events published, ${left.size} of ${planned.due.size} changes left`);
    }, 500);
    stops.push(() => clearInterval(shown));
    await forEachConcurrently(planned.emails, writersAtOnce, async writes => {
      for (const write of writes) await parts.record(write);
      written += 1;
    });
    let seen = 0;
    let lastCall = { calls: 0, at: Date.now() };
    while (left.size > 0 && Date.now() - lastCall.at < longestQuietMs) {
      await delay(50);
      for (; seen < published.length; seen += 1) left.delete(String(published[seen]!.detail.id));
      if (parts.bus.calls > lastCall.calls) lastCall = { calls: parts.bus.calls, at: Date.now() };
    }
    clearInterval(shown);
    await killing?.stop();
    await parts.settle();

    const deviations = new Map<DeviationKind, string[]>(deviationKinds.map(kind => [kind, []]));
    const deviate = (kind: DeviationKind, what: unknown) => deviations.get(kind)!.push(JSON.stringify(what));
    const byId = Map.groupBy(published, ({ detail }) => String(detail.id));
    for (const [id, one] of planned.due) if (!byId.has(id)) deviate('missing', one);
    for (const [id, events] of byId) {
      const { detail } = events[0]!;
      const due = planned.due.get(id);
      if (due === undefined) deviate('invented', detail);
      else if (!isAsDue(detail, due)) deviate('wrong content', { detail, due });
      for (const other of events) if (!isDeepStrictEqual(other.detail, detail)) deviate('different repetition', detail);
    }
    const items: StoredItem[] = [];
    for await (const item of storedItems(parts.table)) items.push(item);
    for (let order = 0; order < 3; order += 1) {
      for (const wrong of wrongAtConsumer(published, items, random(4 + order))) deviate('wrong at the consumer', wrong);
    }
    return {
      seed,
      faultPercent,
      seconds: (Date.now() - begunAt) / 1000,
      emails: planned.emails.length,
      changes: planned.due.size,
      published: published.length,
      repetitions: published.length - byId.size,
      deviant: Object.fromEntries([...deviations].map(([kind, all]) => [kind, all.length])) as Record<
        DeviationKind,
        number
      >,
      deviations: [...deviations]
        .flatMap(([kind, all]) => all.map(what => `${kind}: ${what}`))
        .slice(0, deviationsShown),
      givenUp: parts.givenUp,
      putEventsCalls: parts.bus.operations.get('PutEvents') ?? 0,
      faults: parts.faults(),
      kills: killing?.kills() ?? 0,
    };
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}

/** Returns whether anything was lost, invented, wrong or left over. */
export function statusEventsFailed({ deviant, givenUp }: StatusEventsReport): boolean {
  return givenUp.length > 0 || Object.values(deviant).some(count => count > 0);
}

/** Formats the report of a run as a table for people. */
export function statusEventsTable(report: StatusEventsReport): string {
  const { seed, seconds, emails, changes, published, repetitions, deviant, givenUp } = report;
  const rows: (readonly [string, unknown])[] = [
    ['seed', seed],
    ['changes of status', `${changes} of ${emails} emails`],
    ['events published', `${published}, of which ${repetitions} repeat another`],
    ...Object.entries(deviant),
    ['batches given up', givenUp.length],
    ['calls of PutEvents', report.putEventsCalls],
    [
      'faults',
      Object.entries(report.faults)
        .map(([kind, count]) => `${kind} ${count}`)
        .join(', ') || 'none',
    ],
    ['kills', report.kills],
    ['seconds', Math.round(seconds)],
  ];
  const lines = rows.map(([name, value]) => `  ${name.padEnd(22)}  ${value}`);
  return [...lines, ...[...report.deviations, ...givenUp].map(line => `  ${line}`)].join('\n');
}

function isAsDue(detail: object, { id, emailId, from, to, since, rank }: DueEvent): boolean {
  const { success, data } = statusChanged.safeParse(detail);
  if (!success) return false;
  const told = { id: data.id, emailId: data.emailId, to: data.to, since: data.since, rank: data.rank };
  return (data.from?.status ?? null) === from && isDeepStrictEqual(told, { id, emailId, to, since, rank });
}

/** Gives the example's consumer all events in a random order, some of them again, and compares its statuses with the table. */
function wrongAtConsumer(
  published: readonly BusEvent[],
  items: readonly StoredItem[],
  random: Random,
): readonly unknown[] {
  const consumer = createStatusConsumer();
  const again = published.filter(() => random() < 0.3);
  for (const event of shuffled([...published, ...again], random)) {
    consumer.take({ ...event, detail: event.detail as StatusChanged });
  }
  const wanted = new Map(
    items.flatMap(({ emailId, status, statusAt }) =>
      status === undefined ? [] : [[emailId, { to: status, since: isoText(statusAt as number) }] as const],
    ),
  );
  const ids = new Set([...wanted.keys(), ...consumer.statuses.keys()]);
  return [...ids].flatMap(emailId => {
    const { to, since } = consumer.statuses.get(emailId) ?? {};
    const stored = wanted.get(emailId);
    return to === stored?.to && since === stored?.since ? [] : [{ emailId, consumer: { to, since }, stored }];
  });
}

function shuffled<Item>(items: readonly Item[], random: Random): readonly Item[] {
  return items
    .map(item => ({ item, place: random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item);
}

const mappingType = 'AWS::Lambda::EventSourceMapping';
const isOfChanges = (logicalId: string) => logicalId.startsWith('Changes');

/** Starts the table, the stream's mapping and the changes function, with proxies before the services that it calls. */
async function startChanges(
  dataDir: string,
  options: {
    readonly faultPercent: number;
    readonly random: Random;
    readonly onEvent: (event: BusEvent) => void;
    /** Takes what ends the parts. */
    readonly stops: (() => unknown)[];
  },
) {
  const { faultPercent, random, onEvent, stops } = options;
  const givenUp: string[] = [];
  const onFault = (line: string) => {
    if (line.includes('given up')) givenUp.push(line);
  };
  const add = <Part extends { stop(): unknown }>(part: Part): Part => {
    stops.push(() => part.stop());
    return part;
  };
  const assembly = readAssembly(await sharedAssembly());
  const startEngine = await chooseEngine();
  const engine = add(await startEngine({ dataDir: join(dataDir, 'dynamodb') }));
  const queues = add(await startQueues(join(dataDir, 'queues')));
  const eventBus = add(await startEventBus({ onFault, onEvent: ({ event }) => onEvent(event) }));
  const bus = add(await startFaultProxy({ target: eventBus.endpoint, random }));
  const database = add(await startFaultProxy({ target: engine.endpoint, random }));

  const template = resolveTemplate(assembly.template, {
    parameters: { OidcIssuer: 'http://127.0.0.1', OidcAudience: 'none' },
    queueEndpoint: queues.endpoint,
  });
  await queues.create(template);
  eventBus.serve(template, { queueEndpoint: queues.endpoint, secretText: () => 'none' });
  const tables = new Map(
    await Promise.all(
      template
        .ofType('AWS::DynamoDB::Table')
        .map(async resource => [resource.logicalId, await openTable(engine.endpoint, resource)] as const),
    ),
  );
  const functions = add(
    createStackFunctions(
      template,
      assembly,
      dataDir,
      { AWS_ENDPOINT_URL_DYNAMODB: database.endpoint, AWS_ENDPOINT_URL_EVENTBRIDGE: bus.endpoint },
      { processes: shards },
    ),
  );
  bus.plan(randomFaults(random, faultPercent));
  database.plan(randomFaults(random, faultPercent));
  const [mapping] = template.ofType(mappingType).filter(({ logicalId }) => isOfChanges(logicalId));
  const mappings = startStackMappings({
    // Only this function reads the stream.
    template: { ...template, ofType: type => (type === mappingType ? [mapping!] : template.ofType(type)) },
    functions,
    tables,
    dynamoDbEndpoint: engine.endpoint,
    queueEndpoint: queues.endpoint,
    dataDir,
    streamShards: shards,
    maxBatchingWindowSeconds: 1,
    onFault,
  });
  const stopMappings = () => Promise.all(mappings.map(mapping => mapping.stop()));
  stops.push(stopMappings);

  const table = tables.get(template.byArn('AWS::DynamoDB::Table', mapping!.properties.EventSourceArn)!.logicalId)!;
  const client = documentClient({ endpoint: engine.endpoint, region, credentials });
  const recorder = createRecorder({ client, tableName: table.name, retentionDays: 400 });
  return {
    bus,
    givenUp,
    table: { dynamodb: engine.endpoint, region, tableName: table.name },
    pids: () => Object.entries(functions.pids()).flatMap(([id, pids]) => (isOfChanges(id) ? pids : [])),
    async record(events: Parameters<typeof recorder.record>[0]) {
      const { failed, unrecordable } = await recorder.record(events, Date.now());
      if (failed.length + unrecordable.length > 0) throw new Error('not recorded', { cause: failed[0]?.error });
    },
    faults() {
      const met: Record<string, number> = {};
      for (const { injected } of [bus, database]) {
        for (const [name, count] of injected) met[faults[name].kind] = (met[faults[name].kind] ?? 0) + count;
      }
      return met;
    },
    /** Lets everything under way end, without further faults. */
    async settle() {
      bus.plan(null);
      database.plan(null);
      await stopMappings();
      await Promise.all([bus.idle(), database.idle()]);
    },
  };
}

/** Sends SIGKILL to one of the processes at random times. */
function startKilling(pids: () => readonly number[], random: Random) {
  const stopping = new AbortController();
  const { signal } = stopping;
  let kills = 0;
  const run = async () => {
    while (!signal.aborted) {
      await delay(between(200, 2_000, random), undefined, { signal }).catch(() => {});
      const running = pids();
      if (signal.aborted || running.length === 0) continue;
      try {
        process.kill(oneOf(running, random), 'SIGKILL');
        kills += 1;
      } catch {
        // The process has ended by itself meanwhile.
      }
    }
  };
  const finished = run();
  return {
    kills: () => kills,
    async stop() {
      stopping.abort();
      await finished;
    },
  };
}
