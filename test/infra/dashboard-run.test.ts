/** Runs the stack, with real traffic and failures, and asks for every metric of the dashboard's widgets. */

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudWatchClient,
  GetMetricDataCommand,
  type MetricDataQuery,
  paginateListMetrics,
} from '@aws-sdk/client-cloudwatch';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createToken } from '../../infra/local/cli/token.ts';
import { type RunningStack, runStack } from '../../infra/local/run-stack.ts';
import { providers } from '../../shared/providers/registry.ts';
import { statusIds } from '../../shared/status/catalogue.ts';
import { type Report, reportToStack } from '../rigs/application.ts';
import { changedAssembly, sharedAssembly } from '../rigs/assembly.ts';
import { type DashboardBody, dashboardOf, metricsIn } from '../rigs/dashboard.ts';
import { eventually } from '../rigs/eventually.ts';
import { type FaultProxy, startFaultProxy } from '../torture/fault-proxy.ts';
import { always } from '../torture/faults.ts';
import { synthesize } from './synthesized.ts';

const settings = { providers: 'app', ingestConcurrency: 40 } as const;
const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-dashboard-'));
const services = {
  ingestTable: ['Ingest', 'AWS_ENDPOINT_URL_DYNAMODB', 'dynamodb'],
  ingestQueues: ['Ingest', 'AWS_ENDPOINT_URL_SQS', 'sqs'],
  queryTable: ['Query', 'AWS_ENDPOINT_URL_DYNAMODB', 'dynamodb'],
  digestTopic: ['Digest', 'AWS_ENDPOINT_URL_SNS', 'sns'],
} as const;
type Service = keyof typeof services;
let proxies: Record<Service, FaultProxy>;
let stack: RunningStack;
let cloudwatch: CloudWatchClient;
let lambda: LambdaClient;
let sns: SNSClient;
let body: DashboardBody;

beforeAll(async () => {
  const started = await Promise.all(
    Object.keys(services).map(async name => {
      const proxy = await startFaultProxy({
        // The proxy stands for a table at its limit here, so that it also counts as DynamoDB does.
        onCall({ operation: Operation, body, fault }) {
          if (fault !== 'throttling') return;
          const { TableName, RequestItems = {} } = JSON.parse(body.toString());
          for (const table of TableName === undefined ? Object.keys(RequestItems) : [TableName]) {
            const dimensions = { TableName: table, Operation };
            stack.monitoring.measure({ namespace: 'AWS/DynamoDB', name: 'ThrottledRequests', dimensions, value: 1 });
          }
        },
      });
      return [name, proxy] as const;
    }),
  );
  proxies = Object.fromEntries(started) as typeof proxies;
  const serviceEndpoints: Record<string, Record<string, string>> = {};
  for (const [name, [functionName, variable]] of Object.entries(services)) {
    const { endpoint } = proxies[name as Service];
    serviceEndpoints[functionName] = { ...serviceEndpoints[functionName], [variable]: endpoint };
  }
  stack = await runStack({
    port: 0,
    dataDir,
    providers,
    assembly: changedAssembly(await sharedAssembly(), join(dataDir, 'cdk.out'), settings, (_, properties) => {
      const limits = { ThrottlingRateLimit: 1, ThrottlingBurstLimit: 1 };
      // The account's limit takes too many calls.
      if ('RouteSettings' in properties) properties.RouteSettings['ANY /webhooks/{provider}'] = limits;
    }),
    maxVisibilityTimeoutSeconds: 1,
    secondsBetweenDigests: 1,
    serviceEndpoints,
    metered: true,
    onStep: () => {},
    onAnswer: () => {},
    onFault: () => {},
    onInboxMessage: () => {},
  });
  const { endpoints, meter } = stack;
  for (const [name, [, , service]] of Object.entries(services)) {
    proxies[name as Service].leadTo(service === 'dynamodb' ? meter!.endpoint : endpoints[service]);
  }
  const options = { region: endpoints.region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  cloudwatch = new CloudWatchClient({ ...options, endpoint: endpoints.cloudwatch });
  lambda = new LambdaClient({ ...options, endpoint: endpoints.lambda });
  sns = new SNSClient({ ...options, endpoint: endpoints.sns });
  body = dashboardOf(synthesize(settings)).body;
});

afterAll(async () => {
  await stack?.stop();
  for (const client of [cloudwatch, lambda, sns]) client?.destroy();
  for (const proxy of Object.values(proxies ?? {})) await proxy.stop();
});

const report = (id: string, status: string): Report => ({
  type: `email.${status}`,
  timestamp: new Date().toISOString(),
  data: { messageId: id, recipient: `${id}@example.com`, accountId: 'dashboard' },
});

let calls = 0;
const tell = (...statuses: readonly string[]) => {
  calls += 1;
  return reportToStack(
    stack.endpoints,
    `dashboard-${calls}`,
    statuses.map(status => report(`mail-${calls}`, status)),
  );
};

async function readList(token?: string): Promise<number> {
  const bearer = token ?? (await createToken(dataDir, { account: 'dashboard' }));
  const headers = { authorization: `Bearer ${bearer}` };
  return (await fetch(`${stack.endpoints.url}/accounts/dashboard/emails`, { headers })).status;
}

const idOf = (named: Readonly<Record<string, unknown>>, start: string) =>
  Object.keys(named).find(id => id.startsWith(start))!;

const webhook = (method: string) => fetch(`${stack.endpoints.url}/webhooks/app`, { method });

/** Breaks a service while something is done. */
async function broken<Result>(
  names: readonly Service[],
  fault: 'server error' | 'throttling',
  work: () => Promise<Result>,
) {
  for (const name of names) proxies[name].plan(always(fault));
  const result = await work();
  for (const name of names) proxies[name].plan(null);
  return result;
}

const listed = ({ namespace, name, dimensions }: ReturnType<typeof metricsIn>[number]) =>
  JSON.stringify([namespace, name, Object.entries(dimensions).sort()]);

/** Every metric that the run has emitted, as CloudWatch lists it. */
async function emitted(): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for await (const { Metrics = [] } of paginateListMetrics({ client: cloudwatch }, {})) {
    for (const { Namespace = '', MetricName = '', Dimensions = [] } of Metrics) {
      const dimensions = Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name!, Value!]));
      found.add(listed({ namespace: Namespace, name: MetricName, dimensions }));
    }
  }
  return found;
}

