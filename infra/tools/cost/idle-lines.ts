/** The lines of a bill for a month in which no email is sent, and for the metrics of a provider that reports. */

import { readableName } from '../../local/cloudformation/readable-name.ts';
import { assumed } from './assumptions.ts';
import { billedMs, eventLines, rounded, unitParts } from './emails-lines.ts';
import type { Line } from './line.ts';
import type { Measured } from './measure.ts';
import type { PriceName } from './prices.ts';
import {
  alarmMetrics,
  countingMappings,
  enabledMappings,
  filterMetrics,
  functionFacts,
  logGroups,
  scheduledRuns,
  tableFacts,
  uses,
} from './template-facts.ts';

const gigabyte = 1e9;

/** Calls of services that cost by the request, by the service's name in signatures. DynamoDB is metered by its units. */
const callPrices: Readonly<Record<string, readonly [PriceName, string]>> = {
  sqs: ['queueRequests', 'requests of SQS by functions'],
  sns: ['topicRequests', 'requests of SNS by functions'],
  s3: ['bucketLists', 'requests of S3 by functions'],
  monitoring: ['metricReads', 'requests of CloudWatch by functions, one metric each'],
};

/** The lines of a month at rest: the scheduled functions run, and with them the functions that they call. */
export function idleLines(measured: Measured): readonly Line[] {
  const { template, idle, idleRuns } = measured;
  const scheduled = scheduledRuns(template);
  const runs = Math.max(0, ...Object.values(scheduled));
  const times = runs / idleRuns;
  const timesOf = (name: string) => (scheduled[name] ?? runs) / idleRuns;
  const hours = assumed('daysAMonth') * 24;
  const functions = functionFacts(template).flatMap(facts => {
    const use = idle.functions[facts.name];
    if (use === undefined || use.invocations === 0) return [];
    return { facts, use, invocations: use.invocations * timesOf(facts.name), byInvocation: timesOf(facts.name) };
  });
  const everyRun = `${rounded(runs)} runs of the scheduled functions`;
  const composites = template.ofType('AWS::CloudWatch::CompositeAlarm').length;
  const secrets = template.ofType('AWS::SecretsManager::Secret').length;
  const queues = enabledMappings(template).filter(
    ({ properties }) => template.byArn('AWS::SQS::Queue', properties.EventSourceArn) !== undefined,
  ).length;
  const dashboards = template.ofType('AWS::CloudWatch::Dashboard').length;
  const counting = countingMappings(template);
  const filters = filterMetrics(template);
  const tables = tableFacts(template);
  const keyUses = new Map(
    idle.units
      .filter(({ table }) => tables[table]?.keyBilled)
      .map(({ caller, table }) => [`${caller} ${table}`, scheduled[caller ?? ''] ?? runs]),
  );
  const keyRequests = [...keyUses.values()].map(ofCaller => Math.min(ofCaller, assumed('keyRequestsAnHour') * hours));
  const logBytes = functions.reduce(
    (sum, { facts, use, invocations, byInvocation }) =>
      sum +
      (use.logBytes + use.logLines * assumed('logEventBytes')) * byInvocation +
      (facts.platformLines ? invocations * (assumed('platformLineBytes') + 3 * assumed('logEventBytes')) : 0),
    (idle.accessLogBytes + idle.accessLogLines * assumed('logEventBytes')) * times,
  );
  const retentionDays = logGroups(template)[0]?.retentionDays ?? 0;
  const calls = Object.entries(callPrices).map(([service, [price, component]]): Line => {
    const made = functions.reduce((sum, { use, byInvocation }) => sum + (use.calls[service] ?? 0) * byInvocation, 0);
    return { component, basis: everyRun, price, quantity: made };
  });
  return [
    {
      component: 'alarms',
      basis: `${template.ofType('AWS::CloudWatch::Alarm').length} alarms`,
      price: 'alarmMetrics',
      quantity: alarmMetrics(template),
    },
    { component: 'composite alarms', basis: 'each', price: 'compositeAlarms', quantity: composites },
    { component: 'secrets', basis: 'each', price: 'secrets', quantity: secrets },
    {
      component: 'reads of secrets',
      basis: `by ${uses(template, 'AWS::SecretsManager::Secret')} readers, with the first call a quarter of an hour after the last read`,
      price: 'secretReads',
      quantity: uses(template, 'AWS::SecretsManager::Secret') * assumed('secretReadsAnHour') * hours,
    },
    {
      component: 'polls of queues',
      basis: `${queues} queues with a function`,
      price: 'queueRequests',
      quantity: queues * assumed('pollsAMonth'),
    },
    {
      component: 'metrics at rest',
      basis: `${idle.metrics.length} of functions, ${filters.constant} of log filters`,
      price: 'metrics',
      quantity: idle.metrics.length + filters.constant,
    },
    {
      component: 'metrics of mappings',
      basis: `${counting} mappings that count events`,
      price: 'metrics',
      quantity: counting * assumed('mappingMetrics'),
    },
    {
      component: 'dashboards',
      basis: `${dashboards}, of which three are free`,
      price: 'dashboards',
      quantity: Math.max(0, dashboards - assumed('freeDashboards')),
    },
    { component: 'gateway', basis: everyRun, price: 'gatewayRequests', quantity: idle.gatewayRequests * times },
    {
      component: 'functions, invocations',
      basis: functions.map(({ facts }) => readableName(facts.name)).join(', '),
      price: 'lambdaRequests',
      quantity: functions.reduce((sum, { invocations }) => sum + invocations, 0),
    },
    {
      component: 'functions, compute',
      basis: everyRun,
      price: 'lambdaGbSeconds',
      quantity: functions.reduce(
        (sum, one) => sum + ((billedMs(one, one.byInvocation) / 1000) * one.facts.memoryMegabytes) / 1024,
        0,
      ),
    },
    ...unitLines(measured, timesOf),
    ...calls,
    ...digestLines(measured),
    {
      component: "requests for the tables' keys",
      basis: `${keyUses.size} uses of a table with a key of AWS KMS`,
      price: 'keyRequests',
      quantity: keyRequests.reduce((sum, requests) => sum + requests, 0),
    },
    { component: 'logs', basis: everyRun, price: 'logBytes', quantity: logBytes / gigabyte },
    {
      component: 'logs, storage',
      basis: `for ${retentionDays} days, compressed`,
      price: 'logStorage',
      quantity: ((logBytes / gigabyte) * assumed('logCompression') * retentionDays) / assumed('daysAMonth'),
    },
  ];
}

