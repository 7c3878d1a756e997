import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createToken } from '../../infra/local/cli/token.ts';
import { apiClient, dataOf } from '../../infra/tools/client/client.ts';
import type { CanonicalEvent } from '../../shared/email/event.ts';
import { createReader } from '../../shared/email/reader.ts';
import { createRecorder } from '../../shared/email/recorder.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { cpuMs } from '../rigs/cpu-time.ts';
import { queryFunction, tokenOf } from '../rigs/query-function.ts';
import { type StartedStack, startStack } from '../rigs/start-stack.ts';
import { startFaultProxy } from '../torture/fault-proxy.ts';
import { counted, type Figure, figure, measured, quantile } from './figures.ts';

const turns = 50;
const warmUp = 10;
const asked = 100;

/** Emails to each address of a list: few, as most have, and more than are looked up. */
const lists = { few: 3, many: 30 } as const;
type List = keyof typeof lists;

const account = 'acme';

/**
 * Times over HTTP, on the running local stack, one call about 100 addresses, and takes the CPU time of the function
 * alone. It then counts the database calls of that call through a proxy.
 */
export async function recipientsCheck(): Promise<Figure[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mailtrail-bench-'));
  try {
    const stack = await startStack({ dataDir });
    const timed = await timesOf(stack, dataDir).finally(() => stack.stop());
    return [...timed, ...(await callsOf(dataDir))];
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function timesOf({ url, endpoints }: StartedStack, dataDir: string): Promise<Figure[]> {
  const { dynamodb, tableName, region } = endpoints;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint: dynamodb, region, credentials }));
  await createRecorder({ client, tableName, retentionDays: 400 }).record(lives(), noon);
  const now = Date.now;
  const call = queryFunction({
    store: createReader({ client, tableName, retentionDays: 400, oldAfter: defaultOldAfter, now }),
  });
  const check = await checker(url, dataDir);
  const figures: Figure[] = [];
  for (const list of Object.keys(lists) as List[]) {
    const times: number[] = [];
    const cpu: number[] = [];
    const alone = { path: { accountId: account }, token: tokenOf(account), body: JSON.stringify(bodyOf(list)) };
    for (let turn = -warmUp; turn < turns; turn += 1) {
      const begun = performance.now();
      await check(list);
      if (turn >= 0) times.push(performance.now() - begun);
      const spent = await cpuMs(() => call('POST /accounts/{accountId}/recipients/check', alone));
      if (turn >= 0) cpu.push(spent);
    }
    const what = titleOf(list);
    figures.push(
      measured(what, times, 'ms', { aim: '≤ 400' }),
      figure(`${what}, p95`, quantile(times, 0.95), 'ms', '≤ 400'),
      measured(`${what}: the function alone`, cpu, 'CPU ms'),
    );
  }
  client.destroy();
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
    const check = await checker(stack.url, dataDir);
    const figures: Figure[] = [];
    for (const list of Object.keys(lists) as List[]) {
      const before = new Map(proxy.operations);
      await check(list);
      for (const [operation, calls] of proxy.operations) {
        const made = calls - (before.get(operation) ?? 0);
        const lookUps = Math.ceil((asked * Math.min(lists[list], 25)) / 100);
        const aim = `≤ ${operation === 'Query' ? asked : lookUps}`;
        if (made > 0) figures.push(counted(`${titleOf(list)}: calls of ${operation}`, made, '', { aim }));
      }
    }
    return figures;
  } finally {
    await stack.stop();
    await proxy.stop();
  }
}

function titleOf(list: List): string {
  return `${asked} addresses with ${lists[list]} emails each`;
}

/** Asks about the addresses of a list, through the API's own client. */
async function checker(url: string, dataDir: string) {
  const api = apiClient(url, await createToken(dataDir, { account }));
  return async (list: List) => {
    const params = { path: { accountId: account } };
    const { results } = dataOf(
      await api.POST('/accounts/{accountId}/recipients/check', { params, body: bodyOf(list) }),
    );
    const verdict = lists[list] > 25 ? 'caution' : 'ok';
    if (!results.every(result => result.verdict === verdict && result.lastDelivered !== null))
      throw new Error('wrong verdicts');
  };
}

function bodyOf(list: List) {
  return { recipients: Array.from({ length: asked }, (_, index) => addressOf(list, index)) };
}

function addressOf(list: List, index: number): string {
  return `${list}.${index}@example.com`;
}

/** Emails with three usual events each. */
function lives(): CanonicalEvent[] {
  return (Object.keys(lists) as List[]).flatMap(list =>
    Array.from({ length: asked * lists[list] }, (_, index) =>
      (['sent', 'delivered', 'opened'] as const).map(
        (status, step): CanonicalEvent => ({
          eventId: `event-${index}-${step}`,
          provider: 'sendgrid',
          messageId: `14c5d75ce93-${list}-${index}`,
          recipient: addressOf(list, index % asked),
          status,
          occurredAt: noon + index * 1_000 + step,
          evidence: 'unknown',
          providerEvent: status,
          accountId: account,
          subject: `Invoice ${index}`,
          reference: `INV-${index}`,
          userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)',
        }),
      ),
    ).flat(),
  );
}
