import { setTimeout as delay } from 'node:timers/promises';
import { type DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WebhookSecretsOf } from '../../functions/ingest/webhook-secrets.ts';
import { embeddedMetrics } from '../../infra/local/monitoring/embedded-metrics.ts';
import { createRecorder, nothingRecorded, type Recorder } from '../../shared/email/recorder.ts';
import type { Nonces } from '../../shared/guards/nonces.ts';
import type { HttpAnswer } from '../../shared/http/responses.ts';
import type { ProviderName } from '../../shared/providers/registry.ts';
import { webhookSecretsOf } from '../../shared/providers/signatures/webhook-secrets.ts';
import { createQuarantine, type Quarantine } from '../../shared/queues/quarantine-messages.ts';
import { createRetryQueue, type RetryQueue } from '../../shared/queues/retry-messages.ts';
import type { AbortAfter } from '../../shared/runtime/abortable.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { fixture, fixtureNames } from '../fixtures/fixtures.ts';
import { providerNames, signingKeys } from '../fixtures/signing.ts';
import { startQuarantineQueue } from '../queues/quarantine-queue.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { httpEvent, lambdaContext } from '../rigs/http-event.ts';
import { ingestFunction } from '../rigs/ingest-function.ts';
import { type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

describe('a request to /webhooks/{provider}', () => {
  let emails: StoredEmails;
  let queue: Awaited<ReturnType<typeof startQuarantineQueue>>;
  let retries: Awaited<ReturnType<(typeof queue)['another']>>;
  let lines: string[];
  const keys = Object.fromEntries(providerNames.map(name => [name, signingKeys(name)]));

  beforeAll(async () => {
    emails = await startStoredEmails();
    queue = await startQuarantineQueue();
    retries = await queue.another('retry');
  });
  afterAll(async () => {
    await emails?.stop();
    await queue?.stop();
  });
  beforeEach(async () => {
    lines = [];
    await queue.empty();
    await retries.empty();
  });

  interface Parts {
    readonly store: Pick<Recorder, 'record'>;
    readonly secretsOf: WebhookSecretsOf;
    readonly quarantine: Quarantine;
    readonly queueUrl: string;
    readonly retryQueue: RetryQueue;
    readonly nonces: Nonces;
    readonly abortAfter: AbortAfter;
  }
  const noQueue: RetryQueue = () => Promise.reject(new Error('out of reach'));
  const handler = (parts: Partial<Parts> = {}) =>
    ingestFunction({
      secretsOf: parts.secretsOf ?? (async name => [keys[name]!.secret]),
      store: parts.store ?? emails.store,
      quarantine: parts.quarantine ?? createQuarantine(queue.client, parts.queueUrl ?? queue.queueUrl),
      retryQueue: parts.retryQueue ?? createRetryQueue(queue.client, retries.queueUrl),
      nonces: parts.nonces ?? emails.nonces,
      ...(parts.abortAfter && { abortAfter: parts.abortAfter }),
      log: createLog(line => lines.push(line)),
    });
  const post = (
    provider: string,
    headers: Record<string, string>,
    body: Buffer | undefined,
    options: { base64?: boolean; method?: string; parts?: Partial<Parts> } = {},
  ): Promise<HttpAnswer> => {
    const routeKey = options.method === undefined ? 'POST /webhooks/{provider}' : 'ANY /webhooks/{provider}';
    return handler(options.parts)(httpEvent(routeKey, { provider }, headers, body, options), lambdaContext);
  };
  const send = (provider: ProviderName, content: Buffer, options: Parameters<typeof post>[3] = {}) => {
    const { headers, body } = keys[provider]!.sign(content, noon);
    return post(provider, headers, body, options);
  };
  const counts = ({ body }: HttpAnswer) => JSON.parse(body ?? '{}') as Record<string, number>;
  const itemsStored = async () => {
    const { Count } = await emails.client.send(new ScanCommand({ TableName: emails.tableName, Select: 'COUNT' }));
    return Count;
  };
  const delivered = (messageId: string) =>
    JSON.parse(fixture('sendgrid', 'delivered').toString()).map((event: object) => ({
      ...event,
      sg_message_id: messageId,
    }))[0] as object;
  const batch = (...events: unknown[]) => Buffer.from(JSON.stringify(events));

  describe('gets 200', () => {
    it('if one piece is unreadable: that piece is quarantined whole, and the others are recorded', async () => {
      const poison = { event: 'delivered', timestamp: {}, secret: 'piece' };
      const answer = await send('sendgrid', batch(delivered('poison-1'), poison, delivered('poison-2')));
      expect(counts(answer)).toMatchObject({ received: 3, recorded: 2, quarantined: 1 });
      expect(await queue.kept()).toEqual([
        expect.objectContaining({ provider: 'sendgrid', reason: 'unexpected_shape', pieces: [poison] }),
      ]);
    });

    it('if it is unreadable: the body is quarantined byte for byte', async () => {
      const body = Buffer.from([0x7b, 0xff, 0x00, 0x7d]);
      const answer = await send('sendgrid', body, { base64: true });
      expect(counts(answer)).toMatchObject({ received: 1, recorded: 0, quarantined: 1 });
      expect(await queue.kept()).toEqual([
        expect.objectContaining({ reason: 'not_utf8', content: 'body', base64: body.toString('base64') }),
      ]);
    });

    it('equally for text and base64 from the gateway, and for header names in any letter case', async () => {
      const body = batch(delivered('base64'));
      expect(counts(await send('sendgrid', body))).toMatchObject({ recorded: 1 });
      expect(counts(await send('sendgrid', body, { base64: true }))).toMatchObject({ duplicate: 1 });
      const { headers } = keys.sendgrid!.sign(body, noon);
      const odd = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
      expect(counts(await post('sendgrid', odd, body))).toMatchObject({ duplicate: 1 });
    });

    it('if it has no event', async () => {
      expect(counts(await send('sendgrid', Buffer.from('[]')))).toMatchObject({ received: 0, recorded: 0 });
    });
  });

  describe('gets 401 and stores nothing', () => {
    it.each(['sendgrid', 'mailgun', 'postmark', 'app'] as const)(
      'if it is from %s and has no signature',
      async name => {
        const before = await itemsStored();
        const answer = await post(name, {}, fixture(name, fixtureNames(name)[0]!));
        expect(answer).toMatchObject({ statusCode: 401, headers: { 'content-type': 'application/problem+json' } });
        expect(answer.headers['www-authenticate'] !== undefined).toBe(name === 'postmark');
        expect(answer.body).toBe('{"type":"/problems/unauthorized","title":"Unauthorized","status":401}');
        expect(await itemsStored()).toBe(before);
        expect(await queue.kept()).toEqual([]);
        expect(lines.map(line => JSON.parse(line))).toMatchObject([{ message: 'webhook.refused', provider: name }]);
      },
    );

    it("if it has one provider's signature on another's path", async () => {
      const { headers, body } = keys.app!.sign(fixture('app', 'email.sent'), noon);
      expect((await post('sendgrid', headers, body)).statusCode).toBe(401);
    });

    it('while no secret is configured for the provider', async () => {
      const answer = await send('postmark', fixture('postmark', 'Delivery'), {
        parts: { secretsOf: async () => [] },
      });
      expect(answer.statusCode).toBe(401);
    });
  });

  describe('gets 429 with Retry-After', () => {
    const again = { statusCode: 429, headers: { 'retry-after': expect.stringMatching(/^\d+$/) } };

    it('while the secrets are unavailable', async () => {
      const secretsOf = () => Promise.reject(new Error('out of reach'));
      expect(await send('sendgrid', batch(delivered('secrets')), { parts: { secretsOf } })).toMatchObject(again);
      expect(lines.map(line => JSON.parse(line))).toMatchObject([
        { message: 'webhook.unavailable', cause: 'secrets: Error' },
      ]);
    });

    it('while its secrets are unusable, and the log names the fault', async () => {
      const secretsOf = async () => webhookSecretsOf('sendgrid', [{ secret: 'the-key' }]);
      expect(await send('sendgrid', batch(delivered('unusable')), { parts: { secretsOf } })).toMatchObject(again);
      expect(lines.map(line => JSON.parse(line))).toMatchObject([
        {
          message: 'webhook.unavailable',
          provider: 'sendgrid',
          cause: expect.stringMatching(/^secrets: sendgrid: must be a list of secrets/),
        },
      ]);
      expect(lines.join()).not.toContain('the-key');
    });

    it('if an event can be neither recorded nor queued; it is recorded when it comes again', async () => {
      const body = batch(delivered('refused-1'), delivered('refused-2'));
      let calls = 0;
      const store: Pick<Recorder, 'record'> = {
        // The second email's write fails, so that only the first is recorded.
        async record(events, receivedAt) {
          calls += 1;
          const recorded = await emails.store.record(events.slice(0, 1), receivedAt);
          return { ...recorded, failed: [{ events: events.slice(1), error: new Error('throttled') }] };
        },
      };
      expect(await send('sendgrid', body, { parts: { store, retryQueue: noQueue } })).toMatchObject(again);
      expect(calls).toBe(1);
      expect(lines.map(line => JSON.parse(line))).toMatchObject([
        {
          message: 'webhook.unavailable',
          answer: 429,
          cause: 'table: Error, retry queue: Error',
          ...{ received: 2, recorded: 1, failed: 1 },
          ...{ Lag: expect.any(Number), Unavailable: 1 },
        },
      ]);
      // Rates are made of this metric: each repetition would count again.
      expect(JSON.parse(lines[0]!)).not.toHaveProperty('Delivered');
      lines = [];
      expect(counts(await send('sendgrid', body))).toMatchObject({ recorded: 1, duplicate: 1 });
      expect(JSON.parse(lines[0]!)).toMatchObject({ Delivered: 2 });
    });

    it('if it has an unreadable piece and the look-up of its token fails', async () => {
      const { signature } = JSON.parse(keys.mailgun!.sign(fixture('mailgun', 'delivered'), noon).body.toString());
      const body = Buffer.from(JSON.stringify({ signature, 'event-data': { event: 'new', timestamp: noon / 1000 } }));
      const nonces = () => Promise.reject(new Error('out of reach'));
      expect(await post('mailgun', {}, body, { parts: { nonces } })).toMatchObject(again);
      expect(await queue.kept()).toEqual([]);
    });

    it('if the quarantine does not accept an unreadable piece', async () => {
      const body = batch(delivered('lost-quarantine'), { event: 'new' });
      const answer = await send('sendgrid', body, { parts: { queueUrl: `${queue.queueUrl}-that-is-not-there` } });
      expect(answer).toMatchObject(again);
    });
  });

  describe('is answered within 2.3 seconds', () => {
    /** The factor by which time passes faster than usual. */
    const haste = 40;
    const asked: number[] = [];
    const hastened: AbortAfter = milliseconds => {
      asked.push(milliseconds);
      return AbortSignal.timeout(Math.round(milliseconds / haste));
    };
    /** Lets the table's deadline pass at once, and leaves the queues their usual time. */
    const tableIsLate: AbortAfter = milliseconds => AbortSignal.timeout(milliseconds < 2_000 ? 20 : milliseconds);
    beforeEach(() => {
      asked.length = 0;
    });

    const never = () => new Promise<never>(() => {});
    const slowSecrets: WebhookSecretsOf = async name => {
      await delay(1_000 / haste);
      return [keys[name]!.secret];
    };
    const hangingTable = createRecorder({
      client: { send: never } as unknown as DynamoDBDocumentClient,
      tableName: 'emails',
      retentionDays: 400,
    });
    const allHang = { store: hangingTable, quarantine: never, retryQueue: never };
    it.each<[string, Partial<Parts>, pieces: 'readable' | 'mixed']>([
      ['the secrets hang', { secretsOf: never }, 'mixed'],
      ['the table and the retry queue hang', { store: hangingTable, retryQueue: never }, 'mixed'],
      ['the quarantine hangs', { quarantine: never }, 'mixed'],
      ['the secrets are slow, the table and the queues hang', { ...allHang, secretsOf: slowSecrets }, 'mixed'],
      ['the table and the queues hang, for a readable request', allHang, 'readable'],
    ])('with 429 while %s', async (_what, parts, pieces) => {
      const content = batch(delivered('hanging'), ...(pieces === 'mixed' ? [{ event: 'new' }] : []));
      const answer = await send('sendgrid', content, { parts: { ...parts, abortAfter: hastened } });
      expect(answer.statusCode).toBe(429);
      expect(Math.max(...asked)).toBe(2_300);
    });

    it.each<[string, ProviderName, Partial<Parts>]>([
      ['the table hangs', 'sendgrid', { store: hangingTable }],
      ['the table and the nonces hang', 'mailgun', { store: hangingTable, nonces: never }],
    ])('with 200 while %s, because the retry queue has it', async (_what, provider, parts) => {
      const content = provider === 'sendgrid' ? batch(delivered('hanging')) : fixture('mailgun', 'delivered');
      const answer = await send(provider, content, { parts: { ...parts, abortAfter: tableIsLate } });
      expect(answer.statusCode).toBe(200);
      expect(counts(answer)).toMatchObject({ received: 1, recorded: 0, queued: 1 });
      expect(await retries.kept()).toMatchObject([{ provider, events: [{ status: 'delivered' }] }]);
    });

    it.each([
      ['even after a wait for a cold start', 1_001, 1_299],
      ['even after a wait longer than that time', 5_000, 500],
      ['even with a gateway clock ahead of ours', -3_600_000, 2_300],
      ['even with a gateway clock behind ours', 3_600_000, 2_300],
    ])('of its arrival at the gateway, %s', async (_what, waited, left) => {
      const { headers, body } = keys.sendgrid!.sign(batch(delivered('waited')), noon);
      const event = httpEvent('POST /webhooks/{provider}', { provider: 'sendgrid' }, headers, body);
      const requestContext = { ...event.requestContext, timeEpoch: noon - waited };
      const answer = await handler({ ...allHang, abortAfter: hastened })({ ...event, requestContext }, lambdaContext);
      expect(answer.statusCode).toBe(429);
      expect(Math.max(...asked)).toBe(left);
    });
  });

  it('whose email has no room for it is quarantined', async () => {
    const store: Pick<Recorder, 'record'> = {
      record: async ([event]) => ({
        ...nothingRecorded,
        unrecordable: [{ reason: 'item_full', event: event! }],
      }),
    };
    const answer = await send('sendgrid', batch(delivered('full')), { parts: { store } });
    expect(answer.statusCode).toBe(200);
    expect(counts(answer)).toMatchObject({ received: 1, recorded: 0, quarantined: 1 });
    expect(await queue.kept()).toMatchObject([{ reason: 'item_full', pieces: [{ messageId: 'full' }] }]);
  });

  it.each([
    ['nope', 404],
    ['toString', 404],
    ['__proto__', 404],
    ['SENDGRID', 404],
    ['', 404],
  ])('of the unknown provider "%s" gets %d', async (provider, status) => {
    expect((await post(provider, {}, Buffer.from('[]'))).statusCode).toBe(status);
  });

  it.each([
    ['HEAD', 200],
    ['OPTIONS', 204],
    ['GET', 405],
    ['PUT', 405],
    ['DELETE', 405],
    ['toString', 405],
  ])('by %s gets %d without effect', async (method, status) => {
    const answer = await send('sendgrid', batch(delivered('by-method')), { method });
    expect(answer.statusCode).toBe(status);
    if (status === 405) expect(answer.headers.allow).toBe('POST, HEAD, OPTIONS');
    expect(lines).toEqual([]);
  });

  it('by a useless method gets the list of useful ones', async () => {
    const allowed = async (provider: string) => (await post(provider, {}, undefined, { method: 'PUT' })).headers.allow;
    expect(await allowed('elasticemail')).toBe('POST, GET, HEAD, OPTIONS');
    expect(await allowed('unisendergo')).toBe('POST, GET, HEAD, OPTIONS');
  });

  it('above 6 MB gets 413 before anything reads it', async () => {
    const answer = await send('postmark', Buffer.alloc(6 * 1024 * 1024 + 1, 'a'), {
      parts: { secretsOf: () => Promise.reject(new Error('not asked for')) },
    });
    expect(answer.statusCode).toBe(413);
  });

  it('gets its id in every answer', async () => {
    for (const answer of [await send('sendgrid', Buffer.from('[]')), await post('nope', {}, undefined)]) {
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('has one log line that holds its counts and its metrics', async () => {
    await send('sendgrid', batch(delivered('one-line')));
    expect(lines.map(line => JSON.parse(line))).toEqual([
      {
        level: 'INFO',
        message: 'webhook.answered',
        timestamp: expect.any(String),
        service: 'mailtrail',
        requestId: expect.any(String),
        provider: 'sendgrid',
        ...{ answer: 200, received: 1, recorded: 1 },
        _aws: { Timestamp: expect.any(Number), CloudWatchMetrics: expect.any(Array) },
        Provider: 'sendgrid',
        Delivered: 1,
        Lag: expect.any(Number),
      },
    ]);
    expect(embeddedMetrics(lines[0]!).map(({ name }) => name)).toEqual(['Delivered', 'Lag', 'Lag']);
  });

  it('leaves no body, address, subject, secret or signature in any log line', async () => {
    const canary = 'canary-7f3a';
    const body = {
      ...JSON.parse(fixture('app', 'email.sent').toString()),
      data: {
        messageId: canary,
        recipient: `${canary}@example.com`,
        accountId: canary,
        subject: canary,
        reference: canary,
        reason: { text: `${canary}\r\n{"line":"webhook.answered"}` },
      },
    };
    const signed = keys.app!.sign(Buffer.from(JSON.stringify(body)), noon);
    await post('app', signed.headers, signed.body);
    await post('app', { ...signed.headers, 'webhook-id': canary }, signed.body);
    await send('app', Buffer.from(`{"type":"${canary}"}`));
    await post(canary, signed.headers, signed.body);
    const logged = lines.join('');
    expect(lines.length).toBeGreaterThanOrEqual(3);
    for (const secret of [canary, signed.headers['webhook-signature']!, keys.app!.secret]) {
      expect(logged).not.toContain(secret);
    }
    for (const line of lines) expect(line.trimEnd().split('\n')).toHaveLength(1);
  });
});
