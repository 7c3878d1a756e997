import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { owedLinks, writeLinks } from '../../functions/changes/links.ts';
import { newsIn, statesIn } from '../../functions/changes/news.ts';
import { type CanonicalEvent, emailIdOf, noteNames } from '../../shared/email/event.ts';
import { createAddNotes, createReadEmail } from '../../shared/email/notes.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { runs } from '../rigs/runs.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const minute = 60_000;

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
});
