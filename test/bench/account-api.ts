import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { createToken } from '../../infra/local/cli/token.ts';
import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import { expressionNames, summaryAttributes } from '../../shared/email/item.ts';
import { createReader } from '../../shared/email/reader.ts';
import { createRecorder } from '../../shared/email/recorder.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { cpuMs } from '../rigs/cpu-time.ts';
import { queryFunction, tokenOf } from '../rigs/query-function.ts';
import { type StartedStack, startStack } from '../rigs/start-stack.ts';
import { startFaultProxy } from '../torture/fault-proxy.ts';
import { counted, type Figure, figure, measured, quantile } from './figures.ts';

const turns = 20;
const warmUp = 5;
const callsATurn = 20;
const accounts = 20;
const emailsOfAccount = 100;
const pageSize = 50;

const account = 'account-0';

/**
 * Times reads over HTTP from the running local stack. In turn with them, it times the same calls through the bare SDK
 * and through the function alone, without gateway and process. It also counts the database calls of each read.
 */
export async function accountApi(): Promise<Figure[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mailtrail-bench-'));
  try {
    const direct = await startStack({ dataDir });
    const timed = await timesOf(direct, dataDir).finally(() => direct.stop());
    return [...timed, ...(await callsOf(dataDir))];
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function timesOf({ url, endpoints }: StartedStack, dataDir: string): Promise<Figure[]> {
  const { dynamodb, tableName: TableName, region } = endpoints;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint: dynamodb, region, credentials }));
  await createRecorder({ client, tableName: TableName, retentionDays: 400 }).record(lives(), noon);

  const authorization = `Bearer ${await createToken(dataDir, { account })}`;
  // As lean as the SDK's own client, so that the difference is the time of the parts in between.
  const agent = new Agent({ keepAlive: true });
  const get = (path: string) =>
    new Promise((resolve, reject) => {
      const sent = request(`${url}${path}`, { agent, headers: { authorization } }, async answer => {
        const chunks: Buffer[] = [];
        for await (const chunk of answer) chunks.push(chunk);
        const body = JSON.parse(Buffer.concat(chunks).toString());
        if (answer.statusCode === 200) resolve(body);
        else reject(new Error(`GET ${path} was answered ${answer.statusCode}`));
      });
      sent.once('error', reject).end();
    });
  const bareEmail = () => client.send(new GetCommand({ TableName, Key: { emailId }, ConsistentRead: true }));
  const projection = summaryAttributes.map(name => `#${name}`).join(', ');
  const barePage = async () => {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName,
        IndexName: 'byAccount',
        KeyConditionExpression: 'accountId = :accountId',
        ExpressionAttributeValues: { ':accountId': account },
        ScanIndexForward: false,
        Limit: pageSize + 1,
      }),
    );
    const asked = {
      Keys: Items.slice(0, pageSize).map(key => ({ emailId: key.emailId })),
      ConsistentRead: true,
      ProjectionExpression: projection,
      ExpressionAttributeNames: expressionNames(projection),
    };
    await client.send(new BatchGetCommand({ RequestItems: { [TableName]: asked } }));
  };

  const store = createReader({
    client,
    tableName: TableName,
    retentionDays: 400,
    oldAfter: defaultOldAfter,
    now: Date.now,
  });
  const call = queryFunction({ store });
  const asked = { path: { accountId: account, emailId }, token: tokenOf(account) };
  const reads = {
    'page of 50 emails': {
      overHttp: () => get(paths.page),
      alone: () => call('GET /accounts/{accountId}/emails', { ...asked, query: `limit=${pageSize}` }),
      bare: barePage,
    },
    'one email': {
      overHttp: () => get(paths.email),
      alone: () => call('GET /accounts/{accountId}/emails/{emailId}', asked),
      bare: bareEmail,
    },
  };
  const figures: Figure[] = [];
  for (const [what, ways] of Object.entries(reads)) {
    const times = { overHttp: [] as number[], alone: [] as number[], bare: [] as number[] };
    const cpu = { overHttp: [] as number[], alone: [] as number[], bare: [] as number[] };
    for (let turn = -warmUp; turn < turns; turn += 1) {
      for (const way of ['overHttp', 'alone', 'bare'] as const) {
        const spent = await cpuMs(async () => {
          for (let call = 0; call < callsATurn; call += 1) {
            const begun = performance.now();
            await ways[way]();
            if (turn >= 0) times[way].push(performance.now() - begun);
          }
        });
        if (turn >= 0) cpu[way].push(spent / callsATurn);
      }
    }
    const floor = { what: 'the bare calls', samples: times.bare };
    figures.push(
      measured(`${what}: the function alone`, times.alone, 'ms', { floor, aim: '≤ 1.2' }),
      measured(`${what}: over HTTP`, times.overHttp, 'ms', { floor, aim: '≤ 1.5' }),
      measured(`${what}: the function alone`, cpu.alone, 'CPU ms', {
        floor: { what: 'the bare calls', samples: cpu.bare },
      }),
      measured(`${what}: the bare calls`, times.bare, 'ms'),
      figure(`${what}: over HTTP, p99`, quantile(times.overHttp, 0.99), 'ms'),
    );
  }
  client.destroy();
  agent.destroy();
  return figures;
}

/** Starts the stack once more and counts the query function's database calls. */
async function callsOf(dataDir: string): Promise<Figure[]> {
  const proxy = await startFaultProxy();
  const stack = await startStack({
    dataDir,
    serviceEndpoints: { Query: { AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint } },
  });
  try {
    proxy.leadTo(stack.endpoints.dynamodb);
    const authorization = `Bearer ${await createToken(dataDir, { account })}`;
    const figures: Figure[] = [];
    for (const [what, path] of Object.entries(paths)) {
      const before = new Map(proxy.operations);
      await (await fetch(`${stack.url}${path}`, { headers: { authorization } })).arrayBuffer();
      for (const [operation, calls] of proxy.operations) {
        const made = calls - (before.get(operation) ?? 0);
        if (made > 0) figures.push(counted(`${what}: calls of ${operation}`, made, '', { aim: '1' }));
      }
    }
    return figures;
  } finally {
    await stack.stop();
    await proxy.stop();
  }
}

/** Emails with three usual events each. */
function lives(): CanonicalEvent[] {
  return Array.from({ length: accounts * emailsOfAccount }, (_, index) =>
    (['sent', 'delivered', 'opened'] as const).map(
      (status, step): CanonicalEvent => ({
        eventId: `event-${index}-${step}`,
        provider: 'sendgrid',
        messageId: `14c5d75ce93-${index}`,
        recipient: `customer.${index}@example.com`,
        status,
        occurredAt: noon + index * 1_000 + step,
        evidence: 'unknown',
        providerEvent: status,
        accountId: `account-${index % accounts}`,
        subject: `Invoice ${index}`,
        reference: `INV-${index}`,
        userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)',
      }),
    ),
  ).flat();
}

const emailId = emailIdOf(lives()[0]!);
const paths = {
  page: `/accounts/${account}/emails?limit=${pageSize}`,
  email: `/accounts/${account}/emails/${emailId}`,
};
