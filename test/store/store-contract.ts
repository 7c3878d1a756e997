import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CanonicalEvent, emailIdOf, encodeHistory } from '../../shared/event.ts';
import { caveatsOf, merge, type Status, statusIds, supersedes, type Verdict } from '../../shared/status.ts';
import {
  createReader,
  createRecorder,
  type Email,
  historyLimit,
  type Reader,
  type Recorder,
} from '../../shared/store.ts';
import { arbitraryEvent, eventsOf, noon } from '../arbitrary-events.ts';
import { createEmailTable } from '../email-table.ts';
import { histories } from '../status/histories.ts';
import { anEvent } from '../stored-emails.ts';

/** What the store promises, on whichever engine `start` gives. */
export function storeContract(engineName: string, start: () => Promise<{ endpoint: string; stop(): Promise<void> }>) {
  describe(`the store on ${engineName}`, () => {
    let engine: Awaited<ReturnType<typeof start>>;
    let client: DynamoDBDocumentClient;
    let store: Recorder & Reader;
    const tableName = 'emails';
    let updates = 0;
    let messages = 0;

    beforeAll(async () => {
      engine = await start();
      const raw = new DynamoDBClient({
        endpoint: engine.endpoint,
        region: 'local',
        credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      });
      await createEmailTable(raw, tableName);
      client = DynamoDBDocumentClient.from(raw);
      client.middlewareStack.add(
        (next, context) => args => {
          if (context.commandName === 'UpdateItemCommand') updates += 1;
          return next(args);
        },
        { step: 'initialize', name: 'countUpdates' },
      );
      store = { ...createRecorder({ client, tableName, retentionDays: 400 }), ...createReader({ client, tableName }) };
    });
    afterAll(() => engine?.stop());

    const freshMessageId = () => `message-${++messages}`;
    const moved = (events: readonly CanonicalEvent[], messageId: string) =>
      events.map(event => ({ ...event, messageId }));
    const stored = async (event: CanonicalEvent): Promise<Email> => {
      const email = await store.email(emailIdOf(event));
      if (email === null) throw new Error('the email is not there');
      return email;
    };
    const countingUpdates = async (work: () => Promise<unknown>) => {
      const before = updates;
      await work();
      return updates - before;
    };
    /** The promised part of an item. */
    const promised = ({ verdict, events }: Email) => ({ verdict, history: events.map(encodeHistory) });

    describe('keeps one status, whatever the order', () => {
      for (const history of histories) {
        it(`${history.events.join(', ')} ends as ${history.ends}`, async () => {
          const arrivals = fc.sample(fc.shuffledSubarray(eventsOf(history), { minLength: history.events.length }), 6);
          const ends = [];
          for (const arrival of arrivals) {
            const events = moved(arrival, freshMessageId());
            for (const event of events) await store.record([event], noon);
            await store.record(events, noon);
            ends.push(promised(await stored(events[0]!)));
          }
          expect(ends[0]?.verdict?.status).toBe(history.ends);
          for (const end of ends) expect(end).toEqual(ends[0]);
        });
      }

      it('any events, in any order, split into any requests, twice, make the item that the merge says', async () => {
        const arrivals = fc.array(fc.array(arbitraryEvent, { minLength: 1, maxLength: 4 }), {
          minLength: 1,
          maxLength: 4,
        });
        await fc.assert(
          fc.asyncProperty(arrivals, fc.boolean(), async (requests, concurrently) => {
            const messageId = freshMessageId();
            const all = moved(requests.flat(), messageId);
            const record = async (request: readonly CanonicalEvent[]) => {
              const { failed } = await store.record(moved(request, messageId), noon);
              expect(failed).toEqual([]);
            };
            if (concurrently) await Promise.all([...requests, ...requests].map(record));
            else for (const request of [...requests, ...requests.toReversed()]) await record(request);
            const email = await stored(all[0]!);
            expect(email.verdict).toEqual(merge(all));
            expect(new Set(email.events.map(encodeHistory))).toEqual(new Set(all.map(encodeHistory)));
          }),
          { numRuns: 60 },
        );
      });

      it("the update's condition agrees with the merge on every pair of verdicts", async () => {
        const pairs = statusIds.flatMap(before =>
          statusIds.flatMap(after =>
            [-1, 0, 1].flatMap(later => ['a', 'c'].map(eventId => ({ before, after, later, eventId }))),
          ),
        );
        const asEvent = (status: Status, occurredAt: number, eventId: string, messageId: string) =>
          anEvent({ status, occurredAt, eventId, messageId });
        const batches = pairs.map(pair => ({ ...pair, messageId: freshMessageId() }));
        await store.record(
          batches.map(({ before, messageId }) => asEvent(before, noon, 'b', messageId)),
          noon,
        );
        await store.record(
          batches.map(({ after, later, eventId, messageId }) => asEvent(after, noon + later, eventId, messageId)),
          noon,
        );
        for (const { before, after, later, eventId, messageId } of batches) {
          const first: Verdict = { status: before, statusAt: noon, statusEventId: 'b' };
          const second: Verdict = { status: after, statusAt: noon + later, statusEventId: eventId };
          const email = await stored(asEvent(before, noon, 'b', messageId));
          expect(email.verdict, `${before}, then ${after} ${later} ${eventId}`).toEqual(
            supersedes(second, first) ? second : first,
          );
        }
      });

      it('64 writers at once on one email lose nothing', async () => {
        const messageId = freshMessageId();
        const events = Array.from({ length: 64 }, (_, index) =>
          anEvent({
            messageId,
            eventId: `e${index}`,
            status: statusIds[index % statusIds.length]!,
            occurredAt: noon + ((index * 7) % 13) * 1000,
          }),
        );
        const outcomes = await Promise.all(events.map(event => store.record([event], noon)));
        expect(outcomes.map(({ recorded }) => recorded)).toEqual(events.map(() => 1));
        const email = await stored(events[0]!);
        expect(email.verdict).toEqual(merge(events));
        expect(email.events).toHaveLength(64);
      });
    });

    describe('counts what it was given', () => {
      it('a new event is recorded with one write', async () => {
        const event = anEvent();
        expect(await countingUpdates(() => store.record([event], noon))).toBe(1);
      });

      it('all events of one email in one request are one write', async () => {
        const events = eventsOf(histories[4]!, freshMessageId());
        const cost = await countingUpdates(async () =>
          expect(await store.record(events, noon)).toMatchObject({ recorded: 4, duplicate: 0 }),
        );
        expect(cost).toBe(1);
      });

      it('a duplicate is recognised with one refused write, and changes nothing', async () => {
        const event = anEvent();
        await store.record([event], noon);
        const before = await stored(event);
        const cost = await countingUpdates(async () =>
          expect(await store.record([event, event], noon + 1)).toMatchObject({ recorded: 0, duplicate: 2 }),
        );
        expect(cost).toBe(1);
        expect(await stored(event)).toEqual(before);
      });

      it('a duplicate note changes nothing either', async () => {
        const note = anEvent({ status: null, providerEvent: 'unsubscribe' });
        expect(await store.record([note], noon)).toMatchObject({ recorded: 1 });
        const before = await stored(note);
        expect(before.verdict).toBeNull();
        expect(await store.record([note], noon + 1)).toMatchObject({ recorded: 0, duplicate: 1 });
        expect(await stored(note)).toEqual(before);
      });

      it('a late event goes into the history with a second write and leaves the status', async () => {
        const delivered = anEvent();
        const sent = { ...delivered, status: 'sent', eventId: 'e0', occurredAt: noon - 1000 } as const;
        await store.record([delivered], noon);
        const cost = await countingUpdates(async () =>
          expect(await store.record([sent], noon)).toMatchObject({ recorded: 1, duplicate: 0 }),
        );
        expect(cost).toBe(2);
        const email = await stored(delivered);
        expect(email.verdict?.status).toBe('delivered');
        expect(email.events.map(({ status }) => status)).toEqual(['sent', 'delivered']);
      });

      it('a request that is half known counts both halves', async () => {
        const sent = anEvent({ status: 'sent', eventId: 'e0' });
        await store.record([sent], noon);
        const outcome = await store.record([sent, { ...sent, status: 'delivered', eventId: 'e1' }], noon);
        expect(outcome).toMatchObject({ recorded: 1, duplicate: 1 });
      });

      it('the same event id with other content is kept beside the first', async () => {
        const one = anEvent();
        const other = { ...one, occurredAt: noon + 1, reason: { text: 'other' } };
        await store.record([one, other], noon);
        const email = await stored(one);
        expect(email.events).toHaveLength(2);
        expect(email.verdict?.statusAt).toBe(noon);
      });

      it('one id from two providers is two emails', async () => {
        const one = anEvent();
        await store.record([one, { ...one, provider: 'mailgun', status: 'opened' }], noon);
        expect((await stored(one)).verdict?.status).toBe('delivered');
      });

      it('what could not be written in time is said, event by event, and never thrown', async () => {
        const event = anEvent();
        const { recorded, failed } = await store.record([event], noon, AbortSignal.abort());
        expect(recorded).toBe(0);
        expect(failed.flatMap(({ events }) => events)).toEqual([event]);
      });
    });

    describe('registration by the sender', () => {
      const registration = (messageId: string) =>
        anEvent({
          messageId,
          status: 'enqueued',
          eventId: 'r1',
          occurredAt: noon - 1000,
          accountId: 'acme',
          subject: 'Invoice 7',
          reference: 'INV-7',
          providerEvent: 'app.enqueued',
        });

      it('gives the same email before and after the first event of the provider', async () => {
        const [before, after] = [freshMessageId(), freshMessageId()];
        const bounce = (messageId: string) => anEvent({ messageId, status: 'hard_bounced', eventId: 'bounce' });
        expect(await store.record([registration(before)], noon)).toMatchObject({ failed: [] });
        await store.record([bounce(before)], noon);
        await store.record([bounce(after)], noon);
        await store.record([registration(after)], noon);
        const [one, other] = [await stored(registration(before)), await stored(registration(after))];
        expect(other).toEqual({ ...one, emailId: other.emailId, messageId: after });
        expect(one).toMatchObject({ accountId: 'acme', subject: 'Invoice 7', reference: 'INV-7' });
        expect(one.verdict?.status).toBe('hard_bounced');
      });

      it('by another account changes nothing but is remembered as a conflict', async () => {
        const first = registration(freshMessageId());
        await store.record([first], noon);
        await store.record([{ ...first, eventId: 'r2', accountId: 'intruder' }], noon);
        const email = await stored(first);
        expect(email.accountId).toBe('acme');
        expect(caveatsOf(email, noon).map(({ code }) => code)).toContain('account_conflict');
      });
    });

    describe('bounds the history', () => {
      it('drops and counts only repeats of opens and clicks past the limit', async () => {
        const messageId = freshMessageId();
        const open = (index: number) =>
          anEvent({ messageId, status: 'opened', eventId: `o${index}`, occurredAt: noon + index * 1000 });
        const first = await store.record(
          Array.from({ length: 150 }, (_, index) => open(index)),
          noon,
        );
        expect(first).toMatchObject({ recorded: historyLimit, dropped: 50 });
        expect(await store.record([open(200)], noon)).toMatchObject({ recorded: 0, duplicate: 0, dropped: 1 });
        expect(await store.record([open(0)], noon)).toMatchObject({ recorded: 0, duplicate: 1, dropped: 0 });
        const machine = { ...open(201), evidence: 'machine' } as const;
        expect(await store.record([machine], noon)).toMatchObject({ recorded: 0, dropped: 1 });

        const deferral = anEvent({ messageId, status: 'deferred', eventId: 'd' });
        const note = anEvent({ messageId, status: null, eventId: 'n' });
        const click = anEvent({ messageId, status: 'link_clicked', eventId: 'c' });
        for (const event of [deferral, note, click]) {
          expect(await store.record([event], noon)).toMatchObject({ recorded: 1, dropped: 0 });
        }
        const email = await stored(deferral);
        expect(email.verdict?.status).toBe('link_clicked');
        expect(email.events).toHaveLength(historyLimit + 3);
      });

      it('says so when an email has grown to the largest item that the database takes', async () => {
        const messageId = freshMessageId();
        const deferral = (index: number) =>
          anEvent({ messageId, status: 'deferred', eventId: `d${index}`, reason: { text: 'x'.repeat(4_000) } });
        await store.record(
          Array.from({ length: 95 }, (_, index) => deferral(index)),
          noon,
        );
        const more = Array.from({ length: 10 }, (_, index) => deferral(100 + index));
        const { full, failed } = await store.record(more, noon);
        expect(failed).toEqual([]);
        expect(full).toEqual(more);
        expect((await stored(deferral(0))).events).toHaveLength(95);
      });
    });

    describe('holds hostile strings inert', () => {
      it.each(['size', '#x', ':v', 'a.b[0]', '__proto__', '"], ["', 'ö\u202e\u200b', '=cmd|x', '<script>', '0'])(
        '%s as any field',
        async text => {
          const event = anEvent({
            messageId: `${text}-${freshMessageId()}`,
            recipient: text,
            accountId: text,
            subject: text,
            reference: text,
            providerEvent: text,
            reason: { code: text, text },
            clickUrl: text,
            userAgent: text,
          });
          expect(await store.record([event], noon)).toMatchObject({ recorded: 1, failed: [] });
          const email = await stored(event);
          expect(email).toMatchObject({ accountId: text, subject: text, reference: text, recipient: text });
          expect(email.events).toMatchObject([{ reason: { code: text, text }, clickUrl: text, userAgent: text }]);
        },
      );
    });

    describe('lists', () => {
      const account = (name: string, count: number, status: Status = 'delivered') =>
        Array.from({ length: count }, (_, index) =>
          anEvent({ accountId: name, status, eventId: `${name}${index}`, occurredAt: noon + index }),
        );
      const pages = async (accountId: string, list: 'all' | 'attention', limit: number) => {
        const found: (readonly Email[])[] = [];
        let after: Awaited<ReturnType<Reader['accountPage']>>['next'] = null;
        do {
          const page = await store.accountPage(accountId, list, { limit, ...(after && { after }) });
          found.push(page.emails);
          after = page.next;
        } while (after !== null);
        return found;
      };

      it("an account's emails newest first, page by page, each once", async () => {
        const events = account('paged', 25);
        for (const [index, event] of events.entries()) await store.record([event], noon + Math.floor(index / 3));
        const found = (await pages('paged', 'all', 10)).flat();
        expect(new Set(found.map(({ emailId }) => emailId))).toEqual(new Set(events.map(emailIdOf)));
        expect(found).toHaveLength(25);
        const times = found.map(({ firstSeenAt }) => firstSeenAt);
        expect(times).toEqual(times.toSorted((a, b) => b - a));
      });

      it('nothing for an account without emails', async () => {
        expect(await pages('nobody', 'all', 10)).toEqual([[]]);
      });

      it('what needs attention, only while it does', async () => {
        const bounces = account('attentive', 3, 'soft_bounced');
        await store.record([...bounces, ...account('attentive', 2)], noon);
        expect((await pages('attentive', 'attention', 2)).flat()).toHaveLength(3);
        await store.record([{ ...bounces[0]!, status: 'delivered', eventId: 'late' }], noon);
        expect((await pages('attentive', 'attention', 2)).flat().map(({ emailId }) => emailId)).toEqual(
          bounces.slice(1).toReversed().map(emailIdOf),
        );
      });
    });

    it('lets an email expire after the retention', async () => {
      const event = anEvent();
      await store.record([event], noon);
      await store.record([{ ...event, status: 'opened', eventId: 'later' }], noon + 5000);
      const { Item } = await client.send(new GetCommand({ TableName: tableName, Key: { emailId: emailIdOf(event) } }));
      expect(Item?.expiresAt).toBe(noon / 1000 + 400 * 24 * 60 * 60);
    });
  });
}
