import type { SQSEvent } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createPersistEvents } from '../../functions/ingest/persist-events.ts';
import { queueClient } from '../../functions/ingest/queue-client.ts';
import { createQueueHandler } from '../../functions/ingest/queue-handler.ts';
import { emailIdOf } from '../../shared/email/event.ts';
import { createRecorder } from '../../shared/email/recorder.ts';
import { providers } from '../../shared/providers/registry.ts';
import { createQuarantine } from '../../shared/queues/quarantine-messages.ts';
import { createRetryQueue } from '../../shared/queues/retry-messages.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { merge } from '../../shared/status/precedence.ts';
import { context, fixture, requestOf } from '../fixtures/fixtures.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { startQuarantineQueue } from '../queues/quarantine-queue.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { httpEvent, lambdaContext } from '../rigs/http-event.ts';
import { ingestFunction, noMetrics } from '../rigs/ingest-function.ts';
import { type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';
import { type FaultProxy, startFaultProxy } from '../torture/fault-proxy.ts';
import { always, type FaultName, type FaultPlan, faultAt, distinctWays as ways } from '../torture/faults.ts';

const aws = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
const keys = signingKeys('sendgrid');

/** What fails: that call alone, and it is not tried again; or that one and every later one. */
const extents = {
  'that call alone': (index: number, way: FaultName) => faultAt(index, way),
  'that call and all after it':
    (index: number, way: FaultName): FaultPlan =>
    call =>
      call >= index ? way : null,
} as const;

let emails: StoredEmails;
let quarantine: Awaited<ReturnType<typeof startQuarantineQueue>>;
let retries: Awaited<ReturnType<(typeof quarantine)['another']>>;
let table: FaultProxy;
let queues: FaultProxy;
beforeAll(async () => {
  emails = await startStoredEmails();
  quarantine = await startQuarantineQueue();
  retries = await quarantine.another('retry');
  table = await startFaultProxy({ target: emails.endpoint });
  queues = await startFaultProxy({ target: quarantine.endpoint });
});
afterEach(() => {
  table.plan(null);
  queues.plan(null);
});
afterAll(async () => {
  await Promise.all([table?.stop(), queues?.stop()]);
  await Promise.all([emails?.stop(), quarantine?.stop()]);
});

let requests = 0;

/** Twenty events of eight emails, one of them unreadable: several of an email, some twice, in no order. */
function batch(size: number): Buffer {
  requests += 1;
  const [template] = JSON.parse(fixture('sendgrid', 'delivered').toString());
  const words = ['delivered', 'open', 'processed', 'click', 'spamreport'];
  const pieces = Array.from({ length: size }, (_, index) => ({
    ...template,
    sg_message_id: `request-${requests}-email-${index % 8}`,
    sg_event_id: `event-${index % 17}`,
    timestamp: noon / 1000 - ((index * 7) % 20),
    event: words[(index * 3) % words.length],
  }));
  return Buffer.from(JSON.stringify(size > 2 ? [...pieces.slice(1), { event: 'unheard-of', timestamp: 1 }] : pieces));
}

interface Endpoints {
  readonly table: string;
  readonly queues: string;
}

/** As the function has them. */
const usualClients = ({ table, queues }: Endpoints) => ({
  dynamoDb: documentClient({ ...aws, endpoint: table, maxAttempts: 1 }),
  sqs: queueClient({ ...aws, endpoint: queues, useQueueUrlAsEndpoint: false }),
});

/** Calls that are not tried again, and given up sooner than usual: everything here is on this machine. */
const impatientClients = ({ table, queues }: Endpoints): ReturnType<typeof usualClients> => {
  const requestHandler = { connectionTimeout: 500, requestTimeout: 200, throwOnRequestTimeout: true };
  const once = { ...aws, requestHandler, maxAttempts: 1 };
  return {
    dynamoDb: documentClient({ ...once, endpoint: table }),
    sqs: queueClient({ ...once, endpoint: queues, useQueueUrlAsEndpoint: false }),
  };
};

const proxied = (): Endpoints => ({ table: table.endpoint, queues: queues.endpoint });

function partsOf({ dynamoDb, sqs }: ReturnType<typeof usualClients>) {
  return {
    store: createRecorder({ client: dynamoDb, tableName: emails.tableName, retentionDays: 400 }),
    quarantine: createQuarantine(sqs, quarantine.queueUrl),
    retryQueue: createRetryQueue(sqs, retries.queueUrl),
    metrics: noMetrics,
    log: () => {},
    now: () => noon,
  };
}

async function send(body: Buffer, clients = usualClients(proxied())): Promise<number> {
  const handler = ingestFunction({ ...partsOf(clients), secretsOf: async () => [keys.secret] });
  const { headers } = keys.sign(body, noon);
  const event = httpEvent('POST /webhooks/{provider}', { provider: 'sendgrid' }, headers, body);
  return (await handler(event, lambdaContext)).statusCode;
}

/** Records what waits in the retry queue, without any fault. */
async function drain(bodies: readonly unknown[]): Promise<void> {
  const handler = createQueueHandler({
    sources: { 'arn:retry': 'retry' },
    providers,
    context,
    persistEvents: createPersistEvents({
      ...partsOf(usualClients({ table: emails.endpoint, queues: quarantine.endpoint })),
      retryQueue: null,
    }),
    nonces: emails.nonces,
    lookUpErasures: emails.lookUpErasures,
    metrics: noMetrics,
    now: () => noon,
    log: () => {},
  });
  const Records = bodies.map((body, index) => ({
    messageId: `m${index}`,
    body: JSON.stringify(body),
    eventSourceARN: 'arn:retry',
    attributes: {},
  }));
  // As many at a time as Lambda gives.
  for (let from = 0; from < Records.length; from += 10) {
    const event = { Records: Records.slice(from, from + 10) } as unknown as SQSEvent;
    expect(await handler(event, lambdaContext)).toEqual({ batchItemFailures: [] });
  }
}

/** Sends a batch while the plan is in force, and holds the answer to what is durable then. Gives the calls that it took. */
async function check(
  size: number,
  plan: () => void,
): Promise<{ answer: number; calls: { table: number; queues: number } }> {
  const body = batch(size);
  const { events, quarantined } = providers.sendgrid.parse(requestOf({ body }), context);
  plan();
  const answer = await send(body, impatientClients(proxied()));
  const calls = { table: table.calls, queues: queues.calls };
  table.plan(null);
  queues.plan(null);
  // What its caller has given up may still be on its way.
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
    await drain(queued);
  } else {
    expect(answer).toBe(429);
    expect(await send(body)).toBe(200);
    await drain([...queued, ...(await retries.kept())]);
  }
  await Promise.all([retries.empty(), quarantine.empty()]);
  expect(new Set(await durable())).toEqual(sent);
  for (const [emailId, ofEmail] of Map.groupBy(events, emailIdOf)) {
    expect((await emails.store.email(emailId))?.verdict).toEqual(merge(ofEmail));
  }
  return { answer, calls };
}

