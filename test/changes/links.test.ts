import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { owedLinks, writeLinks } from '../../functions/changes/links.ts';
import { newsIn, statesIn } from '../../functions/changes/news.ts';
import { type CanonicalEvent, emailIdOf, noteNames } from '../../shared/email/event.ts';
import { type AddNotes, createAddNotes, createReadEmail } from '../../shared/email/notes.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { runs } from '../rigs/runs.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const minute = 60_000;

/** A change in the table's stream. */
interface Change {
  readonly OldImage: Record<string, unknown> | undefined;
  readonly NewImage: Record<string, unknown> | undefined;
}

describe('an email that another one sends again', () => {
  let emails: StoredEmails;
  let unreadable = 0;
  beforeAll(async () => {
    emails = await startStoredEmails();
  });
  afterAll(() => emails?.stop());

  /** Records events, and lets the function see the change in the stream. */
  async function record(events: readonly CanonicalEvent[], receivedAt = noon): Promise<string> {
    const emailId = emailIdOf(events[0]!);
    const OldImage = await emails.image(emailId);
    await emails.record(events, receivedAt);
    const NewImage = await emails.image(emailId);
    const { links, resent } = newsIn(statesIn({ eventName: 'MODIFY', dynamodb: { OldImage, NewImage } } as never));
    const addNotes = createAddNotes(emails.client, emails.tableName);
    const onUnreadable = () => {
      unreadable += 1;
    };
    const owed = await owedLinks(createReadEmail(emails.client, emails.tableName), resent, onUnreadable);
    await writeLinks(addNotes, [...links, ...owed], noon, onUnreadable);
    return emailId;
  }
  const bounced = (changes: Partial<CanonicalEvent> = {}) =>
    anEvent({ status: 'soft_bounced', accountId: 'acme', ...changes });
  /** Lets the function see changes in the stream, and those that it makes itself, until it makes no more. */
  async function settle(changes: Change[]): Promise<void> {
    const readEmail = createReadEmail(emails.client, emails.tableName);
    const add = createAddNotes(emails.client, emails.tableName);
    const rethrow = (error: unknown) => {
      throw error;
    };
    const addNotes: AddNotes = async (emailId, notesFor, at) => {
      const OldImage = await emails.image(emailId);
      const noted = await add(emailId, notesFor, at);
      if (noted !== null && noted.added > 0) changes.push({ OldImage, NewImage: await emails.image(emailId) });
      return noted;
    };
    for (let seen = 0; changes.length > 0; seen += 1) {
      if (seen > 500) throw new Error('the notes never end');
      const batch = changes.splice(0, 3);
      const news = batch.map(dynamodb => newsIn(statesIn({ eventName: 'MODIFY', dynamodb } as never)));
      const owed = await owedLinks(
        readEmail,
        news.flatMap(({ resent }) => resent),
        rethrow,
      );
      await writeLinks(addNotes, [...news.flatMap(({ links }) => links), ...owed], noon, rethrow);
    }
  }
  /** Records events, and returns the change. */
  async function changeBy(events: readonly CanonicalEvent[]): Promise<Change> {
    const emailId = emailIdOf(events[0]!);
    const OldImage = await emails.image(emailId);
    await emails.record(events);
    return { OldImage, NewImage: await emails.image(emailId) };
  }
  /** The events of an email that sends another one again, two minutes after noon. */
  function resending(predecessorId: string, accountId: string | undefined = 'acme') {
    const sent = anEvent({ status: 'sent', providerEvent: 'app.sent', accountId, occurredAt: noon + 2 * minute });
    const { provider, messageId, recipient } = sent;
    const of = (changes: Partial<CanonicalEvent>) => anEvent({ provider, messageId, recipient, ...changes });
    return {
      registered: [
        sent,
        of({
          status: null,
          providerEvent: noteNames.resend,
          relatedEmailId: predecessorId,
          accountId,
          occurredAt: noon + 2 * minute,
        }),
      ],
      delivered: (minutes = 5) => of({ status: 'delivered', occurredAt: noon + minutes * minute }),
      of,
    };
  }
  /** The note of a registration that names the email's message. */
  const resentNote = ({ provider, messageId, recipient }: CanonicalEvent, successorId: string, changes = {}) =>
    anEvent({
      ...{ provider, messageId, recipient, status: null, accountId: 'acme', occurredAt: noon + 2 * minute },
      ...{ providerEvent: noteNames.resent, eventId: `app.resent@${successorId}`, relatedEmailId: successorId },
      ...changes,
    });
  const notesOf = async (emailId: string) =>
    (await emails.store.email(emailId))!.events
      .filter(({ status }) => status === null)
      .map(({ providerEvent, relatedEmailId, occurredAt }) => [
        providerEvent,
        relatedEmailId,
        (occurredAt - noon) / minute,
      ]);
  const asks = async (emailId: string) => (await emails.store.email(emailId))!.attentionAt !== undefined;

  it('learns of it, and asks nobody to act any more once that one is delivered', async () => {
    const first = await record([bounced()]);
    const successor = resending(first);
    const second = await record(successor.registered);
    expect(await notesOf(first)).toEqual([['app.resent', second, 2]]);
    expect(await asks(first)).toBe(true);
    await record([successor.delivered()]);
    expect(await notesOf(first)).toEqual([
      ['app.resent', second, 2],
      ['mailtrail.successor_delivered', second, 5],
    ]);
    expect(await asks(first)).toBe(false);
  });

  it('learns nothing from another account that names the successor', async () => {
    const first = await record([bounced()]);
    const { registered, delivered, of } = resending(first);
    await record(registered.slice(0, 1));
    const named = { status: null, providerEvent: noteNames.resend, relatedEmailId: first } as const;
    await record([of({ ...named, accountId: 'initech', occurredAt: noon + 3 * minute })]);
    await record([delivered()]);
    expect(await notesOf(first)).toEqual([]);
    expect(await asks(first)).toBe(true);
  });

  it('gets one note, though each report of its successor names it', async () => {
    const first = await record([bounced()]);
    const { registered, of } = resending(first);
    const second = await record(registered);
    const note = { status: null, providerEvent: noteNames.resend, relatedEmailId: first, accountId: 'acme' };
    await record([
      of({ ...note, occurredAt: noon + 4 * minute }),
      of({ status: 'delivered', occurredAt: noon + 4 * minute }),
    ]);
    expect(await notesOf(first)).toEqual([
      ['app.resent', second, 2],
      ['mailtrail.successor_delivered', second, 4],
    ]);
  });

  it('asks again after a later failure of its own', async () => {
    const event = bounced();
    const first = await record([event]);
    const successor = resending(first);
    await record([...successor.registered, successor.delivered()]);
    expect(await asks(first)).toBe(false);
    await record([{ ...event, eventId: 'later', occurredAt: noon + 9 * minute }], noon + 9 * minute);
    expect(await asks(first)).toBe(true);
  });

  it.each(['opened', 'link_clicked'] as const)('takes a successor that was %s for delivered', async status => {
    const first = await record([bounced()]);
    const { registered, of } = resending(first);
    await record(registered);
    await record([of({ status, evidence: 'human', occurredAt: noon + 6 * minute })]);
    expect(await asks(first)).toBe(false);
  });

  it.each([
    ['was opened by a machine', { status: 'opened', evidence: 'machine' }],
    ['bounced too', { status: 'hard_bounced' }],
    ['waits', { status: 'deferred' }],
  ] as const)('still asks while its successor %s', async (_, change) => {
    const first = await record([bounced()]);
    const { registered, of } = resending(first);
    await record(registered);
    await record([of({ ...change, occurredAt: noon + 6 * minute })]);
    expect(await asks(first)).toBe(true);
  });

  it("hears nothing from another account's email", async () => {
    for (const [own, other] of [
      ['acme', 'initech'],
      [undefined, 'acme'],
      ['acme', undefined],
    ]) {
      const first = await record([bounced({ accountId: own })]);
      const { registered, delivered } = resending(first, other);
      const successor = registered.map(({ accountId: _, ...event }) =>
        other === undefined ? event : { ...event, accountId: other },
      );
      await record([...(successor as CanonicalEvent[]), delivered()]);
      expect(await notesOf(first)).toEqual([]);
    }
  });

  it('hears of it once its successor belongs to its account', async () => {
    const first = await record([bounced()]);
    const { registered, delivered } = resending(first);
    const nameless = registered.map(({ accountId: _, ...event }) => event as CanonicalEvent);
    await record(nameless);
    await record([delivered()]);
    expect(await asks(first)).toBe(true);
    await record([{ ...delivered(), eventId: 'named', accountId: 'acme' }]);
    expect(await asks(first)).toBe(false);
  });

  it('hears of its successor although that one was delivered before the first word of it', async () => {
    const failure = bounced();
    const first = emailIdOf(failure);
    const { registered, delivered } = resending(first);
    const second = await record([...registered, delivered()]);
    // The registration names its message. This note of it had to wait in the retry queue.
    await record([failure, resentNote(failure, second)]);
    expect(await notesOf(first)).toEqual([
      ['app.resent', second, 2],
      ['mailtrail.successor_delivered', second, 5],
    ]);
    expect(await asks(first)).toBe(false);
  });

  it('belongs to the account of its own registration, although one of another account is first to name it', async () => {
    const failure = bounced({ reference: 'INV-7' });
    const { registered, delivered } = resending(emailIdOf(failure), 'initech');
    const second = await record([...registered, delivered()]);
    const first = await record([resentNote(failure, second, { accountId: 'initech' })]);
    await record([failure]);
    expect(await emails.store.email(first)).toMatchObject({ accountId: 'acme', reference: 'INV-7' });
    expect(await asks(first)).toBe(true);
  });

  it('hears of its successor once its own registration says that both are of one account', async () => {
    const failure = bounced();
    const { registered, delivered } = resending(emailIdOf(failure));
    const second = await record([...registered, delivered()]);
    const first = await record([resentNote(failure, second)]);
    await record([failure]);
    expect(await asks(first)).toBe(false);
  });

  it('belongs to the account whose own secret proves that it was sent again', async () => {
    const failure = bounced();
    const first = await record([resentNote(failure, 'B'.repeat(22), { provenFor: 'acme' })]);
    expect(await emails.store.email(first)).toMatchObject({ accountId: 'acme' });
    await record([{ ...failure, provenFor: 'acme' }]);
    expect(await asks(first)).toBe(true);
  });

  it('is never made by its successor, be it unknown, erased or expired', async () => {
    const unknown = 'B'.repeat(22);
    const recipient = 'erased@example.com';
    const erased = await record([bounced({ recipient })]);
    await emails.erase(recipient);
    for (const first of [unknown, erased]) {
      const before = await emails.image(first);
      const { registered, delivered } = resending(first);
      await record([...registered, delivered()]);
      expect(await emails.image(first)).toEqual(before);
    }
  });

  it('holds up nothing if only a later version can read it', async () => {
    const first = await record([bounced()]);
    const image = await emails.image(first);
    await emails.put({ ...image, history: { SS: ['a form of the future'] } });
    const { registered } = resending(first);
    await record(registered);
    expect(unreadable).toBe(1);
  });

  it('holds up no other email if only a later version knows its status', async () => {
    const first = await record([bounced()]);
    await emails.put({ ...(await emails.image(first)), status: { S: 'postponed_by_a_future' } });
    const successor = resending(first);
    const before = unreadable;
    await record(successor.registered);
    await record([successor.delivered()]);
    expect(unreadable).toBe(before + 2);
  });

  it('gets the same notes in any order of all events, and when the stream shows a change again', async () => {
    const steps = ['failure', 'registration', 'delivery', 'later failure', 'registration', 'delivery'] as const;
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...steps], { minLength: steps.length }), async order => {
        const event = bounced();
        const first = emailIdOf(event);
        const successor = resending(first);
        const delivered = successor.delivered();
        // The provider has told of the email before anybody sends it again.
        await record([{ ...event, status: 'sent', eventId: 'sent', occurredAt: noon - minute }]);
        const does = {
          failure: [event],
          'later failure': [{ ...event, eventId: 'later', occurredAt: noon + 9 * minute }],
          registration: successor.registered,
          delivery: [delivered],
        };
        for (const step of order) await record(does[step]);
        const second = emailIdOf(delivered);
        expect(await notesOf(first)).toEqual([
          ['app.resent', second, 2],
          ['mailtrail.successor_delivered', second, 5],
        ]);
        expect((await emails.store.email(first))!.attentionAt).toBe(noon + 9 * minute);
      }),
      { numRuns: runs(20) },
    );
  });

  describe('in a chain', () => {
    const at = (minutes: number) => noon + minutes * minute;
    /** Emails that failed, each of which sends those again that `links` names by their numbers. */
    function chain(links: readonly (readonly number[])[], accountIds: readonly string[] = []) {
      const firsts = links.map((_, number) => bounced({ accountId: accountIds[number] ?? 'acme' }));
      const ids = firsts.map(emailIdOf);
      const of = (number: number, changes: Partial<CanonicalEvent>) => {
        const { provider, messageId, recipient } = firsts[number]!;
        return anEvent({ provider, messageId, recipient, ...changes });
      };
      const note = (number: number, providerEvent: string, relatedEmailId: string) =>
        of(number, { status: null, providerEvent, eventId: `${providerEvent}@${relatedEmailId}`, relatedEmailId });
      return {
        ids,
        failed: (number: number) => [firsts[number]!],
        failedAt: (number: number, minutes: number) => [
          of(number, { status: 'soft_bounced', occurredAt: at(minutes) }),
        ],
        registered: (number: number) =>
          links[number]!.map(other => ({
            ...note(number, noteNames.resend, ids[other]!),
            accountId: accountIds[number] ?? 'acme',
          })),
        /** The note that a registration by message leaves with the predecessor. */
        resent: (number: number, successor: number) => [note(number, noteNames.resent, ids[successor]!)],
        delivered: (number: number, minutes: number) => [of(number, { status: 'delivered', occurredAt: at(minutes) })],
        /** The deliveries that an email has heard of, by the number of the delivered one. */
        heardBy: async (number: number) =>
          (await notesOf(ids[number]!))
            .filter(([name]) => name === noteNames.successorDelivered)
            .map(([, id, minutes]) => [ids.indexOf(id as string), minutes]),
      };
    }
    const happens = async (...steps: (readonly CanonicalEvent[])[]) => {
      for (const step of steps) await settle([await changeBy(step)]);
    };
    const threeInARow = [[], [0], [1]];

    it('asks nobody any more once the successor of its successor is delivered, and names that one', async () => {
      const { ids, failed, registered, delivered, heardBy } = chain(threeInARow);
      await happens(failed(0), failed(1), failed(2), registered(1), registered(2));
      expect(await asks(ids[0]!)).toBe(true);
      await happens(delivered(2, 5));
      expect(await heardBy(0)).toEqual([[2, 5]]);
      expect([await asks(ids[0]!), await asks(ids[1]!)]).toEqual([false, false]);
    });

    it('hears of it too if the first link is the last to be known, by either email', async () => {
      for (const byMessage of [false, true]) {
        const { ids, failed, registered, resent, delivered } = chain(threeInARow);
        await happens(failed(1), failed(2), registered(2), delivered(2, 5));
        if (byMessage) await happens(registered(1), [...failed(0), ...resent(0, 1)]);
        else await happens(failed(0), registered(1));
        expect(await asks(ids[0]!)).toBe(false);
      }
    });

    it('asks again after a later failure of its own, but not after one of its successor', async () => {
      const { ids, failed, failedAt, registered, delivered } = chain(threeInARow);
      await happens(failed(0), failed(1), failed(2), registered(1), registered(2), delivered(2, 5), failedAt(1, 9));
      expect([await asks(ids[0]!), await asks(ids[1]!)]).toEqual([false, true]);
      await happens(failedAt(0, 9));
      expect(await asks(ids[0]!)).toBe(true);
    });

    it('hears of no later delivery than that of its own successor', async () => {
      const { failed, registered, delivered, heardBy } = chain(threeInARow);
      await happens(failed(0), failed(1), failed(2), registered(1), registered(2), delivered(1, 5), delivered(2, 8));
      expect(await heardBy(0)).toEqual([[1, 5]]);
      expect(await heardBy(1)).toEqual([[2, 8]]);
    });

    it('hears nothing through an email of another account, or one that was erased', async () => {
      const mixed = chain(threeInARow, ['acme', 'initech', 'acme']);
      const { failed, registered, delivered } = mixed;
      await happens(failed(0), failed(1), failed(2), registered(1), registered(2), delivered(2, 5));
      expect(await asks(mixed.ids[0]!)).toBe(true);

      const cut = chain(threeInARow);
      await happens(cut.failed(0), cut.failed(1), cut.failed(2), cut.registered(1), cut.registered(2));
      await emails.put({ emailId: { S: cut.ids[1] }, erasedAt: { N: '1' }, expiresAt: { N: '1' } });
      await happens(cut.delivered(2, 5));
      expect(await asks(cut.ids[0]!)).toBe(true);
    });

    it('never hears of its own delivery, although the chain is a circle', async () => {
      for (const circle of [[[0]], [[1], [0]], [[2], [0], [1]]]) {
        const { failed, registered, delivered, heardBy } = chain(circle);
        const numbers = [...circle.keys()];
        await happens(...numbers.map(failed), ...numbers.map(registered), delivered(0, 5));
        for (const number of numbers) expect(await heardBy(number)).toEqual(number === 0 ? [] : [[0, 5]]);
      }
    });

    it('hears of every delivery that counts, and of no other, in any order of all events and of the stream', async () => {
      const arbitraryChains = fc.integer({ min: 2, max: 4 }).chain(count => {
        const numbers = fc.nat(count - 1);
        return fc.record({
          links: fc.array(fc.uniqueArray(numbers, { maxLength: 2 }), { minLength: count, maxLength: count }),
          deliveredAt: fc.array(fc.option(fc.integer({ min: 3, max: 9 }), { nil: null }), {
            minLength: count,
            maxLength: count,
          }),
          accountIds: fc.array(fc.constantFrom('acme', 'acme', 'acme', 'initech'), {
            minLength: count,
            maxLength: count,
          }),
          order: fc.shuffledSubarray([...Array(2 * count).keys()], { minLength: 2 * count }),
          /** Whether the function sees a change at once. It sees the others in the end, some of them twice. */
          isSeen: fc.array(fc.boolean(), { minLength: 2 * count, maxLength: 2 * count }),
        });
      });
      await fc.assert(
        fc.asyncProperty(arbitraryChains, async ({ links, deliveredAt, accountIds, order, isSeen }) => {
          const made = chain(links, accountIds);
          const count = links.length;
          for (let number = 0; number < count; number += 1) await happens(made.failed(number));
          const unseen: Change[] = [];
          for (const step of order) {
            const number = step % count;
            const minutes = deliveredAt[number]!;
            const events =
              step < count ? made.registered(number) : minutes === null ? [] : made.delivered(number, minutes);
            if (events.length === 0) continue;
            const change = await changeBy(events);
            if (isSeen[step]) await settle([change]);
            unseen.push(change);
          }
          await settle(unseen);

          const own = (number: number) => deliveredAt[number] ?? Number.POSITIVE_INFINITY;
          /** The deliveries of the emails that send it again, of others through those, and so on, to the given extent. */
          const reach = (start: number, goesOn: (through: number, delivered: number) => boolean) => {
            const found = new Set<number>();
            for (const delivered of links.keys()) {
              if (deliveredAt[delivered] === null || delivered === start) continue;
              const reached = new Set([delivered]);
              for (const number of reached) {
                if (number !== delivered && !goesOn(number, delivered)) continue;
                const next = links[number]!.filter(other => other !== delivered);
                for (const other of next) if (accountIds[other] === accountIds[number]) reached.add(other);
              }
              if (reached.has(start)) found.add(delivered);
            }
            return [...found].map(number => [number, deliveredAt[number]]);
          };
          for (const number of links.keys()) {
            const heard = await made.heardBy(number);
            expect(heard).toEqual(
              expect.arrayContaining(reach(number, (through, delivered) => own(delivered) < own(through))),
            );
            expect(reach(number, () => true)).toEqual(expect.arrayContaining(heard));
            const failed = bounced().occurredAt;
            expect(await asks(made.ids[number]!)).toBe(
              deliveredAt[number] === null && heard.every(([, minutes]) => at(minutes as number) < failed),
            );
          }
        }),
        { numRuns: runs(20) },
      );
    }, 120_000);
  });
});
