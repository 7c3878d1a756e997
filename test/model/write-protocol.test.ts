/**
 * How events come into the table, looked into to the end: whatever is lost, comes twice, comes late or stops, in every
 * order, no acknowledged event is lost and every email ends as its events amount to.
 */

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import { maxHistoryEvents } from '../../shared/email/history.ts';
import { knownItem } from '../../shared/email/item.ts';
import { planUpdate, updateInput } from '../../shared/email/update.ts';
import { arbitraryEvent, noon } from '../rigs/arbitrary-events.ts';
import { runs } from '../rigs/runs.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';
import { faults, faulty } from './faults.ts';
import { scenarios } from './scenarios.ts';
import { search } from './search.ts';
import { attributeValues, type Item, updated } from './update-expressions.ts';
import { writeProtocol } from './write-protocol.ts';

describe('every promise holds in every state that can be reached', () => {
  it.each(Object.entries(scenarios))('%s', (_, scenario) => {
    const { broken, states, ends } = search(writeProtocol(scenario));
    expect(broken).toBeNull();
    // What was looked into is not next to nothing.
    expect(states).toBeGreaterThan(500);
    expect(ends).toBeGreaterThan(5);
  });
});

describe('a protocol is found out, with every step on the way, that', () => {
  it.each(Object.entries(faults))('%s', (_, fault) => {
    const { broken } = search(writeProtocol(scenarios[fault.scenario], faulty(fault)));
    expect(broken?.promise).toBe(fault.breaks);
    expect(broken?.trace.at(-1)).toMatch(fault.by);
    expect(broken?.trace[0]).toMatch(/^the (?:provider sends "|erasure of )/);
  });
});

describe("the table of the model does what the engine's does", () => {
  let emails: StoredEmails;
  beforeAll(async () => {
    emails = await startStoredEmails();
  });
  afterAll(() => emails?.stop());

  /** What the engine makes of a write: whether it is applied, and the item after it, or as the refusal shows it. */
  const written = async (input: UpdateCommandInput) => {
    try {
      await emails.client.send(new UpdateCommand(input));
      return { applied: true, item: (await emails.image(input.Key?.emailId as string)) as Shown };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { applied: false, item: error.Item as Shown };
    }
  };

  const arbitraryWrite = fc.record({
    events: fc.array(
      fc
        .record({
          event: arbitraryEvent,
          facts: fc.record(
            {
              accountId: fc.constantFrom('acme', 'initech'),
              subject: fc.constantFrom('Invoice 7', 'Invoice 8'),
              reference: fc.constant('INV-7'),
              tags: fc.constantFrom(['invoices'], ['invoices', 'dunning']),
              reason: fc.constantFrom({ cause: 'mailbox_full' as const }, { code: '550' }),
              providerTime: fc.constantFrom(noon + 86_400_000, noon + 90_000_000),
            },
            { requiredKeys: [] },
          ),
        })
        .map(({ event, facts }): CanonicalEvent => ({ ...event, ...facts })),
      { minLength: 1, maxLength: 3 },
    ),
    /** The item is known as it was so many writes ago; null where it was never seen. */
    knownFrom: fc.option(fc.nat({ max: 2 }), { freq: 3 }),
  });

  it('for writes in any order that know the item as it is, as it was, or not at all', async () => {
    const sequences = fc.record({
      held: fc.constantFrom(0, 0, 0, maxHistoryEvents - 2, maxHistoryEvents),
      writes: fc.array(arbitraryWrite, { minLength: 1, maxLength: 8 }),
    });
    let applied = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(sequences, async ({ held, writes }) => {
        const { messageId } = anEvent();
        const before = Array.from({ length: held }, (_, index) =>
          anEvent({ messageId, status: 'opened', eventId: `o${index}`, occurredAt: noon + 120_000 + index }),
        );
        const seen: (Item | undefined)[] = [undefined];
        const all = held === 0 ? writes : [{ events: before, knownFrom: null }, ...writes];
        for (const { events, knownFrom } of all) {
          const own = events.map(event => ({ ...event, messageId }));
          const item = seen.at(-1);
          const known = knownFrom === null ? null : knownItem(attributeValues(seen.at(-1 - knownFrom) ?? {}));
          const { update } = planUpdate(own, known);
          if (update === null) continue;
          const { provider, recipient } = own[0]!;
          const [tableName, emailId] = [emails.tableName, emailIdOf(own[0]!)];
          const target = {
            tableName,
            emailId,
            provider,
            messageId,
            recipient,
            now: noon,
            sentAt: noon,
            expiresAt: noon,
          };
          const input = updateInput(target, update);
          const next = updated(item, input);
          const after = await written(input);
          expect(after.applied).toBe(next !== null);
          expect(inOrder(after.item)).toEqual(inOrder(shownOf(next ?? item)));
          if (next === null) refused += 1;
          else seen.push(next);
          if (next !== null) applied += 1;
        }
      }),
      { numRuns: runs(20) },
    );
    // Both outcomes were compared often enough to mean something.
    expect(Math.min(applied, refused)).toBeGreaterThan(20);
  });

  it.each([
    ['SET a = :one', 'begins_with(a, :one)'],
    ['SET a = :one', 'a BETWEEN :one AND :one'],
    ['SET a = :one', 'size(a)'],
    ['SET a = :one', 'a = :one)'],
    ['SET a = a + :one', 'a = :one'],
    ['SET a = :one, a = :one', 'attribute_not_exists(a)'],
    ['SET a.b = :one', 'attribute_not_exists(a)'],
    ['DELETE a :one', 'attribute_not_exists(a)'],
    ['SET a = :two', 'attribute_not_exists(a)'],
    ['REMOVE a', 'attribute_not_exists(a)'],
  ])('and refuses to guess at %s on %s', (UpdateExpression, ConditionExpression) => {
    const values = { ':one': 1 };
    const input = { TableName: 'emails', Key: { emailId: 'e' }, UpdateExpression, ConditionExpression };
    expect(() => updated(undefined, { ...input, ExpressionAttributeValues: values })).toThrow();
  });
});

type Shown = ReturnType<typeof attributeValues> | undefined;

function shownOf(item: Item | undefined): Shown {
  return item && attributeValues(item);
}

/** An item as DynamoDB writes it, with its sets in order: they have none. */
function inOrder(item: Shown) {
  return (
    item &&
    Object.entries(item)
      .map(([name, value]) => [name, value.SS?.toSorted() ?? value])
      .sort()
  );
}
