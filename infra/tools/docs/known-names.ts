/** The file of known names: names of members that providers document, out of the fixtures. No person's name is among them. */

import { fixture, fixtureNames, fixtureType } from '../../../test/fixtures/fixtures.ts';
import { providerNames, signingKeys } from '../../../test/fixtures/signing.ts';
import { noon } from '../../../test/rigs/arbitrary-events.ts';
import { jsonIn, structureIn } from '../../local/quarantine/structured-text.ts';

/** The names at any depth of all providers' fixtures, and of the envelopes in which they are signed, as a list in JSON. */
export function knownNames(): string {
  const names = new Set(providerNames.flatMap(bodiesOf).flatMap(body => [...namesIn(structureIn(String(body)))]));
  return `${JSON.stringify([...names].sort(), null, 2)}\n`;
}

function bodiesOf(provider: (typeof providerNames)[number]): Buffer[] {
  const { sign } = signingKeys(provider);
  return fixtureNames(provider).map(name => sign(fixture(provider, name), noon, { type: fixtureType(name) }).body);
}

function* namesIn(value: unknown): Generator<string> {
  const container = typeof value === 'string' ? jsonIn(value) : value;
  if (typeof container !== 'object' || container === null) return;
  if (!Array.isArray(container)) yield* Object.keys(container);
  for (const member of Object.values(container)) yield* namesIn(member);
}
