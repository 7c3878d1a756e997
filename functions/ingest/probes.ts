import { problem } from '../../shared/http/problems.ts';
import type { HttpAnswer } from '../../shared/http/responses.ts';
import { json } from '../../shared/http/responses.ts';
import type { Provider, ProviderRequest, SetUpAnswer } from '../../shared/providers/provider.ts';
import { ownValue } from '../../shared/runtime/own-property.ts';

/**
 * Answers to methods that carry no events, unless the provider has its own: dashboards probe a URL before they accept
 * it.
 */
const probes = {
  HEAD: () => ({ statusCode: 200 }),
  OPTIONS: () => ({ statusCode: 204, headers: { allow: 'POST, HEAD, OPTIONS' } }),
} as const satisfies Record<string, () => SetUpAnswer>;

const onlyPost: readonly string[] = ['POST'];

/** The answer to a method that carries no events; null for a method that may. */
export function probeAnswer({ probes: own = {}, methods }: Provider, request: ProviderRequest): HttpAnswer | null {
  const bringing: readonly string[] = methods ?? onlyPost;
  if (bringing.includes(request.method)) return null;
  const probe = ownValue<(request: ProviderRequest) => SetUpAnswer>({ ...probes, ...own }, request.method);
  if (probe !== undefined) return setUpAnswer(probe(request));
  const allow = [...new Set([...bringing, ...Object.keys({ ...own, ...probes })])].join(', ');
  return problem('method-not-allowed', {}, { allow });
}

/** The answer to a provider's call that sets up its webhook. */
export function setUpAnswer({ statusCode, headers = {}, body }: SetUpAnswer): HttpAnswer {
  return body === undefined ? { statusCode, headers: { ...headers } } : json(statusCode, body, headers);
}
