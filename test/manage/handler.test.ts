import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Erase } from '../../functions/manage/erase.ts';
import { createHandler } from '../../functions/manage/handler.ts';
import { type ErasedCounts, erasedAnswer, notErasedMembers } from '../../functions/manage/response-schemas.ts';
import { emailIdOf } from '../../shared/email/event.ts';
import type { ApiEvent, VerifiedToken } from '../../shared/http/access.ts';
import type { RouteKey } from '../../shared/http/routes.ts';
import type { Quarantined } from '../../shared/providers/provider.ts';
import { providers } from '../../shared/providers/registry.ts';
import { createQuarantine } from '../../shared/queues/quarantine-messages.ts';
import { queueParsers } from '../../shared/queues/queue-parsers.ts';
import { context, fixture } from '../fixtures/fixtures.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { bearerOf, httpEvent, lambdaContext } from '../rigs/http-event.ts';
import { anEvent } from '../rigs/stored-emails.ts';
import { bounceRecord, type ErasablePlaces, retryMessage, startErasablePlaces } from './erasable-places.ts';

const ofAccount = 'DELETE /accounts/{accountId}/recipients/{recipient}';
const everywhere = 'DELETE /recipients/{recipient}';
const recipient = 'jane@example.com';
const nothing: ErasedCounts = { emails: 0, queuedEvents: 0, quarantined: 0, alertRecords: 0 };

