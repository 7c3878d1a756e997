/** The lines of a bill for a number of emails: a local run of a few, projected. */

import { readableName } from '../../local/cloudformation/readable-name.ts';
import type { ResolvedTemplate } from '../../local/cloudformation/template.ts';
import type { ConsumedBy } from '../../local/services/dynamodb-meter.ts';
import { assumed } from './assumptions.ts';
import type { Line } from './line.ts';
import type { Measured } from './measure.ts';
import type { PriceName } from './prices.ts';
import { type FunctionFacts, functionFacts, logGroups, tableFacts, urlTargets } from './template-facts.ts';
import type { FunctionUse } from './usage.ts';

const megabytesOfOneCpu = 1_769;
const gigabyte = 1e9;
const noUse: FunctionUse = { invocations: 0, records: 0, cpuMs: 0, calls: {}, logLines: 0, logBytes: 0 };

/** How often a function runs for a number of emails that come evenly over a month. */
export interface Projected {
  readonly facts: FunctionFacts;
  readonly use: FunctionUse;
  readonly invocations: number;
  /** The projected invocations for each one that was counted. */
  readonly byInvocation: number;
  /** Records here of its batches, or of its feeder's. An operation called at least half as often goes by the record. */
  readonly records: number;
}

/** @param times the emails of the bill for each one that was sent here */
export function projectedFunctions(measured: Measured, times: number): readonly Projected[] {
  const all = functionFacts(measured.template);
  const monthSeconds = assumed('daysAMonth') * 86_400;
  const useOf = ({ name }: FunctionFacts) => measured.used.functions[name] ?? noUse;

  /** The function that fills the queue of a function. */
  function feederOf(facts: FunctionFacts): FunctionFacts | undefined {
    const [source] = facts.sources;
    return all.find(
      one =>
        one !== facts && useOf(one).invocations > 0 && source !== undefined && one.environment.includes(source.ref),
    );
  }

  function invocationsOf(facts: FunctionFacts): number {
    const use = useOf(facts);
    const [source] = facts.sources;
    if (source === undefined || facts.serves || use.invocations === 0) return use.invocations * times;
    if (source.kind === 'stream') {
      const shards = assumed('streamShards');
      const records = use.records * times;
      // A window begins with its first record.
      const seconds = source.windowSeconds + (monthSeconds * shards) / records;
      return Math.max((monthSeconds * shards) / seconds, records / source.batchSize);
    }
    const feeder = feederOf(facts);
    if (feeder === undefined) return use.invocations * times;
    return (use.invocations / useOf(feeder).invocations) * invocationsOf(feeder);
  }

  return all.map(facts => {
    const use = useOf(facts);
    const invocations = invocationsOf(facts);
    const feeder = feederOf(facts);
    return {
      facts,
      use,
      invocations,
      byInvocation: use.invocations === 0 ? 0 : invocations / use.invocations,
      records: isStreamReader(facts) || feeder === undefined ? use.records : useOf(feeder).records,
    };
  });
}

/** Whether batches of a stream reach the function: its calls go by batch or by record. */
const isStreamReader = ({ serves, sources }: FunctionFacts) => !serves && sources.some(({ kind }) => kind === 'stream');

/** The billed milliseconds of all invocations. */
export function billedMs({ facts, use, invocations, byInvocation }: Omit<Projected, 'records'>, times: number): number {
  const slower = Math.max(1, megabytesOfOneCpu / facts.memoryMegabytes) * assumed('cpuFactor');
  const extra = Math.max(0, invocations - use.invocations * times) * assumed('minCpuMs');
  const { dynamodb = 0, ...others } = use.calls;
  const otherCalls = Object.values(others).reduce((sum, calls) => sum + calls, 0);
  const wait = (dynamodb * assumed('dynamoDbMs') + otherCalls * assumed('otherCallMs')) * byInvocation;
  // Lambda rounds each invocation up to a millisecond.
  return (use.cpuMs * times + extra) * slower + wait + invocations * 0.5;
}

/**
 * The lines of what emails cost, up to the end of their retention.
 *
 * @param emails how many
 */
