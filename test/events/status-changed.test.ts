import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventSchema } from '../../infra/tools/docs/event-schema.ts';
import { eventSchemaFile } from '../../infra/tools/docs/files.ts';
import { type CanonicalEvent, canaryAccountId, emailIdOf } from '../../shared/email/event.ts';
import { type Email, type Image, storedEmailIn } from '../../shared/email/item.ts';
import { eventSource } from '../../shared/events/publish.ts';
import { rankOf } from '../../shared/events/rank.ts';
import { statusChangedType, statusChangeOf } from '../../shared/events/status-changed.ts';
import type { StatusChanged } from '../../shared/events/status-changed-schema.ts';
import { type Status, statuses } from '../../shared/status/catalogue.ts';
import { merge } from '../../shared/status/precedence.ts';
import { arbitraryEvent, noon } from '../rigs/arbitrary-events.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const minute = 60_000;

const published = readFileSync(eventSchemaFile, 'utf8');
const isAsPublished = new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(published));

describe('the event of a change of status', () => {
  let emails: StoredEmails;
  beforeAll(async () => {
    emails = await startStoredEmails();
  });
  afterAll(() => emails?.stop());

  async function stored(event: CanonicalEvent): Promise<Email | null> {
    return storedEmailIn((await emails.image(emailIdOf(event))) as Image | undefined);
  }
  /** Records events that arrive together, and returns the event of that change. */
  async function change(events: readonly CanonicalEvent[], receivedAt = noon): Promise<StatusChanged | null> {
    const before = await stored(events[0]!);
    await emails.record(events, receivedAt);
    return statusChangeOf(before, await stored(events[0]!));
  }
  const next = ({ provider, messageId, recipient }: CanonicalEvent, changes: Partial<CanonicalEvent>) =>
    anEvent({ provider, messageId, recipient, ...changes });

  it('tells the whole state, with null for what is unknown', async () => {
    const first = anEvent({ status: 'sent' });
    expect(await change([first])).toEqual({
      schemaVersion: 1,
      id: expect.stringMatching(/^[\w-]{22}$/),
      accountId: null,
      emailId: emailIdOf(first),
      provider: 'sendgrid',
      messageId: first.messageId,
      recipient: 'jane@example.com',
      reference: null,
      from: null,
      to: 'sent',
      label: 'Sent',
      since: '2026-01-02T12:00:00.000Z',
      rank: expect.stringMatching(/^01/),
      cause: null,
      attention: null,
      tags: [],
      at: '2026-01-02T12:00:00.000Z',
    });
    const facts = { accountId: 'acme', reference: 'invoice 17', subject: 'Your invoice', tags: ['invoice'] };
    const reason = { text: '550 5.1.1 no such user', cause: 'unknown_user' } as const;
    const bounced = next(first, { status: 'invalid', occurredAt: noon + minute, reason, ...facts });
    const told = await change([bounced], noon + 2 * minute);
    expect(told).toMatchObject({
      accountId: 'acme',
      reference: 'invoice 17',
      from: { status: 'sent', since: '2026-01-02T12:00:00.000Z' },
      to: 'invalid',
      label: 'Invalid',
      since: '2026-01-02T12:01:00.000Z',
      cause: 'unknown_user',
      attention: 'act',
      tags: ['invoice'],
      at: '2026-01-02T12:02:00.000Z',
    });
    // Neither a subject nor anything that the server wrote.
    expect(JSON.stringify(told)).not.toMatch(/Your invoice|550/);
  });

  it('is told also if the same status has another time or another deciding event', async () => {
    const first = anEvent({ status: 'opened', occurredAt: noon });
    const late = await change([first]);
    const earlier = await change([next(first, { status: 'opened', occurredAt: noon - minute })]);
    expect(earlier).toMatchObject({ from: { status: 'opened' }, to: 'opened', since: '2026-01-02T11:59:00.000Z' });
    const tied = await change([next(first, { status: 'opened', occurredAt: noon - minute, eventId: '!first' })]);
    expect(tied).toMatchObject({ to: 'opened', since: '2026-01-02T11:59:00.000Z' });
    expect(new Set([late, earlier, tied].map(told => told!.id)).size).toBe(3);
    expect([tied, earlier, late].map(told => told!.rank).toSorted()).toEqual(
      [late, earlier, tied].map(told => told!.rank),
    );
  });

  it('is not told for notes, for what changes no status, for the canary, and for an erased email', async () => {
    const first = anEvent({ status: 'delivered' });
    expect(await change([first])).not.toBeNull();
    expect(await change([next(first, { status: null, providerEvent: 'note' })])).toBeNull();
    expect(await change([next(first, { status: 'deferred' })])).toBeNull();
    expect(await change([next(first, { status: 'opened', evidence: 'machine' })])).toBeNull();
    expect(await change([anEvent({ status: null })])).toBeNull();
    const canary = { accountId: canaryAccountId, provenFor: canaryAccountId };
    expect(await change([anEvent({ status: 'delivered', ...canary })])).toBeNull();
    const before = await stored(first);
    await emails.erase(first.recipient);
    expect(statusChangeOf(before, await stored(first))).toBeNull();
  });

  it('is the same for every repetition, and leads to the status of all events in any order', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(arbitraryEvent, { minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.nat()),
        async (drafts, order) => {
          run += 1;
          const events = drafts.map(draft => ({ ...draft, messageId: `run-${run}` }));
          const told: StatusChanged[] = [];
          for (const event of events) told.push(...[(await change([event])) ?? []].flat());
          expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
          for (const one of told) expect([isAsPublished(one), isAsPublished.errors]).toEqual([true, null]);
          const shuffled = [...told, ...told].map(one => [order.next().value, one] as const).sort(([a], [b]) => a - b);
          const kept = shuffled.reduce<StatusChanged | null>(
            (best, [, one]) => (best === null || one.rank > best.rank ? one : best),
            null,
          );
          const verdict = merge(events);
          expect(kept && [kept.to, kept.since]).toEqual(
            verdict && [verdict.status, new Date(verdict.statusAt).toISOString()],
          );
          expect((await stored(events[0]!))?.verdict?.status ?? null).toBe(kept?.to ?? null);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('has a published JSON Schema (npm run docs writes it), which refuses what is missing or no status', async () => {
    expect(published).toBe(eventSchema());
    const told = (await change([anEvent({ status: 'delivered', occurredAt: Date.UTC(12_026, 0) })]))!;
    expect(isAsPublished(told)).toBe(true);
    // A later version may tell more.
    expect(isAsPublished({ ...told, more: 1 })).toBe(true);
    for (const name of Object.keys(told)) expect(isAsPublished({ ...told, [name]: undefined }), name).toBe(false);
    expect(isAsPublished({ ...told, to: 'lost' })).toBe(false);
  });

  it('looks as docs/events.md shows it', () => {
    const page = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8');
    const { source, 'detail-type': type, detail } = JSON.parse(/```json\n(.*?)```/s.exec(page)![1]!);
    expect([source, type, isAsPublished(detail)]).toEqual([eventSource, statusChangedType, true]);
    expect(detail.emailId).toBe(emailIdOf(detail));
    expect(statuses[detail.to as Status].label).toBe(detail.label);
    const [statusEventId] = /(?<=^\d{20})([\da-f]+)ff$/.exec(detail.rank)!.slice(1);
    const eventId = Buffer.from(statusEventId!, 'hex').map(byte => 0xff - byte);
    const verdict = {
      status: detail.to,
      statusAt: Date.parse(detail.since),
      statusEventId: String.fromCharCode(...eventId),
    };
    expect(rankOf(verdict)).toBe(detail.rank);
  });
});
