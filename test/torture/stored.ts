/** Reads the stack's data after the run, past the proxies. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { readAssembly } from '../../infra/local/cloudformation/assembly.ts';
import { resolveTemplate } from '../../infra/local/cloudformation/template.ts';
import type { Endpoints } from '../../infra/local/endpoints.ts';
import { createStreamReader } from '../../infra/local/event-sources/stream-reader.ts';
import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import { elementOf, type IndexEntries, type IndexEntry, type SentEvent, type StoredItem } from './ledger.ts';

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/** Reads every item of the table with strong consistency, or of one index. */
export async function* storedItems(
  { dynamodb, region, tableName }: Pick<Endpoints, 'dynamodb' | 'region' | 'tableName'>,
  IndexName?: string,
): AsyncGenerator<StoredItem> {
  const raw = new DynamoDBClient({ endpoint: dynamodb, region, credentials });
  const client = DynamoDBDocumentClient.from(raw);
  let from: Record<string, unknown> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new ScanCommand({
        TableName: tableName,
        ...(IndexName === undefined ? { ConsistentRead: true } : { IndexName }),
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    yield* Items as StoredItem[];
    from = LastEvaluatedKey;
  } while (from !== undefined);
  raw.destroy();
}

/** Reads the entries of all indexes, by email. */
export async function indexEntries(endpoints: Endpoints): Promise<Map<string, IndexEntries>> {
  const { dynamodb, region, tableName: TableName } = endpoints;
  const client = new DynamoDBClient({ endpoint: dynamodb, region, credentials });
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  client.destroy();
  const found = new Map<string, Record<string, IndexEntry[]>>();
  for (const { IndexName = '' } of Table?.GlobalSecondaryIndexes ?? []) {
    for await (const entry of storedItems(endpoints, IndexName)) {
      const entries = found.get(entry.emailId) ?? {};
      found.set(entry.emailId, entries);
      entries[IndexName] = [...(entries[IndexName] ?? []), entry];
    }
  }
  return found;
}

/** The logical ids of the queues: drained ones, which a function empties, and kept ones, whose messages wait for people. */
export function queuesOf({ dataDir, sqs, queues }: Endpoints): Record<'drained' | 'kept', readonly string[]> {
  const template = resolveTemplate(readAssembly(join(dataDir, 'cdk.out')).template, { queueEndpoint: sqs });
  const isDrained = new Set(
    template
      .ofType('AWS::Lambda::EventSourceMapping')
      .map(({ properties }) => template.byArn('AWS::SQS::Queue', properties.EventSourceArn)?.logicalId),
  );
  const all = Object.keys(queues);
  return { drained: all.filter(id => isDrained.has(id)), kept: all.filter(id => !isDrained.has(id)) };
}

const counts = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

/**
 * Waits until the drained queues are empty and no message is in flight.
 *
 * @returns the number of messages left in time, by the logical id of the queue
 */
export async function waitUntilDrained(endpoints: Endpoints, longest: number): Promise<Map<string, number>> {
  const client = new SQSClient({ endpoint: endpoints.sqs, region: endpoints.region, credentials });
  const until = Date.now() + longest;
  const left = new Map<string, number>();
  do {
    left.clear();
    for (const logicalId of queuesOf(endpoints).drained) {
      const { Attributes = {} } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl: endpoints.queues[logicalId], AttributeNames: [...counts] }),
      );
      const messages = counts.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
      if (messages > 0) left.set(logicalId, messages);
    }
    if (left.size > 0) await delay(500);
  } while (left.size > 0 && Date.now() < until);
  client.destroy();
  return left;
}

/**
 * Waits until every function that reads the table's stream has taken all of its records, those of its own writes included.
 *
 * @returns the checkpoints that are not at the end in time
 */
export async function waitUntilStreamRead(endpoints: Endpoints, longest: number): Promise<string[]> {
  const { dataDir, dynamodb } = endpoints;
  const files = (await readdir(dataDir)).filter(name => /^checkpoint-.*\.json$/.test(name));
  const until = Date.now() + longest;
  for (;;) {
    const behind: string[] = [];
    for (const name of files) {
      const { streamArn, shards } = JSON.parse(await readFile(join(dataDir, name), 'utf8'));
      const left = await createStreamReader(dynamodb, streamArn, shards).read();
      if (left.length > 0) behind.push(name);
    }
    if (behind.length === 0 || Date.now() >= until) return behind;
    await delay(1_000);
  }
}

/** The events in a message that waits for people: dead letters, or events without room in their item. */
export function eventsIn(body: string): readonly SentEvent[] {
  const { events, pieces } = JSON.parse(body) as Partial<Record<'events' | 'pieces', readonly CanonicalEvent[]>>;
  const canonical = (events ?? pieces ?? []).filter(event => 'eventId' in event && 'messageId' in event);
  return canonical.map(event => ({ emailId: emailIdOf(event), element: elementOf(event) }));
}

/** Receives all messages of the kept queues. */
export async function* keptMessages(endpoints: Endpoints): AsyncGenerator<{ logicalId: string; body: string }> {
  const client = new SQSClient({ endpoint: endpoints.sqs, region: endpoints.region, credentials });
  for (const logicalId of queuesOf(endpoints).kept) {
    const request = { QueueUrl: endpoints.queues[logicalId], MaxNumberOfMessages: 10, VisibilityTimeout: 3_600 };
    for (;;) {
      const { Messages = [] } = await client.send(new ReceiveMessageCommand(request));
      if (Messages.length === 0) break;
      for (const { Body = '' } of Messages) yield { logicalId, body: Body };
    }
  }
  client.destroy();
}