describe('whichever call of a request fails, 200 is answered only if every event is durable', () => {
  it.each(ways)(
    'by %s',
    async way => {
      const isSlow = way.startsWith('hang');
      for (const size of isSlow ? [20] : [1, 20]) {
        const whole = await check(size, () => {
          table.plan(() => null);
          queues.plan(() => null);
        });
        expect(whole.answer).toBe(200);
        for (const extent of Object.values(extents)) {
          for (let index = 0; index < whole.calls.table; index += 1) {
            await check(size, () => table.plan(extent(index, way)));
          }
          // With the table gone, events go to the retry queue: its calls, and those of the quarantine, fail in turn.
          for (let index = 0; index < 3; index += 1) {
            await check(size, () => {
              table.plan(always('throttling'));
              queues.plan(extent(index, way));
            });
          }
        }
      }
    },
    120_000,
  );

  it('also where both are gone: 429, and nothing is said to be kept', async () => {
    const { answer } = await check(20, () => {
      table.plan(always('throttling'));
      queues.plan(always('server error'));
    });
    expect(answer).toBe(429);
  });
});

describe('a database that hangs', () => {
  it('is waited for no longer than 2.5 seconds, by any request, and every event is in the retry queue', async () => {
    table.plan(always('hang'));
    const bodies = Array.from({ length: 8 }, (_, index) => batch(index % 2 === 0 ? 1 : 20));
    const usual = usualClients(proxied());
    const begun = performance.now();
    const answers = await Promise.all(
      bodies.map(async body => [await send(body, usual), performance.now() - begun] as const),
    );
    for (const [status, milliseconds] of answers) {
      expect(status).toBe(200);
      expect(milliseconds).toBeLessThan(2_500);
    }
    const queued = (await retries.kept()).flatMap(({ events }) => events);
    expect(queued.length).toBe(
      bodies.flatMap(body => providers.sendgrid.parse(requestOf({ body }), context).events).length,
    );
    await Promise.all([retries.empty(), quarantine.empty()]);
  });
});

it('one poison event in a thousand: 999 are recorded, one is in quarantine, and the answer is 200', async () => {
  const [template] = JSON.parse(fixture('sendgrid', 'delivered').toString());
  const pieces = Array.from({ length: 1_000 }, (_, index) => ({ ...template, sg_message_id: `thousand-${index}` }));
  pieces[500] = { ...template, timestamp: { not: 'a time' } };
  const body = Buffer.from(JSON.stringify(pieces));
  expect(await send(body)).toBe(200);
  expect(await quarantine.kept()).toMatchObject([
    { reason: 'unexpected_shape', pieces: [{ timestamp: { not: 'a time' } }] },
  ]);
  const { events } = providers.sendgrid.parse(requestOf({ body }), context);
  expect(events).toHaveLength(999);
  await drain(await retries.kept());
  expect(await emails.store.record(events, noon)).toMatchObject({ recorded: 0, duplicate: 999 });
});
