import { setTimeout as delay } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { quarantinedRequest } from '../../infra/local/quarantine/quarantined-request.ts';
import { createQueueSweep } from '../../infra/tools/replay/queue-sweep.ts';
import { type Replayed, type ReplayOptions, replayQueue } from '../../infra/tools/replay/replay-queue.ts';
import { nothingRecorded } from '../../shared/email/recorder.ts';
import type { Provider } from '../../shared/providers/provider.ts';
import { providers } from '../../shared/providers/registry.ts';
import {
  createQuarantine,
  type QuarantinedPiece,
  type QuarantinedRequest,
} from '../../shared/queues/quarantine-messages.ts';
import { createRetryQueue } from '../../shared/queues/retry-messages.ts';
import { context, fixture, fixtureNames, fixtureType, parsedFixture } from '../fixtures/fixtures.ts';
import { providerNames, signingKeys } from '../fixtures/signing.ts';
import { startQuarantineQueue } from '../queues/quarantine-queue.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

describe('replaying', () => {
  let emails: StoredEmails;
  let quarantined: Awaited<ReturnType<typeof startQuarantineQueue>>;
  let deadLetters: Awaited<ReturnType<(typeof quarantined)['another']>>;
  beforeAll(async () => {
    emails = await startStoredEmails();
    quarantined = await startQuarantineQueue();
    deadLetters = await quarantined.another('dead-letters');
  });
  afterAll(async () => {
    await emails?.stop();
    await quarantined?.stop();
  });
  beforeEach(async () => {
    await quarantined.empty();
    await deadLetters.empty();
  });

  const replay = async (options: Partial<ReplayOptions> & { readonly known?: Record<string, Provider> } = {}) => {
    const { kind = 'quarantine', known = providers } = options;
    const url = kind === 'quarantine' ? quarantined.queueUrl : deadLetters.queueUrl;
    const { replayed, causes } = await replayQueue({
      queue: createQueueSweep(quarantined.client, url, 0),
      kind,
      dryRun: false,
      services: { providers: known, context },
      store: emails.store,
      nonces: emails.nonces,
      lookUpErasures: emails.lookUpErasures,
      now: () => noon,
      ...options,
    });
    return { ...Object.fromEntries(replayed), causes: [...causes.keys()] };
  };
  const keep = (provider: string, pieces: readonly QuarantinedPiece[], request: Partial<QuarantinedRequest> = {}) =>
    createQuarantine(quarantined.client, quarantined.queueUrl)(
      { requestId: 'r1', provider, receivedAt: noon, headers: {}, body: Buffer.alloc(0), ...request },
      pieces,
    );
  const left = async () => {
    // A message that is given back is there again a second later.
    await delay(1_100);
    const queue = createQueueSweep(quarantined.client, quarantined.queueUrl, 0);
    let messages = 0;
    for await (const _ of queue.messages()) messages += 1;
    await queue.release();
    return messages;
  };
  const sendgridEvent = (messageId: string, event = 'delivered') => ({
    ...JSON.parse(fixture('sendgrid', 'delivered').toString())[0],
    sg_message_id: messageId,
    event,
  });
  /** As it will be once somebody has taught it the new word. */
  const taught: Record<string, Provider> = {
    ...providers,
    sendgrid: {
      ...providers.sendgrid,
      parse: (request, context) =>
        providers.sendgrid.parse(
          { ...request, pieces: request.pieces?.map(piece => ({ ...(piece as object), event: 'delivered' })) ?? [] },
          context,
        ),
    },
  };

  describe('the quarantine', () => {
    const unknown = (messageId: string) =>
      ({ reason: 'unknown_event', piece: sendgridEvent(messageId, 'landed') }) as const;

    it('records what can be read by now, and its messages are gone', async () => {
      await keep('sendgrid', [unknown('taught-1'), unknown('taught-2')]);
      expect(await replay({ known: taught })).toMatchObject({
        'sendgrid unknown_event': { messages: 1, done: 1, recorded: 2, duplicate: 0, unreadable: 0, failed: 0 },
      });
      expect(await left()).toBe(0);
    });

    it('accounts for what it did, and gives back the rest, where the queue cannot be gone through to its end', async () => {
      for (const messageId of ['broken-off-1', 'broken-off-2']) await keep('sendgrid', [unknown(messageId)]);
      const queue = createQueueSweep(quarantined.client, quarantined.queueUrl, 0);
      const breaking = {
        ...queue,
        async *messages() {
          for await (const message of queue.messages()) {
            yield message;
            break;
          }
          throw new Error('throttled');
        },
      };
      const { store, nonces, lookUpErasures } = emails;
      const options = { services: { providers: taught, context }, store, nonces, lookUpErasures, now: () => noon };
      const report = await replayQueue({ queue: breaking, kind: 'quarantine', dryRun: false, ...options });
      expect(report).toMatchObject({ seen: 1, broken: { message: 'throttled' }, stillHeld: 0 });
      expect(report.replayed.get('sendgrid unknown_event')).toMatchObject({ done: 1, recorded: 1 });
      expect(await left()).toBe(1);
    });

    it('changes nothing about what is recorded already', async () => {
      for (const duplicate of [0, 1]) {
        await keep('sendgrid', [unknown('twice')]);
        expect(await replay({ known: taught })).toMatchObject({
          'sendgrid unknown_event': { recorded: 1 - duplicate, duplicate },
        });
      }
    });

    it('does not bring an erased email back, and says so', async () => {
      await keep('sendgrid', [unknown('erased')]);
      await emails.record(
        parsedFixture('sendgrid', 'delivered').events.map(event => ({ ...event, messageId: 'erased' })),
      );
      await emails.erase('jane@example.com');
      expect(await replay({ known: taught })).toMatchObject({
        'sendgrid unknown_event': { messages: 1, done: 1, recorded: 0, erased: 1 },
      });
    });

    it('leaves what still cannot be read, for another time', async () => {
      await keep('sendgrid', [unknown('later')]);
      for (let time = 0; time < 2; time += 1) {
        await delay(time * 1_100);
        expect(await replay()).toMatchObject({ 'sendgrid unknown_event': { messages: 1, done: 0, unreadable: 1 } });
      }
      expect(await left()).toBe(1);
    });

    it('records a part of a message, and leaves it for the rest', async () => {
      const readable = { reason: 'unknown_event', piece: sendgridEvent('half') } as const;
      await keep('sendgrid', [unknown('other-half'), readable]);
      expect(await replay()).toMatchObject({ 'sendgrid unknown_event': { done: 0, recorded: 1, unreadable: 1 } });
      await delay(1_100);
      expect(await replay()).toMatchObject({ 'sendgrid unknown_event': { done: 0, duplicate: 1, unreadable: 1 } });
    });

    it('puts a body together that took several messages', async () => {
      const padding = 'x'.repeat(20_000);
      const events = Array.from({ length: 90 }, (_, index) => ({ ...sendgridEvent(`large-${index}`), padding }));
      await keep('sendgrid', [{ reason: 'too_many', piece: null }], { body: Buffer.from(JSON.stringify(events)) });
      const report: Record<string, unknown> = await replay();
      const outcome = report['sendgrid too_many'] as Replayed;
      expect(outcome).toMatchObject({ messages: 3, done: 3, unreadable: 0, failed: 0 });
      // On a busy machine a write may be tried twice, and find itself there.
      expect(outcome.recorded + outcome.duplicate).toBe(90);
      expect(await left()).toBe(0);
    });

    it('puts pieces together that each took several messages', async () => {
      const piece = (messageId: string) => ({ ...sendgridEvent(messageId), padding: messageId.repeat(200_000) });
      await keep('sendgrid', [
        { reason: 'unknown_event', piece: piece('long-1') },
        { reason: 'unknown_event', piece: piece('long-2') },
      ]);
      expect(await replay()).toMatchObject({ 'sendgrid unknown_event': { recorded: 2, unreadable: 0, failed: 0 } });
    });

    it('records events that had no room in their email, once there is', async () => {
      const event = anEvent();
      await keep('sendgrid', [{ reason: 'item_full', piece: event }]);
      expect(await replay()).toMatchObject({ 'sendgrid item_full': { done: 1, recorded: 1 } });
    });

    it('reads JSON of Mailgun that came under the name of a form, as it was read when it came', async () => {
      const event = JSON.parse(fixture('mailgun', 'delivered').toString());
      await keep('mailgun', [{ reason: 'unknown_event', piece: { 'event-data': event } }], {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
      expect(await replay()).toMatchObject({ 'mailgun unknown_event': { done: 1, recorded: 1 } });
    });

    it('says what there is and changes nothing on a dry run', async () => {
      await keep('sendgrid', [unknown('dry'), { reason: 'unreadable_time', piece: sendgridEvent('dry') }]);
      expect(await replay({ dryRun: true })).toMatchObject({
        'sendgrid unknown_event': { messages: 1, unreadable: 1, recorded: 0 },
        'sendgrid unreadable_time': { messages: 1, unreadable: 0, recorded: 0 },
      });
      expect(await emails.store.record([anEvent({ messageId: 'dry' })], noon)).toMatchObject({ recorded: 1 });
      expect(await left()).toBe(2);
    });

    it('leaves other providers, and what came before, alone', async () => {
      const readable = (messageId: string) => [{ reason: 'unreadable_time', piece: sendgridEvent(messageId) }] as const;
      await keep('sendgrid', readable('old'), { receivedAt: noon - 1 });
      await keep('sendgrid', readable('new'));
      await keep('postmark', [{ reason: 'unknown_event', piece: {} }]);
      expect(await replay({ provider: 'sendgrid', since: noon })).toEqual({
        'sendgrid unreadable_time': expect.objectContaining({ messages: 1, done: 1, recorded: 1 }),
        causes: [],
      });
      expect(await left()).toBe(2);
    });

    it('leaves what is no message of a quarantine, and whatever the table does not take now', async () => {
      const { client, queueUrl } = quarantined;
      for (const MessageBody of ['<html>', '{"provider":"nope","pieces":[]}']) {
        await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody }));
      }
      await keep('nobody', [{ reason: 'unknown_event', piece: {} }]);
      await keep('sendgrid', [{ reason: 'unknown_event', piece: sendgridEvent('throttled') }]);
      const record = async () => ({
        ...nothingRecorded,
        failed: [{ events: [anEvent()], error: new Error('throttled') }],
      });
      const { causes, ...counts } = await replay({ store: { record } });
      expect(counts).toMatchObject({
        '? unreadable_message': { messages: 2, failed: 2 },
        '? unknown_event': { messages: 1, failed: 1 },
        'sendgrid unknown_event': { failed: 1, done: 0 },
      });
      expect(causes).toContain('Error: throttled');
      expect(await left()).toBe(4);
    });

    it('drops what came before an erasure, once it can be read, and leaves what is too old to tell', async () => {
      const { signal } = new AbortController();
      await emails.erasureRecords.write({ recipient: 'gone-too@example.com', accountId: null }, noon + 1, signal);
      const toGone = (messageId: string) => {
        const { piece, ...rest } = unknown(messageId);
        return { ...rest, piece: { ...piece, email: 'gone-too@example.com' } };
      };
      await keep('sendgrid', [toGone('erased-meanwhile')]);
      await keep('sendgrid', [toGone('came-later')], { receivedAt: noon + 1 });
      expect(await replay({ known: taught })).toMatchObject({
        'sendgrid unknown_event': { messages: 2, done: 2, recorded: 1, erased: 1 },
      });
      const old = { receivedAt: noon - 29 * 24 * 60 * 60_000 };
      await keep('sendgrid', [unknown('old')], old);
      await keep('unheard-of', [unknown('old')], old);
      expect(await replay({ known: taught })).toMatchObject({
        'sendgrid unknown_event': { messages: 1, done: 0, tooOld: 1, failed: 0 },
        '? unknown_event': { messages: 1, tooOld: 1, failed: 0 },
        causes: [],
      });
      expect(await left()).toBe(2);
    });
  });

  describe('the dead-letter queues', () => {
    it('records what was put off and then given up', async () => {
      const send = createRetryQueue(quarantined.client, deadLetters.queueUrl);
      const nonce = { value: 'replayed', content: 'this' };
      await send({
        requestId: 'r1',
        provider: 'sendgrid',
        receivedAt: noon,
        nonces: [],
        events: [anEvent(), anEvent()],
      });
      await send({ requestId: 'r2', provider: 'mailgun', receivedAt: noon, nonces: [nonce], events: [anEvent()] });
      await send({
        requestId: 'r3',
        provider: 'mailgun',
        receivedAt: noon,
        nonces: [{ ...nonce, content: 'that' }],
        events: [anEvent()],
      });
      expect(await replay({ kind: 'retry' })).toMatchObject({
        'sendgrid given_up': { messages: 1, done: 1, recorded: 2 },
        // One of the two came with a token that had proved the other.
        'mailgun given_up': { messages: 2, done: 2, recorded: 1, refused: 1 },
      });
    });

    it('drops what came before an erasure, and leaves what is too old to tell', async () => {
      const { signal } = new AbortController();
      await emails.erasureRecords.write({ recipient: 'gone@example.com', accountId: null }, noon, signal);
      const send = createRetryQueue(quarantined.client, deadLetters.queueUrl);
      const day = 24 * 60 * 60_000;
      const gone = anEvent({ recipient: 'gone@example.com' });
      const put = (receivedAt: number, provider: string) =>
        send({ requestId: 'r1', provider, receivedAt, nonces: [], events: [gone, anEvent()] });
      await put(noon - 1, 'sendgrid');
      await put(noon - 28 * day, 'postmark');
      await put(noon - 28 * day - 1, 'mailgun');
      expect(await replay({ kind: 'retry' })).toMatchObject({
        'sendgrid given_up': { messages: 1, done: 1, recorded: 1, erased: 1, tooOld: 0 },
        'postmark given_up': { messages: 1, done: 1, recorded: 1, erased: 1, tooOld: 0 },
        'mailgun given_up': { messages: 1, done: 0, recorded: 0, erased: 0, tooOld: 1, failed: 0 },
        causes: [],
      });
      expect(await emails.store.record([gone], noon)).toMatchObject({ recorded: 0, erased: 1 });
    });

    it('records the events of Amazon SES that were given up', async () => {
      const MessageBody = JSON.stringify({
        Type: 'Notification',
        MessageId: 'given-up',
        Message: fixture('ses', 'Delivery').toString(),
      });
      await quarantined.client.send(new SendMessageCommand({ QueueUrl: deadLetters.queueUrl, MessageBody }));
      expect(await replay({ kind: 'ses' })).toMatchObject({ 'ses given_up': { done: 1, recorded: 1 } });
    });
  });
});