async function missing(): Promise<readonly string[]> {
  const known = await emitted();
  return metricsIn(body)
    .map(listed)
    .filter(metric => !known.has(metric));
}

/** The metrics of a widget as queries, with the ids that its expressions name. */
function queriesOf(metrics: NonNullable<DashboardBody['widgets'][number]['properties']['metrics']>): MetricDataQuery[] {
  interface Options {
    readonly id?: string;
    readonly expression?: string;
    readonly stat?: string;
    readonly period?: number;
    readonly visible?: boolean;
  }
  return metrics.map((parts, index) => {
    const { id, expression, stat = 'Average', period = 300, visible = true } = parts.at(-1) as Options;
    const [metric] = metricsIn({ widgets: [{ properties: { metrics: [parts] } }] } as unknown as DashboardBody);
    const common = { Id: id ?? `line${index}`, ReturnData: visible };
    if (metric === undefined) return { ...common, Expression: expression! };
    const Dimensions = Object.entries(metric.dimensions).map(([Name, Value]) => ({ Name, Value }));
    const Metric = { Namespace: metric.namespace, MetricName: metric.name, Dimensions };
    return { ...common, MetricStat: { Metric, Period: period, Stat: stat } };
  });
}

describe('a stack with traffic and failures', () => {
  it('emits every metric of the dashboard', async () => {
    expect(await tell(...statusIds)).toBe(200);
    const again = [report('again', 'delivered')];
    for (const time of ['first', 'second']) expect(await reportToStack(stack.endpoints, time, again)).toBe(200);
    expect(await readList()).toBe(200);
    expect(await readList('e30.e30.e30')).toBe(401);
    expect((await webhook('POST')).status).toBe(401);
    const { FunctionError } = await lambda.send(
      new InvokeCommand({ FunctionName: idOf(stack.endpoints.functions, 'Watch'), Payload: '{}' }),
    );
    expect(FunctionError).toBeUndefined();

    // Failures, of which the last ones break what the others need.
    const many = await Promise.all(Array.from({ length: 4 }, () => webhook('GET')));
    expect(many.map(({ status }) => status)).toContain(429);
    // A list reads its index first, which is not throttled here.
    proxies.queryTable.plan((_, operation) => (operation === 'BatchGetItem' ? 'throttling' : null));
    await readList();
    proxies.queryTable.plan(null);
    await broken(['ingestTable', 'ingestQueues'], 'server error', () => tell('delivered'));
    await broken(['ingestTable'], 'throttling', async () => {
      expect(await tell('sent')).toBe(200);
      await eventually(async () =>
        expect((await missing()).join('\n')).not.toMatch(/FailedMessages|ThrottledRequests/),
      );
    });
    await broken(['digestTopic'], 'server error', async () => {
      expect(await tell('hard_bounced')).toBe(200);
      await eventually(async () => expect((await missing()).join('\n')).not.toContain('DigestsFailed'));
    });
    const TopicArn = stack.endpoints.topics[idOf(stack.endpoints.topics, 'Support')];
    await Promise.all(
      Array.from({ length: 11 }, () => sns.send(new PublishCommand({ TopicArn, Message: 'one of many' }))),
    );
    await eventually(async () => expect(await missing()).toEqual([]));
  });

  it('gives each line of the dashboard a value', async () => {
    const graphs = body.widgets.filter(({ type }) => type === 'metric');
    expect(graphs.length).toBeGreaterThan(20);
    for (const { properties } of graphs) {
      const { MetricDataResults = [] } = await cloudwatch.send(
        new GetMetricDataCommand({
          MetricDataQueries: queriesOf(properties.metrics!),
          StartTime: new Date(Date.now() - 3_600_000),
          EndTime: new Date(Date.now() + 60_000),
        }),
      );
      expect(MetricDataResults.length, properties.title).toBeGreaterThan(0);
      for (const { Id, Values } of MetricDataResults) {
        expect(Values?.length, `${properties.title}: ${Id}`).toBeGreaterThan(0);
      }
    }
  });
});
