import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { resolveTemplate } from '../../infra/local/cloudformation/template.ts';
import { startSchedules } from '../../infra/local/event-sources/schedules.ts';
import { eventsPage } from '../../infra/local/pages/events-page.ts';
import { isOnThisMachine } from '../../infra/local/services/api-destination.ts';
import { awsJson } from '../../infra/local/services/aws-json.ts';
import { type EventBus, type EventBusOptions, startEventBus } from '../../infra/local/services/event-bus.ts';
import { generatedSecret } from '../../infra/local/services/generated-secrets.ts';
import { type LoopbackServer, startLoopbackServer } from '../../infra/local/services/loopback-server.ts';
import { entryBytes, maxRequestBytes, type PutEventsEntry } from '../../infra/local/services/put-events.ts';
import { type Queues, startQueues } from '../../infra/local/services/queues.ts';
import { eventually } from '../rigs/eventually.ts';

type Answer = { readonly status: number; readonly headers?: Readonly<Record<string, string>> } | 'hang';
interface Received {
  readonly key: unknown;
  readonly body: { readonly id: string; readonly detail: { readonly n: number } };
}

const busName = 'Mailtrail-events';

/** The resources of a bus whose events go to a URL, as CDK makes them. */
const resources = (url: string, target: object, rule: object, dead = 'Dead') => ({
  Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: busName } },
  Key: { Type: 'AWS::SecretsManager::Secret', Properties: { GenerateSecretString: { PasswordLength: 48 } } },
  [dead]: { Type: 'AWS::SQS::Queue' },
  Connection: {
    Type: 'AWS::Events::Connection',
    Properties: {
      AuthorizationType: 'API_KEY',
      AuthParameters: {
        ApiKeyAuthParameters: {
          ApiKeyName: 'x-api-key',
          ApiKeyValue: { 'Fn::Join': ['', ['{{resolve:secretsmanager:', { Ref: 'Key' }, ':SecretString:::}}']] },
        },
      },
    },
  },
  Destination: {
    Type: 'AWS::Events::ApiDestination',
    Properties: {
      ConnectionArn: { 'Fn::GetAtt': ['Connection', 'Arn'] },
      HttpMethod: 'POST',
      InvocationEndpoint: url,
    },
  },
  Rule: {
    Type: 'AWS::Events::Rule',
    Properties: {
      EventBusName: { Ref: 'Bus' },
      EventPattern: { source: ['mailtrail'] },
      State: 'ENABLED',
      Targets: [
        {
          Id: 'Target0',
          Arn: { 'Fn::GetAtt': ['Destination', 'Arn'] },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': [dead, 'Arn'] } },
          RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 3_600 },
          ...target,
        },
      ],
      ...rule,
    },
  },
});

const entry = (over: Partial<PutEventsEntry> = {}): PutEventsEntry => ({
  EventBusName: busName,
  Source: 'mailtrail',
  DetailType: 'Email Status Changed',
  Detail: '{"n":1}',
  ...over,
});

let queues: Queues;
/** Each test has a dead-letter queue of its own. */
let started = 0;
let bus: EventBus;
let faults: string[];
let waits: number[];

beforeAll(async () => {
  queues = await startQueues(mkdtempSync(join(tmpdir(), 'mailtrail-test-')));
});
afterAll(() => queues.stop());
afterEach(() => bus.stop());

async function start(
  { url = 'http://127.0.0.1:9/', target = {}, rule = {} }: { url?: string; target?: object; rule?: object } = {},
  options: Partial<EventBusOptions> = {},
): Promise<string> {
  faults = [];
  waits = [];
  started += 1;
  bus = await startEventBus({
    onFault: line => faults.push(line),
    wait: async ms => void waits.push(ms),
    ...options,
  });
  const template = resolveTemplate(
    { Resources: resources(url, target, rule, `Dead${started}`) },
    { queueEndpoint: queues.endpoint },
  );
  await queues.create(template);
  bus.serve(template, { queueEndpoint: queues.endpoint, secretText: arn => `the value of ${arn}` });
  return template.ofType('AWS::SQS::Queue')[0]!.ref;
}

