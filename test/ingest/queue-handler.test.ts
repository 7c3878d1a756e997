import type { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPersistEvents } from '../../functions/ingest/persist-events.ts';
import { createQueueHandler } from '../../functions/ingest/queue-handler.ts';
import { createRefusals } from '../../functions/ingest/refusals.ts';
import { createRecorder, nothingRecorded, type Recorder } from '../../shared/email/recorder.ts';
import type { ErasureLookUp } from '../../shared/guards/erase-received.ts';
import { providers } from '../../shared/providers/registry.ts';
import type { Quarantine } from '../../shared/queues/quarantine-messages.ts';
import { createQuarantine } from '../../shared/queues/quarantine-messages.ts';
import { createRetryQueue, type RetryMessage } from '../../shared/queues/retry-messages.ts';
import { noCounts } from '../../shared/runtime/counts.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { context, fixture } from '../fixtures/fixtures.ts';
import { startQuarantineQueue } from '../queues/quarantine-queue.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { lambdaContext } from '../rigs/http-event.ts';
import { failingStore, measureAtNoon, oneByOne } from '../rigs/ingest-function.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

describe('the queue handler', () => {
  let emails: StoredEmails;
  let quarantine: Awaited<ReturnType<typeof startQuarantineQueue>>;
  let retries: Awaited<ReturnType<(typeof quarantine)['another']>>;
  let lines: Record<string, unknown>[];
  beforeAll(async () => {
    emails = await startStoredEmails();
    quarantine = await startQuarantineQueue();
    retries = await quarantine.another('retry');
  });
  afterAll(async () => {
    await emails?.stop();
    await quarantine?.stop();
  });
  beforeEach(async () => {
    lines = [];
    await quarantine.empty();
  });

  const drain = (
    source: 'retry' | 'ses' | 'other',
    bodies: readonly string[],
    parts: {
      store?: Pick<Recorder, 'record'>;
      recorder?: Pick<Recorder, 'recordAll'>;
      quarantine?: Quarantine;
      lookUpErasures?: ErasureLookUp;
    } = {},
    invocation = lambdaContext,
  ) => {
    // Lines leave out counts of 0.
    const log = createLog(line => lines.push({ ...noCounts(), ...JSON.parse(line) }));
    const handler = createQueueHandler({
      sources: { 'arn:retry': 'retry', 'arn:ses': 'ses' },
      providers,
      context,
      persistEvents: createPersistEvents({
        quarantine: createQuarantine(quarantine.client, quarantine.queueUrl),
        retryQueue: null,
        log,
        ...parts,
        store: parts.store === undefined ? (parts.recorder ?? emails.store) : oneByOne(parts.store),
      }),
      nonces: emails.nonces,
      lookUpErasures: parts.lookUpErasures ?? emails.lookUpErasures,
      measure: measureAtNoon,
      refusals: createRefusals({ log, measure: measureAtNoon, now: () => noon }),
      now: () => noon,
      log,
    });
    const Records = bodies.map((body, index) => ({
      messageId: `m${index}`,
      body,
      eventSourceARN: `arn:${source}`,
      attributes: { SentTimestamp: String(noon) },
    }));
    return handler({ Records } as unknown as SQSEvent, invocation);
  };
  const message = (changes: Partial<RetryMessage> = {}): RetryMessage => ({
    requestId: 'r1',
    provider: 'sendgrid',
    receivedAt: noon,
    nonces: [],
    events: [anEvent()],
    ...changes,
  });
  /** Sends messages through the retry queue and returns their bodies. */
  const through = async (...messages: readonly RetryMessage[]) => {
    await retries.empty();
    const send = createRetryQueue(quarantine.client, retries.queueUrl);
    for (const one of messages) await send(one);
    return (await retries.kept()).map(kept => JSON.stringify(kept));
  };
  const failed = (...ids: string[]) => ({ batchItemFailures: ids.map(itemIdentifier => ({ itemIdentifier })) });

  describe('records queued events', () => {
    it('exactly as it would have recorded them on arrival, hundreds of them in few messages', async () => {
      const full = anEvent({
        reason: { code: '550', enhancedCode: '5.1.1', text: 'Kein Anschluß 🎉 \u2028' },
        clickUrl: 'https://example.com/',
        userAgent: 'Mozilla',
        accountId: 'acme',
        subject: 'Rechnung 7',
        reference: 'INV-7',
        attribution: 'not_addressed',
        providerTime: noon + 3_600_000,
      });
      const note = anEvent({ status: null, evidence: 'machine' });
      const events = [full, note, ...Array.from({ length: 298 }, () => anEvent())];
      const bodies = await through(message({ events }));
      expect(bodies.length).toBe(12);
      expect(await drain('retry', bodies)).toEqual(failed());
      expect(lines).toMatchObject([
        { message: 'queue.drained', source: 'retry', messages: 12, recorded: 300, failed: 0 },
      ]);
      expect(await emails.store.record(events, noon)).toMatchObject({ duplicate: 300 });
      expect((await emails.store.email(await emails.record([full])))?.events).toMatchObject([
        { reason: full.reason, clickUrl: full.clickUrl, providerTime: full.providerTime, attribution: 'not_addressed' },
      ]);
    });

    it('once, however often their message comes', async () => {
      const bodies = await through(message());
      await drain('retry', [...bodies, ...bodies]);
      await drain('retry', bodies);
      expect(lines.map(({ recorded }) => recorded)).toEqual([1, 0]);
    });

    it('and leaves only messages with unrecorded events in the queue', async () => {
      const good = message();
      const bad = message({ events: [anEvent(), anEvent({ messageId: 'unwritable' })] });
      const store: Pick<Recorder, 'record'> = {
        async record(events, ...rest) {
          const late = events.filter(({ messageId }) => messageId === 'unwritable');
          const done = await emails.store.record(
            events.filter(event => !late.includes(event)),
            ...rest,
          );
          return { ...done, failed: late.length > 0 ? [{ events: late, error: new Error('throttled') }] : [] };
        },
      };
      const bodies = await through(good, bad, message());
      const outcome = await drain('retry', bodies, { store });
      const index = bodies.findIndex(body => body.includes('unwritable'));
      expect(outcome).toEqual(failed(`m${index}`));
      expect(lines).toMatchObject([
        { message: 'queue.message-failed', messageId: `m${index}`, cause: 'table: Error' },
        { message: 'queue.drained', recorded: 3, failed: 1 },
      ]);
    });

    describe('with an unchecked token', () => {
      const putOff = (value: string, content: string, receivedAt = noon) =>
        message({ provider: 'mailgun', receivedAt, nonces: [{ value, content }] });
      const outcome = async (one: RetryMessage) => {
        lines = [];
        const { batchItemFailures } = (await drain('retry', await through(one))) ?? {};
        const refused = lines.some(({ refusal }) => refusal === 'reused_nonce');
        return [refused ? 'refused' : '', `${lines.at(-1)?.recorded} recorded`, `${batchItemFailures?.length} stay`];
      };

      it('one delivery after the first check, when any other event with it has arrived too', async () => {
        const one = putOff('alone', 'this');
        expect(await outcome(one)).toEqual(['', '0 recorded', '1 stay']);
        expect(await outcome(one)).toEqual(['', '1 recorded', '0 stay']);
      });

      it('only if no other event came with the token before', async () => {
        await emails.nonces('mailgun', [{ value: 'used', content: 'this' }], noon);
        expect(await outcome(putOff('used', 'that'))).toEqual(['refused', '0 recorded', '0 stay']);
      });

      it('only if they came first, even if another event was looked up sooner', async () => {
        const forged = putOff('captured', 'that', noon + 1_000);
        const genuine = putOff('captured', 'this');
        expect(await outcome(forged)).toEqual(['', '0 recorded', '1 stay']);
        expect(await outcome(genuine)).toEqual(['refused', '1 recorded', '0 stay']);
        expect(await outcome(forged)).toEqual(['refused', '0 recorded', '0 stay']);
        expect(await outcome(putOff('captured', 'this', noon + 2_000))).toEqual(['', '1 recorded', '0 stay']);
      });
    });

    it('and quarantines events that the table will never accept', async () => {
      const event = anEvent();
      const store: Pick<Recorder, 'record'> = {
        record: async () => ({
          ...nothingRecorded,
          unrecordable: [{ reason: 'refused_by_table', event }],
        }),
      };
      expect(await drain('retry', await through(message({ events: [event] })), { store })).toEqual(failed());
      expect(await quarantine.kept()).toMatchObject([{ reason: 'refused_by_table', pieces: [event] }]);
      const outOfReach = () => Promise.reject(new Error('out of reach'));
      const bodies = await through(message({ events: [event] }));
      expect(await drain('retry', bodies, { store, quarantine: outOfReach })).toEqual(failed('m0'));
    });

    it('and does not fill the quarantine while the rest of their message fails repeatedly', async () => {
      const [full, late] = [anEvent(), anEvent()];
      const store: Pick<Recorder, 'record'> = {
        record: async () => ({
          ...nothingRecorded,
          unrecordable: [{ reason: 'item_full', event: full }],
          failed: [{ events: [late], error: new Error('throttled') }],
        }),
      };
      expect(await drain('retry', await through(message({ events: [full, late] })), { store })).toEqual(failed('m0'));
      expect(await quarantine.kept()).toEqual([]);
    });

    it('while a foreign message fails, which ends in the dead-letter queue and delays no other message', async () => {
      const [body] = await through(message());
      expect(await drain('retry', ['<html>', '{}', body!])).toEqual(failed('m0', 'm1'));
      expect(await drain('other', [body!])).toEqual(failed('m0'));
    });
  });

  describe('records events that Amazon SES published', () => {
    const envelope = (event: unknown) =>
      JSON.stringify({
        Type: 'Notification',
        MessageId: 'sns-1',
        Message: JSON.stringify(event),
        Timestamp: '2026-01-02T12:00:00.000Z',
      });

    it("in the topic's envelope exactly as those that came over HTTPS", async () => {
      const event = JSON.parse(fixture('ses', 'Delivery').toString());
      expect(await drain('ses', [envelope(event)])).toEqual(failed());
      expect(await drain('ses', [envelope(event)])).toEqual(failed());
      expect(lines).toMatchObject([
        { message: 'queue.drained', source: 'ses', recorded: 1 },
        { message: 'queue.drained', duplicate: 1 },
      ]);
    });

    describe('in one batch', () => {
      const eventOf = (name: string, messageId: string) =>
        JSON.parse(
          fixture('ses', name)
            .toString()
            .replaceAll(/"messageId": "[^"]+"/g, `"messageId": "${messageId}"`),
        );
      const bodies = (messageId: string, ...names: readonly string[]) =>
        names.map(name => envelope(eventOf(name, messageId)));
      /** A table whose writes are counted, and fail for events that contain a text. */
      const meteredStore = (failing?: string, error = new Error('throttled')) => {
        const writes = { count: 0 };
        const send = async (command: UpdateCommand) => {
          writes.count += 1;
          const { ':history': history = new Set(), ':messageId': id } = command.input.ExpressionAttributeValues ?? {};
          if (failing !== undefined && [id, ...history].join().includes(failing)) throw error;
          return emails.client.send(command);
        };
        const client = { send } as unknown as DynamoDBDocumentClient;
        return { writes, ...createRecorder({ client, tableName: emails.tableName, retentionDays: 400 }) };
      };

      it('with one write for each email', async () => {
        const metered = meteredStore();
        const all = ['merged-1', 'merged-2'].flatMap(id => bodies(id, 'Send', 'Delivery'));
        expect(await drain('ses', all, { recorder: metered })).toEqual(failed());
        expect(metered.writes.count).toBe(2);
        expect(lines).toMatchObject([{ messages: 4, received: 4, recorded: 4, duplicate: 0 }]);
        expect(await drain('ses', all)).toEqual(failed());
        expect(lines.at(-1)).toMatchObject({ recorded: 0, duplicate: 4 });
      });

      it('and leaves every message of a failed write in the queue, and no other', async () => {
        const all = [...bodies('fails', 'Send', 'Delivery'), ...bodies('works', 'Send', 'Delivery'), 'no JSON'];
        expect(await drain('ses', all, { recorder: meteredStore('fails') })).toEqual(failed('m0', 'm1'));
        expect(lines.at(-1)).toMatchObject({ messages: 5, recorded: 2, quarantined: 1, failed: 2 });
      });

      it('and quarantines alone the message that the table refuses', async () => {
        const refused = Object.assign(new Error(), { name: 'ValidationException' });
        const recorder = meteredStore('Delivery', refused);
        expect(await drain('ses', bodies('refused', 'Send', 'Delivery'), { recorder })).toEqual(failed());
        expect(lines.at(-1)).toMatchObject({ recorded: 1, quarantined: 1, failed: 0 });
        expect(await quarantine.kept()).toMatchObject([{ requestId: 'm1', reason: 'refused_by_table' }]);
      });
    });

    it('and quarantines unreadable messages whole', async () => {
      expect(await drain('ses', ['no JSON', envelope({ eventType: 'New', mail: { messageId: 'x' } })])).toEqual(
        failed(),
      );
      expect((await quarantine.kept()).map(({ provider, reason }) => `${provider} ${reason}`).sort()).toEqual([
        'ses not_json',
        'ses unknown_event',
      ]);
    });

    it('and leaves unrecorded ones in the queue', async () => {
      const store = failingStore(new Error('throttled'));
      expect(await drain('ses', [envelope(JSON.parse(fixture('ses', 'Delivery').toString()))], { store })).toEqual(
        failed('m0'),
      );
    });
  });

  describe('drops events that came before an erasure', () => {
    const second = 1_000;
    const { signal } = new AbortController();
    const erase = (recipient: string, accountId: string | null = null) =>
      emails.erasureRecords.write({ recipient, accountId }, noon, signal);
    const to = (recipient: string, changes: object = {}) => anEvent({ recipient, ...changes });

    it('and records the rest of their message and batch, and counts each event once', async () => {
      await erase('gone@example.com');
      const [gone, other] = [to('gone@example.com'), to('other@example.com')];
      const bodies = await through(
        message({ receivedAt: noon - second, events: [gone, other] }),
        message({ receivedAt: noon + second, events: [to('gone@example.com')] }),
        message({ receivedAt: noon - second, events: [to('gone@example.com')] }),
      );
      expect(await drain('retry', bodies)).toEqual(failed());
      expect(lines).toMatchObject([{ message: 'queue.drained', received: 4, recorded: 2, erased: 2, failed: 0 }]);
      expect(await emails.store.record([gone, other], noon)).toMatchObject({ duplicate: 1, erased: 1 });
    });

    it('by an account only if they name it, and leaves nameless ones to support', async () => {
      await erase('of-acme@example.com', 'acme');
      const [own, theirs, nobodys] = ['acme', 'initech', undefined].map(accountId =>
        to('of-acme@example.com', { accountId }),
      );
      const events = [own!, theirs!, nobodys!];
      await drain('retry', await through(message({ receivedAt: noon - second, events })));
      expect(lines).toMatchObject([{ received: 3, recorded: 2, erased: 1 }]);
      expect(await emails.store.record(events, noon)).toMatchObject({ duplicate: 2, erased: 1 });
    });

    it('by the time at which SNS accepted them, however late they reach the queue', async () => {
      const bodyOf = (recipient: string, Timestamp?: string) =>
        JSON.stringify({
          Type: 'Notification',
          MessageId: `sns-${recipient}-${Timestamp}`,
          Message: fixture('ses', 'Delivery').toString().replaceAll('jane@example.com', recipient),
          Timestamp,
        });
      const isoAfter = (after: number) => new Date(noon + after).toISOString();
      await erase('early@example.com');
      await drain('ses', [bodyOf('early@example.com', isoAfter(-second))]);
      expect(lines).toMatchObject([{ source: 'ses', received: 1, recorded: 0, erased: 1 }]);
      lines = [];
      // These reached the queue at noon, so that a later time is not valid.
      await erase('later@example.com');
      await drain(
        'ses',
        ['not a time', undefined, isoAfter(second)].map(time => bodyOf('later@example.com', time)),
      );
      expect(lines).toMatchObject([{ source: 'ses', received: 3, erased: 0 }]);
    });

    it('but quarantines an unreadable message, because nobody can tell its recipient', async () => {
      await erase('gone@example.com');
      const body = JSON.stringify({ Type: 'Notification', MessageId: 'x', Message: 'gone@example.com' });
      await drain('ses', [body]);
      // The message names its recipient nowhere readable. It leaves the quarantine by its own expiry.
      expect(lines).toMatchObject([
        { message: 'webhook.quarantined', requestId: 'm0', provider: 'ses', reason: 'unexpected_shape' },
        { received: 1, quarantined: 1, erased: 0 },
      ]);
    });

    it('but leaves no tombstone for an event whose signature proved another event before', async () => {
      await erase('forged@example.com');
      await emails.nonces('mailgun', [{ value: 'known', content: 'this' }], noon - 2 * second);
      const forged = to('forged@example.com');
      const nonces = [{ value: 'known', content: 'that' }];
      await drain(
        'retry',
        await through(message({ provider: 'mailgun', receivedAt: noon - second, nonces, events: [forged] })),
      );
      expect(lines).toMatchObject([{ refusal: 'reused_nonce' }, { recorded: 0, erased: 0 }]);
      expect(await emails.store.record([forged], noon)).toMatchObject({ recorded: 1 });
    });

    it('after one look-up for the batch; if that fails, every message comes again', async () => {
      const bodies = await through(message(), message({ events: [anEvent(), anEvent()] }));
      const asked: number[] = [];
      const lookUpErasures: ErasureLookUp = async received => {
        asked.push(received.length);
        throw Object.assign(new Error(), { name: 'ThrottlingException' });
      };
      expect(await drain('retry', bodies, { lookUpErasures })).toEqual(failed('m0', 'm1'));
      expect(asked).toEqual([3]);
      expect(lines).toMatchObject([
        { message: 'queue.message-failed', cause: 'ThrottlingException' },
        { message: 'queue.message-failed' },
        { message: 'queue.drained', recorded: 0, failed: 2 },
      ]);
    });

    it('only after the tombstone is written; a message without its tombstone comes again', async () => {
      await erase('gone@example.com');
      const lookUpErasures: ErasureLookUp = async () => () => Promise.reject(new Error('throttled'));
      const bodies = await through(message({ receivedAt: noon - second, events: [to('gone@example.com')] }));
      expect(await drain('retry', bodies, { lookUpErasures })).toEqual(failed('m0'));
    });
  });

  it('gives up a hanging table 2 seconds before the function ends', async () => {
    let waited = false;
    const hanging: Pick<Recorder, 'record'> = {
      record: async (events, receivedAt, signal) => {
        waited = true;
        await new Promise(resolve => signal!.addEventListener('abort', resolve));
        return failingStore(signal!.reason).record(events, receivedAt);
      },
    };
    const bodies = await through(message(), message());
    const soonOver = { ...lambdaContext, getRemainingTimeInMillis: () => 2_300 };
    expect(await drain('retry', bodies, { store: hanging }, soonOver)).toEqual(failed('m0', 'm1'));
    expect(waited).toBe(true);
  });
});
