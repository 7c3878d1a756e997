import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { storesUnder } from '../../infra/tools/scale/load.ts';
import { percentOf, scalePage, scalePageFile } from '../../infra/tools/scale/scale-table.ts';
import { writesOf } from '../../infra/tools/scale/writes.ts';
import { emailIdOf } from '../../shared/email/event.ts';
import { aDelivery, noon } from '../rigs/arbitrary-events.ts';

describe('the writes of an email', () => {
  const email = { ...aDelivery, accountId: 'acme', reference: 'INV-7' };
  const emailId = emailIdOf(email);
  const bounced = { ...email, eventId: 'b', status: 'soft_bounced', occurredAt: noon } as const;
  const delivered = { ...email, eventId: 'd', occurredAt: noon + 1_000 };

  it('are one of the table, and one of each index that it comes into', () => {
    expect(writesOf([bounced])).toEqual([
      { store: 'table', partition: emailId, units: 1 },
      { store: 'byAccount', partition: 'acme', units: 1 },
      { store: 'byRecipient', partition: email.recipient, units: 1 },
      { store: 'byReference', partition: 'INV-7', units: 1 },
      { store: 'byAttention', partition: 'acme', units: 1 },
      { store: 'byAttentionDay', partition: expect.stringMatching(/^2026-01-02(#\d)?$/), units: 1 },
    ]);
  });

  it('are one of each index that it leaves, once it recovers', () => {
    const recovery = writesOf([bounced, delivered]).slice(6);
    expect(recovery.map(({ store }) => store)).toEqual(['table', 'byAttention', 'byAttentionDay']);
    expect(new Set(recovery.map(({ units }) => units))).toEqual(new Set([1]));
  });

  it('cost the table a unit for each KB', () => {
    const long = { ...delivered, clickUrl: `https://example.com/${'p'.repeat(1_200)}` };
    expect(
      writesOf([bounced, long])
        .filter(({ store }) => store === 'table')
        .map(({ units }) => units),
    ).toEqual([1, 2]);
  });
});

describe('the hottest partition', () => {
  const under = (eventsPerSecond: number) =>
    new Map(
      storesUnder({ eventsPerSecond, failingPercent: 4, largestAccountPercent: 50 }).map(load => [load.store, load]),
    );
  const most = under(100_000);

  it('of the index of days has at most 70 % of its write units at 100,000 events a second', () => {
    expect(percentOf(most.get('byAttentionDay')!)).toBeLessThanOrEqual(70);
  });

  it('of the table, recipients and references is one email, however many come', () => {
    for (const store of ['table', 'byRecipient', 'byReference'] as const) {
      expect(most.get(store)!.hottest.isOfOneEmail, store).toBe(true);
      expect(percentOf(most.get(store)!), store).toBeLessThan(1);
    }
  });

  it('of the accounts is the largest account, which has half of all new emails', () => {
    expect(most.get('byAccount')).toMatchObject({
      unitsPerSecond: 20_000,
      hottest: { partition: 'largest', unitsPerSecond: 10_000 },
    });
  });
});

it('docs/scale.md has the figures of this version (npm run docs writes them)', () => {
  expect(readFileSync(scalePageFile, 'utf8')).toBe(scalePage());
});