interface PutEventsAnswer {
  readonly FailedEntryCount: number;
  readonly Entries: readonly { readonly EventId?: string; readonly ErrorCode?: string }[];
}
const put = (...Entries: readonly object[]) =>
  awsJson<PutEventsAnswer>(bus.endpoint, 'AWSEvents.PutEvents', { Entries });

describe('PutEvents on this machine', () => {
  beforeEach(async () => void (await start({ rule: { State: 'DISABLED' } })));

  it('wraps each entry in the envelope of EventBridge, under the id that it answers', async () => {
    const { FailedEntryCount, Entries } = await put(
      entry({ Time: 1_767_355_200.25, Resources: ['arn:x'] }),
      entry({ Detail: '{"n":2}' }),
    );
    expect(FailedEntryCount).toBe(0);
    const [newest, oldest] = bus.events();
    expect([oldest, newest].map(kept => kept!.event.id)).toEqual(Entries.map(({ EventId }) => EventId));
    expect(oldest).toMatchObject({
      busName,
      event: {
        version: '0',
        'detail-type': 'Email Status Changed',
        source: 'mailtrail',
        account: '000000000000',
        time: '2026-01-02T12:00:00Z',
        region: 'us-east-1',
        resources: ['arn:x'],
        detail: { n: 1 },
      },
    });
    expect(newest!.event.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it.each([
    ['without a source', { Source: undefined }, 'InvalidArgument'],
    ['without a detail-type', { DetailType: '' }, 'InvalidArgument'],
    ['without a detail', { Detail: undefined }, 'InvalidArgument'],
    ['whose detail is no JSON', { Detail: '{' }, 'MalformedDetail'],
    ['whose detail is no object', { Detail: '[1]' }, 'MalformedDetail'],
    ['of a source of AWS', { Source: 'aws.s3' }, 'NotAuthorizedForSourceException'],
    ['for a bus that does not exist', { EventBusName: 'other' }, 'AccessDeniedException'],
  ])('refuses an entry %s, and takes its neighbours', async (_, over, ErrorCode) => {
    const answer = await put(entry(), entry(over), entry());
    expect(answer).toMatchObject({
      FailedEntryCount: 1,
      Entries: [{ EventId: expect.any(String) }, { ErrorCode }, { EventId: expect.any(String) }],
    });
    expect(bus.events()).toHaveLength(2);
  });

  it.each(['default', busName, `arn:aws:events:us-east-1:000000000000:event-bus/${busName}`])(
    'takes an entry for the bus %s',
    async EventBusName => {
      expect(await put(entry({ EventBusName }))).toMatchObject({ FailedEntryCount: 0 });
    },
  );

  it.each([0, 11])('refuses a call with %d entries', async count => {
    await expect(put(...Array.from({ length: count }, () => entry()))).rejects.toMatchObject({
      name: 'ValidationException',
    });
    expect(bus.events()).toEqual([]);
  });

  it('refuses entries whose bytes reach 256 KB together, and takes them below it', async () => {
    const sized = (bytes: number) => {
      const rest = entryBytes(entry({ Detail: '{"t":""}', Time: 1 }));
      return entry({ Detail: `{"t":"${'ä'.repeat((bytes - rest) / 2)}${'a'.repeat((bytes - rest) % 2)}"}`, Time: 1 });
    };
    const half = maxRequestBytes / 2;
    await expect(put(sized(half), sized(half))).rejects.toMatchObject({ name: 'ValidationException' });
    expect(await put(sized(half), sized(half - 1))).toMatchObject({ FailedEntryCount: 0 });
  });

  it('counts bytes of texts, and 14 for a time', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, text, fc.array(text), fc.boolean(), (Source, DetailType, Detail, Resources, dated) => {
        const all = [Source, DetailType, Detail, ...Resources].join('');
        const bytes = entryBytes({ Source, DetailType, Detail, Resources, ...(dated && { Time: 1 }) });
        expect(bytes).toBe(Buffer.byteLength(all) + (dated ? 14 : 0));
      }),
    );
  });

  it('keeps the newest 1,000 events', async () => {
    for (let call = 0; call < 101; call += 1) {
      await put(...Array.from({ length: 10 }, (_, n) => entry({ Detail: JSON.stringify({ n: call * 10 + n }) })));
    }
    const numbers = bus.events().map(({ event }) => event.detail.n);
    expect([numbers.length, numbers[0], numbers.at(-1)]).toEqual([1_000, 1_009, 10]);
  });

  it('understands no other operation', async () => {
    await expect(awsJson(bus.endpoint, 'AWSEvents.ListRules', {})).rejects.toMatchObject({
      name: 'UnknownOperationException',
    });
  });
});

