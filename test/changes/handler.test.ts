import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHandler } from '../../functions/changes/handler.ts';
import { createPublishChanges, type PublishChanges, publishingTo } from '../../functions/changes/status-events.ts';
import { type CanonicalEvent, canaryAccountId, emailIdOf } from '../../shared/email/event.ts';
import { createAddNotes, createReadEmail } from '../../shared/email/notes.ts';
import type { StatusChanged } from '../../shared/events/status-changed-schema.ts';
import { hourMs, hourOf, slotOf } from '../../shared/news/slots.ts';
import { createNewsStore, type NewsStore } from '../../shared/news/store.ts';
import { type AccountMarks, createAccountMarks, markSlotMs } from '../../shared/watch/account-marks.ts';
import { createAddResolved } from '../../shared/watch/resolved-failures.ts';
import { type PutEventsServer, startPutEventsServer } from '../events/put-events-server.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { lambdaContext } from '../rigs/http-event.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const minute = 60_000;

describe('the changes function', () => {
  let emails: StoredEmails;
  let lines: unknown[][] = [];
  let sequence = 0;
  beforeAll(async () => {
    emails = await startStoredEmails();
  });
  afterAll(() => emails?.stop());

  /** Records events that arrive together, and returns the change as the table's stream shows it. */
  async function change(events: readonly CanonicalEvent[], receivedAt = noon): Promise<DynamoDBRecord> {
    const emailId = emailIdOf(events[0]!);
    const before = await emails.image(emailId);
    await emails.record(events, receivedAt);
    return streamRecord(await emails.image(emailId), before);
  }
  function streamRecord(after: unknown, before?: unknown): DynamoDBRecord {
    sequence += 1;
    const dynamodb = { SequenceNumber: String(sequence).padStart(21, '0'), NewImage: after, OldImage: before };
    return { eventName: before === undefined ? 'INSERT' : 'MODIFY', dynamodb } as DynamoDBRecord;
  }
  async function invoke(
    Records: DynamoDBRecord[],
    news: Pick<NewsStore, 'add'> = emails.news,
    marks: Pick<AccountMarks, 'mark'> = createAccountMarks(emails.client, emails.guardTableName),
    publish: PublishChanges | null = null,
  ): Promise<readonly string[]> {
    lines = [];
    const log = (...line: unknown[]) => lines.push(line);
    const addNotes = createAddNotes(emails.client, emails.tableName);
    const readEmail = createReadEmail(emails.client, emails.tableName);
    const addResolved = createAddResolved(emails.client, emails.guardTableName);
    const handler = createHandler({ news, marks, addResolved, addNotes, readEmail, publish, log, now: () => noon });
    const { batchItemFailures } = await handler({ Records }, lambdaContext);
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  }
  const newsOf = async (provider: string, at = noon) => (await emails.news.newsOf([provider], at)).get(provider)!;
  const counts = async (provider: string, at = noon) => {
    const { hours } = await newsOf(provider, at);
    const sum = (name: 'awaited' | 'answered') =>
      hours.flatMap(hour => hour[name]).reduce((one, other) => one + other, 0);
    return { awaited: sum('awaited'), answered: sum('answered') };
  };
  const sent = (changes: Partial<CanonicalEvent>) =>
    anEvent({ status: 'sent', providerEvent: 'processed', occurredAt: noon - minute, ...changes });
  const next = ({ provider, messageId, recipient }: CanonicalEvent, changes: Partial<CanonicalEvent>) =>
    anEvent({ provider, messageId, recipient, ...changes });

  it('keeps when a provider last reported, with what lag, and in which slots', async () => {
    const first = sent({ provider: 'postmark' });
    await invoke([await change([first])]);
    await invoke([
      await change([next(first, { status: 'delivered', occurredAt: noon + 9 * minute })], noon + 10 * minute),
    ]);
    expect(await newsOf('postmark')).toMatchObject({
      firstEventAt: noon,
      lastEventAt: noon + 10 * minute,
      lagMs: minute,
      newsAt: noon + 10 * minute,
    });
    const { slots } = await newsOf('postmark');
    expect([0, 1, 2].map(later => slots.has(slotOf(noon) + later))).toEqual([true, false, true]);
    // A message that waited in a queue arrived earlier.
    await invoke([await change([next(first, { status: 'opened' })], noon + 5 * minute)]);
    expect(await newsOf('postmark')).toMatchObject({ lastEventAt: noon + 10 * minute, lagMs: minute });
  });

  it('counts the emails that were registered or Sent, and those of which news came, in the slot of their first sight', async () => {
    const registered = sent({ provider: 'mailgun', status: 'enqueued', providerEvent: 'app.enqueued' });
    const others = [1, 2, 3].map(() => sent({ provider: 'mailgun' }));
    await invoke(await Promise.all([registered, ...others].map(event => change([event]))));
    expect(await counts('mailgun')).toEqual({ awaited: 4, answered: 0 });
    await invoke([
      await change([next(registered, { status: 'sent', occurredAt: noon + hourMs })], noon + hourMs),
      await change([next(others[0]!, { status: 'delivered', occurredAt: noon + hourMs })], noon + hourMs),
    ]);
    expect(await counts('mailgun', noon + hourMs)).toEqual({ awaited: 4, answered: 2 });
    const { hours } = await newsOf('mailgun', noon + hourMs);
    expect(hours.map(({ hour }) => hour)).toEqual([hourOf(noon - minute)]);
    expect(await newsOf('app')).toMatchObject({ lastEventAt: noon });
    expect(await counts('app')).toEqual({ awaited: 0, answered: 0 });
  });

  it('hears of counted opens from the provider that reported them, and counts nothing else for them', async () => {
    const opened = (messageId: string, step: number, providerEvent: string) =>
      anEvent({
        provider: 'scaleway',
        messageId,
        status: 'opened',
        eventId: `o${step}`,
        providerEvent,
        occurredAt: noon + step,
      });
    for (const providerEvent of ['open', 'app.opened']) {
      for (let step = 0; step < 3; step += 1) await change([opened(providerEvent, step, providerEvent)]);
    }
    await invoke([await change([opened('app.opened', 5, 'app.opened')])]);
    expect(await newsOf('scaleway')).not.toHaveProperty('lastEventAt');
    await invoke([await change([opened('open', 5, 'open')], noon + 10)]);
    expect(await newsOf('scaleway')).toMatchObject({ lastEventAt: noon + 10, lagMs: 5 });
    expect(await counts('scaleway')).toEqual({ awaited: 0, answered: 0 });
  });

  it('counts a batch once that comes again', async () => {
    const records = await Promise.all([1, 2].map(() => change([sent({ provider: 'brevo' })])));
    await invoke(records);
    await invoke(records);
    expect(await counts('brevo')).toEqual({ awaited: 2, answered: 0 });
  });

  it('comes again whole after a failure half-way, and counts nothing twice', async () => {
    const records = await Promise.all([1, 2].map(() => change([sent({ provider: 'zeptomail' })])));
    const client = {
      send: (command: object) =>
        command instanceof UpdateCommand
          ? Promise.reject(new Error('throttled'))
          : emails.client.send(command as never),
    } as unknown as DynamoDBDocumentClient;
    await expect(invoke(records, createNewsStore(client, emails.guardTableName))).rejects.toThrow('throttled');
    expect(await newsOf('zeptomail')).not.toHaveProperty('lastEventAt');
    await invoke(records);
    expect(await newsOf('zeptomail')).toMatchObject({ lastEventAt: noon });
    expect(await counts('zeptomail')).toEqual({ awaited: 2, answered: 0 });
  });

  it('counts the batches of several shards at once', async () => {
    const records = await Promise.all([1, 2, 3, 4, 5, 6].map(() => change([sent({ provider: 'resend' })])));
    await Promise.all(records.map(record => invoke([record])));
    expect(await counts('resend')).toEqual({ awaited: 6, answered: 0 });
  });

  it('marks each account with new hard bounces or spam marks once, and none for any other change', async () => {
    const of = (accountId: string, status: CanonicalEvent['status'], changes: Partial<CanonicalEvent> = {}) =>
      change([anEvent({ accountId, status, ...changes })]);
    const bounced = anEvent({ accountId: 'marked-1', status: 'hard_bounced' });
    const records = [
      await change([bounced]),
      await of('marked-1', 'invalid'),
      await of('marked-2@example.com', 'marked_spam'),
      await of('unmarked', 'delivered'),
      await of('unmarked', 'soft_bounced'),
      await of('unmarked', 'rejected'),
      await change([anEvent({ status: 'hard_bounced' })]),
      await of(canaryAccountId, 'hard_bounced', { provenFor: canaryAccountId }),
    ];
    const marks = createAccountMarks(emails.client, emails.guardTableName);
    await invoke(records, undefined, marks);
    const slot = noon / markSlotMs;
    const marked = [
      { slot, accountId: 'marked-1' },
      { slot, accountId: 'marked-2@example.com' },
    ];
    expect(await marks.read()).toEqual(expect.arrayContaining(marked));
    expect(await marks.read()).toHaveLength(2);
    await marks.remove(marked);
    // A further event of the bounced email is no new failure, and this process has marked the account already.
    await invoke([await change([next(bounced, { status: null, providerEvent: 'note' })])]);
    await invoke([await of('marked-1', 'invalid')], undefined, marks);
    expect(await marks.read()).toEqual([]);
  });

  it('counts the news also where an account cannot be marked, and says so', async () => {
    const failing = (mark: AccountMarks['mark']) => async (status: CanonicalEvent['status']) =>
      invoke([await change([anEvent({ provider: 'smtp2go', accountId: 'acme', status })])], undefined, { mark });
    await failing(async () => {
      throw new Error('throttled');
    })('hard_bounced');
    expect(lines).toContainEqual(['fault', { requestId: expect.any(String), where: 'changes.mark', error: 'Error' }]);
    await failing(async () => 1)('invalid');
    expect(lines).toContainEqual(['changes.unmarked', { requestId: expect.any(String), accounts: 1 }]);
    expect(await newsOf('smtp2go')).toMatchObject({ lastEventAt: noon });
  });

  it('no longer counts an email that was erased', async () => {
    const event = sent({ provider: 'loops', recipient: 'erased@example.com' });
    await invoke([await change([event])]);
    const before = await emails.image(emailIdOf(event));
    await emails.erase(event.recipient);
    await invoke([streamRecord(await emails.image(emailIdOf(event)), before)]);
    expect(await counts('loops')).toEqual({ awaited: 0, answered: 0 });
  });

  it("leaves out the canary's account, senders without an adapter, and emails that expire", async () => {
    const names = ['lastEventAt', 'newsAt'];
    const canary = sent({ provider: 'app', accountId: canaryAccountId, provenFor: canaryAccountId, occurredAt: noon });
    const own = sent({ provider: 'postfix', providerEvent: 'app.sent' });
    const expired = await change([sent({ provider: 'ahasend' })]);
    const records = [
      await change([canary], noon + 20 * minute),
      await change([own]),
      { ...expired, eventName: 'REMOVE' },
    ];
    await invoke(records as DynamoDBRecord[]);
    expect(await newsOf('app')).toMatchObject({ lastEventAt: noon });
    for (const provider of ['postfix', 'ahasend']) {
      expect(
        Object.keys(await newsOf(provider)).filter(name => names.includes(name)),
        provider,
      ).toEqual([]);
    }
  });

  it('leaves out an unreadable record, says so, and counts the others', async () => {
    const poison = [
      streamRecord({ emailId: { S: 'x' }, provider: { S: 'sweego' }, history: { S: 'poison' } }),
      streamRecord({
        emailId: { S: 'x' },
        provider: { S: 'sweego' },
        sentAt: { N: '1' },
        updatedAt: { N: '1' },
        history: { SS: ['poison'] },
      }),
      { eventName: 'INSERT', dynamodb: { NewImage: { emailId: { X: 1 } } } } as unknown as DynamoDBRecord,
    ];
    await invoke([...poison, await change([sent({ provider: 'sweego' })])]);
    expect(await counts('sweego')).toEqual({ awaited: 1, answered: 0 });
    expect(lines.at(-1)).toEqual([
      'changes.counted',
      { requestId: expect.any(String), records: 4, emails: 1, unreadable: 3 },
    ]);
    expect(lines.filter(([line]) => line === 'fault')).toHaveLength(3);
  });

  describe('with a bus of events', () => {
    let bus: PutEventsServer;
    beforeAll(async () => {
      bus = await startPutEventsServer();
    });
    afterAll(() => bus?.stop());
    beforeEach(() => bus.plan({}));

    const publishing = (Records: DynamoDBRecord[], news?: Pick<NewsStore, 'add'>, marks?: Pick<AccountMarks, 'mark'>) =>
      invoke(Records, news, marks, publishingTo('Mailtrail-events', bus.environment));
    const detailOf = ({ Detail }: { readonly Detail: string }): StatusChanged => JSON.parse(Detail);
    const told = () => bus.taken.map(detailOf);
    const idsOf = (records: readonly DynamoDBRecord[]) => records.map(({ dynamodb }) => dynamodb!.SequenceNumber!);

    it('publishes the change of a status, and nothing for a note or an email that expires', async () => {
      const first = sent({ provider: 'azure', accountId: 'acme' });
      const records = [
        await change([first]),
        await change([next(first, { status: null, providerEvent: 'note' })]),
        await change([next(first, { status: 'hard_bounced' })], noon + minute),
      ];
      const expired = { ...records[2]!, eventName: 'REMOVE' } as DynamoDBRecord;
      expect(await publishing([...records, expired])).toEqual([]);
      expect(told().map(({ emailId, from, to }) => [emailId, from?.status, to])).toEqual([
        [emailIdOf(first), undefined, 'sent'],
        [emailIdOf(first), 'sent', 'hard_bounced'],
      ]);
      expect(bus.taken.map(({ Source, DetailType, Time }) => [Source, DetailType, Time])).toEqual([
        ['mailtrail', 'Email Status Changed', noon / 1000],
        ['mailtrail', 'Email Status Changed', (noon + minute) / 1000],
      ]);
    });

    it('publishes before it counts, and counts only what comes before the first failure', async () => {
      const records = await Promise.all([1, 2, 3, 4].map(() => change([sent({ provider: 'mailjet' })])));
      const third = records[2]!.dynamodb!.NewImage!.emailId!.S;
      bus.plan({ refuses: entry => (detailOf(entry).emailId === third ? 'ThrottlingException' : null) });
      const failedOf: string[] = [];
      const news = {
        async add(batch: Parameters<NewsStore['add']>[0]) {
          expect(told()).toHaveLength(3);
          await emails.news.add(batch);
        },
      };
      const marks = { mark: async (accounts: readonly string[]) => failedOf.push(...accounts) && 0 };
      expect(await publishing(records, news, marks)).toEqual(idsOf(records).slice(2, 3));
      expect(await counts('mailjet')).toEqual({ awaited: 2, answered: 0 });
      expect(lines).toContainEqual([
        'fault',
        { requestId: expect.any(String), where: 'changes.publish', error: 'ThrottlingException' },
      ]);
      expect(lines.at(-1)).toEqual([
        'changes.counted',
        { requestId: expect.any(String), records: 2, emails: 2, unreadable: 0, again: 2 },
      ]);
      bus.plan({});
      expect(await publishing(records.slice(2))).toEqual([]);
      expect(await counts('mailjet')).toEqual({ awaited: 4, answered: 0 });
    });

    it('counts nothing if the first record fails', async () => {
      const record = await change([sent({ provider: 'mandrill' })]);
      bus.plan({ answer: { status: 500, body: '' } });
      const news = { add: () => Promise.reject(new Error('must not be called')) };
      expect(await publishing([record], news)).toEqual(idsOf([record]));
    });

    it('publishes the others where a record cannot be read, or its event cannot be made', async () => {
      const records = await Promise.all([1, 2].map(() => change([sent({ provider: 'mailersend' })])));
      const poison = streamRecord({ emailId: { S: 'x' }, provider: { S: 'x' }, history: { S: 'poison' } });
      const { NewImage } = records[0]!.dynamodb!;
      const timeless = streamRecord({ ...NewImage, emailId: { S: 'timeless' }, statusAt: { N: '9e15' } });
      expect(await publishing([poison, records[0]!, timeless, records[1]!])).toEqual([]);
      expect(told().map(({ emailId }) => emailId)).toEqual(
        records.map(({ dynamodb }) => dynamodb!.NewImage!.emailId!.S),
      );
      expect(lines.filter(([line]) => line === 'fault').map(([, details]) => details)).toEqual([
        { requestId: expect.any(String), where: 'changes.read', error: expect.any(String) },
        { requestId: expect.any(String), where: 'changes.event', error: 'RangeError' },
      ]);
    });

    it('publishes each change at least once and counts it once, whatever fails', async () => {
      const records = await Promise.all(Array.from({ length: 12 }, () => change([sent({ provider: 'sparkpost' })])));
      let counted: number[] = [];
      // The counts of each batch, kept as the store keeps them: by the first record.
      const newsOfRun = () => {
        const known = new Set<string>();
        return {
          async add({ batchId, emails: changes }: Parameters<NewsStore['add']>[0]) {
            if (!known.has(batchId)) counted.push(changes.length);
            known.add(batchId);
          },
        };
      };
      const faults = fc.array(fc.integer({ min: 0, max: records.length - 1 }), { maxLength: 10 });
      await fc.assert(
        fc.asyncProperty(faults, fc.integer({ min: 1, max: 12 }), async (failing, batchSize) => {
          counted = [];
          const published = new Set<unknown>();
          const pending = [...failing];
          const news = newsOfRun();
          const publish = createPublishChanges(async events => {
            const failed = pending.splice(0, 1).map(place => place % events.length);
            for (const [place, { detail }] of events.entries())
              if (!failed.includes(place)) published.add((detail as StatusChanged).id);
            return events.map((_, place) => !failed.includes(place));
          });
          let rest = records;
          while (rest.length > 0) {
            const batch = rest.slice(0, batchSize);
            const [failed] = await invoke(batch, news, { mark: async () => 0 }, publish);
            // As Lambda does, which takes the records before the failed one for done.
            rest = rest.slice(failed === undefined ? batch.length : idsOf(batch).indexOf(failed));
          }
          expect(published.size).toBe(records.length);
          expect(counted.reduce((sum, one) => sum + one, 0)).toBe(records.length);
        }),
        { numRuns: 200 },
      );
    });
  });

  it('keeps no personal data', async () => {
    const items = await emails.guardItems();
    const text = JSON.stringify(items, (_, value) => (value instanceof Set ? [...value] : value));
    expect(items.length).toBeGreaterThan(10);
    // An account's id may look like an address: it is the sender's own.
    expect(text.replaceAll('marked-2@example.com', '')).not.toMatch(/@|message-\d/);
    for (const item of items) expect(item.expiresAt, String(item.guardKey)).toBeGreaterThan(noon / 1000);
  });
});
