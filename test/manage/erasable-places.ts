import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';
import { createErase, type Erase } from '../../functions/manage/erase.ts';
import { placesOf } from '../../functions/manage/places.ts';
import { createEmailEraser } from '../../shared/email/eraser.ts';
import type { CanonicalEvent } from '../../shared/email/event.ts';
import { providers } from '../../shared/providers/registry.ts';
import type { HoldOptions } from '../../shared/queues/queue-sweep.ts';
import type { RetryMessage } from '../../shared/queues/retry-messages.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { context } from '../fixtures/fixtures.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { startStoredEmails } from '../rigs/stored-emails.ts';

const aws = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };

const queueNames = ['retry', 'retryDeadLetters', 'ses', 'sesDeadLetters', 'quarantine'] as const;

export type QueueName = (typeof queueNames)[number];

const bucket = 'failures';

/** Where the services are that an erasure reaches. */
export interface Endpoints {
  readonly table: string;
  /** Queues and bucket. */
  readonly queues: string;
}

/** Everywhere where something of a recipient may be kept: a real table, and real queues and a bucket on this machine. */
export async function startErasablePlaces() {
  const emails = await startStoredEmails();
  const server = await startFauxqs({ port: 0, logger: false });
  const endpoint = `http://127.0.0.1:${server.port}`;
  const sqs = new SQSClient({ ...aws, endpoint });
  const s3 = new S3Client({ ...aws, endpoint });
  server.createBucket(bucket);
  const queueUrls = Object.fromEntries(queueNames.map(name => [name, server.createQueue(name).queueUrl])) as Record<
    QueueName,
    string
  >;
  const endpoints: Endpoints = { table: emails.endpoint, queues: endpoint };

  const objects = async () => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.map(({ Key }) => Key ?? '');
  };

  return {
    emails,
    endpoints,
    sqs,
    queueUrls,
    /** Each of its calls is made once, and given up after so many milliseconds: a busy machine may take some. */
    erasing(
      { table, queues } = endpoints,
      hold: HoldOptions = { holdSeconds: 30, receives: 4 },
      requestTimeout = 8_000,
    ): Erase {
      const requestHandler = { connectionTimeout: 2_000, requestTimeout, throwOnRequestTimeout: true };
      const once = { ...aws, requestHandler, maxAttempts: 1 };
      const eraser = createEmailEraser(documentClient({ ...once, endpoint: table }), emails.tableName);
      const places = placesOf({
        emails: eraser,
        sqs: new SQSClient({ ...once, endpoint: queues, useQueueUrlAsEndpoint: false }),
        s3: new S3Client({ ...once, endpoint: queues }),
        queueUrls,
        failureBucket: bucket,
        reading: { providers, context },
        accountName: 'account_id',
        hold: { waitSeconds: 0, ...hold },
        betweenLooks: 600,
      });
      return createErase(eraser, places);
    },
    put: (name: QueueName, ...bodies: readonly (string | object)[]) => {
      for (const body of bodies) server.sendMessage(name, typeof body === 'string' ? body : JSON.stringify(body));
    },
    /** The messages of a queue, whoever holds them. */
    messagesIn(name: QueueName): string[] {
      const { ready, delayed, inflight } = server.inspectQueue(name)!.messages;
      return [...ready, ...delayed, ...inflight.map(({ message }) => message)].map(({ body }) => body);
    },
    /** An object as Lambda writes it, of records or of any text. */
    async keepFailure(name: string, records: readonly object[] | string): Promise<void> {
      const payload = typeof records === 'string' ? records : JSON.stringify({ Records: records });
      const Body = JSON.stringify({ requestContext: { condition: 'RetryAttemptsExhausted' }, version: '1.0', payload });
      const Key = `aws/lambda/mapping/shard/${name}`;
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ContentType: 'application/json' }));
    },
    async failures(): Promise<{ readonly payload: string; readonly version: string }[]> {
      return Promise.all(
        (await objects()).map(async Key => {
          const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
          return JSON.parse(await Body!.transformToString());
        }),
      );
    },
    empty() {
      server.purgeAll();
      for (const name of queueNames) server.createQueue(name);
      server.createBucket(bucket);
    },
    async stop() {
      await Promise.all([emails.stop(), server.stop()]);
    },
  };
}

export type ErasablePlaces = Awaited<ReturnType<typeof startErasablePlaces>>;

/** A message of the retry queue with these events. */
export function retryMessage(events: readonly CanonicalEvent[], changes: Partial<RetryMessage> = {}): RetryMessage {
  return { requestId: 'r1', provider: 'sendgrid', receivedAt: noon, nonces: [], events, ...changes };
}

/** A record of the table's stream about an email that bounced. */
export function bounceRecord(recipient: string, accountId = 'acme', before?: object): object {
  const image = {
    emailId: { S: 'e' },
    recipient: { S: recipient },
    accountId: { S: accountId },
    status: { S: 'invalid' },
  };
  return {
    eventName: before === undefined ? 'INSERT' : 'MODIFY',
    dynamodb: { SequenceNumber: '1', NewImage: image, ...(before && { OldImage: before }) },
  };
}
