/** The providers' signatures for tests, the demo and the benchmarks. Keys are made here, never committed. */

import { createSecretPair } from '../infra/local/webhook-secrets.ts';
import { type ProviderName, providers } from '../shared/providers/registry.ts';
import type { Scheme } from './signing-scheme.ts';

export const providerNames = Object.keys(providers) as ProviderName[];

/** By provider, each from the folder of its fixtures. */
export const schemes = Object.fromEntries(
  await Promise.all(providerNames.map(async name => [name, (await import(`./fixtures/${name}/signing.ts`)).scheme])),
) as Readonly<Record<ProviderName, Scheme>>;

/** Fresh keys of a provider, and its signature with them. */
export function signingKeys(provider: ProviderName) {
  const { verifies, signs } = createSecretPair(providers[provider].secretKind);
  return { secret: verifies, sign: (body: Buffer, at: number) => schemes[provider].sign(body, signs, at) };
}
