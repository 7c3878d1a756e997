import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { quarantinedRequest } from '../../infra/local/quarantine/quarantined-request.ts';
import { emailIdOf } from '../../shared/email/event.ts';
import { createRecorder } from '../../shared/email/recorder.ts';
import { providers } from '../../shared/providers/registry.ts';
import type { WebhookSecret } from '../../shared/providers/signatures/webhook-secrets.ts';
import { createRetryQueue } from '../../shared/queues/retry-messages.ts';
import { context } from '../fixtures/fixtures.ts';
import { providerNames, signingKeys } from '../fixtures/signing.ts';
import { type LiveIngest, sampleBody, sampleType, startLiveIngest } from '../hazards/live-ingest.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { anEvent } from '../rigs/stored-emails.ts';

let live: LiveIngest;
beforeAll(async () => {
  live = await startLiveIngest();
});
afterEach(() => live.reset());
afterAll(() => live?.stop());

const acme = signingKeys('sendgrid');
const globex = signingKeys('sendgrid');
const ours = signingKeys('sendgrid');

/** SendGrid's secrets: our own, and those of two accounts. */
const secrets: readonly WebhookSecret[] = [
  ours.secret,
  { secret: acme.secret, accountId: 'acme' },
  { secret: globex.secret, accountId: 'globex' },
];

const email = { provider: 'sendgrid', messageId: 'message-1', recipient: 'jane@example.com' };

function sendGridEvent(event: string, changes: Readonly<Record<string, unknown>> = {}) {
  return {
    event,
    email: email.recipient,
    timestamp: noon / 1000,
    sg_event_id: `${event}-${JSON.stringify(changes).length}`,
    sg_message_id: `${email.messageId}.recvd-1-2`,
    ...changes,
  };
}

/** Sends events that one of the keys signed to the ingest function. */
const send = (keys: typeof acme, ...events: readonly object[]) =>
  live.send('sendgrid', keys.sign(Buffer.from(JSON.stringify(events)), noon), { secrets });