describe('a rule that sends events to a URL', () => {
  let hook: LoopbackServer;
  let received: Received[];
  let answers: Answer[];

  beforeEach(async () => {
    received = [];
    answers = [];
    hook = await startLoopbackServer(async ({ headers }, body) => {
      received.push({ key: headers['x-api-key'], body: JSON.parse(body) });
      const answer = answers.shift() ?? { status: 200 };
      if (answer === 'hang') await delay(1_000);
      return { status: 200, ...(answer === 'hang' ? {} : answer), contentType: 'text/plain', body: '' };
    });
  });
  afterEach(() => hook.stop());

  const deadLetters = (queueUrl: string) => queues.messagesIn(queueUrl).map(({ body }) => JSON.parse(body));
  const deadAttributes = async (queueUrl: string) => {
    const { Messages = [] } = await awsJson<{
      Messages?: { MessageAttributes: Record<string, { StringValue: string }> }[];
    }>(queues.endpoint, 'AmazonSQS.ReceiveMessage', {
      QueueUrl: queueUrl,
      MessageAttributeNames: ['All'],
      VisibilityTimeout: 0,
    });
    const attributes = Messages[0]?.MessageAttributes ?? {};
    return Object.fromEntries(Object.entries(attributes).map(([name, { StringValue }]) => [name, StringValue]));
  };

  it('posts the whole event, with the API key of its connection in the header', async () => {
    await start({ url: hook.endpoint });
    const { Entries } = await put(entry());
    await eventually(() => expect(received).toHaveLength(1));
    expect(received[0]).toMatchObject({
      key: 'the value of arn:aws:secretsmanager:us-east-1:000000000000:secret:Key-local0',
      body: { id: Entries[0]!.EventId, source: 'mailtrail', detail: { n: 1 } },
    });
  });

  it('sends only events that match its pattern, on its own bus', async () => {
    await start({ url: hook.endpoint, rule: { EventPattern: { source: ['mailtrail'], detail: { n: [2] } } } });
    await put(entry(), entry({ EventBusName: 'default', Detail: '{"n":2}' }), entry({ Detail: '{"n":2,"own":true}' }));
    await eventually(() => expect(received).toMatchObject([{ body: { detail: { own: true } } }]));
  });

  it.each([500, 503, 429, 409])('sends an event again after the answer %d, and later each time', async status => {
    const queue = await start({ url: hook.endpoint });
    answers = [{ status }, { status }, { status: 200 }];
    await put(entry());
    await eventually(() => expect(received).toHaveLength(3));
    expect(new Set(received.map(({ body }) => body.id)).size).toBe(1);
    expect(waits[1]).toBeGreaterThan(waits[0]!);
    expect(faults).toEqual([`events to ${hook.endpoint}: it answered ${status}, and gets them again`]);
    expect(deadLetters(queue)).toEqual([]);
  });

  it('waits as long as the answer asks for', async () => {
    await start({ url: hook.endpoint });
    answers = [{ status: 429, headers: { 'retry-after': '40' } }];
    await put(entry());
    await eventually(() => expect(received).toHaveLength(2));
    expect(waits).toEqual([40_000]);
  });

  it('sends an event again where no answer comes in time', async () => {
    await start({ url: hook.endpoint }, { timeoutMs: 100 });
    answers = ['hang'];
    await put(entry());
    await eventually(() => expect(received).toHaveLength(2));
    expect(faults).toEqual([`events to ${hook.endpoint}: it did not answer in time, and gets them again`]);
  });

  it.each([
    ['400', { status: 400 }],
    ['404', { status: 404 }],
    ['302, whose target is not called,', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }],
    ['503 with a Retry-After below 0', { status: 503, headers: { 'retry-after': '-1' } }],
  ] as const)('gives an event up at the answer %s', async (_, answer) => {
    const queue = await start({ url: hook.endpoint });
    answers = [answer];
    await put(entry());
    await eventually(() => expect(deadLetters(queue)).toHaveLength(1));
    expect([received.length, waits]).toEqual([1, []]);
    expect(await deadAttributes(queue)).not.toHaveProperty('EXHAUSTED_RETRY_CONDITION');
  });

  it('gives an event up after its retries, and leaves it in the dead-letter queue with the reason', async () => {
    const queue = await start({ url: hook.endpoint });
    answers = Array.from({ length: 4 }, () => ({ status: 500 }));
    const { Entries } = await put(entry());
    await eventually(() => expect(deadLetters(queue)).toMatchObject([{ id: Entries[0]!.EventId, detail: { n: 1 } }]));
    expect(received).toHaveLength(4);
    expect(await deadAttributes(queue)).toEqual({
      RULE_ARN: 'arn:aws:events:us-east-1:000000000000:rule/Rule',
      TARGET_ARN: 'arn:aws:events:us-east-1:000000000000:api-destination/Destination/local',
      ERROR_CODE: 'SDK_CLIENT_ERROR',
      ERROR_MESSAGE: 'Unable to invoke ApiDestination endpoint: it answered 500',
      EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
      RETRY_ATTEMPTS: '3',
    });
    expect(faults.at(-1)).toBe(`event to ${hook.endpoint}: it answered 500: it is a dead letter now`);
  });

  it('gives an event up once it is too old, where nobody listens', async () => {
    let time = 1_767_355_200_000;
    const queue = await start(
      { target: { RetryPolicy: { MaximumEventAgeInSeconds: 60 } } },
      {
        now: () => time,
        async wait(ms) {
          time += ms;
        },
      },
    );
    await put(entry());
    await eventually(() => expect(deadLetters(queue)).toHaveLength(1));
    expect(time - 1_767_355_200_000).toBeLessThanOrEqual(60_000);
    expect(await deadAttributes(queue)).toMatchObject({
      EXHAUSTED_RETRY_CONDITION: 'MaximumEventAgeInSeconds',
      ERROR_MESSAGE: 'Unable to invoke ApiDestination endpoint: it cannot be reached',
    });
  });

  it('drops an event that is given up if there is no dead-letter queue', async () => {
    await start({ url: hook.endpoint, target: { DeadLetterConfig: {} } });
    answers = [{ status: 400 }];
    await put(entry());
    await eventually(() => expect(faults).toEqual([`event to ${hook.endpoint}: it answered 400: given up`]));
  });

  it('keeps no event waiting for long behind those whose URL does not answer', async () => {
    await start({ url: hook.endpoint, target: { RetryPolicy: { MaximumRetryAttempts: 50 } } }, { timeoutMs: 300 });
    answers = Array.from({ length: 30 }, () => 'hang' as const);
    for (let call = 0; call < 4; call += 1) await put(...Array.from({ length: 10 }, () => entry()));
    await eventually(() => expect(new Set(received.slice(30).map(({ body }) => body.id)).size).toBe(40));
  });

  it('says once that a URL fails, until it has taken an event', async () => {
    await start({ url: hook.endpoint });
    answers = [{ status: 500 }, { status: 500 }];
    await put(entry(), entry());
    await eventually(() => expect(received).toHaveLength(4));
    expect(faults).toHaveLength(1);
    answers = [{ status: 500 }];
    await put(entry());
    await eventually(() => expect(faults).toHaveLength(2));
  });

  it('calls no other machine, and says so', async () => {
    const queue = await start({ url: 'https://hooks.example.com/mailtrail' });
    await put(entry());
    await delay(50);
    expect(faults).toEqual([
      'eventsUrl: https://hooks.example.com/mailtrail gets no events, because a run on this machine calls no other',
    ]);
    expect(deadLetters(queue)).toEqual([]);
    expect(bus.events()).toHaveLength(1);
  });

  it.each([
    ['http://localhost:4000/hook', true],
    ['http://127.0.0.1:4000', true],
    ['https://[::1]/', true],
    ['http://localhost.example.com/', false],
    ['http://127.0.0.1.example.com/', false],
    ['http://localhost@example.com/', false],
    ['http://10.0.0.1/', false],
    ['no URL', false],
  ])('takes %s for this machine: %s', (url, expected) => {
    expect(isOnThisMachine(url)).toBe(expected);
  });

  it.each([
    ['to another kind of target', { Arn: 'arn:aws:sqs:us-east-1:000000000000:Dead' }],
    ['with an input of its own', { InputPath: '$.detail' }],
  ])('is refused at the start if it leads %s', async (_, target) => {
    await expect(start({ url: hook.endpoint, target })).rejects.toThrow('Rule: a target that is not understood here');
  });

  it('is no schedule', async () => {
    await start({ url: hook.endpoint });
    const template = resolveTemplate({ Resources: resources(hook.endpoint, {}, {}) });
    const none = () => {
      throw new Error('no function is started');
    };
    await startSchedules(template, { at: none }, none).stop();
  });
});

