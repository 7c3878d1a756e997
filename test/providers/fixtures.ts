import { readdirSync, readFileSync } from 'node:fs';
import type { ProviderRequest } from '../../shared/providers/provider.ts';
import { createReadingContext } from '../../shared/providers/reading-context.ts';
import { type ProviderName, providers } from '../../shared/providers/registry.ts';
import { noon } from '../arbitrary-events.ts';
import { providerNames, signingKeys } from '../signing.ts';
import { type BodyType, bodyTypes, type Signed } from '../signing-scheme.ts';

const folder = new URL('../fixtures/', import.meta.url);
const isBodyType = (extension: string): extension is BodyType => Object.hasOwn(bodyTypes, extension);
const extensionOf = (file: string) => file.slice(file.lastIndexOf('.') + 1);

/**
 * The names of a provider's fixtures: the event's name first (blanks as hyphens), then what is special about it. Those
 * that are no JSON end in how they travel, e.g. `.form`.
 */
export function fixtureNames(provider: ProviderName): string[] {
  return readdirSync(new URL(`${provider}/`, folder))
    .filter(file => isBodyType(extensionOf(file)))
    .map(file => file.replace(/\.json$/, ''));
}

/** How the bytes of a fixture travel. */
export function fixtureType(name: string): BodyType {
  const extension = extensionOf(name);
  return isBodyType(extension) ? extension : 'json';
}

/** The exact bytes of a fixture, as the provider's event (without a signature or envelope around it). */
export function fixture(provider: ProviderName, name: string): Buffer {
  const file = isBodyType(extensionOf(name)) ? name : `${name}.json`;
  return readFileSync(new URL(`${provider}/${file}`, folder));
}

/** What the adapters read with, as a new installation is configured. */
export const context = createReadingContext(providers, { accountId: 'account_id', reference: 'reference' });

/** A request as the ingest function hands it to an adapter. */
export function requestOf(signed: Partial<Signed> & Pick<Signed, 'body'>, receivedAt = noon): ProviderRequest {
  return { method: 'POST', url: 'https://api.example.com/webhooks/any', headers: {}, receivedAt, ...signed };
}

const keys = Object.fromEntries(providerNames.map(name => [name, signingKeys(name)]));

/** What a provider's adapter reads in a body. */
export function reading(provider: ProviderName, body: Buffer, type: BodyType = 'json', receivedAt = noon) {
  return providers[provider].parse(requestOf(keys[provider]!.sign(body, receivedAt, { type }), receivedAt), context);
}

/** What a provider's adapter reads in a fixture. */
export function fixtureReading(provider: ProviderName, name: string) {
  return reading(provider, fixture(provider, name), fixtureType(name));
}