describe.each(providerNames)('what is kept of %s', name => {
  const keys = signingKeys(name);
  const messageOf = async (pieces: readonly QuarantinedPiece[], fixtureName: string) => {
    const bodies: string[] = [];
    const client = {
      send: async ({ input }: { input: { Entries: { MessageBody: string }[] } }) => {
        bodies.push(...input.Entries.map(({ MessageBody }) => MessageBody));
        return {};
      },
    };
    const { headers, body } = keys.sign(fixture(name, fixtureName), noon, { type: fixtureType(fixtureName) });
    await createQuarantine(client as never, 'queue')(
      { requestId: 'r1', provider: name, receivedAt: noon, headers, body },
      pieces,
    );
    return bodies.map(text => JSON.parse(text));
  };

  it('is read again just as it came: pieces, and whole bodies', async () => {
    for (const fixtureName of fixtureNames(name)) {
      const { events, quarantined, unrelated } = parsedFixture(name, fixtureName);
      const pieces = quarantined.filter(({ piece }) => piece !== null);
      for (const message of await messageOf(pieces, fixtureName)) {
        const again = quarantinedRequest([message], { providers, context }).parsed.quarantined;
        const reasons = quarantined.map(({ reason }) => reason);
        expect(again.length, fixtureName).toBeGreaterThan(0);
        for (const { reason } of again) expect(reasons, fixtureName).toContain(reason);
      }
      // Of a query string there is no body.
      if (fixtureType(fixtureName) === 'query') continue;
      const [whole] = await messageOf([{ reason: 'not_json', piece: null }], fixtureName);
      const { parsed } = quarantinedRequest([whole], { providers, context });
      expect(parsed.quarantined.length + parsed.unrelated, fixtureName).toBe(quarantined.length + unrelated);
      expect(
        parsed.events.map(({ status, recipient }) => ({ status, recipient })),
        fixtureName,
      ).toEqual(events.map(({ status, recipient }) => ({ status, recipient })));
    }
  });
});
