import { lookup } from 'node:dns/promises';
import { BlockList, isIPv6 } from 'node:net';
import * as z from 'zod';
import { type Finding, ok, problem, warning } from './finding.ts';

const timeoutMs = 10_000;

const discoveryDocument = z.object({ issuer: z.string(), jwks_uri: z.string().optional() });

const keySet = z.object({
  keys: z.array(
    z.looseObject({
      kty: z.string(),
      use: z.string().optional(),
      kid: z.string().optional(),
      alg: z.string().optional(),
    }),
  ),
});

type Key = z.infer<typeof keySet>['keys'][number];

/** Reads a URL, as `fetch` does. */
export type Get = (url: string, signal: AbortSignal) => Promise<{ readonly status: number; text(): Promise<string> }>;

export const fetchGet: Get = (url, signal) => fetch(url, { signal, headers: { accept: 'application/json' } });

/** A document of the issuer cannot be had; the message says why. */
class Unusable extends Error {}

/**
 * The issuer as API Gateway finds it while it creates the authorizer: the discovery document, and an RSA key in the key
 * set. On this machine it may answer without TLS. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
 */
export async function issuerFinding(
  issuer: string,
  get: Get = fetchGet,
  place: 'AWS' | 'this machine' = 'AWS',
): Promise<Finding> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  try {
    const found = await documentAt(url, discoveryDocument, get);
    if (found.issuer !== issuer) {
      return problem(
        `${url} names the issuer ${found.issuer}, and oidcIssuer is ${issuer}`,
        `Set oidcIssuer to ${found.issuer}, exactly as the claim iss of your tokens has it.`,
      );
    }
    const isHere = place === 'this machine';
    if (!found.jwks_uri?.startsWith(isHere ? 'http' : 'https://')) {
      return problem(
        `${url} has no https jwks_uri`,
        'Let the issuer publish its signing keys, or take another issuer.',
      );
    }
    const { keys } = await documentAt(found.jwks_uri, keySet, get);
    const usable = keys.filter(isUsable);
    if (usable.length === 0) {
      const kinds = [...new Set(keys.map(({ kty, alg }) => alg ?? kty))].join(', ') || 'none';
      return problem(
        `${found.jwks_uri} has no RSA signing key with a kid (its keys: ${kinds})`,
        'API Gateway takes tokens with an RSA signature alone: let the issuer sign with RS256.',
      );
    }
    if (!isHere && (await isPrivate(new URL(issuer).hostname))) {
      return warning(
        `${issuer} answers here, from an address that the internet does not reach`,
        'API Gateway reads the document while it deploys, and the keys later. Both must answer from the internet.',
      );
    }
    return ok(`${issuer} has ${usable.length === 1 ? 'an RSA key' : `${usable.length} RSA keys`}`);
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    return problem(
      error.message,
      "oidcIssuer must be the issuer itself, as in the claim iss. For Amazon Cognito that is https://cognito-idp.REGION.amazonaws.com/POOL, not the sign-in page's domain.",
    );
  }
}

function isUsable({ kty, use, kid, alg }: Key): boolean {
  return kty === 'RSA' && use !== 'enc' && kid !== undefined && (alg === undefined || /^RS\d+$/.test(alg));
}

async function documentAt<Document>(url: string, schema: z.ZodType<Document>, get: Get): Promise<Document> {
  let status: number;
  let text: string;
  try {
    const response = await get(url, AbortSignal.timeout(timeoutMs));
    status = response.status;
    text = await response.text();
  } catch (error) {
    throw new Unusable(`${url} cannot be reached: ${reasonOf(error)}`);
  }
  if (status !== 200) throw new Unusable(`${url} answers ${status}`);
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new Unusable(`${url} is not the document that it should be`);
  }
}

/** The innermost cause: `fetch` itself says only that it failed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message || error.name : reasonOf(error.cause);
}

const privateAddresses = new BlockList();
for (const [net, prefix] of [
  ['10.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  privateAddresses.addSubnet(net, prefix);
for (const [net, prefix] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  privateAddresses.addSubnet(net, prefix, 'ipv6');

async function isPrivate(hostname: string): Promise<boolean> {
  try {
    const { address } = await lookup(hostname.replace(/^\[|\]$/g, ''));
    return privateAddresses.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  } catch {
    return false;
  }
}
