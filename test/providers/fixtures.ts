import { readdirSync, readFileSync } from 'node:fs';
import { lookUp } from '../../shared/look-up.ts';
import type { ProviderRequest, ReadingContext } from '../../shared/providers/provider.ts';

import { type ProviderName, providers } from '../../shared/providers/registry.ts';
import { noon } from '../arbitrary-events.ts';
import { providerNames, signingKeys } from '../signing.ts';

const folder = new URL('../fixtures/', import.meta.url);

/** The names of a provider's fixtures: the event's name first, then what is special about it. */
export function fixtureNames(provider: ProviderName): string[] {
  return readdirSync(new URL(`${provider}/`, folder)).flatMap(file => /^(.*)\.json$/.exec(file)?.[1] ?? []);
}

/** The exact bytes of a fixture, as the provider's event (for Mailgun, without the signature around it). */
export function fixture(provider: ProviderName, name: string): Buffer {
  return readFileSync(new URL(`${provider}/${name}.json`, folder));
}

export const context: ReadingContext = {
  metadata: { accountId: 'account_id', reference: 'reference' },
  messageIdOf: (name, messageId) => lookUp(providers, name)?.messageIdOf?.(messageId) ?? messageId,
};

/** A request as the ingest function hands it to an adapter. */
export function requestOf(
  signed: { headers: Record<string, string>; body: Buffer },
  receivedAt = noon,
): ProviderRequest {
  return { method: 'POST', headers: signed.headers, body: signed.body, receivedAt };
}

const keys = Object.fromEntries(providerNames.map(name => [name, signingKeys(name)]));

/** What a provider's adapter reads in a body. */
export function reading(provider: ProviderName, body: Buffer) {
  return providers[provider].parse(requestOf(keys[provider]!.sign(body, noon)), context);
}
