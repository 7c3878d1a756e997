import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Writes } from '../../shared/aws/writes.ts';
import { attentionDayOf } from '../../shared/email/attention-day.ts';
import { createEraseEmails, type EraseEmails } from '../../shared/email/eraser.ts';
import { type CanonicalEvent, canonicalEvent, emailIdOf, limits } from '../../shared/email/event.ts';
import {
  boundedHistory,
  bytesOf,
  bytesToDecide,
  decidingEventOf,
  decodeHistory,
  distinctEvents,
  encodeHistory,
  inTime,
  maxHistoryBytes,
  maxHistoryEvents,
  withoutTexts,
} from '../../shared/email/history.ts';
import { createHotEmails } from '../../shared/email/hot-emails.ts';
import { type Email, type EmailSummary, historyOf } from '../../shared/email/item.ts';
import type { Position } from '../../shared/email/position.ts';
import { createReader, type Page, type Reader } from '../../shared/email/reader.ts';
import { createRecorder, nothingRecorded, type Recorder } from '../../shared/email/recorder.ts';
import { keptOfKind } from '../../shared/email/repeats.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { type Status, statuses, statusIds } from '../../shared/status/catalogue.ts';
import { caveatsOf } from '../../shared/status/caveats.ts';
import { merge, precedence, supersedes, type Verdict } from '../../shared/status/precedence.ts';
import { arbitraryEvent, eventsOf, noon, permutations } from '../rigs/arbitrary-events.ts';
import { createEmailTable } from '../rigs/email-table.ts';
import { runs } from '../rigs/runs.ts';
import { anEvent } from '../rigs/stored-emails.ts';
import { histories } from '../status/histories.ts';

const minute = 60_000;

/**
 * Tests the promises of the recorder on the engine that `start` starts.
 *
 * @param writesOf the way of the recorder's calls, made from the SDK's client
 */
