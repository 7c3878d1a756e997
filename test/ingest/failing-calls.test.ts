import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPersistEvents } from '../../functions/ingest/persist-events.ts';
import { createQueueHandler } from '../../functions/ingest/queue-handler.ts';
import { createRefusals } from '../../functions/ingest/refusals.ts';
import { createDirectCall } from '../../shared/aws/dynamodb-calls.ts';
import { directWrites, type Writes } from '../../shared/aws/writes.ts';
import { emailIdOf } from '../../shared/email/event.ts';
import { createRecorder } from '../../shared/email/recorder.ts';
import { providers } from '../../shared/providers/registry.ts';
import { createQuarantine, type QuarantineMessage } from '../../shared/queues/quarantine-messages.ts';
import { queueClient } from '../../shared/queues/queue-client.ts';
import { createRetryQueue, type RetryMessage } from '../../shared/queues/retry-messages.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { merge } from '../../shared/status/precedence.ts';
import { context, fixture, requestOf } from '../fixtures/fixtures.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { startQuarantineQueue, type TestQueue } from '../queues/quarantine-queue.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { httpEvent, lambdaContext } from '../rigs/http-event.ts';
import { ingestFunction, measureAtNoon } from '../rigs/ingest-function.ts';
import { createLanes, type InLane } from '../rigs/lanes.ts';
import { type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';
import { type FaultProxy, startFaultProxy } from '../torture/fault-proxy.ts';
import { always, type FaultName, type FaultPlan, faultAt, distinctWays as ways } from '../torture/faults.ts';

const aws = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
const keys = signingKeys('sendgrid');

/** The extent of a fault: one call without a second try, or that call and every later one. */
const extents = {
  'that call alone': (index: number, way: FaultName) => faultAt(index, way),
  'that call and all after it':
    (index: number, way: FaultName): FaultPlan =>
    call =>
      call >= index ? way : null,
} as const;

/** Separate queues, and proxies of them and of the table, so that checks in different lanes do not meet. */
interface Lane {
  readonly table: FaultProxy;
  readonly queues: FaultProxy;
  readonly quarantine: TestQueue<QuarantineMessage>;
  readonly retries: TestQueue<RetryMessage>;
}

const laneCount = 12;

let emails: StoredEmails;
let queueServer: Awaited<ReturnType<typeof startQuarantineQueue>>;
const lanes: Lane[] = [];
let inLane: InLane<Lane>;
beforeAll(async () => {
  emails = await startStoredEmails();
  queueServer = await startQuarantineQueue();
  for (let index = 0; index < laneCount; index += 1) {
    const table = await startFaultProxy({ target: emails.endpoint });
    const queues = await startFaultProxy({ target: queueServer.endpoint });
    const quarantine = await queueServer.another<QuarantineMessage>(`quarantine-${index}`);
    lanes.push({ table, queues, quarantine, retries: await queueServer.another<RetryMessage>(`retry-${index}`) });
  }
  inLane = createLanes(lanes, ({ table, queues, retries, quarantine }) => {
    table.plan(null);
    queues.plan(null);
    return Promise.all([retries.empty(), quarantine.empty()]);
  });
});
afterAll(async () => {
  await Promise.all(lanes.flatMap(({ table, queues }) => [table.stop(), queues.stop()]));
  await Promise.all([emails?.stop(), queueServer?.stop()]);
});

let requests = 0;

/** Twenty unordered events of five emails. Some come twice, and one is unreadable. */
function batch(size: number): Buffer {
  requests += 1;
  const [template] = JSON.parse(fixture('sendgrid', 'delivered').toString());
  const words = ['delivered', 'open', 'processed', 'click', 'spamreport'];
  const pieces = Array.from({ length: size }, (_, index) => {
    const number = index % 17;
    return {
      ...template,
      sg_message_id: `request-${requests}-email-${number % 5}`,
      sg_event_id: `event-${number}`,
      timestamp: noon / 1000 - ((number * 7) % 20),
      // An email has each word once: repeats of opens would be counted, and not be in its history.
      event: words[(number + Math.floor(number / 5)) % words.length],
    };
  });
  return Buffer.from(JSON.stringify(size > 2 ? [...pieces.slice(1), { event: 'unheard-of', timestamp: 1 }] : pieces));
}

interface Endpoints {
  readonly table: string;
  readonly queues: string;
}

interface Clients {
  readonly dynamoDb: DynamoDBDocumentClient;
  readonly writes: Writes;
  readonly sqs: SQSClient;
}

/** Clients that try once and give up early, because everything here is on this machine. */
const impatientClients = ({ table, queues }: Endpoints): Clients => {
  const requestHandler = { connectionTimeout: 500, requestTimeout: 200, throwOnRequestTimeout: true };
  const once = { ...aws, requestHandler, maxAttempts: 1 };
  const dynamoDb = documentClient({ ...once, endpoint: table });
  return {
    dynamoDb,
    writes: directWrites(createDirectCall(dynamoDb, { connectTimeoutMs: 500, requestTimeoutMs: 200 })),
    sqs: queueClient({ ...once, endpoint: queues, useQueueUrlAsEndpoint: false }),
  };
};

/** Clients that wait for long, so that a busy machine causes no fault of its own. */
const patientClients = ({ table, queues }: Endpoints): Clients => {
  const patient = { ...aws, requestHandler: { requestTimeout: 15_000, throwOnRequestTimeout: true } };
  const dynamoDb = documentClient({ ...patient, endpoint: table });
  return {
    dynamoDb,
    writes: directWrites(createDirectCall(dynamoDb, { connectTimeoutMs: 15_000, requestTimeoutMs: 15_000 })),
    sqs: queueClient({ ...patient, endpoint: queues, useQueueUrlAsEndpoint: false }),
  };
};

const proxied = ({ table, queues }: Lane): Endpoints => ({ table: table.endpoint, queues: queues.endpoint });

function partsOf({ quarantine, retries }: Lane, { dynamoDb, writes, sqs }: Clients) {
  return {
    store: createRecorder({ client: dynamoDb, writes, tableName: emails.tableName, retentionDays: 400 }),
    quarantine: createQuarantine(sqs, quarantine.queueUrl),
    retryQueue: createRetryQueue(sqs, retries.queueUrl),
    log: () => {},
    now: () => noon,
  };
}

async function send(lane: Lane, body: Buffer, clients = patientClients(proxied(lane))): Promise<number> {
  const parts = partsOf(lane, clients);
  const handler = ingestFunction({ ...parts, secretsOf: async () => [keys.secret] });
  const { headers } = keys.sign(body, noon);
  const event = httpEvent('POST /webhooks/{provider}', { provider: 'sendgrid' }, headers, body);
  return (await handler(event, lambdaContext)).statusCode;
}

/** Records the messages of a retry queue without faults. */
async function drain(lane: Lane, bodies: readonly unknown[]): Promise<void> {
  const handler = createQueueHandler({
    sources: { 'arn:retry': 'retry' },
    providers,
    context,
    persistEvents: createPersistEvents({
      ...partsOf(lane, patientClients({ table: emails.endpoint, queues: queueServer.endpoint })),
      retryQueue: null,
    }),
    nonces: emails.nonces,
    lookUpErasures: emails.lookUpErasures,
    measure: measureAtNoon,
    refusals: createRefusals({ log: () => {}, measure: measureAtNoon, now: () => noon }),
    now: () => noon,
    log: () => {},
  });
  const Records = bodies.map((body, index) => ({
    messageId: `m${index}`,
    body: JSON.stringify(body),
    eventSourceARN: 'arn:retry',
    attributes: {},
  }));
  // Lambda passes up to 10 messages at a time.
  for (let from = 0; from < Records.length; from += 10) {
    const event = { Records: Records.slice(from, from + 10) } as unknown as SQSEvent;
    expect(await handler(event, lambdaContext)).toEqual({ batchItemFailures: [] });
  }
}

interface Plans {
  readonly table?: FaultPlan;
  readonly queues?: FaultPlan;
}

/** Sends a batch under the plans, and compares the answer with the durable events. Returns the number of calls. */
function check(
  size: number,
  plans: Plans,
  clients = impatientClients,
): Promise<{ answer: number; calls: { table: number; queues: number } }> {
  return inLane(async lane => {
    const { table, queues, quarantine, retries } = lane;
    const body = batch(size);
    const { events, quarantined } = providers.sendgrid.parse(requestOf({ body }), context);
    // Every plan starts the count of calls anew, even one without a fault.
    table.plan(plans.table ?? (() => null));
    queues.plan(plans.queues ?? (() => null));
    const answer = await send(lane, body, clients(proxied(lane)));
    const calls = { table: table.calls, queues: queues.calls };
    table.plan(null);
    queues.plan(null);
    // Calls that their caller has given up may still be on their way.
    await Promise.all([table.idle(), queues.idle()]);
    const queued = await retries.kept();
    const pieces = await quarantine.kept();
    const durable = async () => {
      const recorded = await Promise.all([...new Set(events.map(emailIdOf))].map(id => emails.store.email(id)));
      return recorded.flatMap(email => (email?.events ?? []).map(({ eventId }) => `${email?.messageId} ${eventId}`));
    };
    const sent = new Set(events.map(({ messageId, eventId }) => `${messageId} ${eventId}`));
    const put = queued.flatMap(message => message.events.map(({ messageId, eventId }) => `${messageId} ${eventId}`));
    const kept = new Set([...(await durable()), ...put]);
    expect(new Set([...kept, ...sent])).toEqual(sent);
    if (answer === 200) {
      expect(kept).toEqual(sent);
      expect(pieces.length > 0).toBe(quarantined.length > 0);
      await drain(lane, queued);
    } else {
      expect(answer).toBe(429);
      expect(await send(lane, body)).toBe(200);
      await drain(lane, [...queued, ...(await retries.kept())]);
    }
    expect(new Set(await durable())).toEqual(sent);
    for (const [emailId, ofEmail] of Map.groupBy(events, emailIdOf)) {
      expect((await emails.store.email(emailId))?.verdict).toEqual(merge(ofEmail));
    }
    return { answer, calls };
  });
}

describe('the ingest function, whichever of its calls fails,', () => {
  it.concurrent.each(ways)(
    'answers 200 only if every event is durable: %s',
    async way => {
      for (const size of way.startsWith('hang') ? [20] : [1, 20]) {
        const whole = await check(size, {}, patientClients);
        expect(whole.answer).toBe(200);
        const plans: Plans[] = Object.values(extents).flatMap(extent => [
          ...Array.from({ length: whole.calls.table }, (_, index) => ({ table: extent(index, way) })),
          // Without the table, events go to the retry queue. Its calls and those of the quarantine fail in turn.
          ...[0, 1, 2].map(index => ({ table: always('throttling'), queues: extent(index, way) })),
        ]);
        await Promise.all(plans.map(plan => check(size, plan)));
      }
    },
    120_000,
  );

  it('answers 429 if both the table and the queues fail, and counts no event as kept', async () => {
    const { answer } = await check(20, { table: always('throttling'), queues: always('server error') });
    expect(answer).toBe(429);
  });
});

describe('a database that hangs', () => {
  it('is given up by the usual client, and every event goes into the retry queue', () =>
    inLane(async lane => {
      lane.table.plan(always('hang'));
      const bodies = Array.from({ length: 8 }, (_, index) => batch(index % 2 === 0 ? 1 : 20));
      const dynamoDb = documentClient({ ...aws, endpoint: lane.table.endpoint, maxAttempts: 1 });
      const { sqs } = patientClients(proxied(lane));
      const writes = directWrites(createDirectCall(dynamoDb));
      const answers = await Promise.all(bodies.map(body => send(lane, body, { dynamoDb, writes, sqs })));
      expect(answers).toEqual(bodies.map(() => 200));
      const queued = (await lane.retries.kept()).flatMap(({ events }) => events);
      expect(queued.length).toBe(
        bodies.flatMap(body => providers.sendgrid.parse(requestOf({ body }), context).events).length,
      );
    }));
});

it('a batch of 1,000 with one poison event gets 200: 999 events are recorded, and one is quarantined', () =>
  inLane(async lane => {
    const [template] = JSON.parse(fixture('sendgrid', 'delivered').toString());
    const pieces = Array.from({ length: 1_000 }, (_, index) => ({ ...template, sg_message_id: `thousand-${index}` }));
    pieces[500] = { ...template, timestamp: { not: 'a time' } };
    const body = Buffer.from(JSON.stringify(pieces));
    expect(await send(lane, body)).toBe(200);
    expect(await lane.quarantine.kept()).toMatchObject([
      { reason: 'unexpected_shape', pieces: [{ timestamp: { not: 'a time' } }] },
    ]);
    const { events } = providers.sendgrid.parse(requestOf({ body }), context);
    expect(events).toHaveLength(999);
    await drain(lane, await lane.retries.kept());
    expect(await emails.store.record(events, noon)).toMatchObject({ recorded: 0, duplicate: 999 });
  }));
