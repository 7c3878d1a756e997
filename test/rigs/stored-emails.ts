import { type AttributeValue, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, type DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { chooseEngine } from '../../infra/local/services/dynamodb-engine.ts';
import { createEraseEmails, type EraseEmails } from '../../shared/email/eraser.ts';
import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import { createReader, type Reader } from '../../shared/email/reader.ts';
import { createRecorder, type Recorder } from '../../shared/email/recorder.ts';
import { createErasureLookUp, type ErasureLookUp } from '../../shared/guards/erase-received.ts';
import { createErasureRecords, type ErasureRecords } from '../../shared/guards/erasure-records.ts';
import { createNonces, type Nonces } from '../../shared/guards/nonces.ts';
import { createNewsCounts, type NewsCounts } from '../../shared/news/counts.ts';
import { createNewsStore, type NewsStore } from '../../shared/news/store.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { aDelivery, noon } from './arbitrary-events.ts';
import { createEmailTable, createGuardTable } from './email-table.ts';
import { nextMessageNumber } from './message-numbers.ts';

/** Real emails in a real engine's table, written by the real recorder. */
export interface StoredEmails {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  /** The engine's endpoint. */
  readonly endpoint: string;
  readonly store: Recorder & Reader;
  /** The separate table of nonces and erasure records. */
  readonly guardTableName: string;
  readonly nonces: Nonces;
  readonly erasureRecords: ErasureRecords;
  readonly lookUpErasures: ErasureLookUp;
  readonly eraseEmails: EraseEmails;
  /** The news of the providers, in the separate table. */
  readonly news: NewsStore & NewsCounts;
  /** Records events that arrived at `receivedAt`, and returns the id of the first one's email. */
  record(events: readonly CanonicalEvent[], receivedAt?: number): Promise<string>;
  /** Returns an email's item in the form of the table's stream. */
  image(emailId: string): Promise<Record<string, unknown> | undefined>;
  /** Writes an item as it is, whoever could have written it. */
  put(item: Record<string, unknown>): Promise<void>;
  /** Removes an email as its time to live does. */
  remove(emailId: string): Promise<void>;
  /** Erases all emails of an address as the manage function does. */
  erase(recipient: string): Promise<void>;
  /** Returns everything in the separate table. */
  guardItems(): Promise<readonly Record<string, unknown>[]>;
  stop(): Promise<void>;
}

export async function startStoredEmails(): Promise<StoredEmails> {
  const start = await chooseEngine();
  const engine = await start();
  const config = {
    endpoint: engine.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    // The functions' clients give up after 1 s, which a busy machine may need.
    requestHandler: { requestTimeout: 15_000, throwOnRequestTimeout: true },
  };
  const tableName = 'emails';
  const guardTableName = 'guards';
  const raw = new DynamoDBClient(config);
  await createEmailTable(raw, tableName);
  await createGuardTable(raw, guardTableName);
  const client = documentClient(config);
  const store = {
    ...createRecorder({ client, tableName, retentionDays: 400 }),
    ...createReader({ client, tableName, retentionDays: 400, oldAfter: defaultOldAfter, now: () => noon }),
  };
  const erasureRecords = createErasureRecords(client, guardTableName);
  const eraseEmails = createEraseEmails(client, tableName);
  return {
    client,
    tableName,
    endpoint: engine.endpoint,
    store,
    guardTableName,
    nonces: createNonces(client, guardTableName),
    erasureRecords,
    lookUpErasures: createErasureLookUp(erasureRecords, client, tableName, () => noon),
    eraseEmails,
    news: { ...createNewsStore(client, guardTableName), ...createNewsCounts(client, guardTableName) },
    async record(events, receivedAt = noon) {
      const { failed, unrecordable } = await store.record(events, receivedAt);
      if (failed.length + unrecordable.length > 0) throw new Error('not recorded', { cause: failed[0]?.error });
      return emailIdOf(events[0]!);
    },
    async image(emailId) {
      const { Item } = await raw.send(
        new GetItemCommand({ TableName: tableName, Key: { emailId: { S: emailId } }, ConsistentRead: true }),
      );
      return Item;
    },
    async put(item) {
      await raw.send(new PutItemCommand({ TableName: tableName, Item: item as Record<string, AttributeValue> }));
    },
    async remove(emailId) {
      await client.send(new DeleteCommand({ TableName: tableName, Key: { emailId } }));
    },
    async erase(recipient) {
      await eraseEmails({ recipient, accountId: null }, noon, new AbortController().signal);
    },
    async guardItems() {
      const { Items = [] } = await client.send(new ScanCommand({ TableName: guardTableName }));
      return Items;
    },
    stop: () => engine.stop(),
  };
}

/** An event of a new email. */
export function anEvent(changes: Partial<CanonicalEvent> = {}): CanonicalEvent {
  const number = nextMessageNumber();
  return { ...aDelivery, eventId: `event-${number}`, messageId: `message-${number}`, ...changes };
}