/** Lines about the daily digest, which exists with the setting `dailyDigestHour`: nothing else is published at rest. */
function digestLines({ template, idle, idleRuns }: Measured): readonly Line[] {
  const digests = Object.entries(scheduledRuns(template))
    .filter(([name]) => readableName(name) === 'daily')
    .reduce((sum, [, runs]) => sum + runs, 0);
  const basis = `${rounded(digests)} digests a month`;
  return [
    { component: 'daily digest, letters to support', basis, price: 'topicEmails', quantity: digests },
    ...eventLines(template, 'daily digest', (idle.busEvents / idleRuns) * digests, basis),
  ];
}

function unitLines({ template, idle }: Measured, timesOf: (name: string) => number): readonly Line[] {
  const groups = new Map<string, Line>();
  for (const row of idle.units) {
    for (const { component, price, units } of unitParts(row, template)) {
      const quantity = (groups.get(component)?.quantity ?? 0) + units * timesOf(row.caller ?? '');
      groups.set(component, { component, price, quantity, basis: `${rounded(quantity / 1000)} thousand units` });
    }
  }
  return [...groups.values()];
}

/** The metrics that have data only while the provider reports, for a month with data in every hour. */
export function reportingLines({ used, idle, template }: Measured): readonly Line[] {
  const more = used.metrics.filter(metric => !idle.metrics.includes(metric));
  const { rare } = filterMetrics(template);
  return [
    {
      component: 'metrics of a provider that reports',
      basis: more.map(nameOf).join(', '),
      price: 'metrics',
      quantity: more.length,
    },
    {
      component: 'metrics of log filters',
      basis: `${rare} in an hour with such a line: none is counted`,
      price: 'metrics',
      quantity: 0,
    },
  ];
}

/** `Events (Provider, Status)`: a metric with the names of its dimensions. */
function nameOf(metric: string): string {
  const [, name, dimensions] = JSON.parse(metric) as [string, string, readonly (readonly [string, string])[]];
  const values = dimensions.filter(([dimension]) => dimension !== 'service').map(([, value]) => value);
  return values.length === 0 ? name : `${name} (${values.join(', ')})`;
}
