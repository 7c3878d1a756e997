/** Tests erasures during an outage of the table on a whole stack. They must not disturb the messages in the queues. */

import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createToken } from '../../infra/local/cli/token.ts';
import { type StartedStack, startStack } from '../rigs/start-stack.ts';
import { type FaultProxy, startFaultProxy } from '../torture/fault-proxy.ts';
import { always } from '../torture/faults.ts';

const erasures = 200;
const atOnce = 4;

const retryQueue = /^Retry(?!DeadLetters)/;
const deadLetters = /^RetryDeadLetters/;

const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-test-'));
let stack: StartedStack;
let ingestTable: FaultProxy;
let manageTable: FaultProxy;
beforeAll(async () => {
  [ingestTable, manageTable] = await Promise.all([startFaultProxy(), startFaultProxy()]);
  const through = ({ endpoint }: FaultProxy) => ({ AWS_ENDPOINT_URL_DYNAMODB: endpoint });
  stack = await startStack({
    dataDir,
    maxVisibilityTimeoutSeconds: 3,
    processesPerFunction: atOnce,
    serviceEndpoints: { Ingest: through(ingestTable), Manage: through(manageTable) },
  });
  for (const proxy of [ingestTable, manageTable]) proxy.leadTo(stack.endpoints.dynamodb);
});
afterAll(async () => {
  await stack?.stop();
  await Promise.all([ingestTable?.stop(), manageTable?.stop()]);
});

const addressOf = (number: number) => `person${number}@example.com`;

/** Reports an event of an email as the sending application. */
async function tell(status: string, number: number): Promise<Record<string, number>> {
  const secret = JSON.parse(readFileSync(stack.endpoints.signingKeysFile!, 'utf8')).app;
  const at = new Date();
  const id = `${status}-${number}`;
  const body = JSON.stringify({
    type: `email.${status}`,
    timestamp: at.toISOString(),
    data: { messageId: `message-${number}`, recipient: addressOf(number), accountId: 'acme' },
  });
  const answer = await fetch(`${stack.url}/webhooks/app`, {
    method: 'POST',
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    },
    body,
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, number>;
}

/** The number of messages in a queue, visible or not. */
async function messagesIn(queue: RegExp): Promise<number> {
  const { sqs, region, queues } = stack.endpoints;
  const client = new SQSClient({
    endpoint: sqs,
    region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const QueueUrl = Object.entries(queues).find(([logicalId]) => queue.test(logicalId))?.[1];
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }),
  );
  client.destroy();
  return names.reduce((sum, name) => sum + Number(Attributes[name]), 0);
}

it(`${erasures} erasures during an outage send no message to the dead letters, and drop events that came before them`, async () => {
  const token = await createToken(dataDir, { account: 'acme', manage: true });
  const authorization = `Bearer ${token}`;
  const erase = async (number: number) => {
    const body = JSON.stringify({ recipient: addressOf(number) });
    const answer = await fetch(`${stack.url}/accounts/acme/erasures`, {
      method: 'POST',
      headers: { authorization },
      body,
    });
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
  };
  const recipientsShown = async () => {
    const answer = await fetch(`${stack.url}/accounts/acme/emails?limit=100`, { headers: { authorization } });
    const { emails } = (await answer.json()) as { emails: { recipient: string }[] };
    return emails.map(({ recipient }) => recipient).toSorted();
  };

  // The table of emails is down. The table of guards is up and records the erasures.
  ingestTable.plan(always('server error'));
  manageTable.plan((_, operation) => (operation === 'UpdateItem' ? null : 'server error'));
  const numbers = Array.from({ length: 20 }, (_, index) => index);
  const [erased, kept] = [numbers.slice(0, 10), numbers.slice(10)];
  for (const number of numbers) expect(await tell('sent', number)).toMatchObject({ recorded: 0, queued: 1 });

  const waiting = Array.from({ length: erasures }, (_, index) => erased[index % erased.length]!).values();
  const worker = async () => {
    for (const number of waiting)
      expect(await erase(number)).toMatchObject({ status: 503, json: { erased: { emails: 0 } } });
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  expect(await messagesIn(deadLetters)).toBe(0);

  ingestTable.plan(null);
  manageTable.plan(null);
  await vi.waitFor(async () => expect(await messagesIn(retryQueue)).toBe(0), { timeout: 60_000, interval: 500 });
  expect(await messagesIn(deadLetters)).toBe(0);
  expect(await recipientsShown()).toEqual(kept.map(addressOf).toSorted());
  // A callback of an email that was only in the queue finds a tombstone.
  expect(await tell('opened', erased[0]!)).toMatchObject({ recorded: 0, erased: 1 });
  expect(await tell('opened', kept[0]!)).toMatchObject({ recorded: 1, erased: 0 });
  for (const number of erased)
    expect(await erase(number)).toMatchObject({ status: 200, json: { erased: { emails: 0 } } });
  expect(await recipientsShown()).toEqual(kept.map(addressOf).toSorted());
}, 240_000);
