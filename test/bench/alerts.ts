import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { InboxMessage } from '../../infra/local/services/support-inbox.ts';
import { emailIdOf } from '../../shared/email/event.ts';
import { signedRequest } from '../fixtures/signing.ts';
import { type StartedStack, startStack } from '../rigs/start-stack.ts';
import { alertsIn } from '../torture/alerts.ts';
import { counted, type Figure, figure, measured, quantile } from './figures.ts';

const restingAlerts = 200;
const bursts = 10;
const bouncesPerBurst = 1_000;
const accounts = 200;
const msBetweenBursts = 6_000;
const maxWaitMs = 300_000;

/**
 * Measures alerts on the path that a deployment has: stream of four shards, queue, letters at the deployment's pace. At rest each
 * alert comes alone. In the burst, 10,000 emails of 200 accounts bounce within a minute, one of them unreadable.
 */
export async function alerts(): Promise<Figure[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mailtrail-bench-'));
  const stack = await startStack({ dataDir, streamShards: 4, processesPerFunction: 8, secondsBetweenDigests: 60 });
  try {
    const { sendgrid } = JSON.parse(await readFile(stack.endpoints.signingKeysFile, 'utf8')) as { sendgrid: string };
    const send = (events: readonly object[]) => sent(stack, sendgrid, events);
    return [...(await atRest(stack, send)), ...(await inABurst(stack, send))];
  } finally {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

type Send = (events: readonly object[]) => Promise<void>;

async function atRest(stack: StartedStack, send: Send): Promise<Figure[]> {
  const times: number[] = [];
  for (let number = 0; number < restingAlerts; number += 1) {
    // As a minute later.
    await tableClient(stack).send(new DeleteCommand({ TableName: guardsOf(stack), Key: { guardKey: 'pace:digest' } }));
    const { event, emailId } = bounce(`rest-${number}`, 'acme');
    const begun = Date.now();
    await send([event]);
    for (;;) {
      const letter = lettersOf(stack).findLast(({ text }) => text.includes(emailId));
      if (letter !== undefined) {
        times.push(Date.parse(letter.receivedAt) - begun);
        break;
      }
      if (Date.now() - begun > maxWaitMs) throw new Error('an alert did not come');
      await delay(50);
    }
  }
  return [
    figure('alert at rest, callback to letter, median', quantile(times, 0.5), 'ms'),
    figure('alert at rest, callback to letter, p99', quantile(times, 0.99), 'ms', '≤ 5,000'),
  ];
}

async function inABurst(stack: StartedStack, send: Send): Promise<Figure[]> {
  const before = messagesOf(stack).length;
  const due: string[] = [];
  const begun = Date.now();
  for (let burst = 0; burst < bursts; burst += 1) {
    const all = Array.from({ length: bouncesPerBurst }, (_, index) =>
      bounce(`burst-${burst}-${index}`, `account-${(burst * bouncesPerBurst + index) % accounts}`),
    );
    due.push(...all.map(({ emailId }) => `hard_bounce ${emailId}`));
    await send(all.map(({ event }) => event));
    if (burst === 4) due.push(`hard_bounce ${await poison(stack)}`);
    await delay(Math.max(0, begun + (burst + 1) * msBetweenBursts - Date.now()));
  }
  const lastCallback = Date.now();
  const newLetters = () => lettersOf(stack, before);
  const toldOf = () => newLetters().flatMap(({ text }) => alertsIn(text).map(key => key.replace('people ', '')));
  while (new Set(toldOf()).size < due.length && Date.now() - lastCallback < maxWaitMs) await delay(1_000);
  // Repeated alerts would come now.
  await delay(5_000);

  const told = toldOf();
  const letters = newLetters();
  const times = letters.map(({ receivedAt }) => Date.parse(receivedAt)).sort((a, b) => a - b);
  const busiestSecond = Math.max(...times.map(from => times.filter(at => at >= from && at < from + 1_000).length));
  const machines = messagesOf(stack, before)
    .filter(({ letters }) => letters.length === 0)
    .flatMap(({ data }) => (data as { emails: { emailId: string }[] }).emails);
  const inTitles = letters.reduce((sum, { subject }) => sum + countIn(subject!), 0);
  const answer = await fetch(`${stack.url}/_local/inbox`, { headers: { accept: 'application/json' } });
  const { subscriptions } = (await answer.json()) as { subscriptions: { state: string; topicArn: string }[] };
  const support = subscriptions.find(({ topicArn }) => topicArn.includes('Support'))!;
  return [
    counted('burst: bounces of 200 accounts', due.length, 'emails'),
    figure('burst: callbacks took', (lastCallback - begun) / 1000, 's', '60'),
    measured('burst: letters', [letters.length], 'letters', { count: 'by chance' }),
    measured('burst: letters in the busiest second', [busiestSecond], 'letters', { aim: '≤ 4', count: 'by chance' }),
    counted('burst: alerts missing', due.filter(key => !told.includes(key)).length, 'alerts', { aim: '0' }),
    counted('burst: alerts told twice to people', told.length - new Set(told).size, 'alerts', { aim: '0' }),
    counted('burst: emails that the titles count', inTitles, 'emails', { aim: String(due.length) }),
    counted('burst: emails told to machines', new Set(machines.map(({ emailId }) => emailId)).size, 'emails'),
    counted('burst: machine alerts told twice', machines.length - due.length, 'alerts', { aim: '0' }),
    figure('burst: last callback to last letter', (times.at(-1)! - lastCallback) / 1000, 's'),
    counted(`burst: subscription of support alive (${support.state})`, Number(support.state === 'Confirmed'), '', {
      aim: '1',
    }),
  ];
}

/** The emails that a title names or counts. */
function countIn(subject: string): number {
  const counts = [...subject.matchAll(/(\d+)(?: emails?)? (?:could|was|were)/g)].map(([, count]) => Number(count));
  return counts.length === 0 ? 1 : counts.reduce((sum, count) => sum + count, 0);
}

function bounce(id: string, account_id: string) {
  const email = `customer.${id}@example.com`;
  const messageId = `${id}-14c5d75ce93`;
  const event = {
    email,
    timestamp: Math.floor(Date.now() / 1000),
    event: 'bounce',
    type: 'bounce',
    status: '5.1.2',
    reason: '550 5.1.2 no such domain',
    sg_event_id: `Ym91bmNl-${id}`,
    sg_message_id: `${messageId}.recvd-5f9d8b7c6d-abcde-1-65F2A1B3-2A.0`,
    account_id,
  };
  return { event, emailId: emailIdOf({ provider: 'sendgrid', messageId, recipient: email }) };
}

/** An item that no version of Mailtrail can read. */
async function poison(stack: StartedStack): Promise<string> {
  const emailId = 'unreadable'.padEnd(22, 'x');
  const Item = { emailId, status: 'hard_bounced', statusAt: 'noon', history: '{' };
  await tableClient(stack).send(new PutCommand({ TableName: stack.endpoints.tableName, Item }));
  return emailId;
}

async function sent({ endpoints: { url } }: StartedStack, key: string, events: readonly object[]): Promise<void> {
  const signed = signedRequest('sendgrid', key, Buffer.from(JSON.stringify(events)), Date.now());
  for (;;) {
    const { status } = await fetch(`${url}/webhooks/sendgrid`, {
      method: 'POST',
      headers: signed.headers,
      body: new Uint8Array(signed.body),
    });
    if (status === 200) return;
    await delay(500);
  }
}

function messagesOf({ endpoints: { inboxFile } }: StartedStack, from = 0): InboxMessage[] {
  try {
    const lines = readFileSync(inboxFile, 'utf8').split('\n').filter(Boolean).slice(from);
    return lines.map(line => JSON.parse(line) as InboxMessage);
  } catch {
    // The file does not exist yet, or its last line is being written.
    return [];
  }
}

function lettersOf(stack: StartedStack, from = 0): InboxMessage[] {
  return messagesOf(stack, from).filter(({ letters }) => letters.length > 0);
}

function guardsOf({ endpoints: { tables } }: StartedStack): string {
  return Object.entries(tables).find(([id]) => id.startsWith('Guards'))![1];
}

function tableClient({ endpoints: { dynamodb, region } }: StartedStack): DynamoDBDocumentClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint: dynamodb, region, credentials }));
}
