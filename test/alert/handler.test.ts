import type { PublishCommand, PublishCommandInput, SNSClient } from '@aws-sdk/client-sns';
import type { DynamoDBRecord } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHandler } from '../../functions/alert/handler.ts';
import type { AlertMessage } from '../../functions/alert/message.ts';
import { createPublish } from '../../functions/alert/publish.ts';
import { createSentAlerts, type SentAlerts } from '../../functions/alert/sent-alerts.ts';
import type { CanonicalEvent } from '../../shared/email/event.ts';
import { emailIdOf } from '../../shared/email/event.ts';
import { encodeHistory, type HistoryEvent } from '../../shared/email/history.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { lambdaContext } from '../rigs/http-event.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';
import { startFaultProxy } from '../torture/fault-proxy.ts';
import { startAlertTopic } from './alert-topic.ts';

const page = 'https://support.example.com/accounts/{accountId}/emails/{emailId}';

describe('the alert function', () => {
  let emails: StoredEmails;
  let topic: Awaited<ReturnType<typeof startAlertTopic>>;
  let alerted: SentAlerts;
  let lines: unknown[][] = [];
  let sequence = 0;
  beforeAll(async () => {
    [emails, topic] = await Promise.all([startStoredEmails(), startAlertTopic()]);
    alerted = createSentAlerts(emails.client, emails.tableName);
  });
  afterAll(() => Promise.all([emails?.stop(), topic?.stop()]));
  beforeEach(async () => {
    await topic.delivered();
    lines = [];
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
  const unreadable = () =>
    streamRecord({ emailId: { S: 'x' }, status: { S: 'hard_bounced' }, history: { S: 'poison' } });
  const sequenceNumbers = (...records: DynamoDBRecord[]) =>
    records.map(({ dynamodb }) => ({ itemIdentifier: dynamodb!.SequenceNumber! }));

  async function invoke(
    Records: DynamoDBRecord[],
    faults: {
      readonly alerted?: Partial<SentAlerts>;
      readonly publish?: (message: AlertMessage) => Promise<void>;
    } = {},
  ) {
    const handler = createHandler({
      sentAlerts: { ...alerted, ...faults.alerted },
      publish: faults.publish ?? topic.publish,
      emailPageUrl: page,
      log: (...line) => lines.push(line),
    });
    return handler({ Records }, lambdaContext);
  }
  const toldOf = async () =>
    (await topic.delivered()).flatMap(({ machines }) => machines.emails.map(({ emailId }) => emailId)).toSorted();
  const idOf = ({ dynamodb }: DynamoDBRecord) => dynamodb!.NewImage!.emailId!.S!;

  describe('alerts support', () => {
    it('to a hard bounce and says who, why and what to do, for people and for machines', async () => {
      const record = await change(bounce({ subject: 'Invoice 7', reference: 'INV-7' }));
      expect(await invoke([record])).toEqual({ batchItemFailures: [] });
      const [message, ...more] = await topic.delivered();
      expect(more).toEqual([]);
      expect(message).toMatchObject({
        subject: 'Hard bounce: jane@example.com (account acme)',
        attributes: { kind: 'hard_bounce', accountId: 'acme' },
        machines: {
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
        },
      });
      expect(message?.people).toContain('Reason:    no such domain (enhanced code 5.1.2)');
    });

    it.each([
      ['an unknown address', 'invalid', 'hard_bounce'],
      ['a spam mark', 'marked_spam', 'spam'],
    ] as const)('to %s', async (_, status, kind) => {
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
    ] as const)('to no email with the status %s, even if the stream filter lets it through', async status => {
      expect(await invoke([await change(bounce({ status }))])).toEqual({ batchItemFailures: [] });
      expect(await topic.delivered()).toEqual([]);
    });

    it('to a bounce and to a later spam mark, but not again when the bounce becomes Invalid', async () => {
      const first = bounce();
      const records = [
        await change(first),
        await change({ ...first, eventId: 'e2', status: 'invalid' }),
        await change({ ...first, eventId: 'e3', status: 'marked_spam' }),
        await change({ ...first, eventId: 'e4', status: 'opened', occurredAt: noon + 1 }),
      ];
      for (const record of records) await invoke([record]);
      expect((await topic.delivered()).map(({ machines }) => machines.kind)).toEqual(['hard_bounce', 'spam']);
    });

    it('to an email without an account, in a message that has no account attribute', async () => {
      await invoke([await change(bounce({ accountId: undefined }))]);
      const [message] = await topic.delivered();
      expect(message?.attributes).toEqual({ kind: 'hard_bounce' });
      expect(message?.people).toContain('Account:   not reported yet');
    });

    it('to a bounce of an address that the message was not sent to, and marks it, whichever event says so', async () => {
      const first = bounce({ status: 'soft_bounced', attribution: 'not_addressed' });
      await change(first);
      await invoke([await change({ ...first, eventId: 'e2', status: 'hard_bounced', attribution: undefined })]);
      const [message] = await topic.delivered();
      expect(message?.machines.emails).toMatchObject([{ recipient: first.recipient, notAddressed: true }]);
    });

    it('to no expired email, and does not bring it back', async () => {
      const record = await change(bounce());
      await emails.remove(idOf(record));
      expect(await invoke([record, { ...streamRecord(undefined, {}), eventName: 'REMOVE' }])).toEqual({
        batchItemFailures: [],
      });
      expect(await topic.delivered()).toEqual([]);
      await alerted.mark(idOf(record), 'hard_bounce');
      expect(await emails.image(idOf(record))).toBeUndefined();
    });

    it('to no erased email and to no erasure, and leaves the tombstone unchanged', async () => {
      const record = await change(bounce({ recipient: 'erased@example.com' }));
      const before = await emails.image(idOf(record));
      await emails.erase('erased@example.com');
      const tombstone = await emails.image(idOf(record));
      expect(await invoke([record, streamRecord(tombstone, before)])).toEqual({ batchItemFailures: [] });
      expect(await topic.delivered()).toEqual([]);
      await alerted.mark(idOf(record), 'hard_bounce');
      expect(await emails.image(idOf(record))).toEqual(tombstone);
    });

    it('to 101 bounces of one account in one digest that names every one', async () => {
      const records = await Promise.all(Array.from({ length: 101 }, () => change(bounce())));
      await invoke(records);
      const [digest, ...more] = await topic.delivered();
      expect(more).toEqual([]);
      expect(digest?.subject).toBe('101 hard bounces (account acme)');
      expect(digest?.machines.emails.map(({ emailId }) => emailId).toSorted()).toEqual(records.map(idOf).toSorted());
      expect(lines).toEqual([
        ['alert.sent', { requestId: 'request-1', records: 101, emails: 101, messages: 1, alreadySent: 0, failed: 0 }],
      ]);
    });
  });

  describe('publishes only characters that SNS accepts, whatever an email holds,', () => {
    /** One character of every kind that SNS, SQS or a header refuses. */
    const refused = '\ufffe\uffff\ufdd0\u{1fffe}\ud800\u0000\u0085\u2028';
    const text = `in${refused}voice`;
    const deciding: HistoryEvent = { ...bounce(), reason: { code: text, enhancedCode: text, text } };
    /** The requests to publish, as the topic's client sends them. */
    const published: PublishCommandInput[] = [];
    const recording = createPublish(
      { send: async ({ input }: PublishCommand) => void published.push(input) } as unknown as SNSClient,
      'arn:aws:sns:us-east-1:123456789012:alerts',
    );

    it.each([1, 2])('in a message about %i email(s)', async count => {
      published.length = 0;
      const records = Array.from({ length: count }, (_, index) => {
        const image = {
          emailId: { S: `email-${index}` },
          provider: { S: text },
          messageId: { S: text },
          recipient: { S: `"${text}"@example.com` },
          accountId: { S: text },
          subject: { S: text },
          reference: { S: text },
          status: { S: 'hard_bounced' },
          statusAt: { N: String(noon) },
          statusEventId: { S: deciding.eventId },
          history: { SS: [encodeHistory(deciding)] },
        };
        return streamRecord(image);
      });
      const kindsOf = async (ids: readonly string[]) => new Map(ids.map(id => [id, new Set<never>()]));
      const mark = async () => {};
      expect(await invoke(records, { alerted: { kindsOf, mark }, publish: recording })).toEqual({
        batchItemFailures: [],
      });
      expect(published).toHaveLength(1);
      const { Subject, Message, MessageAttributes } = published[0]!;
      expect(Subject).toMatch(/^[\x21-\x7e][\x20-\x7e]{0,98}$/);
      expect(Message).toMatch(/^[\x20-\x7e]+$/);
      // SNS takes this part out of the message and delivers it to queues, which refuse more characters.
      const parts: Record<string, string> = JSON.parse(Message!);
      expect(parts.default).toMatch(/^[\x20-\x7e]+$/);
      const forPeople = [parts.email!, MessageAttributes!.accountId!.StringValue!];
      for (const shown of forPeople) {
        expect(shown.isWellFormed()).toBe(true);
        expect(shown).not.toMatch(/\p{Noncharacter_Code_Point}|[\0-\x09\x0b-\x1f\x7f-\x9f]/u);
      }
      expect(JSON.parse(parts.default!)).toMatchObject({
        accountId: text,
        emails: Array(count).fill({ subject: text }),
      });
    });
  });

  it('publishes digests of the largest size, and the topic accepts them', async () => {
    const bounces = Array.from({ length: 300 }, () => bounce({ reason: { text: '"\\'.repeat(250) } }));
    const { recorded } = await emails.store.record(bounces, noon);
    expect(recorded).toBe(300);
    const images = await Promise.all(bounces.map(event => emails.image(emailIdOf(event))));
    await invoke(images.map(image => streamRecord(image)));
    const digests = await topic.delivered();
    expect(digests.length).toBeGreaterThan(1);
    const named = digests.flatMap(({ machines }) => machines.emails.map(({ emailId }) => emailId));
    expect(named.toSorted()).toEqual(bounces.map(emailIdOf).toSorted());
  });

  describe('alerts support once', () => {
    it('when the same batch comes again', async () => {
      const records = [await change(bounce()), await change(bounce({ status: 'marked_spam' }))];
      await invoke(records);
      expect(await topic.delivered()).toHaveLength(2);
      expect(await invoke(records)).toEqual({ batchItemFailures: [] });
      expect(await topic.delivered()).toEqual([]);
      expect(lines.at(-1)).toMatchObject(['alert.sent', { emails: 0, messages: 0, alreadySent: 2 }]);
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

    it('with each kind of alert when two changes of one email in one batch ask for different kinds', async () => {
      const first = bounce();
      const records = [await change(first), await change({ ...first, eventId: 'e2', status: 'marked_spam' })];
      expect(await invoke(records)).toEqual({ batchItemFailures: [] });
      expect((await topic.delivered()).map(({ machines }) => machines.kind).toSorted()).toEqual([
        'hard_bounce',
        'spam',
      ]);
      expect(await invoke(records.toReversed())).toEqual({ batchItemFailures: [] });
      expect(await topic.delivered()).toEqual([]);
    });

    it('when marking the alert as sent fails: the record is done, and a fault is logged', async () => {
      const mark = () => Promise.reject(new TypeError('jane@example.com'));
      expect(await invoke([await change(bounce())], { alerted: { mark } })).toEqual({ batchItemFailures: [] });
      expect(await topic.delivered()).toHaveLength(1);
      expect(lines[0]).toEqual(['fault', { requestId: 'request-1', where: 'alert.mark', error: 'TypeError' }]);
    });

    it('when an email changes within the same kind, even if the mark was lost', async () => {
      const first = bounce();
      await change(first);
      const records = [
        await change({ ...first, eventId: 'e2', status: 'invalid' }),
        await change({ ...first, eventId: 'e3', status: 'opened' }),
      ];
      expect(await invoke(records)).toEqual({ batchItemFailures: [] });
      expect(await topic.delivered()).toEqual([]);
    });

    it('with a mark that leaves the email unchanged', async () => {
      const event = bounce();
      const record = await change(event);
      const before = await emails.store.email(idOf(record));
      await invoke([record]);
      expect(await emails.store.email(idOf(record))).toEqual(before);
      expect(await emails.store.record([event], noon)).toMatchObject({ duplicate: 1 });
    });
  });

  describe('under faults', () => {
    it('reports an unreadable record as its only failure, and alerts support to the neighbouring records', async () => {
      const [before, poison, after] = [await change(bounce()), unreadable(), await change(bounce())];
      expect(await invoke([before, poison, after])).toEqual({ batchItemFailures: sequenceNumbers(poison) });
      expect(await toldOf()).toEqual([idOf(before), idOf(after)].toSorted());
      expect(lines[0]).toMatchObject(['fault', { where: 'alert.read' }]);
    });

    it('sends no second alert for the records that Lambda sends again from an unreadable one on', async () => {
      const [poison, after] = [unreadable(), await change(bounce())];
      await invoke([poison, after]);
      expect(await invoke([poison, after])).toEqual({ batchItemFailures: sequenceNumbers(poison) });
      expect(await toldOf()).toEqual([idOf(after)]);
    });

    it.each([
      ['an unknown status', { status: { S: 'vanished' } }],
      ['no image', undefined],
      ['a history of broken JSON', { history: { SS: ['{'] } }],
      ['a number as the recipient', { recipient: { N: '1' } }],
    ])('reports a record with %s as unreadable', async (_, spoilt) => {
      const { dynamodb } = await change(bounce());
      const record = streamRecord(spoilt && { ...dynamodb?.NewImage, ...spoilt });
      expect(await invoke([record])).toEqual({ batchItemFailures: sequenceNumbers(record) });
    });

    it('reports only the records of a refused message as failed, and sends it when they come again', async () => {
      const ours = await Promise.all(Array.from({ length: 4 }, () => change(bounce())));
      const theirs = await change(bounce({ accountId: 'globex' }));
      const publish = (message: AlertMessage) =>
        message.accountId === 'acme' ? Promise.reject(new Error('throttled')) : topic.publish(message);
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

      // Lambda may send any of these records again, and no other.
      expect(await invoke([records[2]!])).toEqual({ batchItemFailures: [] });
      expect(await toldOf()).toEqual([idOf(record)]);
      expect(await invoke(records)).toEqual({ batchItemFailures: [] });
      expect(await toldOf()).toEqual([idOf(records[1]!)]);
    });

    it('asks again for the rest of a look-up that DynamoDB answers in part, and loses no alert', async () => {
      const records = [
        ...(await Promise.all(Array.from({ length: 130 }, () => change(bounce())))),
        await change(bounce({ status: 'marked_spam' })),
      ];
      const table = await startFaultProxy({ target: emails.endpoint });
      const local = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
      const throughProxy = createSentAlerts(documentClient({ ...local, endpoint: table.endpoint }), emails.tableName);
      for (const times of [1, 2, 3]) {
        // Each look-up of a hundred is answered in part so often, sometimes with no item at all.
        table.plan(call => (call < times ? 'part of a batch' : null));
        const answer = await invoke(records, { alerted: { kindsOf: throughProxy.kindsOf, mark: async () => {} } });
        expect(answer).toEqual({ batchItemFailures: [] });
        expect(table.calls).toBeGreaterThan(2);
        expect(await toldOf()).toEqual(records.map(idOf).toSorted());
      }
      await table.stop();
    });

    it('sends nothing while the table of sent alerts is unavailable: every record comes again', async () => {
      const record = await change(bounce());
      const kindsOf = () => Promise.reject(new Error('the table does not answer'));
      const harmless = await change(bounce({ status: 'delivered' }));
      expect(await invoke([harmless, record], { alerted: { kindsOf } })).toEqual({
        batchItemFailures: sequenceNumbers(record),
      });
      expect(await topic.delivered()).toEqual([]);
      expect(lines.at(-1)).toMatchObject(['alert.sent', { records: 2, failed: 1 }]);
    });

    it('sends the alert twice, which is better than never, if it dies before it marks the first', async () => {
      const record = await change(bounce());
      const killed = Promise.withResolvers<void>();
      const dying = invoke([record], { alerted: { mark: () => killed.promise } });
      await expect.poll(async () => (await topic.delivered()).length).toBe(1);
      await invoke([record]);
      expect(await toldOf()).toEqual([idOf(record)]);
      // Otherwise it would time out a minute later, in the middle of another test.
      killed.resolve();
      await dying;
    });

    it('logs no address, subject or reason', async () => {
      await invoke([await change(bounce({ subject: 'Invoice 7' })), unreadable()]);
      expect(JSON.stringify(lines)).not.toMatch(/jane|Invoice|domain/);
    });
  });
});
