import { createRemoteJWKSet } from 'jose';
import * as z from 'zod';
import { StartError } from '../start-error.ts';
import type { KeyFinder } from './jwt-authorizer.ts';

const discoveryDocument = z.object({ jwks_uri: z.url({ protocol: /^https?$/ }) });

/** API Gateway documents that it may keep an issuer's keys for two hours. */
const keysKeptMs = 2 * 60 * 60 * 1000;
const maxWaitMs = 5_000;

/**
 * Finds where an issuer publishes its keys, as API Gateway does when an authorizer is created. The keys are fetched with
 * the first token.
 *
 * @throws StartError where the issuer has no discovery document
 */
export async function discoverIssuer(issuer: string): Promise<KeyFinder> {
  const place = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { jwks_uri } = await documentAt(place).catch(error => {
    throw new StartError(
      `Invalid issuer: ${issuer}. The API can take no tokens without ${place}, which API Gateway reads as well: ${error.message}`,
    );
  });
  // A new key waits until the kept ones are old: AWS says to publish both for a while.
  return createRemoteJWKSet(new URL(jwks_uri), { cacheMaxAge: keysKeptMs, cooldownDuration: keysKeptMs });
}

async function documentAt(place: string): Promise<z.infer<typeof discoveryDocument>> {
  const answer = await fetch(place, { signal: AbortSignal.timeout(maxWaitMs) }).catch(error => {
    throw new Error(error.cause?.code ?? error.cause?.message ?? error.message);
  });
  if (!answer.ok) throw new Error(`it answers ${answer.status}`);
  const { success, data } = discoveryDocument.safeParse(await answer.json().catch(() => null));
  if (!success) throw new Error('it names no jwks_uri');
  return data;
}