describe('the erase function', () => {
  let places: ErasablePlaces;
  let lines: unknown[][] = [];
  beforeAll(async () => {
    places = await startErasablePlaces();
  });
  afterAll(() => places?.stop());
  beforeEach(() => {
    places.empty();
    lines = [];
  });

  const tokenOf = (accountId: string): VerifiedToken => ({
    claims: { sub: 'jane', account_id: accountId },
    scopes: null,
  });
  const support: VerifiedToken = { claims: { sub: 'sam', scope: 'openid mailtrail/support' }, scopes: null };

  interface Call {
    readonly path?: Record<string, string>;
    readonly query?: string;
    readonly token?: VerifiedToken;
    readonly erase?: Erase;
  }
  async function call(routeKey: RouteKey, { path = {}, query = '', token: jwt, erase = places.erasing() }: Call) {
    const event: APIGatewayProxyEventV2 = {
      ...httpEvent(routeKey, path, jwt && bearerOf(jwt.claims)),
      rawQueryString: query,
    };
    const requestContext = { ...event.requestContext, ...(jwt && { authorizer: { jwt } }) };
    const handler = createHandler({
      erase,
      access: { accountClaim: 'account_id', supportScope: 'mailtrail/support' },
      now: Date.now,
      log: (...line) => lines.push(line),
    });
    const answer = await handler({ ...event, requestContext } as ApiEvent, lambdaContext);
    expect(answer.headers).toMatchObject({ 'x-request-id': requestContext.requestId, 'cache-control': 'no-store' });
    return { ...answer, json: JSON.parse(answer.body ?? '') };
  }
  const eraseOf = (accountId: string, recipient: string, more: Call = {}) =>
    call(ofAccount, { path: { accountId, recipient }, token: tokenOf(accountId), ...more });
  const eraseEverywhere = (recipient: string, more: Call = {}) =>
    call(everywhere, { path: { recipient }, token: support, ...more });
  /** Nothing remains, and so much was erased. */
  const erased = ({ statusCode, json }: Awaited<ReturnType<typeof call>>, counts: Partial<ErasedCounts>) => {
    expect([statusCode, json]).toEqual([200, { erased: { ...nothing, ...counts } }]);
    expect(erasedAnswer.safeParse(json).success).toBe(true);
  };
  const keep = (pieces: readonly Quarantined[], body = '') =>
    createQuarantine(places.sqs, places.queueUrls.quarantine)(
      { requestId: 'r1', provider: 'sendgrid', receivedAt: noon, headers: {}, body: Buffer.from(body) },
      pieces,
    );
  const parsed = (name: Parameters<ErasablePlaces['messagesIn']>[0]) =>
    places.messagesIn(name).map(body => JSON.parse(body));
  const eventsIn = (name: Parameters<ErasablePlaces['messagesIn']>[0]) => parsed(name).flatMap(({ events }) => events);

  describe('answers', () => {
    it.each([
      ['no token', ofAccount, undefined, 401],
      ["another account's token", ofAccount, tokenOf('initech'), 404],
      ["an account's token for everybody's", everywhere, tokenOf('acme'), 403],
      ['no token for everybody', everywhere, undefined, 401],
    ] as const)('%s with a refusal, whatever the address is', async (_, route, token, status) => {
      for (const given of [recipient, 'no address']) {
        const { statusCode } = await call(route, {
          path: { accountId: 'acme', recipient: given },
          ...(token && { token }),
        });
        expect(statusCode).toBe(status);
      }
    });

    it.each([
      '',
      ' ',
      'jane',
      'Jane <jane@example.com>',
      'jane@example.com,joe@example.com',
      `${'x'.repeat(320)}@example.com`,
    ])('"%s" with what an address has to be', async given => {
      const { statusCode, json } = await eraseEverywhere(given);
      expect([statusCode, json]).toEqual([
        400,
        expect.objectContaining({
          type: '/problems/invalid-request',
          field: 'recipient',
          detail: 'must be an email address',
        }),
      ]);
    });

    it('a parameter with its name: a filter that is not understood would erase too much', async () => {
      const { statusCode, json } = await eraseOf('acme', recipient, { query: 'before=2026-01-01' });
      expect([statusCode, json]).toEqual([
        400,
        expect.objectContaining({ field: 'before', detail: 'is not a parameter of this route' }),
      ]);
    });

    it('for an address that nobody knows as for one that only another account knows', async () => {
      await places.emails.record([anEvent({ recipient: 'theirs@example.com', accountId: 'initech' })]);
      erased(await eraseOf('acme', 'theirs@example.com'), {});
      erased(await eraseOf('acme', 'nobody@example.com'), {});
    });

    it('with a line in the log that holds counts, and neither address nor account', async () => {
      await places.emails.record([anEvent({ recipient: 'logged@example.com', accountId: 'acme' })]);
      await eraseOf('acme', 'logged@example.com');
      expect(lines).toEqual([
        ['erase.answered', { requestId: expect.any(String), route: ofAccount, answer: 200, ...nothing, emails: 1 }],
      ]);
    });
  });

  describe('erases emails', () => {
    it('to an address in whatever case, once; they are like emails that never were', async () => {
      const event = anEvent({ recipient: 'once@example.com', accountId: 'acme' });
      const emailId = await places.emails.record([event]);
      erased(await eraseOf('acme', ' Once@Example.COM '), { emails: 1 });
      expect(await places.emails.store.email(emailId)).toBeNull();
      erased(await eraseOf('acme', 'once@example.com'), {});
      expect(await places.emails.store.record([{ ...event, eventId: 'late' }], noon)).toMatchObject({ erased: 1 });
    });

    it.each(['info@müller.de', 'INFO@xn--mller-kva.de.', '"info"@mu\u0308ller\u3002de', 'mailto:info@müller.de'])(
      'to an address however it is spelled, wherever something of it is: %s',
      async spelled => {
        const event = anEvent({ recipient: 'info@xn--mller-kva.de' });
        await places.emails.record([event]);
        places.put('retry', retryMessage([event]));
        const ofSes = (address: string) => ({
          Type: 'Notification',
          MessageId: 'sns-1',
          Message: fixture('ses', 'Delivery').toString().replaceAll(recipient, address),
        });
        places.put('ses', ofSes('info@müller.de'), ofSes('info@xn--mller-kva.de'));
        const piece = { event: 'landed', email: 'Info@Müller.de' };
        await keep([{ reason: 'unknown_event', piece }]);
        await places.keepFailure('alert', [bounceRecord(event.recipient)]);
        erased(await eraseEverywhere(spelled), { emails: 1, queuedEvents: 3, quarantined: 1, alertRecords: 1 });
      },
    );

    it("of one's own account alone, and of every account and of none for support", async () => {
      const events = ['acme', 'initech', undefined].map(accountId =>
        anEvent({ recipient: 'several@example.com', accountId }),
      );
      await places.emails.record(events);
      erased(await eraseOf('acme', 'several@example.com'), { emails: 1 });
      erased(await eraseOf('acme', 'several@example.com', { token: support }), {});
      erased(await eraseEverywhere('several@example.com'), { emails: 2 });
    });
  });

  describe.each([
    ['the retry queue', 'retry'],
    ['its dead letters', 'retryDeadLetters'],
  ] as const)('erases what waits in %s', (_, name) => {
    it('and sends again what others have in the same message, with what proves it genuine', async () => {
      const [own, other] = [anEvent(), anEvent({ recipient: 'joe@example.com' })];
      const nonces = [{ value: 'token', content: 'this' }];
      places.put(name, retryMessage([own]), retryMessage([own, other], { nonces }), retryMessage([other]));
      erased(await eraseEverywhere(recipient), { queuedEvents: 2 });
      const left = parsed(name);
      expect(left).toHaveLength(2);
      expect(left).toEqual(expect.arrayContaining([retryMessage([other]), retryMessage([other], { nonces })]));
    });

    it('of an email that was never recorded: what comes late does not make it', async () => {
      const waiting = anEvent({ accountId: 'acme' });
      places.put(name, retryMessage([waiting]));
      erased(await eraseOf('acme', recipient), { queuedEvents: 1 });
      expect(await places.emails.store.record([waiting], noon)).toMatchObject({ recorded: 0, erased: 1 });
    });

    it("of one's own account: what names it, or names none and is of an email that was its own", async () => {
      const [named, theirs, nobodys, erasedWith] = [
        anEvent({ accountId: 'acme' }),
        anEvent({ accountId: 'initech' }),
        anEvent(),
        anEvent(),
      ] as const;
      await places.emails.record([{ ...erasedWith, accountId: 'acme' }]);
      places.put(name, retryMessage([named, theirs]), retryMessage([nobodys]), retryMessage([erasedWith, theirs]));
      erased(await eraseOf('acme', recipient), { emails: 1, queuedEvents: 2 });
      expect(
        eventsIn(name)
          .map(({ eventId }) => eventId)
          .sort(),
      ).toEqual([theirs, theirs, nobodys].map(({ eventId }) => eventId).sort());
      expect(await places.emails.store.record([theirs, nobodys], noon)).toMatchObject({ recorded: 2 });
      erased(await eraseEverywhere(recipient), { emails: 2, queuedEvents: 3 });
      expect(places.messagesIn(name)).toEqual([]);
    });

    it('that nobody can read but that mentions the address', async () => {
      places.put(name, `<html>${recipient}`, '<html>joe@example.com');
      erased(await eraseOf('acme', recipient), {});
      erased(await eraseEverywhere(recipient), { queuedEvents: 1 });
      expect(places.messagesIn(name)).toEqual(['<html>joe@example.com']);
    });
  });

  describe.each([
    ['the queue of Amazon SES', 'ses'],
    ['its dead letters', 'sesDeadLetters'],
  ] as const)('erases what waits in %s', (_, name) => {
    const message = (fixtureName: string, change = (text: string) => text) => ({
      Type: 'Notification',
      MessageId: `sns-${fixtureName}`,
      Message: change(fixture('ses', fixtureName).toString()),
    });
    const read = (body: object) =>
      queueParsers.ses({ messageId: 'm', body: JSON.stringify(body), sentAt: noon }, { providers, context }).parsed;

    it('and leaves what is of others as it is', async () => {
      const ofJoe = message('Delivery', text => text.replaceAll(recipient, 'joe@example.com'));
      places.put(name, message('Delivery'), ofJoe);
      erased(await eraseEverywhere(recipient), { queuedEvents: 1 });
      expect(parsed(name)).toEqual([ofJoe]);
    });

    it('also of a message to several: what is told of the others is read out of it, and goes to the retry queue', async () => {
      const several = message('Bounce.several-recipients');
      const { events } = read(several);
      const others = events.filter(event => event.recipient !== recipient);
      expect([events.length - others.length, others.length > 0]).toEqual([1, true]);
      places.put(name, several);
      erased(await eraseEverywhere(recipient), { queuedEvents: 1 });
      expect(places.messagesIn(name)).toEqual([]);
      expect(eventsIn('retry')).toEqual(others);
      expect(JSON.stringify(parsed('retry'))).not.toContain(recipient);
    });

    it("of one's own account alone", async () => {
      places.put(
        name,
        message('Delivery', text => text.replaceAll('"acme"', '"initech"')),
      );
      erased(await eraseOf('acme', recipient), {});
      erased(await eraseOf('initech', recipient), { queuedEvents: 1 });
      expect(places.messagesIn(name)).toEqual([]);
    });

    it('that cannot be read but mentions the address', async () => {
      const unreadable = message('Delivery', text => text.replace('"Delivery"', '"Invented"'));
      places.put(name, unreadable);
      erased(await eraseOf('initech', recipient), {});
      erased(await eraseOf('acme', recipient), { queuedEvents: 1 });
      expect(places.messagesIn(name)).toEqual([]);
    });
  });

  describe('erases from the quarantine', () => {
    const unknown = (email: string, more: object = {}) =>
      ({ reason: 'unknown_event', piece: { event: 'landed', email, ...more } }) as const;

    it('events that had been read, and leaves the others', async () => {
      const [own, other] = [anEvent(), anEvent({ recipient: 'joe@example.com' })];
      await keep([own, other].map(piece => ({ reason: 'item_full', piece }) as unknown as Quarantined));
      erased(await eraseEverywhere(recipient), { quarantined: 1 });
      expect(parsed('quarantine').flatMap(({ pieces }) => pieces)).toEqual([other]);
    });

    it('pieces that mention the address, wherever in them and however it is written', async () => {
      const others = [unknown('joe@example.com'), unknown('mary.jane@example.com')];
      await keep([
        unknown('JANE@example.com'),
        unknown('', { url: 'https://example.org/?to=jane%40example.com' }),
        ...others,
      ]);
      erased(await eraseEverywhere(recipient), { quarantined: 2 });
      expect(parsed('quarantine')).toMatchObject([
        { requestId: 'r1', reason: 'unknown_event', pieces: others.map(({ piece }) => piece) },
      ]);
      erased(await eraseEverywhere(recipient), {});
    });

    it("pieces of one's own account: those that name it", async () => {
      await keep([
        unknown(recipient, { account_id: 'acme' }),
        unknown(recipient, { account_id: 'initech' }),
        unknown(recipient),
      ]);
      erased(await eraseOf('acme', recipient), { quarantined: 1 });
      erased(await eraseEverywhere(recipient), { quarantined: 2 });
      expect(places.messagesIn('quarantine')).toEqual([]);
    });

    it('whole bodies with all of their parts, though only one of them has the address', async () => {
      const body = (email: string) =>
        JSON.stringify([
          { padding: 'x'.repeat(1_500_000) },
          { email, account_id: 'acme' },
          { padding: 'y'.repeat(400_000) },
        ]);
      for (const email of [recipient, 'joe@example.com'])
        await keep([{ reason: 'too_many', piece: null }], body(email));
      expect(places.messagesIn('quarantine')).toHaveLength(6);
      // Others may have something in it as well.
      erased(await eraseOf('acme', recipient), {});
      erased(await eraseEverywhere(recipient), { quarantined: 1 });
      const left = parsed('quarantine').toSorted((one, other) => one.part - other.part);
      const text = Buffer.concat(left.map(({ base64 }) => Buffer.from(base64, 'base64'))).toString();
      expect(text).toBe(body('joe@example.com'));
    });

    it('a body of which a part was kept twice, and one of which a part is missing', async () => {
      const body = `${'x'.repeat(1_000_000)} ${recipient}`;
      await keep([{ reason: 'not_json', piece: null }], body);
      const [first, second] = parsed('quarantine').toSorted((one, other) => one.part - other.part);
      places.put('quarantine', first, second);
      erased(await eraseEverywhere(recipient), { quarantined: 1 });
      expect(places.messagesIn('quarantine')).toEqual([]);
      places.put('quarantine', second);
      erased(await eraseEverywhere(recipient), { quarantined: 1 });
      expect(places.messagesIn('quarantine')).toEqual([]);
    });

    it('what is no message of a quarantine but mentions the address', async () => {
      places.put('quarantine', `{"to":"${recipient}"}`, '{"to":"joe@example.com"}');
      erased(await eraseEverywhere(recipient), { quarantined: 1 });
      expect(parsed('quarantine')).toEqual([{ to: 'joe@example.com' }]);
    });
  });

  describe('erases from the failure bucket', () => {
    it('the records of the address, whichever image it is in, and objects of which nothing is left', async () => {
      const other = bounceRecord('joe@example.com');
      const gone = { ...bounceRecord(recipient), dynamodb: { OldImage: { recipient: { S: recipient } } } };
      await places.keepFailure('mixed', [bounceRecord(recipient), other, gone]);
      await places.keepFailure('whole', [bounceRecord(recipient)]);
      await places.keepFailure('untouched', [other]);
      erased(await eraseEverywhere(recipient), { alertRecords: 3 });
      const left = await places.failures();
      expect(left).toHaveLength(2);
      for (const { payload, version } of left)
        expect([JSON.parse(payload), version]).toEqual([{ Records: [other] }, '1.0']);
    });

    it("the records of one's own account", async () => {
      await places.keepFailure('two', [bounceRecord(recipient, 'acme'), bounceRecord(recipient, 'initech')]);
      erased(await eraseOf('acme', recipient), { alertRecords: 1 });
      const [{ payload } = { payload: '' }] = await places.failures();
      expect(JSON.parse(payload)).toEqual({ Records: [bounceRecord(recipient, 'initech')] });
    });

    it("those that came before the account was known, of an email that was one's own", async () => {
      const bounce = anEvent({ recipient: 'late@example.com', status: 'invalid' });
      await places.emails.record([bounce, { ...bounce, eventId: 'r', status: 'sent', accountId: 'acme' }]);
      const NewImage = { recipient: { S: bounce.recipient }, status: { S: 'invalid' } };
      const record = { eventName: 'INSERT', dynamodb: { Keys: { emailId: { S: emailIdOf(bounce) } }, NewImage } };
      await places.keepFailure('early', [record]);
      erased(await eraseOf('initech', bounce.recipient), {});
      erased(await eraseOf('acme', bounce.recipient), { emails: 1, alertRecords: 1 });
      expect(await places.failures()).toEqual([]);
    });

    it('an object that cannot be read but mentions the address', async () => {
      await places.keepFailure('cut', `{"Records":[{"recipient":{"S":"${recipient}"`);
      await places.keepFailure('another', '{"Records":[');
      erased(await eraseEverywhere(recipient), { alertRecords: 1 });
      expect(await places.failures()).toHaveLength(1);
    });
  });

  describe('says what remains', () => {
    const remaining = async (answer: Awaited<ReturnType<typeof call>>) => {
      expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '60']);
      expect(notErasedMembers.safeParse(answer.json).success).toBe(true);
      expect(answer.json.type).toBe('/problems/not-erased');
      expect(JSON.stringify([answer.json, lines])).not.toContain(recipient);
      return answer.json as { erased: ErasedCounts; remains: string[] };
    };

    it('while somebody else works a message off, which may be of the recipient', async () => {
      places.put('retry', retryMessage([anEvent({ accountId: 'acme' })]));
      const held = new ReceiveMessageCommand({ QueueUrl: places.queueUrls.retry, VisibilityTimeout: 600 });
      await places.sqs.send(held);
      await places.emails.record([anEvent({ accountId: 'acme' })]);
      expect(await remaining(await eraseOf('acme', recipient))).toMatchObject({
        erased: { ...nothing, emails: 1 },
        remains: ['the retry queue: something in it is worked off, or waits for its next try: ask again in a minute'],
      });
    });

    it('not where an event of Amazon SES is on its way through its queue, as at a busy hour one always is', async () => {
      places.put('ses', '{}');
      await places.sqs.send(new ReceiveMessageCommand({ QueueUrl: places.queueUrls.ses, VisibilityTimeout: 600 }));
      erased(await eraseEverywhere(recipient), {});
    });

    it('not where it was given back, or worked off, a moment later', async () => {
      places.put('ses', '{}');
      const held = new ReceiveMessageCommand({ QueueUrl: places.queueUrls.ses, VisibilityTimeout: 1 });
      await places.sqs.send(held);
      erased(await eraseEverywhere(recipient), {});
    });

    it('of every place that could not be gone through in time; what was erased until then is counted', async () => {
      places.put('quarantine', '{}');
      const late: Erase = async work => {
        const { erased } = await places.erasing()(work);
        const outcome = await places.erasing()({ ...work, signal: AbortSignal.abort() });
        return { ...outcome, erased };
      };
      await places.emails.record([anEvent()]);
      const { erased, remains } = await remaining(await eraseEverywhere(recipient, { erase: late }));
      expect(erased.emails).toBe(1);
      expect(remains).toEqual(
        [
          'the table',
          'the retry queue',
          'the dead letters of the retry queue',
          'the queue of Amazon SES',
          'the dead letters of Amazon SES',
          'the quarantine',
          'the failure bucket',
        ].map(place => `${place}: it could not be gone through to its end: ask again`),
      );
    });
  });

  it("says so where something that was left turns out to be the account's, in whatever order it comes", async () => {
    const nameless = anEvent({ recipient: 'order@example.com' });
    const named = { ...nameless, eventId: 'named', accountId: 'acme' };
    for (const event of [nameless, named]) places.put('retryDeadLetters', retryMessage([event]));
    const first = await eraseOf('acme', nameless.recipient);
    if (first.statusCode === 503) {
      expect(first.json.remains).toEqual(["something that was left has turned out to be the account's: ask again"]);
      erased(await eraseOf('acme', nameless.recipient), { queuedEvents: 1 });
    }
    expect(places.messagesIn('retryDeadLetters')).toEqual([]);
  });

  it('puts no tombstone on an email that another account names as well: whoever came first has it', async () => {
    const theirs = anEvent({ recipient: 'both@example.com', accountId: 'initech' });
    places.put('retry', retryMessage([theirs, { ...theirs, eventId: 'ours', accountId: 'acme' }]));
    erased(await eraseOf('acme', theirs.recipient), { queuedEvents: 1 });
    expect(await places.emails.store.record([theirs], noon)).toMatchObject({ recorded: 1, erased: 0 });
    await places.emails.remove(emailIdOf(theirs));
  });

  it('gives back what it does not erase, and leaves it to whoever has to work it off', async () => {
    places.put('retry', retryMessage([anEvent({ recipient: 'joe@example.com' })]));
    erased(await eraseEverywhere(recipient), {});
    const { Messages = [] } = await places.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: places.queueUrls.retry, WaitTimeSeconds: 3 }),
    );
    expect(Messages).toHaveLength(1);
  });

  it('keeps nothing of an email, also where its event waited in every place', async () => {
    const event = anEvent({ accountId: 'acme', recipient: 'all@example.com' });
    await places.emails.record([event]);
    places.put('retry', retryMessage([event]));
    places.put('retryDeadLetters', retryMessage([event]));
    await keep([{ reason: 'refused_by_table', piece: event } as unknown as Quarantined]);
    await places.keepFailure('alert', [bounceRecord('all@example.com')]);
    erased(await eraseOf('acme', 'all@example.com'), { emails: 1, queuedEvents: 2, quarantined: 1, alertRecords: 1 });
    expect(await places.emails.image(emailIdOf(event))).not.toHaveProperty('recipient');
  });
});