export function storeContract(
  engineName: string,
  start: () => Promise<{ endpoint: string; stop(): Promise<void> }>,
  writesOf: (client: DynamoDBDocumentClient) => Writes,
) {
  describe(`the recorder on ${engineName}`, () => {
    let engine: Awaited<ReturnType<typeof start>>;
    let client: DynamoDBDocumentClient;
    let writes: Writes;
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
      const uncounted = writesOf(client);
      writes = {
        updateItem(input) {
          updates += 1;
          return uncounted.updateItem(input);
        },
      };
      store = {
        ...recorderWith(writes),
        ...createReader({ client, tableName, retentionDays: 400, oldAfter: defaultOldAfter, now: () => noon }),
      };
    });
    afterAll(() => engine?.stop());

    const recorderWith = (calls: Writes, defaultAccountId?: string) =>
      createRecorder({ client, tableName, retentionDays: 400, writes: calls, defaultAccountId });
    // No id that `anEvent` gives: many examples of a property would reach them.
    const freshMessageId = () => `fresh-${++messages}`;
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
    /** The item in the table. */
    const itemOf = async (event: CanonicalEvent) => {
      const key = { TableName: tableName, Key: { emailId: emailIdOf(event) }, ConsistentRead: true };
      return (await client.send(new GetCommand(key))).Item;
    };
    /** A recorder whose nth update runs something before or after it reaches the database. */
    const disturbed = (nth: number, before: () => Promise<unknown>, after: () => void = () => {}) => {
      let calls = 0;
      return recorderWith({
        async updateItem(input) {
          calls += 1;
          if (calls === nth) await before();
          const result = await writes.updateItem(input);
          if (calls === nth) after();
          return result;
        },
      });
    };

    /** An event as the history returns it. */
    const inHistory = (event: CanonicalEvent) => decodeHistory(encodeHistory(event));
    /** The part of an item that must not depend on the order. */
    const promised = ({ verdict, events }: Email) => ({ verdict, history: events.map(encodeHistory) });

    describe('keeps one status in any order:', () => {
      for (const history of histories) {
        it(`${history.events.join(', ')} lead to ${history.ends}`, async () => {
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

      it('any events, in any requests and sent twice, make the item that the merge computes', async () => {
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
            expect(historyOf((await itemOf(all[0]!))!)).toEqual(new Set(all.map(encodeHistory)));
            expect(email.events).toEqual(distinctEvents(all.map(inHistory)));
          }),
          { numRuns: runs(8) },
        );
      });

      it("the update's condition agrees with the merge on every pair of verdicts", async () => {
        const levelOf = (status: Status) =>
          precedence.findIndex(({ statuses }) => statuses.some(one => one === status));
        const pairs = statusIds.flatMap(before =>
          statusIds.flatMap(after =>
            [-1, 0, 1].flatMap(later => ['a', 'c'].map(eventId => ({ before, after, later, eventId }))),
          ),
        );
        // Between levels the time decides nothing, so that an earlier and a later time are enough.
        const telling = pairs.filter(
          ({ before, after, later, eventId }) => levelOf(before) === levelOf(after) || (later !== 0 && eventId === 'a'),
        );
        const asEvent = (status: Status, occurredAt: number, eventId: string, messageId: string) =>
          anEvent({ status, occurredAt, eventId, messageId });
        const batches = telling.map(pair => ({ ...pair, messageId: freshMessageId() }));
        await store.record(
          batches.map(({ before, messageId }) => asEvent(before, noon, 'b', messageId)),
          noon,
        );
        await store.record(
          batches.map(({ after, later, eventId, messageId }) => asEvent(after, noon + later, eventId, messageId)),
          noon,
        );
        await forEachConcurrently(batches, 16, async ({ before, after, later, eventId, messageId }) => {
          const first: Verdict = { status: before, statusAt: noon, statusEventId: 'b' };
          const second: Verdict = { status: after, statusAt: noon + later, statusEventId: eventId };
          const email = await stored(asEvent(before, noon, 'b', messageId));
          expect(email.verdict, `${before}, then ${after} ${later} ${eventId}`).toEqual(
            supersedes(second, first) ? second : first,
          );
        });
      });

      it('64 concurrent writers lose no event of one email', async () => {
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

    describe('counts events:', () => {
      it('it records a new event with one write', async () => {
        const event = anEvent();
        expect(await countingUpdates(() => store.record([event], noon))).toBe(1);
      });

      it('it records all events of one email in one request with one write', async () => {
        const events = eventsOf(histories[4]!, freshMessageId());
        const cost = await countingUpdates(async () =>
          expect(await store.record(events, noon)).toMatchObject({ recorded: 4, duplicate: 0 }),
        );
        expect(cost).toBe(1);
      });

      it('it recognises a duplicate with one refused write, and changes nothing', async () => {
        const event = anEvent();
        await store.record([event], noon);
        const before = await stored(event);
        const cost = await countingUpdates(async () =>
          expect(await store.record([event, event], noon + 1)).toMatchObject({ recorded: 0, duplicate: 2 }),
        );
        expect(cost).toBe(1);
        expect(await stored(event)).toEqual(before);
      });

      it('it changes nothing for a duplicate note', async () => {
        const note = anEvent({ status: null, providerEvent: 'unsubscribe' });
        expect(await store.record([note], noon)).toMatchObject({ recorded: 1 });
        const before = await stored(note);
        expect(before.verdict).toBeNull();
        expect(await store.record([note], noon + 1)).toMatchObject({ recorded: 0, duplicate: 1 });
        expect(await stored(note)).toEqual(before);
      });

      it('it adds a late event to the history with a second write, and leaves the status', async () => {
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

      it('it counts both new events and duplicates of one request', async () => {
        const sent = anEvent({ status: 'sent', eventId: 'e0' });
        await store.record([sent], noon);
        const outcome = await store.record([sent, { ...sent, status: 'delivered', eventId: 'e1' }], noon);
        expect(outcome).toMatchObject({ recorded: 1, duplicate: 1 });
      });

      it('it keeps an event with the same id and another content beside the first', async () => {
        const one = anEvent();
        const other = { ...one, occurredAt: noon + 1, reason: { text: 'other' } };
        await store.record([one, other], noon);
        const email = await stored(one);
        expect(email.events).toHaveLength(2);
        expect(email.verdict?.statusAt).toBe(noon);
      });

      it('it makes two emails of one message id from two providers', async () => {
        const one = anEvent();
        await store.record([one, { ...one, provider: 'mailgun', status: 'opened' }], noon);
        expect((await stored(one)).verdict?.status).toBe('delivered');
      });

      it('it returns every event that it cannot write in time, and never throws', async () => {
        const event = anEvent();
        const { recorded, failed } = await store.record([event], noon, AbortSignal.abort());
        expect(recorded).toBe(0);
        expect(failed.flatMap(({ events }) => events)).toEqual([event]);
      });
    });

    describe('with a registration by the sender', () => {
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

      it("makes the same email before and after the provider's first event", async () => {
        const [before, after] = [freshMessageId(), freshMessageId()];
        const bounce = (messageId: string) => anEvent({ messageId, status: 'hard_bounced', eventId: 'bounce' });
        expect(await store.record([registration(before)], noon)).toMatchObject({ failed: [] });
        await store.record([bounce(before)], noon);
        await store.record([bounce(after)], noon);
        await store.record([registration(after)], noon);
        const [one, other] = [await stored(registration(before)), await stored(registration(after))];
        // The first event sets the place in the lists, because index keys must not move.
        expect([one.sentAt, other.sentAt]).toEqual([noon - 1000, noon]);
        expect(other).toEqual({ ...one, emailId: other.emailId, messageId: after, sentAt: noon });
        expect(one).toMatchObject({ accountId: 'acme', subject: 'Invoice 7', reference: 'INV-7' });
        expect(one.verdict?.status).toBe('hard_bounced');
      });

      it('that comes again with a subject and a reference adds them, and counts a duplicate', async () => {
        const whole = registration(freshMessageId());
        const { subject: _, reference: __, ...first } = whole;
        await store.record([first], noon);
        expect(await store.record([whole], noon)).toMatchObject({ recorded: 0, duplicate: 1, failed: [] });
        expect(await stored(first)).toMatchObject({ subject: 'Invoice 7', reference: 'INV-7' });
      });

      it('keeps its account, whatever account an earlier event of the same request names', async () => {
        const { subject, reference, ...first } = registration(freshMessageId());
        await store.record([first], noon);
        const foreign = { ...first, eventId: 'r2', accountId: 'intruder', occurredAt: noon };
        const own = { ...first, eventId: 'r3', subject, reference, occurredAt: noon + 1 };
        expect(await store.record([foreign, own], noon)).toMatchObject({ recorded: 2, failed: [] });
        expect(await stored(first)).toMatchObject({ accountId: 'acme', subject, reference });
      });

      it('by another account changes nothing but records an account conflict', async () => {
        const { subject, reference, ...first } = registration(freshMessageId());
        await store.record([first], noon);
        const intruding = { ...first, eventId: 'r2', accountId: 'intruder', subject, reference };
        expect(await store.record([intruding], noon)).toMatchObject({ recorded: 1, failed: [] });
        const email = await stored(first);
        expect([email.accountId, email.subject, email.reference]).toEqual(['acme', undefined, undefined]);
        expect(caveatsOf(email, noon).map(({ code }) => code)).toContain('account_conflict');
      });
    });

    describe('stores a cause', () => {
      const deferral = (messageId: string) =>
        anEvent({ messageId, status: 'deferred', reason: { code: '451', cause: 'greylisted' } });

      it('with the status of the event that decides, and removes it with that status', async () => {
        const messageId = freshMessageId();
        const later = { occurredAt: noon + minute };
        const life: readonly (readonly [CanonicalEvent, string | undefined])[] = [
          [anEvent({ messageId, status: 'sent', occurredAt: noon - minute }), undefined],
          [deferral(messageId), 'greylisted'],
          [anEvent({ messageId, status: 'soft_bounced', reason: { cause: 'mailbox_full' }, ...later }), 'mailbox_full'],
          // Comes late and decides nothing.
          [deferral(messageId), 'mailbox_full'],
          [anEvent({ messageId, status: null, reason: { cause: 'greylisted' }, ...later }), 'mailbox_full'],
          [anEvent({ messageId, status: 'delivered', ...later }), undefined],
          [
            anEvent({ messageId, status: 'hard_bounced', reason: { code: '550', cause: 'unknown_domain' } }),
            'unknown_domain',
          ],
          [anEvent({ messageId, status: 'invalid', reason: { code: '550' } }), undefined],
        ];
        for (const [event, cause] of life) {
          expect(await store.record([event], noon)).toMatchObject({ recorded: 1, failed: [] });
          expect((await itemOf(event))?.cause).toBe(cause);
        }
      });

      it('of the event that decides, if one request has several', async () => {
        const bounce = anEvent({ status: 'hard_bounced', reason: { cause: 'disabled_account' } });
        await store.record([deferral(bounce.messageId), bounce], noon);
        expect((await itemOf(bounce))?.cause).toBe('disabled_account');
      });

      it('that does not depend on the order of events which differ in nothing but the cause', async () => {
        const causes = ['unknown_domain', 'disabled_account', undefined] as const;
        const found = new Set<unknown>();
        for (const order of permutations(causes)) {
          const bounce = anEvent({ messageId: freshMessageId(), status: 'hard_bounced', eventId: 'bounce' });
          for (const cause of order) await store.record([{ ...bounce, reason: { code: '550', cause } }], noon);
          const { events, verdict } = await stored(bounce);
          const item = await itemOf(bounce);
          expect(historyOf(item!).size).toBe(causes.length);
          expect(item?.cause).toBe(decidingEventOf(verdict, events)?.reason?.cause);
          found.add(item?.cause);
        }
        expect(found.size).toBe(1);
      });
    });

    describe('stores tags', () => {
      it('once, from the first event that has them, in one write', async () => {
        const sent = anEvent({ status: 'sent', occurredAt: noon - minute });
        const delivered = { ...sent, status: 'delivered', eventId: 'd', tags: ['invoices', 'q1'] } as const;
        const opened = { ...sent, status: 'opened', eventId: 'o', tags: ['other'] } as const;
        await store.record([sent], noon);
        expect((await itemOf(sent))?.tags).toBeUndefined();
        for (const event of [delivered, opened]) {
          expect(await countingUpdates(() => store.record([event], noon))).toBe(1);
          expect((await itemOf(sent))?.tags).toEqual(['invoices', 'q1']);
        }
      });

      it('that come with a duplicate event, which counts as a duplicate', async () => {
        const event = anEvent();
        await store.record([event], noon);
        const tagged = { ...event, tags: ['invoices'] };
        expect(await store.record([tagged], noon)).toMatchObject({ recorded: 0, duplicate: 1, failed: [] });
        expect((await itemOf(event))?.tags).toEqual(['invoices']);
        expect(await countingUpdates(() => store.record([tagged], noon))).toBe(1);
      });

      it("only from events that do not name another account than the email's", async () => {
        const own = anEvent({ accountId: 'acme' });
        const foreign = { ...own, eventId: 'f', status: 'opened', accountId: 'initech', tags: ['intruded'] } as const;
        await store.record([own], noon);
        expect(await store.record([foreign], noon)).toMatchObject({ recorded: 1, failed: [] });
        expect((await itemOf(own))?.tags).toBeUndefined();
        await store.record([{ ...own, eventId: 't', tags: ['invoices'] }], noon);
        expect((await itemOf(own))?.tags).toEqual(['invoices']);
      });
    });

    describe('counts repeated opens and clicks', () => {
      const opens = (messageId: string, count: number, changes: Partial<CanonicalEvent> = {}) =>
        Array.from({ length: count }, (_, index) =>
          anEvent({ messageId, status: 'opened', eventId: `o${index}`, occurredAt: noon + index * 1000, ...changes }),
        );
      const withMemory = () =>
        createRecorder({ client, tableName, retentionDays: 400, writes, hotEmails: createHotEmails(() => noon) });
      const countOf = (email: Email) => [...email.repeats.values()].reduce((sum, { count }) => sum + count, 0);

      it.each(['one by one', 'all at once'])('beyond the first three: %s', async how => {
        const all = opens(freshMessageId(), 130);
        const requests = how === 'all at once' ? [all] : all.map(open => [open]);
        for (const request of requests)
          expect(await store.record(request, noon)).toMatchObject({
            recorded: request.length,
            dropped: 0,
            duplicate: 0,
          });
        const email = await stored(all[0]!);
        expect(email.events).toEqual(all.slice(0, keptOfKind).map(inHistory));
        expect(email.repeats).toEqual(new Map([['Ou', { count: 127, last: all.at(-1)!.occurredAt }]]));
        expect(email.verdict).toEqual(merge(all));
        for (const request of requests) expect(await store.record(request, noon)).toMatchObject({ recorded: 0 });
        expect(await stored(all[0]!)).toEqual(email);
      });

      it('in one write each, none of them refused, if it remembers the email', async () => {
        const recorder = withMemory();
        const all = opens(freshMessageId(), 20);
        await recorder.record([{ ...all[0]!, status: 'delivered' }], noon);
        const cost = await countingUpdates(async () => {
          for (const open of all) expect(await recorder.record([open], noon)).toMatchObject({ recorded: 1 });
        });
        expect(cost).toBe(all.length);
        expect(countOf(await stored(all[0]!))).toBe(all.length - keptOfKind);
        // A count tells that the open is old: no write asks for it.
        const ofCounted = await countingUpdates(async () =>
          expect(await recorder.record([all[9]!], noon)).toMatchObject({ recorded: 0, dropped: 1 }),
        );
        expect(ofCounted).toBe(0);
      });

      it('in any order with the same status, and never too many', async () => {
        for (const memory of [store, withMemory()]) {
          const all = [...opens(freshMessageId(), 40)];
          const [shuffled] = fc.sample(fc.shuffledSubarray(all, { minLength: all.length }), 1);
          for (const event of [...shuffled!, ...shuffled!]) await memory.record([event], noon);
          const email = await stored(all[0]!);
          expect(email.verdict).toEqual(merge(all));
          expect(email.events).toContainEqual(inHistory(all[0]!));
          expect(email.events.length + countOf(email)).toBeLessThanOrEqual(all.length);
        }
      });

      it('of 64 concurrent writers that remember different states, and counts none twice', async () => {
        const all = opens(freshMessageId(), 16);
        const recorders = Array.from({ length: 4 }, withMemory);
        for (const recorder of recorders) await recorder.record([all[0]!], noon);
        const outcomes = await Promise.all(
          recorders.flatMap(recorder => all.map(open => recorder.record([open], noon))),
        );
        expect(outcomes.flatMap(({ failed }) => failed)).toEqual([]);
        const email = await stored(all[0]!);
        expect(email.verdict).toEqual(merge(all));
        const known = email.events.length + countOf(email);
        expect(known).toBeLessThanOrEqual(all.length);
        expect(outcomes.reduce((sum, { recorded }) => sum + recorded, 1)).toBe(known);
      });

      it('of several messages in one write, each counted for one of them', async () => {
        const recorder = withMemory();
        const all = opens(freshMessageId(), 8);
        await recorder.record(all.slice(0, 4), noon);
        const requests = all.slice(2).map(open => ({ events: [open], receivedAt: noon }));
        const cost = await countingUpdates(async () => {
          const outcomes = await recorder.recordAll(requests);
          const sum = (name: 'recorded' | 'duplicate' | 'dropped') =>
            outcomes.reduce((total, outcome) => total + outcome[name], 0);
          expect([sum('recorded'), sum('duplicate'), sum('dropped')]).toEqual([4, 1, 1]);
        });
        // The item tells that one of them is in the history.
        expect(cost).toBe(2);
        expect(countOf(await stored(all[0]!))).toBe(5);
      });

      it('and brings back no erased email, however well it remembers it', async () => {
        const recorder = withMemory();
        const all = opens(freshMessageId(), 6, { recipient: 'hot@example.com' });
        for (const open of all) await recorder.record([open], noon);
        await createEraseEmails(client, tableName)(
          { recipient: 'hot@example.com', accountId: null },
          noon,
          new AbortController().signal,
        );
        const later = { ...all[0]!, eventId: 'later', occurredAt: noon + minute };
        expect(await recorder.record([later], noon)).toMatchObject({ recorded: 0, erased: 1 });
        expect(Object.keys((await itemOf(later))!).sort()).toEqual(['emailId', 'erasedAt', 'expiresAt']);
      });

      it('and makes a whole email if the remembered one has expired meanwhile', async () => {
        const recorder = withMemory();
        const all = opens(freshMessageId(), 6);
        for (const open of all) await recorder.record([open], noon);
        await client.send(new DeleteCommand({ TableName: tableName, Key: { emailId: emailIdOf(all[0]!) } }));
        const later = { ...all[0]!, eventId: 'later', occurredAt: noon + minute };
        expect(await recorder.record([later], noon)).toMatchObject({ recorded: 1 });
        const email = await stored(later);
        expect([email.events, email.repeats, email.verdict]).toEqual([[inHistory(later)], new Map(), merge([later])]);
      });
    });

    describe('limits the history', () => {
      const receipts = (messageId: string, count: number, changes: Partial<CanonicalEvent> = {}) =>
        Array.from({ length: count }, (_, index) =>
          anEvent({ messageId, status: 'opened', eventId: `o${index}`, occurredAt: noon + index * 1000, ...changes }),
        );

      it('by dropping only repeats of notes, which it counts', async () => {
        const messageId = freshMessageId();
        const notes = receipts(messageId, 150, { status: null });
        const [first, , third] = notes;
        expect(await store.record(notes, noon)).toMatchObject({ recorded: maxHistoryEvents, dropped: 50 });
        expect(await store.record([notes[149]!], noon)).toMatchObject({ recorded: 0, duplicate: 0, dropped: 1 });
        expect(await store.record([first!], noon)).toMatchObject({ recorded: 0, duplicate: 1, dropped: 0 });

        const others = [
          { ...third!, eventId: 'm', evidence: 'machine' },
          { ...third!, eventId: 'd', status: 'deferred' },
          { ...third!, eventId: 'n', providerEvent: 'reply' },
          { ...third!, eventId: 'c', status: 'link_clicked' },
        ] as const;
        for (const event of others) {
          expect(await store.record([event], noon)).toMatchObject({ recorded: 1, dropped: 0 });
        }
        const email = await stored(first!);
        expect(email.verdict?.status).toBe('link_clicked');
        expect(email.events.map(encodeHistory).sort()).toEqual(
          [...notes.slice(0, maxHistoryEvents - others.length), ...others].map(encodeHistory).sort(),
        );
      });

      it('but keeps the only open of an email that was deferred a hundred times and then bounced', async () => {
        const messageId = freshMessageId();
        await store.record(receipts(messageId, 100, { status: 'deferred' }), noon);
        await store.record([anEvent({ messageId, status: 'hard_bounced' })], noon);
        const open = anEvent({ messageId, status: 'opened', evidence: 'human', occurredAt: noon + 1 });
        expect(await store.record([open], noon)).toMatchObject({ recorded: 1, dropped: 0 });
        expect(caveatsOf(await stored(open), noon).map(({ code }) => code)).toContain('receipt_after_failure');
      });

      it.each(['oldest first', 'newest first', 'all at once', 'shuffled, in requests of seven'])(
        'to the same hundred events: %s',
        async order => {
          const messageId = freshMessageId();
          const notes = receipts(messageId, 130, { status: null });
          const sent = anEvent({ messageId, status: 'sent', occurredAt: noon - 1 });
          const all = [...notes, sent];
          const record = async (events: readonly CanonicalEvent[]) => {
            const { failed, unrecordable } = await store.record(events, noon);
            expect([...failed, ...unrecordable]).toEqual([]);
          };
          if (order === 'oldest first') for (const event of all) await record([event]);
          if (order === 'newest first') for (const event of all.toReversed()) await record([event]);
          if (order === 'all at once') await record(all);
          if (order.startsWith('shuffled')) {
            const [shuffled] = fc.sample(fc.shuffledSubarray(all, { minLength: all.length }), 1);
            for (let start = 0; start < all.length; start += 7) await record(shuffled!.slice(start, start + 7));
          }
          const email = await stored(sent);
          expect(email.events).toEqual(boundedHistory(all).toSorted(inTime).map(inHistory));
          expect(email.verdict).toEqual(merge(all));
        },
      );

      it('also for 64 concurrent writers', async () => {
        const messageId = freshMessageId();
        const notes = receipts(messageId, 163, { status: null });
        await store.record(notes.slice(0, 99), noon);
        const outcomes = await Promise.all(notes.slice(99).map(note => store.record([note], noon)));
        expect(outcomes.map(({ recorded, dropped }) => recorded + dropped)).toEqual(outcomes.map(() => 1));
        // Events that happened later but were written first had to make room.
        expect((await stored(notes[0]!)).events).toEqual(notes.slice(0, maxHistoryEvents).map(inHistory));
      });

      it.each([119, 400])('but records notes of %d kinds of one email in one request', async count => {
        const notes = receipts(freshMessageId(), count, { status: null }).map((note, kind) => ({
          ...note,
          providerEvent: `note ${kind}`,
        }));
        expect(await store.record(notes, noon)).toMatchObject({ recorded: count, failed: [], unrecordable: [] });
        expect(await store.record(notes, noon)).toMatchObject({ recorded: 0, duplicate: count, failed: [] });
      });

      describe('in bytes', () => {
        /** The longest possible texts of an event. */
        const longest = {
          reason: { code: '451', text: 'x'.repeat(limits.text), cause: 'authentication_failed' },
          clickUrl: 'x'.repeat(limits.clickUrl),
          userAgent: 'x'.repeat(limits.userAgent),
        } as const;
        const deferrals = (messageId: string, count = 320) =>
          receipts(messageId, count, { status: 'deferred', ...longest });
        const itemFull = (events: readonly CanonicalEvent[]) => events.map(event => ({ reason: 'item_full', event }));
        /** The size of an item without its history. */
        const bytesBeside = async (event: CanonicalEvent) => {
          const { history: _, ...others } = (await itemOf(event)) ?? {};
          return Buffer.byteLength(JSON.stringify(others));
        };

        it('and returns the events without room, and recorded ones are duplicates when they come again', async () => {
          const all = deferrals(freshMessageId());
          const { recorded, unrecordable, failed } = await store.record(all, noon);
          expect(failed).toEqual([]);
          expect(recorded).toBeGreaterThan(250);
          expect(recorded).toBeLessThan(320);
          // The newest event decides, and gets room before all others.
          expect(unrecordable).toEqual(itemFull(all.slice(recorded - 1, -1)));
          expect(await store.record(all, noon)).toMatchObject({ recorded: 0, duplicate: recorded, unrecordable });
          const bytes = bytesOf((await stored(all[0]!)).events.map(encodeHistory));
          expect(bytes).toBeLessThanOrEqual(maxHistoryBytes);
          expect(maxHistoryBytes - bytes).toBeLessThan(2 * bytesToDecide + 1_500);
        });

        it('but records an event that decides, without its texts, and recognises it when it comes again', async () => {
          const messageId = freshMessageId();
          const there = deferrals(messageId);
          await store.record(there, noon);
          const more = receipts(messageId, 10, {
            status: 'deferred',
            ...longest,
            providerEvent: 'more',
            occurredAt: noon,
          });
          const complaint = anEvent({ messageId, status: 'marked_spam', ...longest });
          const outcome = { recorded: 1, failed: [], unrecordable: itemFull(more) };
          expect(await store.record([...more, complaint], noon)).toMatchObject(outcome);
          const again = { ...outcome, recorded: 0, duplicate: 1 };
          expect(await store.record([...more, complaint], noon)).toMatchObject(again);
          const email = await stored(complaint);
          expect(email.verdict).toEqual(merge([complaint]));
          expect(decidingEventOf(email.verdict, email.events)?.reason).toEqual({
            code: '451',
            cause: 'authentication_failed',
          });
          expect(await itemOf(complaint)).toMatchObject({ cause: 'authentication_failed', attentionAt: noon });
        });

        it('but sets the status and its cause even if their event has no room', async () => {
          const messageId = freshMessageId();
          await store.record(deferrals(messageId), noon);
          const complaints = receipts(messageId, 60, { status: 'marked_spam', ...longest }).toReversed();
          let recorded = 0;
          for (const complaint of complaints) {
            const outcome = await store.record([complaint], noon);
            expect(outcome.failed).toEqual([]);
            recorded += outcome.recorded;
            if (outcome.recorded === 0) expect(outcome.unrecordable).toEqual(itemFull([complaint]));
            expect((await stored(complaint)).verdict).toEqual(merge([complaint]));
          }
          expect(recorded).toBeGreaterThan(3);
          expect(recorded).toBeLessThan(complaints.length);
          expect(await itemOf(complaints[0]!)).toMatchObject({ cause: 'authentication_failed' });
        });

        it('and drops repeats, but returns the first event of a kind as unrecordable', async () => {
          const messageId = freshMessageId();
          const click = anEvent({ messageId, status: null, providerEvent: 'click', attribution: 'ambiguous' });
          await store.record([click, ...deferrals(messageId)], noon);
          const repeat = { ...click, eventId: 'repeat', occurredAt: noon + minute };
          expect(await store.record([repeat], noon)).toMatchObject({ recorded: 0, dropped: 1, unrecordable: [] });
          const first = { ...repeat, ...longest, providerEvent: 'unsubscribe' };
          expect(await store.record([first], noon)).toMatchObject({ recorded: 0, unrecordable: itemFull([first]) });
        });

        it('but keeps the status even of a first request that is larger than any item', async () => {
          const messageId = freshMessageId();
          const all = deferrals(messageId);
          const complaint = anEvent({ messageId, status: 'marked_spam', ...longest });
          const { recorded, unrecordable } = await store.record([...all, complaint], noon);
          expect(recorded).toBeGreaterThan(250);
          expect(unrecordable).toEqual(itemFull(all.slice(recorded - 1)));
          // The event has room for all of its texts.
          expect((await stored(complaint)).events.filter(({ status }) => status === 'marked_spam')).toEqual([
            inHistory(complaint),
          ]);
        });

        it('and leaves enough room for all other attributes', async () => {
          const messageId = 'm'.repeat(limits.messageId - 10) + freshMessageId();
          const facts = {
            recipient: `${'r'.repeat(limits.recipient - 12)}@example.com`,
            accountId: 'a'.repeat(limits.accountId),
            subject: 's'.repeat(limits.subject),
            reference: 'r'.repeat(limits.reference),
            tags: Array.from({ length: 10 }, (_, index) => `${index}`.padEnd(limits.tag, 't')),
          };
          const all = deferrals(messageId).map(event => ({ ...event, ...facts }));
          await store.record(all, noon);
          const complaint = {
            ...all[0]!,
            status: 'marked_spam',
            eventId: 'c'.repeat(limits.eventId),
            providerTime: noon * 2,
          } as const;
          await store.record([complaint], noon);
          expect(await itemOf(complaint)).toMatchObject({ status: 'marked_spam', ...facts, futureDated: true });
          // JSON's names and punctuation take more bytes than DynamoDB's overhead.
          expect(await bytesBeside(complaint)).toBeLessThan(400 * 1024 - maxHistoryBytes);
        });
      });

      it.each([
        ['the longest events', {}],
        ['the longest events, each character of which takes a code', { text: '~' }],
      ])('but always has room for as many events as its limit: %s', (_, { text = 'x' }: { text?: string }) => {
        const event = (index: number): CanonicalEvent => ({
          ...anEvent({ status: 'deferred', providerTime: 8.64e15, attribution: 'not_addressed' }),
          eventId: `${index}`.padEnd(limits.eventId, text),
          providerEvent: text.repeat(limits.providerEvent),
          accountId: text.repeat(limits.accountId),
          reason: {
            code: text.repeat(limits.code),
            enhancedCode: text.repeat(limits.enhancedCode),
            text: text.repeat(limits.text),
            cause: 'authentication_failed',
          },
          clickUrl: text.repeat(limits.clickUrl),
          userAgent: text.repeat(limits.userAgent),
        });
        const elements = Array.from({ length: maxHistoryEvents }, (_, index) => encodeHistory(event(index)));
        expect(bytesOf(elements)).toBeLessThan(maxHistoryBytes - bytesToDecide);
        expect(bytesOf([encodeHistory(withoutTexts(event(0)))])).toBeLessThan(bytesToDecide);
      });
    });

    describe('takes a time in the future', () => {
      const tomorrow = noon + 24 * 60 * minute;
      const draft = (messageId: string) => ({
        messageId,
        recipient: 'jane@example.com',
        status: 'deferred' as const,
        occurredAt: tomorrow,
        providerEvent: 'deferred',
      });
      const arrives = async (messageId: string, at: number) => {
        const event = canonicalEvent(draft(messageId), at, 'sendgrid');
        if (typeof event === 'string') throw new Error(event);
        return { event, outcome: await store.record([event], at) };
      };

      it('for the time of the first arrival, however often the event comes again', async () => {
        const messageId = freshMessageId();
        await arrives(messageId, noon);
        const bounce = anEvent({ messageId, status: 'soft_bounced', occurredAt: noon + 30 * minute });
        await store.record([bounce], noon + 30 * minute);
        for (const later of [40, 50]) {
          const { outcome } = await arrives(messageId, noon + later * minute);
          expect(outcome).toMatchObject({ recorded: 0, duplicate: 1 });
        }
        const email = await stored(bounce);
        expect(email.verdict).toMatchObject({ status: 'soft_bounced', statusAt: noon + 30 * minute });
        expect(email.events).toHaveLength(2);
      });

      it('for that of the first arrival, also when the event comes again at that time', async () => {
        const messageId = freshMessageId();
        const { event: first } = await arrives(messageId, noon);
        const { event, outcome } = await arrives(messageId, tomorrow);
        expect(event).not.toHaveProperty('providerTime');
        expect(outcome).toMatchObject({ recorded: 0, duplicate: 1 });
        const email = await stored(first);
        expect(email.verdict?.statusAt).toBe(noon);
        expect(email.events).toHaveLength(1);
        const later = anEvent({ messageId, status: 'soft_bounced', occurredAt: tomorrow + minute });
        expect(await store.record([later], tomorrow + minute)).toMatchObject({ recorded: 1, failed: [] });
        expect((await stored(first)).verdict?.status).toBe('soft_bounced');
      });

      it.each([
        ['a note', { status: null }],
        ['an open by a machine', { status: 'opened', evidence: 'machine' }],
      ] as const)('of %s and records it once, also when it comes again at that time', async (_, changes) => {
        const messageId = freshMessageId();
        const at = [noon, noon + minute, tomorrow - minute, tomorrow];
        const outcomes = [];
        for (const receivedAt of at) {
          const event = canonicalEvent({ ...draft(messageId), ...changes }, receivedAt, 'sendgrid') as CanonicalEvent;
          outcomes.push(await store.record([event], receivedAt));
        }
        expect(outcomes).toMatchObject([{ recorded: 1 }, ...at.slice(1).map(() => ({ duplicate: 1 }))]);
      });

      it('and loses no event of 64 concurrent senders whose clocks are ahead', async () => {
        const messageId = freshMessageId();
        const events = Array.from({ length: 64 }, (_, index) => {
          const event = canonicalEvent({ ...draft(messageId), eventId: `e${index}` }, noon + index, 'sendgrid');
          return event as CanonicalEvent;
        });
        const outcomes = await Promise.all(events.map(event => store.record([event], noon)));
        expect(outcomes.map(({ recorded }) => recorded)).toEqual(events.map(() => 1));
        const email = await stored(events[0]!);
        expect(email.verdict).toEqual(merge(events));
        expect(email.events).toHaveLength(64);
      });

      it('and lets a new event decide like any other', async () => {
        const messageId = freshMessageId();
        const sent = anEvent({ messageId, status: 'sent' });
        await store.record([sent], noon);
        const { outcome } = await arrives(messageId, noon + minute);
        expect(outcome).toMatchObject({ recorded: 1, failed: [] });
        expect((await stored(sent)).verdict).toMatchObject({ status: 'deferred', statusAt: noon + minute });
      });
    });

    describe('survives', () => {
      it('an answer lost after the write: the next try finds the event recorded', async () => {
        const event = anEvent();
        const lost = disturbed(
          1,
          async () => {},
          () => {
            throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
          },
        );
        expect(await lost.record([event], noon)).toMatchObject({ recorded: 0, duplicate: 1, failed: [] });
        expect((await stored(event)).verdict?.status).toBe('delivered');
      });

      it.each([
        [2, 'is recorded'],
        [3, 'is returned as failed'],
      ])('%d failing writes in a row: the event %s', async (failures, what) => {
        let calls = 0;
        const failing = recorderWith({
          updateItem(input) {
            calls += 1;
            return calls <= failures ? Promise.reject(new Error('throttled')) : writes.updateItem(input);
          },
        });
        const { recorded, failed } = await failing.record([anEvent()], noon);
        expect([recorded, failed.length]).toEqual(what === 'is recorded' ? [1, 0] : [0, 1]);
        expect(calls).toBe(3);
      });

      it('a write that the table refuses as invalid: it makes no second try and returns the event as unrecordable', async () => {
        let calls = 0;
        const refusing = recorderWith({
          updateItem() {
            calls += 1;
            return Promise.reject(Object.assign(new Error('no'), { name: 'ValidationException' }));
          },
        });
        const event = anEvent();
        expect(await refusing.record([event], noon)).toMatchObject({
          unrecordable: [{ reason: 'refused_by_table', event }],
          failed: [],
        });
        expect(calls).toBe(1);
      });

      it('the deletion of an item between its two writes: the late event sets status and account', async () => {
        const delivered = anEvent({ accountId: 'acme' });
        await store.record([delivered], noon);
        const sent = { ...delivered, status: 'sent', eventId: 'e0' } as const;
        const erasing = disturbed(2, () =>
          client.send(new DeleteCommand({ TableName: tableName, Key: { emailId: emailIdOf(delivered) } })),
        );
        expect(await erasing.record([sent], noon)).toMatchObject({ recorded: 1, failed: [] });
        const email = await stored(sent);
        expect([email.verdict?.status, email.accountId]).toEqual(['sent', 'acme']);
      });

      it("the replacement of an item by another account's between its two writes, and adds no subject to that", async () => {
        const delivered = anEvent({ accountId: 'acme' });
        await store.record([delivered], noon);
        const sent = { ...delivered, status: 'sent', eventId: 'e0', subject: 'Invoice 7' } as const;
        const replacing = disturbed(2, async () => {
          await client.send(new DeleteCommand({ TableName: tableName, Key: { emailId: emailIdOf(delivered) } }));
          await store.record([{ ...delivered, accountId: 'initech' }], noon);
        });
        expect(await replacing.record([sent], noon)).toMatchObject({ recorded: 1, failed: [] });
        expect(await stored(sent)).toMatchObject({ accountId: 'initech' });
        expect(await stored(sent)).not.toHaveProperty('subject');
      });

      it("the deletion of another account's item between its two writes: the event's own account and subject are stored", async () => {
        const own = anEvent({ accountId: 'acme' });
        const foreign = { ...own, status: null, eventId: 'f', accountId: 'initech', subject: 'Invoice 7' } as const;
        await store.record([own], noon);
        const erasing = disturbed(2, () =>
          client.send(new DeleteCommand({ TableName: tableName, Key: { emailId: emailIdOf(own) } })),
        );
        expect(await erasing.record([foreign], noon)).toMatchObject({ recorded: 1, failed: [] });
        expect(await stored(own)).toMatchObject({ accountId: 'initech', subject: 'Invoice 7', verdict: null });
      });

      it('another reference recorded between its two writes: the account finds the email by that one', async () => {
        const delivered = anEvent();
        await store.record([delivered], noon);
        const late = { ...delivered, status: 'sent', eventId: 'e0', accountId: 'acme', reference: 'INV-7' } as const;
        const other = { ...delivered, status: 'opened', eventId: 'e2', reference: 'INV-8' } as const;
        await disturbed(2, () => store.record([other], noon)).record([late], noon);
        expect(await itemOf(delivered)).toMatchObject({
          accountId: 'acme',
          reference: 'INV-8',
        });
      });

      it.each(['the email holds none yet', 'it holds another one'])(
        'a future-dated event that comes again at its time between the two writes: %s',
        async which => {
          const tomorrow = noon + 24 * 60 * minute;
          const { messageId } = anEvent();
          // In each case the event that is written later would decide.
          const status = which === 'the email holds none yet' ? 'delivered' : 'deferred';
          const draft = { ...anEvent({ messageId, status, occurredAt: tomorrow }), eventId: 'ahead' };
          const arrival = (at: number, changes = {}) =>
            canonicalEvent({ ...draft, ...changes }, at, 'sendgrid') as CanonicalEvent;
          const first =
            which === 'the email holds none yet'
              ? anEvent({ messageId, status: 'sent' })
              : arrival(noon, { status: 'sent', eventId: 's' });
          await store.record([first], noon);
          const [early, onTime] = [arrival(noon + minute), arrival(tomorrow)];
          const [late, meanwhile] = which === 'the email holds none yet' ? [early, onTime] : [onTime, early];
          await disturbed(2, () => store.record([meanwhile], noon)).record([late], noon);
          expect((await stored(first)).events).toHaveLength(2);
        },
      );

      it('a future-dated event recorded between the two writes of its second arrival: the history has it once', async () => {
        const tomorrow = noon + 24 * 60 * minute;
        const delivered = anEvent();
        await store.record([delivered], noon);
        const draft = { ...delivered, status: 'sent', eventId: 'ahead', occurredAt: tomorrow } as const;
        const [early, onTime] = [noon, tomorrow].map(at => canonicalEvent(draft, at, 'sendgrid') as CanonicalEvent);
        const late = disturbed(2, () => store.record([early!], noon));
        expect(await late.record([onTime!], tomorrow)).toMatchObject({ recorded: 0, duplicate: 1, failed: [] });
        expect((await stored(delivered)).events.map(({ eventId }) => eventId)).toEqual(['ahead', delivered.eventId]);
      });

      it('another writer between its two writes', async () => {
        const delivered = anEvent();
        await store.record([delivered], noon);
        const sent = { ...delivered, status: 'sent', eventId: 'e0' } as const;
        const bounced = { ...delivered, status: 'hard_bounced', eventId: 'e2' } as const;
        await disturbed(2, () => store.record([bounced], noon)).record([sent], noon);
        const email = await stored(delivered);
        expect(email.verdict?.status).toBe('hard_bounced');
        expect(email.events).toHaveLength(3);
      });
    });

    describe('stores hostile strings unchanged:', () => {
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

    describe('replaces an erased email by a tombstone, which', () => {
      const signal = new AbortController().signal;
      const erase = (erasure: Parameters<EraseEmails>[0]) =>
        createEraseEmails(client, tableName)(erasure, noon, signal);
      const everywhere = (recipient: string) => erase({ recipient, accountId: null });
      const tombstone = (event: CanonicalEvent) => ({
        emailId: emailIdOf(event),
        erasedAt: noon,
        expiresAt: noon / 1000 + 30 * 24 * 60 * 60,
      });
      /** An event of an address that no other test uses. */
      const toSomebody = (changes: Partial<CanonicalEvent> = {}) => {
        const messageId = freshMessageId();
        return anEvent({ messageId, recipient: `${messageId}@erased.example`, ...changes });
      };

      it('has nothing but a hash as its key, and expires after 30 days', async () => {
        const event = toSomebody({ status: 'hard_bounced', accountId: 'erasing', subject: 'Invoice 7' });
        await store.record([event], noon);
        expect(await everywhere(event.recipient)).toEqual({ erased: 1, error: null });
        expect(await itemOf(event)).toEqual(tombstone(event));
        expect(await store.email(emailIdOf(event))).toBeNull();
        for (const filter of [{}, { attention: 'act' as const }]) {
          expect((await store.page({ accountId: 'erasing', ...filter }, { limit: 10, after: null })).shown).toEqual([]);
        }
        expect(await everywhere(event.recipient)).toEqual({ erased: 0, error: null });
      });

      it('no late event replaces: each is counted as erased', async () => {
        const event = toSomebody();
        await store.record([event], noon);
        await everywhere(event.recipient);
        const note = { ...event, eventId: 'note', status: null };
        const open = { ...event, eventId: 'open', status: 'opened', accountId: 'acme', subject: 'x' } as const;
        for (const events of [[event], [note], [open, note]]) {
          expect(await store.record(events, noon)).toEqual({
            ...{
              recorded: 0,
              duplicate: 0,
              dropped: 0,
              erased: events.length,
              expired: [],
              unrecordable: [],
              failed: [],
            },
          });
        }
        expect(await itemOf(event)).toEqual(tombstone(event));
      });

      it('does not prevent the record of a new message to the same address', async () => {
        const event = toSomebody();
        await store.record([event], noon);
        await everywhere(event.recipient);
        const anew = { ...event, messageId: freshMessageId() };
        expect(await store.record([event, anew], noon)).toMatchObject({ recorded: 1, erased: 1 });
        expect(await stored(anew)).toMatchObject({ recipient: event.recipient, verdict: { status: 'delivered' } });
      });

      it('takes the place only of emails of the erasing account', async () => {
        const [own, other, nobodys] = ['acme', 'initech', undefined].map(accountId =>
          toSomebody({ recipient: 'shared@erased.example', accountId }),
        ) as [CanonicalEvent, CanonicalEvent, CanonicalEvent];
        await store.record([own, other, nobodys], noon);
        expect(await erase({ recipient: own.recipient, accountId: 'acme' })).toMatchObject({ erased: 1 });
        expect(await itemOf(own)).toEqual(tombstone(own));
        expect(await stored(other)).toMatchObject({ accountId: 'initech' });
        expect((await stored(nobodys)).accountId).toBeUndefined();
        expect(await everywhere(own.recipient)).toMatchObject({ erased: 2 });
      });

      it('takes the place of each of 300 emails to one address', async () => {
        const events = Array.from({ length: 300 }, () =>
          toSomebody({ recipient: 'many@erased.example', accountId: 'acme' }),
        );
        await store.record(events, noon);
        expect(await erase({ recipient: 'many@erased.example', accountId: 'acme' })).toMatchObject({ erased: 300 });
      });

      it('stays whole while 16 others write to it', async () => {
        for (let round = 0; round < 8; round += 1) {
          const first = toSomebody({ accountId: 'acme' });
          await store.record([first], noon);
          const events = Array.from({ length: 16 }, (_, index) => ({
            ...first,
            eventId: `e${index}`,
            status: statusIds[index % statusIds.length]!,
            occurredAt: noon + ((index * 7) % 13) * 1000,
          }));
          const writing = events.map(event => store.record([event], noon));
          const [{ erased }, ...outcomes] = await Promise.all([everywhere(first.recipient), ...writing] as const);
          expect(erased).toBe(1);
          for (const { recorded, erased, failed } of outcomes) expect([recorded + erased, failed]).toEqual([1, []]);
          expect(await itemOf(first)).toEqual(tombstone(first));
        }
      });

      it.each([
        ['note', { status: null }],
        ['open', { status: 'opened' }],
      ] as const)('stays if it comes between the two writes of a later %s for another account', async (_, changes) => {
        const own = toSomebody({ accountId: 'acme' });
        const foreign = { ...own, ...changes, eventId: 'f', accountId: 'initech', subject: 'Invoice 7' };
        await store.record([own], noon);
        const erasing = disturbed(2, () => everywhere(own.recipient));
        expect(await erasing.record([foreign], noon)).toMatchObject({ recorded: 0, erased: 1, failed: [] });
        expect(await itemOf(own)).toEqual(tombstone(own));
      });

      it('stays if it comes between the two writes to a full item', async () => {
        const { messageId, recipient } = toSomebody({ status: 'deferred' });
        const deferrals = Array.from({ length: 320 }, (_, index) =>
          anEvent({
            messageId,
            recipient,
            status: 'deferred',
            eventId: `d${index}`,
            reason: { text: 'x'.repeat(1_400) },
          }),
        );
        await store.record(deferrals, noon);
        const bounce = anEvent({ messageId, recipient, status: 'hard_bounced' });
        const erasing = disturbed(2, () => everywhere(recipient));
        expect(await erasing.record([bounce, deferrals[319]!], noon)).toMatchObject({ erased: 2, unrecordable: [] });
        expect(await itemOf(bounce)).toEqual(tombstone(bounce));
      });

      it.each([
        ['support', null],
        ['its account', 'acme'],
      ])('is not written again by %s while the index still shows the email', async (_, accountId) => {
        const event = toSomebody({ accountId: 'acme' });
        await store.record([event], noon);
        expect(await erase({ recipient: event.recipient, accountId: 'acme' })).toMatchObject({ erased: 1 });
        const before = await itemOf(event);
        const emailId = emailIdOf(event);
        const vanished = { ...event, messageId: freshMessageId() };
        const lagging = {
          send: async (...given: Parameters<typeof client.send>) =>
            given[0] instanceof QueryCommand
              ? { Items: [{ emailId }, { emailId: emailIdOf(vanished) }] }
              : client.send(...given),
        } as typeof client;
        const { recipient } = event;
        expect(await createEraseEmails(lagging, tableName)({ recipient, accountId }, noon + minute, signal)).toEqual({
          erased: 0,
          error: null,
        });
        expect(await itemOf(event)).toEqual(before);
        expect(await itemOf(vanished)).toBeUndefined();
      });
    });

    describe('assigns a default account', () => {
      const recorder = () => recorderWith(writes, 'we');

      it('to emails whose events name no account, and to no others', async () => {
        const [nameless, named] = [anEvent({ reference: 'INV-1' }), anEvent({ accountId: 'acme' })];
        await recorder().record([nameless, named], noon);
        expect(await stored(nameless)).toMatchObject({ accountId: 'we', reference: 'INV-1' });
        expect((await stored(nameless)).events[0]).not.toHaveProperty('accountId');
        expect((await stored(named)).accountId).toBe('acme');
      });

      it('to an email recorded without an account, with its next event', async () => {
        const sent = anEvent({ status: 'sent' });
        await store.record([sent], noon);
        await recorder().record([{ ...sent, status: 'delivered', eventId: 'd' }], noon);
        expect((await stored(sent)).accountId).toBe('we');
      });

      it('to no email that has an account', async () => {
        const sent = anEvent({ status: 'sent', accountId: 'acme' });
        await store.record([sent], noon);
        await recorder().record([{ ...sent, accountId: undefined, status: 'delivered', eventId: 'd' }], noon);
        expect((await stored(sent)).accountId).toBe('acme');
      });
    });

    describe('records several requests at once', () => {
      type Request = { readonly events: readonly CanonicalEvent[]; readonly receivedAt: number };
      const itself = (request: Request) => store.record(request.events, request.receivedAt);
      const withPlace = (outcome: Awaited<ReturnType<typeof itself>>) => {
        const { recorded, duplicate, dropped, erased, expired, unrecordable, failed } = outcome;
        return [recorded, duplicate, dropped, erased, expired.length, unrecordable.length, failed.length];
      };
      const poison = { providerEvent: 'poison' };
      /** A recorder whose writes fail if an event of them is poisoned. */
      const refusing = (error: Error) => {
        const refused: Writes = {
          async updateItem(input) {
            const history: ReadonlySet<string> = input.ExpressionAttributeValues?.[':history'] ?? new Set();
            if ([...history].some(element => element.includes('poison'))) throw error;
            return writes.updateItem(input);
          },
        };
        return createRecorder({ client, writes: refused, tableName, retentionDays: 400 });
      };

      it('as if they came one after another, in order of arrival', async () => {
        const futureDated = fc.option(fc.constantFrom(noon + 60 * minute, noon + 90 * minute), { nil: undefined });
        const arbitraryRequest = fc.record({
          receivedAt: fc.integer({ min: 10, max: 13 }).map(minutes => noon + minutes * minute),
          events: fc.array(
            fc.record({ event: arbitraryEvent, of: fc.constantFrom('a', 'b'), providerTime: futureDated }),
            { maxLength: 4 },
          ),
        });
        await fc.assert(
          fc.asyncProperty(fc.array(arbitraryRequest, { minLength: 2, maxLength: 5 }), async requests => {
            const [together, apart] = [freshMessageId(), freshMessageId()];
            const madeFor = (messageId: string) =>
              requests.map(({ receivedAt, events }) => ({
                receivedAt,
                events: events.map(({ event, of, providerTime }) => ({
                  ...event,
                  messageId: `${messageId}-${of}`,
                  ...(providerTime !== undefined && { providerTime, occurredAt: receivedAt }),
                })),
              }));
            const outcomes = await store.recordAll(madeFor(together));
            const inTurn = madeFor(apart);
            const expected = new Map<Request, Awaited<ReturnType<typeof itself>>>();
            for (const one of inTurn.toSorted((a, b) => a.receivedAt - b.receivedAt)) {
              expected.set(one, await itself(one));
            }
            expect(outcomes.map(withPlace)).toEqual(inTurn.map(one => withPlace(expected.get(one)!)));
            for (const of of ['a', 'b']) {
              const ends = [];
              for (const messageId of [together, apart]) {
                const email = await store.email(
                  emailIdOf({ provider: 'sendgrid', messageId: `${messageId}-${of}`, recipient: 'jane@example.com' }),
                );
                ends.push(email && { ...promised(email), deciding: decidingEventOf(email.verdict, email.events) });
              }
              expect(ends[0]).toEqual(ends[1]);
            }
          }),
          { numRuns: runs(40) },
        );
      });

      it('and a future-dated event once, although each delivery of it has another time', async () => {
        const event = anEvent({ providerTime: noon + 60 * minute });
        const requests = [noon, noon + minute].map(receivedAt => ({
          events: [{ ...event, occurredAt: receivedAt }],
          receivedAt,
        }));
        expect(await store.recordAll(requests)).toMatchObject([{ recorded: 1 }, { recorded: 0, duplicate: 1 }]);
        expect((await stored(event)).events).toHaveLength(1);
      });

      it('with one write for the events of one email', async () => {
        const sent = anEvent({ status: 'sent', occurredAt: noon - minute });
        const delivered = { ...sent, status: 'delivered' as const, eventId: 'd', occurredAt: noon };
        const requests = [sent, delivered, anEvent()].map(event => ({ events: [event], receivedAt: noon }));
        expect(
          await countingUpdates(async () => {
            expect(await store.recordAll(requests)).toMatchObject(requests.map(() => ({ recorded: 1, failed: [] })));
          }),
        ).toBe(2);
        expect(await store.recordAll(requests)).toMatchObject(requests.map(() => ({ recorded: 0, duplicate: 1 })));
      });

      it('and each event for the request that brought it first', async () => {
        const event = anEvent();
        const later = { ...event, status: 'opened' as const, eventId: 'o' };
        expect(
          await store.recordAll([
            { events: [event, later], receivedAt: noon + minute },
            { events: [event], receivedAt: noon },
          ]),
        ).toMatchObject([
          { recorded: 1, duplicate: 1 },
          { recorded: 1, duplicate: 0 },
        ]);
      });

      it('with the first arrival for the expiry and the sending, and the last for the update', async () => {
        const delivered = anEvent({ accountId: 'together', occurredAt: noon + 5 * minute });
        const bounced = { ...delivered, status: 'hard_bounced' as const, eventId: 'b', occurredAt: noon + 3 * minute };
        await store.recordAll([
          { events: [bounced], receivedAt: noon + 2 * minute },
          { events: [delivered], receivedAt: noon },
        ]);
        const day = 24 * 60 * minute;
        expect(await itemOf(delivered)).toMatchObject({
          sentAt: noon,
          updatedAt: noon + 2 * minute,
          attentionSince: noon + 2 * minute,
          expiresAt: (noon + 400 * day) / 1000,
        });
      });

      it('and fails those that have an event in a failed write, and no other', async () => {
        const [bad, other] = [anEvent(poison), anEvent()];
        const mate = { ...bad, providerEvent: 'harmless', eventId: 'mate' };
        const throttled = Object.assign(new Error(), { name: 'ThrottlingException' });
        const outcomes = await refusing(throttled).recordAll([
          { events: [mate, other], receivedAt: noon },
          { events: [bad], receivedAt: noon },
          { events: [anEvent()], receivedAt: noon },
        ]);
        expect(outcomes).toMatchObject([
          { recorded: 1, failed: [{ events: [mate], error: throttled }] },
          { recorded: 0, failed: [{ events: [bad], error: throttled }] },
          { recorded: 1, failed: [] },
        ]);
      });

      it('and loses no neighbour of an event that the table refuses', async () => {
        const bad = anEvent(poison);
        const mate = { ...bad, providerEvent: 'harmless', eventId: 'mate' };
        const refused = Object.assign(new Error(), { name: 'ValidationException' });
        const requests = [bad, mate].map(event => ({ events: [event], receivedAt: noon }));
        expect(await refusing(refused).recordAll(requests)).toMatchObject([
          { recorded: 0, unrecordable: [{ reason: 'refused_by_table', event: bad }], failed: [] },
          { recorded: 1, unrecordable: [], failed: [] },
        ]);
      });

      it('but none with events that the secret of another account proved', async () => {
        const messageId = freshMessageId();
        const provenFor = (accountId: string) => anEvent({ messageId, accountId, provenFor: accountId });
        const events = [provenFor('acme'), provenFor('initech'), provenFor('acme')];
        const outcomes = await store.recordAll(events.map(event => ({ events: [event], receivedAt: noon })));
        const { accountId } = (await itemOf(events[0]!)) as { accountId: string };
        for (const [index, { recorded, unrecordable }] of outcomes.entries()) {
          const event = events[index]!;
          const isOwn = event.accountId === accountId;
          expect(recorded).toBe(isOwn ? 1 : 0);
          expect(unrecordable).toEqual(isOwn ? [] : [{ reason: 'foreign_account', event }]);
        }
      });

      it('and tells each of its erased, expired, foreign and unwritten events', async () => {
        const gone = anEvent({ accountId: 'acme', recipient: 'gone@together.example' });
        await store.record([gone], noon);
        await createEraseEmails(client, tableName)(
          { recipient: gone.recipient, accountId: null },
          noon,
          AbortSignal.timeout(10_000),
        );
        const old = anEvent({ occurredAt: noon - 500 * 24 * 60 * minute });
        const foreign = anEvent({ provenFor: 'acme', accountId: 'initech' });
        const requests = [[gone, old], [{ ...gone, eventId: 'late' }, foreign], []];
        expect(await store.recordAll(requests.map(events => ({ events, receivedAt: noon })))).toEqual([
          { ...nothingRecorded, erased: 1, expired: [old] },
          { ...nothingRecorded, erased: 1, unrecordable: [{ reason: 'foreign_account', event: foreign }] },
          nothingRecorded,
        ]);
        const late = [anEvent(), anEvent()].map(event => ({ events: [event], receivedAt: noon }));
        expect(await store.recordAll(late, AbortSignal.abort('over'))).toEqual(
          late.map(({ events }) => ({ ...nothingRecorded, failed: [{ events, error: 'over' }] })),
        );
      });

      it('and counts each event once where a history is full', async () => {
        const messageId = freshMessageId();
        const notes = Array.from({ length: 110 }, (_, index) =>
          anEvent({ messageId, status: null, providerEvent: 'note', occurredAt: noon + index }),
        );
        const requests = [notes.slice(0, 60), notes.slice(50)].map(events => ({ events, receivedAt: noon }));
        const outcomes = await store.recordAll(requests);
        expect(outcomes).toMatchObject([
          { recorded: 60, duplicate: 0, dropped: 0 },
          { recorded: 40, duplicate: 10, dropped: 10 },
        ]);
      });
    });

    describe('lists', () => {
      const account = (name: string, count: number, status: Status = 'delivered') =>
        Array.from({ length: count }, (_, index) =>
          anEvent({ accountId: name, status, eventId: `${name}${index}`, occurredAt: noon + index }),
        );
      const pages = async (accountId: string, list: 'all' | 'attention', limit: number) => {
        const found: (readonly EmailSummary[])[] = [];
        let after: Position | null = null;
        do {
          const page: Page<EmailSummary> = await store.page(
            { accountId, ...(list === 'attention' && { attention: 'act' as const }) },
            { limit, after },
          );
          found.push(page.shown);
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
        const times = found.map(({ sentAt }) => sentAt);
        expect(times).toEqual(times.toSorted((a, b) => b - a));
      });

      it('emails in the order in which they were sent, whenever they were imported', async () => {
        const events = account('imported', 6).map((event, index) => ({ ...event, occurredAt: noon + index * minute }));
        for (const event of [3, 0, 5, 1, 4, 2].map(index => events[index]!)) {
          await store.record([event], noon + 24 * 60 * minute);
        }
        const found = (await pages('imported', 'all', 2)).flat();
        expect(found.map(({ emailId }) => emailId)).toEqual(events.toReversed().map(emailIdOf));
      });

      it('emails by the earliest event of the first request, never after its arrival, and moves none later', async () => {
        const messageId = freshMessageId();
        const sent = anEvent({ messageId, accountId: 'moved', status: 'sent', occurredAt: noon - 2 * minute });
        const delivered = anEvent({ messageId, accountId: 'moved', occurredAt: noon - minute });
        const ahead = anEvent({ accountId: 'moved', occurredAt: noon + 5 * minute });
        await store.record([delivered, sent], noon);
        await store.record([{ ...sent, eventId: 'earlier', occurredAt: noon - 3 * minute }], noon + minute);
        await store.record([ahead], noon);
        expect((await stored(sent)).sentAt).toBe(noon - 2 * minute);
        expect((await stored(ahead)).sentAt).toBe(noon);
      });

      it('no emails for an account without emails', async () => {
        expect(await pages('nobody', 'all', 10)).toEqual([[]]);
      });

      it('the emails of a recipient or a reference page by page: only its own for an account, all for support', async () => {
        const shared = { recipient: 'shared@lists.example', reference: 'INV-shared' };
        const events = ['acme', 'initech', undefined].flatMap(accountId =>
          Array.from({ length: 7 }, () => anEvent({ ...shared, messageId: freshMessageId(), accountId })),
        );
        for (const [index, event] of events.entries()) {
          await store.record([{ ...event, occurredAt: noon + ((index * 5) % 21) }], noon + 60 * minute);
        }
        for (const by of [{ recipient: shared.recipient }, { reference: shared.reference }]) {
          for (const accountId of ['acme', null]) {
            const isListed = (event: CanonicalEvent) => 'recipient' in by || event.accountId !== undefined;
            const wanted = events.filter(
              event => isListed(event) && (accountId === null || event.accountId === accountId),
            );
            const seen: string[] = [];
            const times: number[] = [];
            let after: Position | null = null;
            do {
              const page: Page<EmailSummary> = await store.page(
                { accountId, ...by, from: noon, to: noon + 21 },
                { limit: 3, after },
              );
              seen.push(...page.shown.map(({ emailId }) => emailId));
              times.push(...page.shown.map(({ sentAt }) => sentAt));
              after = page.next;
            } while (after !== null);
            expect(times).toEqual(times.toSorted((a, b) => b - a));
            expect(seen).toHaveLength(wanted.length);
            expect(new Set(seen)).toEqual(new Set(wanted.map(emailIdOf)));
          }
        }
      });

      it('the emails that ask for attention, over all accounts and days', async () => {
        const troubled = anEvent({ messageId: freshMessageId(), recipient: 'x@days.example', status: 'invalid' });
        await store.record([troubled], noon - 40 * 24 * 60 * minute);
        const found: string[] = [];
        let after: Position | null = null;
        do {
          const page: Page<EmailSummary> = await store.page(
            { accountId: null, attention: 'act' },
            { limit: 50, after },
          );
          found.push(...page.shown.map(({ emailId }) => emailId));
          after = page.next;
        } while (after !== null);
        expect(found.at(-1)).toBe(emailIdOf(troubled));
        expect(new Set(found).size).toBe(found.length);
      });

      it('an email that needs attention only as long as it does', async () => {
        const bounces = account('attentive', 3, 'soft_bounced');
        for (const [index, bounce] of bounces.entries()) await store.record([bounce], noon + index);
        await store.record(account('attentive', 2), noon);
        expect((await pages('attentive', 'attention', 2)).flat()).toHaveLength(3);
        await store.record([{ ...bounces[0]!, status: 'delivered', eventId: 'late' }], noon);
        expect((await pages('attentive', 'attention', 2)).flat().map(({ emailId }) => emailId)).toEqual(
          bounces.slice(1).toReversed().map(emailIdOf),
        );
      });
    });

    it('keeps an email in the attention index while its status asks for it, by the time of the first such status', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(arbitraryEvent, { minLength: 1, maxLength: 5 }), async drafts => {
          const events = moved(drafts, freshMessageId());
          const key = { TableName: tableName, Key: { emailId: emailIdOf(events[0]!) }, ConsistentRead: true };
          let since: number | undefined;
          for (const [index, event] of events.entries()) {
            const arrivedAt = noon + index * 11 * 60 * minute;
            const { failed } = await store.record([event], arrivedAt);
            expect(failed).toEqual([]);
            const verdict = merge(events.slice(0, index + 1));
            const asks = verdict !== null && statuses[verdict.status].attention === 'yes';
            if (asks) since ??= arrivedAt;
            const { Item } = await client.send(new GetCommand(key));
            expect(Item?.attentionAt).toBe(asks ? since : undefined);
            expect(Item?.attentionDay).toBe(since && attentionDayOf(key.Key.emailId, since));
          }
        }),
        { numRuns: runs(8) },
      );
    });

    describe('refuses an event older than the retention, which', () => {
      const day = 24 * 60 * minute;
      const oldest = noon - 400 * day;
      const counts = { recorded: 0, duplicate: 0, dropped: 0, erased: 0, unrecordable: [], failed: [] };

      it('makes no email and is counted, unlike one of exactly that age', async () => {
        const old = anEvent({ status: 'hard_bounced', occurredAt: oldest - 1, accountId: 'acme', subject: 'x' });
        const edge = anEvent({ status: 'hard_bounced', occurredAt: oldest });
        const cost = await countingUpdates(async () =>
          expect(await store.record([old, edge], noon)).toEqual({ ...counts, recorded: 1, expired: [old] }),
        );
        expect(cost).toBe(1);
        expect(await itemOf(old)).toBeUndefined();
        expect((await stored(edge)).verdict?.status).toBe('hard_bounced');
      });

      it('changes no email, even if it was recorded in time before', async () => {
        const delivered = anEvent({ occurredAt: oldest + day });
        await store.record([delivered], noon);
        const before = await itemOf(delivered);
        const old = {
          ...delivered,
          status: 'marked_spam',
          eventId: 'old',
          occurredAt: oldest - 1,
          tags: ['x'],
        } as const;
        expect(await store.record([old], noon)).toEqual({ ...counts, expired: [old] });
        expect(await store.record([delivered], noon + 2 * day)).toEqual({ ...counts, expired: [delivered] });
        expect(await itemOf(delivered)).toEqual(before);
      });

      it('has its age on arrival, however long it waited in a queue', async () => {
        const event = anEvent({ occurredAt: noon - 390 * day });
        // The retry queue hands an event on with the time of its arrival.
        expect(await store.record([event], noon)).toEqual({ ...counts, recorded: 1, expired: [] });
        expect(await store.record([event], noon + 20 * day)).toEqual({ ...counts, expired: [event] });
      });
    });

    it('makes an email expire after the retention', async () => {
      const event = anEvent();
      await store.record([event], noon);
      await store.record([{ ...event, status: 'opened', eventId: 'later' }], noon + 5000);
      const { Item } = await client.send(
        new GetCommand({ TableName: tableName, Key: { emailId: emailIdOf(event) }, ConsistentRead: true }),
      );
      expect(Item?.expiresAt).toBe(noon / 1000 + 400 * 24 * 60 * 60);
    });
  });
}
