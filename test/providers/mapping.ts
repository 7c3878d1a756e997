import { expect, it } from 'vitest';
import type { CanonicalEvent } from '../../shared/email/event.ts';
import type { ProviderName } from '../../shared/providers/registry.ts';
import type { Status } from '../../shared/status/catalogue.ts';
import { parsedFixture } from '../fixtures/fixtures.ts';

/**
 * Tests that each fixture has one event to jane@example.com with the given status. Null stands for a note.
 *
 * @param facts the values that all events share
 */
export function itMaps(
  provider: ProviderName,
  facts: Partial<CanonicalEvent>,
  rows: readonly (readonly [fixture: string, status: Status | null])[],
): void {
  it.each(rows)('in the fixture %s have the status %s', (name, status) => {
    expect(parsedFixture(provider, name)).toMatchObject({
      events: [{ provider, recipient: 'jane@example.com', ...facts, status }],
      quarantined: [],
    });
  });
}

/** Tests that each fixture is quarantined for the given reason. */
export function itKeeps(provider: ProviderName, rows: readonly (readonly [fixture: string, reason: string])[]): void {
  it.each(rows)('in the fixture %s are quarantined as %s', (name, reason) => {
    expect(parsedFixture(provider, name)).toMatchObject({ events: [], quarantined: [{ reason }] });
  });
}

/** Tests that each fixture is about no email: it is counted and not kept. */
export function itIgnores(provider: ProviderName, ...names: readonly string[]): void {
  it.each(names)('in the fixture %s are about no email', name => {
    expect(parsedFixture(provider, name)).toEqual({ events: [], quarantined: [], unrelated: 1 });
  });
}
