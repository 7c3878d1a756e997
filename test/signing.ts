/** The providers' signatures for tests, the simulator and the benchmarks. Keys are made here, never committed. */

import { createSecretPair } from '../infra/local/webhook-secrets.ts';
import { type ProviderName, providers } from '../shared/providers/registry.ts';
import { bodyTypes, type Scheme, type Signed, type Unsigned } from './signing-scheme.ts';

export const providerNames = Object.keys(providers) as ProviderName[];

/** By provider, each from the folder of its fixtures. */
export const schemes = Object.fromEntries(
  await Promise.all(providerNames.map(async name => [name, (await import(`./fixtures/${name}/signing.ts`)).scheme])),
) as Readonly<Record<ProviderName, Scheme>>;

/** A request as the provider sends it: its signature, and what every request of its kind has. */
export function signedRequest(
  provider: ProviderName,
  signingKey: string,
  body: Buffer,
  at: number,
  { type = 'json', url = `https://api.example.com/webhooks/${provider}` }: Partial<Unsigned> = {},
): Signed {
  const query = type === 'query';
  const contentType = bodyTypes[type];
  const plain: Signed = {
    method: query ? 'GET' : 'POST',
    url: query ? `${url}?${body}` : url,
    headers: contentType === null ? {} : { 'content-type': contentType },
    body: query ? Buffer.alloc(0) : body,
  };
  const signed = schemes[provider].sign({ body, type, url: plain.url }, signingKey, at);
  return { ...plain, ...signed, headers: { ...plain.headers, ...signed.headers } };
}

/** Fresh keys of a provider, and its signature with them. */
export function signingKeys(provider: ProviderName) {
  const { verifies, signs } = createSecretPair(providers[provider].secretKind);
  return {
    secret: verifies,
    sign: (body: Buffer, at: number, as?: Partial<Unsigned>) => signedRequest(provider, signs, body, at, as),
  };
}