describe("an account's own secret", () => {
  it.each(providerNames)('of %s assigns its account to an event that names none', async name => {
    const { verifies } = live.pairs[name];
    const unnamed = Buffer.from(
      sampleBody(name)
        .toString()
        .replaceAll(/account[-_]?id/gi, 'other'),
    );
    const sent = live.sign(name, unnamed, noon, { type: sampleType(name) });
    const { counts } = await live.send(name, sent, { secrets: [{ secret: verifies, accountId: 'acme' }] });
    expect(counts).toMatchObject({ received: 1, recorded: 1 });
    expect(await live.stored()).toMatchObject([{ accountId: 'acme' }]);
  });

  it.each(providerNames)('of %s proves nothing that another secret signed', async name => {
    const sent = live.sign(name, sampleBody(name), noon, { type: sampleType(name) });
    const secrets = [{ secret: signingKeys(name).secret, accountId: 'acme' }];
    await live.expectRefused(await live.send(name, sent, { secrets }), name);
  });

  it('records an event that names its account', async () => {
    expect((await send(acme, sendGridEvent('delivered', { account_id: 'acme' }))).counts).toMatchObject({
      recorded: 1,
    });
    expect(await live.stored()).toMatchObject([{ accountId: 'acme', verdict: { status: 'delivered' } }]);
  });

  it('quarantines an event that names another account, and records the other events', async () => {
    const { counts } = await send(
      acme,
      sendGridEvent('delivered', { account_id: 'victim' }),
      sendGridEvent('open', { email: 'joe@example.com' }),
    );
    expect(counts).toMatchObject({ received: 2, recorded: 1, quarantined: 1 });
    expect(await live.stored()).toMatchObject([{ recipient: 'joe@example.com', accountId: 'acme' }]);
    expect(await live.kept()).toMatchObject([
      { reason: 'foreign_account', pieces: [{ accountId: 'victim', provenFor: 'acme' }] },
    ]);
  });

  it.each([
    ['names its own account', { account_id: 'acme' }],
    ['names no account', {}],
    ["names the email's account", { account_id: 'victim' }],
  ])("changes nothing in another account's email by an event that %s", async (_, named) => {
    await send(ours, sendGridEvent('delivered', { account_id: 'victim' }));
    const before = await live.stored();
    const { counts } = await send(
      acme,
      sendGridEvent('spamreport', named),
      sendGridEvent('open', { ...named, subject: 'Forged', reference: 'INV-666' }),
      sendGridEvent('unsubscribe', named),
    );
    expect(counts).toMatchObject({ received: 3, recorded: 0, duplicate: 0, quarantined: 3 });
    expect(await live.stored()).toEqual(before);
    expect(await live.kept()).toMatchObject([{ reason: 'foreign_account' }]);
  });

  it('claims no email whose account is not known yet', async () => {
    await send(ours, sendGridEvent('processed'));
    const before = await live.stored();
    expect((await send(acme, sendGridEvent('delivered'))).counts).toMatchObject({ recorded: 0, quarantined: 1 });
    expect(await live.stored()).toEqual(before);
  });

  it('proves events of the email that its account registers, whichever comes first', async () => {
    const register = anEvent({
      ...email,
      status: 'enqueued',
      accountId: 'acme',
      reference: 'INV-7',
      providerEvent: 'app.enqueued',
    });
    await live.emails.record([register]);
    await send(acme, sendGridEvent('delivered'));
    const registeredFirst = await live.stored();
    expect(registeredFirst).toMatchObject([
      { accountId: 'acme', reference: 'INV-7', verdict: { status: 'delivered' } },
    ]);
    await live.emails.remove(emailIdOf(email));
    await send(acme, sendGridEvent('delivered'));
    await live.emails.record([register]);
    expect(await live.stored()).toMatchObject([
      { accountId: 'acme', reference: 'INV-7', verdict: { status: 'delivered' } },
    ]);
  });

  it("proves later events of its own account's email, and a repeated event changes nothing", async () => {
    await send(acme, sendGridEvent('delivered'));
    expect((await send(acme, sendGridEvent('open'))).counts).toMatchObject({ recorded: 1 });
    expect((await send(acme, sendGridEvent('open'))).counts).toMatchObject({ recorded: 0, duplicate: 1 });
    expect(await live.stored()).toMatchObject([{ accountId: 'acme', verdict: { status: 'opened' } }]);
  });

  it('proves nothing for another account that has its own secret', async () => {
    await send(globex, sendGridEvent('delivered'));
    expect((await send(acme, sendGridEvent('bounce'))).counts).toMatchObject({ recorded: 0, quarantined: 1 });
    expect(await live.stored()).toMatchObject([{ accountId: 'globex', verdict: { status: 'delivered' } }]);
  });

  it("changes no email that becomes another account's between two tries of one write", async () => {
    const { emails } = live;
    const delivered = anEvent({ ...email, accountId: 'acme', provenFor: 'acme' });
    const emailId = await emails.record([delivered]);
    let isChanged = false;
    const client = {
      // The email has a later status, so that the first try fails and the second one knows the item.
      send: async (command: Parameters<typeof emails.client.send>[0]) => {
        try {
          return await emails.client.send(command);
        } catch (error) {
          if (!isChanged) {
            isChanged = true;
            await emails.remove(emailId);
            await emails.record([{ ...delivered, accountId: 'globex', provenFor: undefined }]);
          }
          throw error;
        }
      },
    } as typeof emails.client;
    const { record } = createRecorder({ client, tableName: emails.tableName, retentionDays: 400 });
    const sent = anEvent({ ...email, status: 'sent', accountId: 'acme', provenFor: 'acme' });
    expect(await record([sent], noon)).toMatchObject({ recorded: 0, unrecordable: [{ reason: 'foreign_account' }] });
    expect(isChanged).toBe(true);
    expect(await live.stored()).toMatchObject([{ accountId: 'globex', events: [{ status: 'delivered' }] }]);
  });

  it('keeps accounts apart while two of them write at once', async () => {
    const writes = Array.from({ length: 8 }, (_, turn) => {
      const [keys, event] = turn % 2 === 0 ? [acme, 'open'] : [globex, 'click'];
      return send(keys as typeof acme, sendGridEvent(event as string, { sg_event_id: `turn-${turn}` }));
    });
    const outcomes = await Promise.all(writes);
    const [stored] = await live.stored();
    const won = stored!.accountId === 'acme' ? 0 : 1;
    outcomes.forEach(({ counts }, turn) => {
      expect(counts).toMatchObject(turn % 2 === won ? { recorded: 1 } : { recorded: 0, quarantined: 1 });
    });
    expect(stored!.verdict?.status).toBe(won === 0 ? 'opened' : 'link_clicked');
  });
});