export function emailsLines(measured: Measured, emails: number): readonly Line[] {
  const { template, used, stored } = measured;
  const times = emails / measured.emails;
  const functions = projectedFunctions(measured, times);
  const named = functions.filter(({ invocations }) => invocations > 0);
  const tables = tableFacts(template);
  const rare = (table: string) => tables[table]?.rarelyRead === true;
  return [
    {
      component: 'gateway',
      basis: `${perEmail(used.gatewayRequests, measured)} requests an email`,
      price: 'gatewayRequests',
      quantity: used.gatewayRequests * times,
    },
    ...queuePathLines(measured, functions, times),
    ...named.map(
      ({ facts, invocations }): Line => ({
        component: `${readableName(facts.name)} function, invocations`,
        basis: `${rounded(invocations / emails)} an email${
          isStreamReader(facts) ? `, window of ${facts.sources[0]!.windowSeconds} s` : ''
        }`,
        price: 'lambdaRequests',
        quantity: invocations,
      }),
    ),
    ...named.map((one): Line => {
      const ms = billedMs(one, times);
      const { name, memoryMegabytes } = one.facts;
      return {
        component: `${readableName(name)} function, compute`,
        basis: `${rounded(ms / one.invocations)} ms at ${memoryMegabytes} MB`,
        price: 'lambdaGbSeconds',
        quantity: ((ms / 1000) * memoryMegabytes) / 1024,
      };
    }),
    ...unitLines(measured, functions, times),
    ...Object.keys(tables).flatMap((table): Line[] => {
      const size = stored.find(one => one.table === table);
      if (size === undefined || size.items === 0) return [];
      const gbMonths = (byteDays: number) => (byteDays * times) / assumed('daysAMonth') / gigabyte;
      const days = Math.round((size.itemByteDays / Math.max(1, size.itemBytes)) * 10) / 10;
      const price = rare(table) ? 'rareTableStorage' : 'tableStorage';
      const name = readableName(table);
      return [
        {
          component: `${name} table, items`,
          basis: `${perEmail(size.itemBytes, measured)} bytes an email for ${days} days`,
          price,
          quantity: gbMonths(size.itemByteDays),
        },
        {
          component: `${name} table, indexes`,
          basis: `${perEmail(size.indexBytes, measured)} bytes an email for ${days} days`,
          price,
          quantity: gbMonths(size.indexByteDays),
        },
        {
          component: `${name} table, point-in-time recovery`,
          basis: 'the items without indexes',
          price: 'backupStorage',
          quantity: tables[table]?.backedUp ? gbMonths(size.itemByteDays) : 0,
        },
      ];
    }),
    ...logLines(template, measured.emails, times, functions, used),
    ...noticeLines(measured, functions, times),
    ...eventLines(
      template,
      'events',
      used.busEvents * times,
      `${perEmail(used.busEvents, measured)} changes of its status an email`,
    ),
  ];
}

/** Lines about events that come through a topic and a queue, and about batches of queues. */
function queuePathLines(
  { events, used, provider }: Measured,
  functions: readonly Projected[],
  times: number,
): readonly Line[] {
  const bySes = provider === 'ses';
  const batches = functions
    .filter(({ facts }) => facts.sources.some(({ kind }) => kind === 'queue') && (bySes || !facts.serves))
    .reduce((sum, { invocations }) => sum + invocations, 0);
  return [
    {
      component: 'topic of Amazon SES',
      basis: 'one message an event',
      price: 'topicRequests',
      quantity: bySes ? (events - used.gatewayRequests) * times : 0,
    },
    {
      component: 'queues, batches',
      basis: 'a receive and a delete a batch',
      price: 'queueRequests',
      quantity: 2 * batches,
    },
  ];
}

function unitLines(
  { used, template, emails }: Measured,
  functions: readonly Projected[],
  times: number,
): readonly Line[] {
  const groups = new Map<string, Omit<Line, 'basis'> & { readonly caller: string }>();
  for (const row of used.units) {
    const reader = functions.find(({ facts }) => facts.name === row.caller);
    const factor = reader === undefined ? times : factorOf(reader, row.calls, times);
    const caller = reader === undefined ? 'others' : readableName(reader.facts.name);
    for (const { component, price, units } of unitParts(row, template)) {
      const key = `${component} ${caller}`;
      const quantity = (groups.get(key)?.quantity ?? 0) + units * factor;
      groups.set(key, { component, caller, price, quantity });
    }
  }
  return [...groups.values()].map(({ caller, ...line }) => ({
    ...line,
    basis: `${rounded(line.quantity / (emails * times))} an email, by ${caller}`,
  }));
}

/** The units of a row: those of failed conditions apart. */
export function unitParts(row: ConsumedBy, template: ResolvedTemplate) {
  const rare = tableFacts(template)[row.table]?.rarelyRead === true;
  const price: PriceName =
    row.kind === 'write' ? (rare ? 'rareTableWrites' : 'tableWrites') : rare ? 'rareTableReads' : 'tableReads';
  const table = readableName(row.table);
  return [
    {
      component: `${table} table, ${row.index === null ? `${row.kind}s` : `index ${row.index}`}`,
      price,
      units: row.units - row.failedUnits,
    },
    { component: `${table} table, failed conditions`, price, units: row.failedUnits },
  ].filter(({ units }) => units > 0);
}

/** Readers of streams and queues get larger batches here than on AWS. */
function factorOf({ facts, records, byInvocation }: Projected, calls: number, times: number): number {
  if (facts.serves || facts.sources.length === 0) return byInvocation;
  return calls >= records / 2 ? times : byInvocation;
}

