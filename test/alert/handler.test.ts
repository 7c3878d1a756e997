import type { PublishCommand, PublishCommandInput, SNSClient } from '@aws-sdk/client-sns';
import type { DynamoDBRecord } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHandler } from '../../functions/alert/handler.ts';
import type { AlertKey } from '../../shared/alerts/alert.ts';
import { createLedger, type Ledger } from '../../shared/alerts/ledger.ts';
import { createPublish, type Publish } from '../../shared/alerts/publish.ts';
import { createStoredAlerts } from '../../shared/alerts/stored-alerts.ts';
import type { CanonicalEvent } from '../../shared/email/event.ts';
import { emailIdOf } from '../../shared/email/event.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { lambdaContext } from '../rigs/http-event.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';
import { startFaultProxy } from '../torture/fault-proxy.ts';
import { machinesIn, startAlertTopic } from './alert-topic.ts';

const page = 'https://support.example.com/accounts/{accountId}/emails/{emailId}';

describe('the alert function', () => {
  let emails: StoredEmails;
  let topic: Awaited<ReturnType<typeof startAlertTopic>>;
  let ledger: Ledger;
  let forwarded: AlertKey[] = [];
  let lines: unknown[][] = [];
  let sequence = 0;
  beforeAll(async () => {
    [emails, topic] = await Promise.all([startStoredEmails(), startAlertTopic()]);
    ledger = createLedger(emails.client, emails.guardTableName, 'machines', Date.now);
  });
  afterAll(() => Promise.all([emails?.stop(), topic?.stop()]));
  beforeEach(async () => {
    await topic.delivered();
    lines = [];
    forwarded = [];
  });

  const bounce = (changes: Partial<CanonicalEvent> = {}) =>
    anEvent({
      accountId: 'acme',
      status: 'hard_bounced',
      providerEvent: 'bounce',
      reason: { enhancedCode: '5.1.2', text: 'no such domain' },
      ...changes,
    });

  /** Records the events of one email, and returns the change as the table's stream shows it. */
  async function change(...events: CanonicalEvent[]): Promise<DynamoDBRecord> {
    const emailId = emailIdOf(events[0]!);
    const before = await emails.image(emailId);
    await emails.record(events);
    return streamRecord(await emails.image(emailId), before);
  }
  function streamRecord(after: unknown, before?: unknown): DynamoDBRecord {
    sequence += 1;
    const dynamodb = { SequenceNumber: String(sequence).padStart(21, '0'), NewImage: after, OldImage: before };
    return { eventName: before === undefined ? 'INSERT' : 'MODIFY', dynamodb } as DynamoDBRecord;
  }
  const sequenceNumbers = (...records: DynamoDBRecord[]) =>
    records.map(({ dynamodb }) => ({ itemIdentifier: dynamodb!.SequenceNumber! }));

  async function invoke(
    Records: DynamoDBRecord[],
    faults: {
      readonly ledger?: Partial<Ledger>;
      readonly alertsOf?: ReturnType<typeof createStoredAlerts>;
      readonly publish?: Publish;
      readonly forward?: () => Promise<void>;
    } = {},
  ) {
    const handler = createHandler({
      ledger: { ...ledger, ...faults.ledger },
      alertsOf: faults.alertsOf ?? createStoredAlerts(emails.client, emails.tableName, () => noon),
      publish: faults.publish ?? topic.publish,
      forward: faults.forward ?? (async keys => void forwarded.push(...keys)),
      emailPageUrl: page,
      log: (...line) => lines.push(line),
    });
    return handler({ Records }, lambdaContext);
  }
  const toldOf = async () =>
    (await topic.delivered()).flatMap(message => machinesIn(message).emails.map(({ emailId }) => emailId)).toSorted();
  const idOf = ({ dynamodb }: DynamoDBRecord) => dynamodb!.NewImage!.emailId!.S!;

  describe('tells machines', () => {
    it('of a hard bounce, with who, why and a link, and hands its id to the queue of people', async () => {
      const record = await change(bounce({ subject: 'Invoice 7', reference: 'INV-7' }));
      expect(await invoke([record])).toEqual({ batchItemFailures: [] });
      const [message, ...more] = await topic.delivered();
      expect(more).toEqual([]);
      const told = machinesIn(message!);
      expect(message?.attributes).toEqual({ kind: 'hard_bounce', accountId: 'acme', digestId: told.digestId });
      expect(told).toMatchObject({
        version: 1,
        kind: 'hard_bounce',
        accountId: 'acme',
        emails: [
          {
            emailId: idOf(record),
            recipient: 'jane@example.com',
            reference: 'INV-7',
            status: 'hard_bounced',
            statusAt: '2026-01-02T12:00:00.000Z',
            reason: { enhancedCode: '5.1.2', text: 'no such domain' },
            url: `https://support.example.com/accounts/acme/emails/${idOf(record)}`,
          },
        ],
      });
      expect(forwarded).toEqual([{ kind: 'hard_bounce', emailId: idOf(record) }]);
    });

    it.each([
      ['an unknown address', 'invalid', 'hard_bounce'],
      ['a spam mark', 'marked_spam', 'spam'],
    ] as const)('of %s', async (_, status, kind) => {
      await invoke([await change(bounce({ status }))]);
      expect((await topic.delivered()).map(({ attributes }) => attributes.kind)).toEqual([kind]);
    });

    it.each([
      'enqueued',
      'sent',
      'deferred',
      'delivered',
      'soft_bounced',
      'rejected',
      'opened',
      'link_clicked',
      null,
    ] as const)('of no email with the status %s, even if the stream filter lets it through', async status => {
      expect(await invoke([await change(bounce({ status }))])).toEqual({ batchItemFailures: [] });
      expect([await topic.delivered(), forwarded]).toEqual([[], []]);
    });

    it('of a bounce and of a later spam mark, but not again when the bounce becomes Invalid', async () => {
      const first = bounce();
      const records = [
        await change(first),
        await change({ ...first, eventId: 'e2', status: 'invalid' }),
        await change({ ...first, eventId: 'e3', status: 'marked_spam' }),
        await change({ ...first, eventId: 'e4', status: 'opened', occurredAt: noon + 1 }),
      ];
      for (const record of records) await invoke([record]);
      expect((await topic.delivered()).map(message => machinesIn(message).kind)).toEqual(['hard_bounce', 'spam']);
    });

    it('of the bounce as a bounce, also if the email was marked as spam before they heard of it', async () => {
      const first = bounce();
      const record = await change(first);
      await change({ ...first, eventId: 'e2', status: 'marked_spam', reason: undefined });
      await invoke([record]);
      expect((await topic.delivered()).map(machinesIn)).toMatchObject([
        { kind: 'hard_bounce', emails: [{ status: 'hard_bounced', reason: { text: 'no such domain' } }] },
      ]);
    });

    it('of an email without an account, in a message that has no account attribute', async () => {
      await invoke([await change(bounce({ accountId: undefined }))]);
      const [message] = await topic.delivered();
      expect(Object.keys(message!.attributes).toSorted()).toEqual(['digestId', 'kind']);
      expect(machinesIn(message!).accountId).toBeNull();
    });

    it('of an address that the message was not sent to, with that caveat, whichever event says so', async () => {
      const first = bounce({ status: 'soft_bounced', attribution: 'not_addressed' });
      await change(first);
      await invoke([await change({ ...first, eventId: 'e2', status: 'hard_bounced', attribution: undefined })]);
      const [message] = await topic.delivered();
      expect(machinesIn(message!).emails).toMatchObject([{ recipient: first.recipient, caveats: ['not_addressed'] }]);
    });

    it('of no expired email, and does not bring it back', async () => {
      const record = await change(bounce());
      await emails.remove(idOf(record));
      expect(await invoke([record, { ...streamRecord(undefined, {}), eventName: 'REMOVE' }])).toEqual({
        batchItemFailures: [],
      });
      expect(await topic.delivered()).toEqual([]);
      expect(await emails.image(idOf(record))).toBeUndefined();
    });

    it('of no erased email and of no erasure, and leaves the tombstone unchanged', async () => {
      const record = await change(bounce({ recipient: 'erased@example.com' }));
      const before = await emails.image(idOf(record));
      await emails.erase('erased@example.com');
      const tombstone = await emails.image(idOf(record));
      expect(await invoke([record, streamRecord(tombstone, before)])).toEqual({ batchItemFailures: [] });
      expect(await topic.delivered()).toEqual([]);
      expect(await emails.image(idOf(record))).toEqual(tombstone);
    });

    it('of 101 bounces of one account in one message that names every one', async () => {
      const records = await Promise.all(Array.from({ length: 101 }, () => change(bounce())));
      await invoke(records);
      const [digest, ...more] = await topic.delivered();
      expect(more).toEqual([]);
      expect(
        machinesIn(digest!)
          .emails.map(({ emailId }) => emailId)
          .toSorted(),
      ).toEqual(records.map(idOf).toSorted());
      expect(lines).toEqual([
        ['alert.sent', { requestId: 'request-1', records: 101, emails: 101, messages: 1, alreadyTold: 0, failed: 0 }],
      ]);
    });

    it.each([
      ['a history of broken JSON', { history: { SS: ['{'] } }],
      ['a text as its time', { statusAt: { S: 'noon' } }],
    ])('of an email that cannot be read for %s, by its id', async (_, spoilt) => {
      const { dynamodb } = await change(bounce());
      const item = { ...dynamodb?.NewImage, ...spoilt };
      await emails.put(item);
      expect(await invoke([streamRecord(item)])).toEqual({ batchItemFailures: [] });
      const [message] = await topic.delivered();
      expect(machinesIn(message!).emails).toMatchObject([{ emailId: dynamodb!.NewImage!.emailId!.S, statusAt: null }]);
    });

    it('in messages of the largest size, and the topic accepts them', async () => {
      const bounces = Array.from({ length: 700 }, () => bounce({ subject: '\u{1f4a3}'.repeat(70) }));
      const { recorded } = await emails.store.record(bounces, noon);
      expect(recorded).toBe(700);
      const images = await Promise.all(bounces.map(event => emails.image(emailIdOf(event))));
      await invoke(images.map(image => streamRecord(image)));
      const digests = await topic.delivered();
      expect(digests.length).toBeGreaterThan(1);
      const named = digests.flatMap(digest => machinesIn(digest).emails.map(({ emailId }) => emailId));
      expect(named.toSorted()).toEqual(bounces.map(emailIdOf).toSorted());
    });
  });

  describe('publishes only characters that SNS accepts, whatever an email holds,', () => {
    /** One character of every kind that SNS, SQS or a header refuses. */
    const refused = '\ufffe\uffff\ufdd0\u{1fffe}\ud800\u0000\u0085\u2028';
    const text = `in${refused}voice`;
    /** The requests to publish, as the topic's client sends them. */
    const published: PublishCommandInput[] = [];
    const recording = createPublish(
      { send: async ({ input }: PublishCommand) => void published.push(input) } as unknown as SNSClient,
      'arn:aws:sns:us-east-1:123456789012:alerts',
    );

    it.each([1, 2])('in a message about %i email(s)', async count => {
      published.length = 0;
      const alertsOf = async (keys: readonly AlertKey[]) =>
        keys.map(key => ({
          ...key,
          provider: text,
          reporter: text,
          recipient: `"${text}"@example.com`,
          accountId: text,
          subject: text,
          reference: text,
          status: 'hard_bounced' as const,
          statusAt: noon,
          reason: { code: text, enhancedCode: text, text },
          caveats: [],
        }));
      const records = await Promise.all(Array.from({ length: count }, () => change(bounce())));
      expect(await invoke(records, { alertsOf, publish: recording })).toEqual({ batchItemFailures: [] });
      expect(published).toHaveLength(1);
      const { Subject, Message, MessageAttributes } = published[0]!;
      expect(Subject).toMatch(/^[\x21-\x7e][\x20-\x7e]{0,98}$/);
      expect(Message).toMatch(/^[\x20-\x7e]+$/);
      const account = MessageAttributes!.accountId!.StringValue!;
      expect(account.isWellFormed()).toBe(true);
      expect(account).not.toMatch(/\p{Noncharacter_Code_Point}|[\0-\x09\x0b-\x1f\x7f-\x9f]/u);
      expect(JSON.parse(Message!)).toMatchObject({ accountId: text, emails: Array(count).fill({ subject: text }) });
    });
  });

  describe('tells machines once', () => {
    it('when the same batch comes again', async () => {
      const records = [await change(bounce()), await change(bounce({ status: 'marked_spam' }))];
      await invoke(records);
      expect(await topic.delivered()).toHaveLength(2);
      expect(await invoke(records)).toEqual({ batchItemFailures: [] });
      expect(await topic.delivered()).toEqual([]);
      expect(lines.at(-1)).toMatchObject(['alert.sent', { emails: 0, messages: 0, alreadyTold: 2 }]);
    });

    it('when one batch has the same change twice', async () => {
      const record = await change(bounce());
      await invoke([record, streamRecord(record.dynamodb?.NewImage)]);
      expect(await topic.delivered()).toHaveLength(1);
    });

    it('when an email bounces, recovers and bounces again within one batch', async () => {
      const first = bounce();
      const records = [
        await change(first),
        await change({ ...first, eventId: 'e2', status: 'opened', occurredAt: noon + 1 }),
      ];
      const again = streamRecord(records[0]!.dynamodb?.NewImage, records[1]!.dynamodb?.NewImage);
      expect(await invoke([...records, again])).toEqual({ batchItemFailures: [] });
      expect(await toldOf()).toEqual([idOf(records[0]!)]);
      expect(lines.at(-1)).toMatchObject(['alert.sent', { records: 3, emails: 1, messages: 1 }]);
    });

    it('of each kind when two changes of one email in one batch ask for different kinds', async () => {
      const first = bounce();
      const records = [await change(first), await change({ ...first, eventId: 'e2', status: 'marked_spam' })];
      expect(await invoke(records)).toEqual({ batchItemFailures: [] });
      expect((await topic.delivered()).map(message => machinesIn(message).kind).toSorted()).toEqual([
        'hard_bounce',
        'spam',
      ]);
      expect(await invoke(records.toReversed())).toEqual({ batchItemFailures: [] });
      expect(await topic.delivered()).toEqual([]);
    });

    it('when an email changes within the same kind', async () => {
      const first = bounce();
      await change(first);
      const records = [
        await change({ ...first, eventId: 'e2', status: 'invalid' }),
        await change({ ...first, eventId: 'e3', status: 'opened' }),
      ];
      expect(await invoke(records)).toEqual({ batchItemFailures: [] });
      expect(await topic.delivered()).toEqual([]);
    });

    it('without a write to the email', async () => {
      const record = await change(bounce());
      const before = await emails.image(idOf(record));
      await invoke([record]);
      expect(await emails.image(idOf(record))).toEqual(before);
    });

    it('under one id, if it dies after the message and before its commit', async () => {
      const records = await Promise.all([1, 2, 3].map(() => change(bounce())));
      const dying = invoke(records, { ledger: { commit: () => Promise.reject(new Error('killed')) } });
      expect((await dying).batchItemFailures).toHaveLength(3);
      // Lambda splits the batch: its second half alone finishes the whole message.
      expect(await invoke(records.slice(1))).toEqual({ batchItemFailures: [] });
      expect(await invoke(records.slice(0, 1))).toEqual({ batchItemFailures: [] });
      const [first, second, ...more] = (await topic.delivered()).map(machinesIn);
      expect(more).toEqual([]);
      expect(second?.digestId).toBe(first?.digestId);
      const idsIn = (told = first!) => told.emails.map(({ emailId }) => emailId).toSorted();
      expect([idsIn(first), idsIn(second)]).toEqual([records.map(idOf).toSorted(), records.map(idOf).toSorted()]);
    });

    it('each in one message, if it dies while it reserves them', async () => {
      const records = await Promise.all([1, 2, 3].map(() => change(bounce())));
      const reserve: Ledger['reserve'] = (key, digestId) =>
        key.emailId === idOf(records[1]!) ? Promise.reject(new Error('killed')) : ledger.reserve(key, digestId);
      expect((await invoke(records, { ledger: { reserve } })).batchItemFailures).toHaveLength(3);
      for (const record of records) expect(await invoke([record])).toEqual({ batchItemFailures: [] });
      expect(await toldOf()).toEqual(records.map(idOf).toSorted());
    });

    it('if it dies before it reserves any', async () => {
      const records = await Promise.all([1, 2].map(() => change(bounce())));
      const reserve = () => Promise.reject(new Error('killed'));
      expect((await invoke(records, { ledger: { reserve } })).batchItemFailures).toHaveLength(2);
      for (const record of records) expect(await invoke([record])).toEqual({ batchItemFailures: [] });
      expect(await toldOf()).toEqual(records.map(idOf).toSorted());
    });
  });

  describe('under faults', () => {
    it('reports only the records of a refused message as failed, and sends it when they come again', async () => {
      const ours = await Promise.all(Array.from({ length: 4 }, () => change(bounce())));
      const theirs = await change(bounce({ accountId: 'globex' }));
      const publish: Publish = message =>
        message.attributes.accountId === 'acme' ? Promise.reject(new Error('throttled')) : topic.publish(message);
      const { batchItemFailures } = await invoke([...ours, theirs], { publish });
      expect(batchItemFailures).toEqual(sequenceNumbers(...ours));
      expect(await toldOf()).toEqual([idOf(theirs)]);

      expect(await invoke([...ours, theirs])).toEqual({ batchItemFailures: [] });
      expect(await toldOf()).toEqual(ours.map(idOf).toSorted());
    });

    it('reports every record of a refused message as failed, also two of one email', async () => {
      const record = await change(bounce());
      const records = [record, await change(bounce()), streamRecord(record.dynamodb?.NewImage)];
      const publish = () => Promise.reject(new Error('throttled'));
      const { batchItemFailures } = await invoke(records, { publish });
      expect(batchItemFailures).toHaveLength(3);
      expect(batchItemFailures).toEqual(expect.arrayContaining(sequenceNumbers(...records)));

      // Lambda may send any of these records again: one of them brings the whole message.
      expect(await invoke([records[2]!])).toEqual({ batchItemFailures: [] });
      expect(await toldOf()).toEqual([idOf(record), idOf(records[1]!)].toSorted());
      expect(await invoke(records)).toEqual({ batchItemFailures: [] });
      expect(await topic.delivered()).toEqual([]);
    });

    it('asks for every record again if the queue of people does not take them', async () => {
      const records = [await change(bounce()), await change(bounce())];
      const forward = () => Promise.reject(new TypeError('no queue'));
      expect(await invoke(records, { forward })).toEqual({ batchItemFailures: sequenceNumbers(...records) });
      expect(lines).toContainEqual(['fault', { requestId: 'request-1', where: 'alert.forward', error: 'TypeError' }]);
      expect(await invoke(records)).toEqual({ batchItemFailures: [] });
      expect(forwarded.map(({ emailId }) => emailId).toSorted()).toEqual(records.map(idOf).toSorted());
      expect(await toldOf()).toEqual(records.map(idOf).toSorted());
    });

    it('asks again for the rest of a look-up that DynamoDB answers in part, and loses no alert', async () => {
      const table = await startFaultProxy({ target: emails.endpoint });
      const local = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
      const throughProxy = documentClient({ ...local, endpoint: table.endpoint });
      for (const times of [1, 2, 3]) {
        const records = [
          ...(await Promise.all(Array.from({ length: 130 }, () => change(bounce())))),
          await change(bounce({ status: 'marked_spam' })),
        ];
        // Each look-up of a hundred is answered in part so often, sometimes with no item at all.
        table.plan(call => (call < times ? 'part of a batch' : null));
        const alertsOf = createStoredAlerts(throughProxy, emails.tableName, () => noon);
        const answer = await invoke(records, { alertsOf });
        expect(answer).toEqual({ batchItemFailures: [] });
        expect(table.calls).toBeGreaterThan(2);
        expect(await toldOf()).toEqual(records.map(idOf).toSorted());
      }
      await table.stop();
    });

    it('sends nothing while the ledger is unavailable: every record comes again', async () => {
      const record = await change(bounce());
      const digestsOf = () => Promise.reject(new Error('the table does not answer'));
      const harmless = await change(bounce({ status: 'delivered' }));
      expect(await invoke([harmless, record], { ledger: { digestsOf } })).toEqual({
        batchItemFailures: sequenceNumbers(record),
      });
      expect(await topic.delivered()).toEqual([]);
      expect(lines.at(-1)).toMatchObject(['alert.sent', { records: 2, failed: 1 }]);
    });

    it('logs no address, subject or reason', async () => {
      const publish = () => Promise.reject(new Error('jane@example.com'));
      await invoke([await change(bounce({ subject: 'Invoice 7' }))], { publish });
      expect(JSON.stringify(lines)).not.toMatch(/jane|Invoice|domain/);
    });
  });
});