describe('the API key on this machine', () => {
  it('is made at random once, and stands in a file that only its owner reads', () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-test-'));
    const secret = {
      logicalId: 'EventWebhookApiKey0A1B2C3D',
      ref: 'arn',
      properties: { GenerateSecretString: { PasswordLength: 48, ExcludePunctuation: true } },
    };
    const value = generatedSecret(dataDir, secret);
    expect(value).toMatch(/^[A-Za-z0-9]{48}$/);
    expect(generatedSecret(dataDir, secret)).toBe(value);
    const file = join(dataDir, 'event-webhook-api-key.txt');
    expect(readFileSync(file, 'utf8')).toBe(`${value}\n`);
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(generatedSecret(mkdtempSync(join(tmpdir(), 'mailtrail-test-')), secret)).not.toBe(value);
  });
});

describe('the page of the events', () => {
  beforeEach(async () => void (await start({ rule: { State: 'DISABLED' } })));
  const shown = (accept: string) => eventsPage(bus.events(), { page: 'http://127.0.0.1:3000/ui' }, accept);

  it('shows email, change of status and JSON, and nothing of them is HTML', async () => {
    const detail = {
      emailId: 'abc',
      recipient: '<b>jane@example.com',
      from: { status: 'sent' },
      to: 'delivered',
      reference: '</pre><script>',
    };
    await put(entry({ DetailType: '<i>Changed', Detail: JSON.stringify(detail) }), entry({ Detail: '{}' }));
    const text = shown('text/html').body.toString();
    expect(text).toContain('&lt;i&gt;Changed');
    expect(text).toContain(
      '<a href="http://127.0.0.1:3000/ui?email=abc">&lt;b&gt;jane@example.com</a>: sent → <strong>delivered</strong>',
    );
    expect(text).toContain('&lt;/pre&gt;&lt;script&gt;');
    expect(text).not.toMatch(/<b>|<i>|<script/);
  });

  it('has all of them in JSON', async () => {
    await put(entry());
    expect(JSON.parse(shown('application/json').body.toString())).toMatchObject({
      events: [{ busName, event: { detail: { n: 1 } } }],
    });
  });

  it('says so before the first one', () => {
    expect(shown('text/html').body.toString()).toContain('No event was published yet.');
  });
});
