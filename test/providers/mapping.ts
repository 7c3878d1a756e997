import { expect, it } from 'vitest';
import type { CanonicalEvent } from '../../shared/email/event.ts';
import type { ProviderName } from '../../shared/providers/registry.ts';
import type { Status } from '../../shared/status/catalogue.ts';
import { parsedFixture } from '../fixtures/fixtures.ts';

/**
 * Tests that each fixture is one event of the given status (null: a note), to jane@example.com.
 *
 * @param facts what is true of all of them
 */
export function itMaps(
  provider: ProviderName,
  facts: Partial<CanonicalEvent>,
  rows: readonly (readonly [fixture: string, status: Status | null])[],
): void {
  it.each(rows)('%s is %s', (name, status) => {
    expect(parsedFixture(provider, name)).toMatchObject({
      events: [{ provider, recipient: 'jane@example.com', ...facts, status }],
      quarantined: [],
    });
  });
}

/** Tests that each fixture is kept in quarantine, and why. */
export function itKeeps(provider: ProviderName, rows: readonly (readonly [fixture: string, reason: string])[]): void {
  it.each(rows)('%s is kept as %s', (name, reason) => {
    expect(parsedFixture(provider, name)).toMatchObject({ events: [], quarantined: [{ reason }] });
  });
}

/** Tests that each fixture is counted, and nothing of it kept: it is about no email. */
export function itIgnores(provider: ProviderName, ...names: readonly string[]): void {
  it.each(names)('%s is about no email', name => {
    expect(parsedFixture(provider, name)).toEqual({ events: [], quarantined: [], unrelated: 1 });
  });
}
