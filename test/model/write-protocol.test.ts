/**
 * Searches the write protocol through every order of lost, repeated, late and stopped steps. No acknowledged event may be
 * lost, and every email must end with the status that its events lead to.
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

describe('every promise holds in every reachable state of', () => {
  it.each(Object.entries(scenarios))('%s', (_, scenario) => {
    const { broken, states, ends } = search(writeProtocol(scenario));
    expect(broken).toBeNull();
    // The search must have covered more than a few states.
    expect(states).toBeGreaterThan(500);
    expect(ends).toBeGreaterThan(5);
  });
});

describe('the search finds all steps to the fault of a protocol that', () => {
  it.each(Object.entries(faults))('%s', (_, fault) => {
    const { broken } = search(writeProtocol(scenarios[fault.scenario], faulty(fault)));
    expect(broken?.promise).toBe(fault.breaks);
    expect(broken?.trace.at(-1)).toMatch(fault.by);
    expect(broken?.trace[0]).toMatch(/^the (?:provider sends "|erasure of )/);
  });
});

describe("the model's table", () => {
  let emails: StoredEmails;
  beforeAll(async () => {
    emails = await startStoredEmails();
  });
  afterAll(() => emails?.stop());

  /** Runs a write on the engine. Returns whether it was applied, and the item after it or in the refusal. */
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
    /** The writer knows the item from so many writes ago, or not at all if null. */
    knownFrom: fc.option(fc.nat({ max: 2 }), { freq: 3 }),
  });

  it("behaves as the engine's table for writes that know the current item, an earlier one, or none", async () => {
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
    // Both outcomes must have occurred more than a few times.
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
  ])('refuses the unknown expression %s on the condition %s', (UpdateExpression, ConditionExpression) => {
    const values = { ':one': 1 };
    const input = { TableName: 'emails', Key: { emailId: 'e' }, UpdateExpression, ConditionExpression };
    expect(() => updated(undefined, { ...input, ExpressionAttributeValues: values })).toThrow();
  });
});

type Shown = ReturnType<typeof attributeValues> | undefined;

function shownOf(item: Item | undefined): Shown {
  return item && attributeValues(item);
}

/** An item in DynamoDB's JSON with sorted sets, because sets have no order. */
function inOrder(item: Shown) {
  return (
    item &&
    Object.entries(item)
      .map(([name, value]) => [name, value.SS?.toSorted() ?? value])
      .sort()
  );
}