describe('a secret without an account', () => {
  it('proves events of every account and of no account', async () => {
    await send(ours, sendGridEvent('delivered', { account_id: 'victim' }));
    await send(ours, sendGridEvent('open', { email: 'joe@example.com' }));
    const stored = await live.stored();
    expect(stored.map(({ accountId }) => accountId)).toEqual(['victim', undefined]);
  });

  it("also proves events of an email that an account's own secret created", async () => {
    await send(acme, sendGridEvent('delivered'));
    await send(ours, sendGridEvent('open', { account_id: 'acme' }));
    expect(await live.stored()).toMatchObject([{ accountId: 'acme', verdict: { status: 'opened' } }]);
  });
});

describe('the account that a secret proved', () => {
  it('goes into the retry queue with an event', async () => {
    const sent: unknown[] = [];
    const client = {
      send: async (command: { input: { Entries: { MessageBody: string }[] } }) => {
        sent.push(...command.input.Entries.map(({ MessageBody }) => JSON.parse(MessageBody)));
        return {};
      },
    };
    const retryQueue = createRetryQueue(client as never, 'url');
    await retryQueue({
      requestId: '1',
      provider: 'sendgrid',
      receivedAt: noon,
      nonces: [],
      events: [anEvent({ accountId: 'acme', provenFor: 'acme' })],
    });
    expect(sent).toMatchObject([{ events: [{ provenFor: 'acme' }] }]);
  });

  it('goes into quarantine with a piece, so that a later parse keeps it', async () => {
    await send(acme, sendGridEvent('not-known-yet', { account_id: 'victim' }), sendGridEvent('nor-this'));
    const [message] = await live.kept();
    expect(message).toMatchObject({ reason: 'unknown_event', provenFor: 'acme' });
    if (message === undefined || !('pieces' in message)) throw new Error('kept otherwise');
    const pieces = message.pieces.map(piece => ({ ...(piece as object), event: 'delivered' }));
    const { parsed } = quarantinedRequest([{ ...message, pieces }], { providers, context });
    expect(parsed.events).toMatchObject([
      { accountId: 'victim', provenFor: 'acme' },
      { accountId: 'acme', provenFor: 'acme' },
    ]);
    const { unrecordable } = await live.emails.store.record(parsed.events, noon);
    expect(unrecordable).toMatchObject([{ reason: 'foreign_account', event: { accountId: 'victim' } }]);
  });
});

it("a Mailgun token signed by an account's own key proves its first event, and no other", async () => {
  const keys = signingKeys('mailgun');
  const own = { secrets: [{ secret: keys.secret, accountId: 'acme' }] };
  const sent = keys.sign(sampleBody('mailgun'), noon);
  expect((await live.send('mailgun', sent, own)).counts).toMatchObject({ recorded: 1 });
  const { signature } = JSON.parse(sent.body.toString());
  const { 'event-data': event } = JSON.parse(sampleBody('mailgun').toString());
  const other = { signature, 'event-data': { ...event, recipient: 'joe@example.com' } };
  const reused = await live.send('mailgun', { ...sent, body: Buffer.from(JSON.stringify(other)) }, own);
  expect(reused.status).toBe(401);
  expect(reused.lines).toMatchObject([{ refusal: 'reused_nonce' }]);
});

it("an account's own secret answers Azure's validation of its subscription", async () => {
  const body = Buffer.from(JSON.stringify([{ data: { validationCode: 'code-1' } }]));
  const { verifies } = live.pairs.azure;
  const sent = live.sign('azure', body);
  const headers = { ...sent.headers, 'aeg-event-type': 'SubscriptionValidation' };
  const { status, answer } = await live.send(
    'azure',
    { ...sent, headers },
    { secrets: [{ secret: verifies, accountId: 'acme' }] },
  );
  expect([status, JSON.parse(answer.body!)]).toEqual([200, { validationResponse: 'code-1' }]);
});
