import type { DynamoDBRecord } from 'aws-lambda';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHandler } from '../../functions/changes/handler.ts';
import { createAccountRatesCheck } from '../../functions/watch/account-rates.ts';
import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import { createAddNotes, createReadEmail } from '../../shared/email/notes.ts';
import { day } from '../../shared/runtime/time.ts';
import { type Status, statusIds } from '../../shared/status/catalogue.ts';
import { createAccountMarks } from '../../shared/watch/account-marks.ts';
import { createFailures } from '../../shared/watch/failures.ts';
import {
  type AddResolved,
  createAddResolved,
  createNewestResolved,
  maxResolved,
  type NewestResolved,
  resolvedFailureOf,
} from '../../shared/watch/resolved-failures.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { lambdaContext } from '../rigs/http-event.ts';
import { runs } from '../rigs/runs.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const minute = 60_000;
const hour = 60 * minute;

describe('the rates of an account whose people handle failures', () => {
  let emails: StoredEmails;
  let sequence = 0;
  beforeAll(async () => {
    emails = await startStoredEmails();
  });
  afterAll(() => emails?.stop());

  const marks = () => createAccountMarks(emails.client, emails.guardTableName);
  const addResolved: AddResolved = (...given) => createAddResolved(emails.client, emails.guardTableName)(...given);
  const newestResolved: NewestResolved = (...given) =>
    createNewestResolved(emails.client, emails.guardTableName)(...given);
  const failures = (limits = {}) => createFailures(emails.client, emails.tableName, newestResolved, limits);

  /** Records events that arrive together, and returns the change as the table's stream shows it. */
  async function change(events: readonly CanonicalEvent[], receivedAt: number): Promise<DynamoDBRecord> {
    const emailId = emailIdOf(events[0]!);
    const OldImage = await emails.image(emailId);
    await emails.record(events, receivedAt);
    sequence += 1;
    const dynamodb = { SequenceNumber: String(sequence), NewImage: await emails.image(emailId), OldImage };
    return { eventName: OldImage === undefined ? 'INSERT' : 'MODIFY', dynamodb } as DynamoDBRecord;
  }

  /** The changes function takes a batch of the stream. */
  async function streamed(Records: DynamoDBRecord[], now: number): Promise<void> {
    const handler = createHandler({
      news: emails.news,
      marks: marks(),
      addResolved,
      addNotes: createAddNotes(emails.client, emails.tableName),
      readEmail: createReadEmail(emails.client, emails.tableName),
      publish: null,
      log: () => {},
      now: () => now,
    });
    await handler({ Records }, lambdaContext);
  }

  const handled = ({ provider, messageId, recipient }: CanonicalEvent, occurredAt: number): CanonicalEvent =>
    anEvent({ provider, messageId, recipient, status: null, providerEvent: 'mailtrail.handled', occurredAt });

  it('count 30 hard bounces that were all handled within the hour', async () => {
    const accountId = 'diligent';
    const sent = Array.from({ length: 200 }, (_, index) =>
      anEvent({ accountId, status: index < 30 ? 'hard_bounced' : 'delivered', occurredAt: noon + index }),
    );
    const batch: DynamoDBRecord[] = [];
    for (const event of sent) batch.push(await change([event], noon + minute));
    await streamed(batch, noon + 2 * minute);
    const resolved: DynamoDBRecord[] = [];
    for (const event of sent.slice(0, 30))
      resolved.push(await change([handled(event, noon + 4 * minute)], noon + 4 * minute));
    await streamed(resolved, noon + 5 * minute);

    const check = createAccountRatesCheck({ marks: marks(), failures: failures(), log: () => {} });
    const now = noon + 40 * minute;
    const { judgements } = await check.judge({ requestId: '1', episodes: [], checkedAt: {}, now });
    expect(judgements.filter(({ isOn }) => isOn)).toMatchObject([
      { condition: 'BounceRate', subject: 'account:diligent', level: 2 },
    ]);
    expect(judgements[0]).toMatchObject({ text: expect.stringMatching(/^30 of 200 emails of account diligent /) });
  });

  it('are counted again after failures were handled, as a count just before may have missed them', async () => {
    const event = anEvent({ accountId: 'again', status: 'hard_bounced', occurredAt: noon });
    await streamed([await change([event], noon)], noon);
    const mark = (await marks().read()).filter(({ accountId }) => accountId === 'again');
    await marks().remove(mark);
    const note = handled(event, noon + minute);
    await streamed([await change([note], noon + minute)], noon + minute);
    expect(await marks().read()).toContainEqual(mark[0]);
    await marks().remove(mark);
    // It is known as resolved: a further handling is nothing new.
    await streamed([await change([handled(event, noon + 2 * minute)], noon + minute)], noon + minute);
    expect(await marks().read()).not.toContainEqual(mark[0]);
  });

  it('miss failures beyond the room for them, and the changes function is told so', async () => {
    const many = Array.from({ length: maxResolved + 50 }, (_, index) => ({
      accountId: 'full',
      emailId: `email-${index}`,
      sentAt: noon,
    }));
    expect(await addResolved(many, noon)).toBe(50);
    expect(await addResolved(many.slice(0, 1), noon + 8 * day)).toBe(0);
    const earlier = { accountId: 'full', emailId: 'earlier', sentAt: noon - day };
    expect(await addResolved([earlier], noon)).toBe(0);
    expect((await newestResolved('full', noon, 2 * maxResolved)).emailIds).toHaveLength(maxResolved + 1);
    // A count that does not read the earlier item says since when it knows all.
    const { emailIds, from } = await newestResolved('full', noon, maxResolved);
    expect(emailIds).toHaveLength(maxResolved);
    expect(from).toBeGreaterThan(earlier.sentAt);
    expect(from).toBeLessThanOrEqual(noon);
  });

  it('have room for failures until there are enough of them, in batches of any size', async () => {
    const some = (count: number, name: string) =>
      Array.from({ length: count }, (_, index) => ({ accountId: 'odd', emailId: `${name}-${index}`, sentAt: noon }));
    expect(await addResolved(some(maxResolved - 1, 'first'), noon)).toBe(0);
    expect(await addResolved(some(50, 'second'), noon)).toBe(0);
    expect(await addResolved(some(1, 'third'), noon)).toBe(1);
  });

  it('still know a burst of failures once an email that was sent later is resolved', async () => {
    const burst = Array.from({ length: maxResolved }, (_, index) => ({
      accountId: 'burst',
      emailId: `email-${index}`,
      sentAt: noon - day / 2,
    }));
    await addResolved([...burst, { accountId: 'burst', emailId: 'later', sentAt: noon }], noon);
    const { emailIds, from } = await newestResolved('burst', noon, maxResolved);
    expect(emailIds).toHaveLength(maxResolved + 1);
    expect(from).toBeLessThanOrEqual(noon - day / 2);
  });

  it('have no resolved failure of an email without an account or without a failure', async () => {
    expect(resolvedFailureOf(null)).toBeNull();
    const event = anEvent({ status: 'hard_bounced' });
    const note = handled(event, noon + minute);
    await emails.record([event, note]);
    expect(resolvedFailureOf(await emails.store.email(emailIdOf(event)))).toBeNull();
    const arrived = anEvent({ accountId: 'acme', status: 'delivered' });
    await emails.record([arrived, handled(arrived, noon + minute)]);
    expect(resolvedFailureOf(await emails.store.email(emailIdOf(arrived)))).toBeNull();
  });

  describe('equal those of a model', () => {
    type Step = Status | 'handled' | 'successor_delivered';
    const steps = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom<Step>('hard_bounced', 'invalid', 'marked_spam', 'soft_bounced', 'rejected'),
      },
      { weight: 3, arbitrary: fc.constantFrom<Step>('handled', 'successor_delivered') },
      { weight: 1, arbitrary: fc.constantFrom<Step>(...statusIds) },
    );
    /** A request about one of few emails. It arrives some hours before the next one, with events of the last three days. */
    const arbitraryRequest = fc.record({
      email: fc.nat({ max: 11 }),
      steps: fc.array(fc.record({ step: steps, hoursAgo: fc.nat({ max: 72 }) }), { minLength: 1, maxLength: 2 }),
      hoursBefore: fc.nat({ max: 12 }),
      namesAccount: fc.boolean(),
    });
    let accounts = 0;

    const property = (limits: fc.Arbitrary<{ readonly maxFailures?: number; readonly emailsPerPage?: number }>) =>
      fc.asyncProperty(
        fc.array(arbitraryRequest, { minLength: 10, maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 40, maxLength: 40 }),
        limits,
        async (requests, batchSizes, given) => {
          accounts += 1;
          const accountId = `model-${accounts}`;
          const records: DynamoDBRecord[] = [];
          const known = new Map<number, string>();
          for (const [index, request] of requests.entries()) {
            const hoursLeft = requests.slice(index).reduce((sum, { hoursBefore }) => sum + hoursBefore, 0);
            // No two times are the same.
            const arrival = noon - hoursLeft * hour - (requests.length - index) * 10;
            const events = request.steps.map(({ step, hoursAgo }, place) => {
              const isNote = step === 'handled' || step === 'successor_delivered';
              return anEvent({
                messageId: `${accountId}-${request.email}`,
                status: isNote ? null : step,
                providerEvent: isNote ? `mailtrail.${step}` : step,
                occurredAt: arrival - hoursAgo * hour - place,
                ...(request.namesAccount && { accountId }),
              });
            });
            records.push(await change(events, arrival));
            known.set(request.email, emailIdOf(events[0]!));
          }
          // A batch may come again, at once or after later ones.
          for (const size of batchSizes) {
            const batch = records.splice(0, size);
            if (batch.length > 0) await streamed(batch, noon);
            if (batch.length > 0 && size % 2 === 0) await streamed(batch, noon);
          }

          const { shares, failed, windowMs } = await failures(given).ofAccount(accountId, noon);
          const all = await Promise.all([...known.values()].map(emailId => emails.store.email(emailId)));
          const ofWindow = all.filter(email => email?.accountId === accountId && email.sentAt >= noon - windowMs);
          const count = (...statuses: Status[]) =>
            ofWindow.filter(email => email?.verdict && statuses.includes(email.verdict.status)).length;
          const bounced = count('hard_bounced', 'invalid');
          const undelivered = bounced + count('soft_bounced', 'rejected');
          expect(shares).toEqual({
            BounceRate: { count: bounced, volume: ofWindow.length },
            ComplaintRate: { count: count('marked_spam'), volume: ofWindow.length - undelivered },
          });
          expect(failed).toHaveLength(undelivered + count('marked_spam'));
          if (Object.keys(given).length === 0) expect(windowMs).toBe(7 * day);
        },
      );

    it('over random histories with handling in any order', async () => {
      await fc.assert(property(fc.constant({})), { numRuns: runs(8) });
    });

    it('and so do those of accounts with more emails or failures than are counted', async () => {
      const limits = fc.record({
        maxFailures: fc.integer({ min: 1, max: 6 }),
        emailsPerPage: fc.integer({ min: 1, max: 4 }),
      });
      await fc.assert(property(limits), { numRuns: runs(8) });
    });
  });
});
