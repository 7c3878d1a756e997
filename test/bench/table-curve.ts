import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import { createReader } from '../../shared/email/reader.ts';
import { createRecorder } from '../../shared/email/recorder.ts';
import { chunks } from '../../shared/runtime/chunks.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { startEngineTable, tableName } from './engine-table.ts';
import { type Figure, measured } from './figures.ts';

const sizes = [1_000, 10_000, 100_000, 1_000_000];
const itemsInCall = 25;
const callsInFlight = 8;
const samples = 200;
const warmUp = 50;
const smallAccounts = 100;
const pageSize = 50;

/**
 * Measures writes and reads while the table grows on disk. Half of the emails belong to one account, and the others
 * evenly to 100.
 *
 * @param greatest the number of emails at the end
 */
export async function tableCurve(greatest: number): Promise<Figure[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mailtrail-table-'));
  const engine = await startEngineTable({ dataDir });
  try {
    const { raw } = engine;
    const stored = { client: DynamoDBDocumentClient.from(raw), tableName, retentionDays: 400 };
    const recorder = createRecorder(stored);
    const reader = createReader({ ...stored, oldAfter: defaultOldAfter, now: () => noon });
    let emails = 0;
    const write = async () => {
      const { failed } = await recorder.record([eventOf(emails)], noon);
      if (failed.length > 0) throw failed[0]!.error;
      emails += 1;
    };
    await write();
    const like = (await storedItem(raw, emailIdOf(eventOf(0)))) as Item;
    /** Fills the table with copies of a recorded email, since 25 of them go into one call. */
    const fill = async (size: number) => {
      const missing = Array.from({ length: Math.max(0, size - emails) }, (_, index) => emails + index);
      await forEachConcurrently([...chunks(missing, itemsInCall)], callsInFlight, async numbers => {
        const puts = numbers.map(number => ({ PutRequest: { Item: itemOf(number, like) } }));
        const { UnprocessedItems = {} } = await raw.send(
          new BatchWriteItemCommand({ RequestItems: { [tableName]: puts } }),
        );
        if (Object.keys(UnprocessedItems).length > 0) throw new Error('the engine left items out');
      });
      emails += missing.length;
    };
    const pageOf = (accountId: string) => reader.page({ accountId }, { limit: pageSize, after: null });
    const works = {
      'write of a new email': write,
      'read of one email': (turn: number) => reader.email(emailIdOf(eventOf((turn * 7_919) % emails))),
      'page of 50, one of 100 accounts': (turn: number) => pageOf(`account-${turn % smallAccounts}`),
      'page of 50, the giant account': () => pageOf('giant'),
    } as const satisfies Record<string, (turn: number) => Promise<unknown>>;

    const figures: Figure[] = [];
    for (const size of sizes.filter(one => one <= greatest)) {
      await fill(size);
      for (const [what, work] of Object.entries(works)) {
        const times: number[] = [];
        for (let turn = 0; turn < warmUp + samples; turn += 1) {
          const begun = performance.now();
          await work(turn);
          if (turn >= warmUp) times.push(performance.now() - begun);
        }
        figures.push(measured(what, times, 'ms', { point: { curve: 'table', axis: 'emails in the table', at: size } }));
      }
    }
    return figures;
  } finally {
    await engine.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function eventOf(index: number): CanonicalEvent {
  return {
    eventId: `ZGVsaXZlcmVkLTA-${index}`.padEnd(48, 'x'),
    provider: 'sendgrid',
    messageId: `14c5d75ce93-${index}`,
    recipient: `customer.${index}@example.com`,
    status: 'delivered',
    occurredAt: noon - 86_400_000 + index,
    evidence: 'unknown',
    providerEvent: 'delivered',
    accountId: index % 2 === 0 ? 'giant' : `account-${((index - 1) / 2) % smallAccounts}`,
  };
}

type Item = Record<string, AttributeValue>;

async function storedItem(client: DynamoDBClient, emailId: string): Promise<Item | undefined> {
  const { Item } = await client.send(new GetItemCommand({ TableName: tableName, Key: { emailId: { S: emailId } } }));
  return Item;
}

/** The item of an email, with the history of another one. */
function itemOf(index: number, like: Item): Item {
  const event = eventOf(index);
  return {
    ...like,
    emailId: { S: emailIdOf(event) },
    messageId: { S: event.messageId },
    recipient: { S: event.recipient },
    accountId: { S: event.accountId! },
    sentAt: { N: String(event.occurredAt) },
  };
}