function logLines(
  template: ResolvedTemplate,
  sent: number,
  times: number,
  functions: readonly Projected[],
  { accessLogBytes, accessLogLines }: Measured['used'],
): readonly Line[] {
  const groups = logGroups(template);
  const retentionOf = (ref: string | undefined) => groups.find(group => group.ref === ref) ?? groups[0];
  const rows = functions.map(({ facts, use, invocations, byInvocation }) => {
    const { LogGroup } =
      template.ofType('AWS::Lambda::Function').find(({ ref }) => ref === facts.name)!.properties.LoggingConfig ?? {};
    const platform = facts.platformLines
      ? invocations * (assumed('platformLineBytes') + 3 * assumed('logEventBytes'))
      : 0;
    return {
      name: `${readableName(facts.name)} function`,
      group: retentionOf(LogGroup),
      bytes: (use.logBytes + use.logLines * assumed('logEventBytes')) * byInvocation + platform,
    };
  });
  const access = template.ofType('AWS::ApiGatewayV2::Stage')[0]?.properties.AccessLogSettings?.DestinationArn;
  const accessGroup = groups.find(({ ref }) => String(access).includes(ref));
  const all = [
    ...rows,
    {
      name: 'gateway',
      group: accessGroup,
      bytes: (accessLogBytes + accessLogLines * assumed('logEventBytes')) * times,
    },
  ].filter(({ bytes }) => bytes > 0);
  return [
    ...all.map(
      ({ name, group, bytes }): Line => ({
        component: `${name}, log`,
        basis: `${rounded(bytes / (sent * times))} bytes an email`,
        price: group?.rarelyRead ? 'rareLogBytes' : 'logBytes',
        quantity: bytes / gigabyte,
      }),
    ),
    {
      component: 'logs, storage',
      basis: `for ${all[0]?.group?.retentionDays ?? 0} days, compressed`,
      price: 'logStorage',
      quantity: all.reduce(
        (sum, { group, bytes }) =>
          sum + ((bytes / gigabyte) * assumed('logCompression') * (group?.retentionDays ?? 0)) / assumed('daysAMonth'),
        0,
      ),
    },
  ];
}

/** Lines about messages to machines and letters to people. */
function noticeLines(measured: Measured, functions: readonly Projected[], times: number): readonly Line[] {
  const published = functions.map(({ facts, use, byInvocation }) => ({
    letters: !facts.serves && facts.sources.some(({ kind }) => kind === 'queue'),
    messages: (use.calls.sns ?? 0) * byInvocation,
  }));
  const monthSeconds = assumed('daysAMonth') * 86_400;
  const wanted = published.filter(({ letters }) => letters).reduce((sum, { messages }) => sum + messages, 0);
  const letters = wanted === 0 ? 0 : monthSeconds / (assumed('secondsBetweenLetters') + monthSeconds / wanted);
  const toMachines = published.filter(one => !one.letters).reduce((sum, { messages }) => sum + messages, 0);
  const failures = Math.round(measured.failures * times);
  return [
    {
      component: 'alerts, messages',
      basis: `of ${failures.toLocaleString('en-US')} failed emails`,
      price: 'topicRequests',
      quantity: toMachines + letters,
    },
    {
      component: 'alerts, letters to support',
      basis: 'at most one a minute',
      price: 'topicEmails',
      quantity: letters,
    },
  ];
}

/**
 * Lines about events on the bus, which exist with the setting `events`, and about their calls of `eventsUrl`.
 *
 * @param name the events in the component's name
 */
export function eventLines(template: ResolvedTemplate, name: string, events: number, basis: string): readonly Line[] {
  const calls = events * urlTargets(template);
  return [
    { component: `${name}, published`, basis, price: 'busEvents', quantity: events },
    { component: `${name}, calls of eventsUrl`, basis: 'a call an event', price: 'urlCalls', quantity: calls },
  ];
}

const perEmail = (amount: number, { emails }: Measured) => rounded(amount / emails);

/** A number with three digits at most. */
export function rounded(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 3 });
}

/** The lines of calls that nobody signed. The table counts them once a minute, which is left out. */
export function refusedLines({ template, refused, refusedCalls }: Measured, calls: number): readonly Line[] {
  const times = calls / refusedCalls;
  const functions = functionFacts(template).flatMap(facts => {
    const use = refused.functions[facts.name];
    if (use === undefined || use.invocations === 0) return [];
    return { facts, use, invocations: use.invocations * times, byInvocation: times, records: use.records };
  });
  return [
    {
      component: 'gateway',
      basis: 'each call',
      price: 'gatewayRequests',
      quantity: refused.gatewayRequests * times,
    },
    ...functions.flatMap((one): Line[] => {
      const ms = billedMs(one, times);
      const { name, memoryMegabytes } = one.facts;
      return [
        {
          component: `${readableName(name)} function, invocations`,
          basis: 'each call',
          price: 'lambdaRequests',
          quantity: one.invocations,
        },
        {
          component: `${readableName(name)} function, compute`,
          basis: `${rounded(ms / one.invocations)} ms at ${memoryMegabytes} MB`,
          price: 'lambdaGbSeconds',
          quantity: ((ms / 1000) * memoryMegabytes) / 1024,
        },
      ];
    }),
    ...logLines(template, refusedCalls, times, functions, refused).map(line => ({
      ...line,
      basis: line.basis.replace('an email', 'a call'),
    })),
  ];
}
