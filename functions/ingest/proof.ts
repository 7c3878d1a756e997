/** Which secret proves a request genuine, and what it proves. */

import type { Outside, ParsedRequest, Provider, ProviderRequest, Refusal } from '../../shared/providers/provider.ts';
import type { WebhookSecret } from '../../shared/providers/signatures/webhook-secrets.ts';

/** The secrets as the adapters take them, whatever each proves. */
export function textsOf(secrets: readonly WebhookSecret[]): readonly string[] {
  return secrets.map(entry => (typeof entry === 'string' ? entry : entry.secret));
}

/**
 * Why a request is not genuine, or the account whose own secret alone proves it; undefined where a secret without an
 * account does, which proves events of every account.
 */
export async function proofOf(
  provider: Provider,
  request: ProviderRequest,
  secrets: readonly WebhookSecret[],
  outside: Outside,
): Promise<{ readonly refusal: Refusal } | { readonly provenFor: string | undefined }> {
  const refusal = await provider.verify(request, textsOf(secrets), outside);
  if (refusal !== null) return { refusal };
  const byAccount = Map.groupBy(secrets, entry => (typeof entry === 'string' ? undefined : entry.accountId));
  const unbound = byAccount.get(undefined) ?? [];
  if (unbound.length === secrets.length) return { provenFor: undefined };
  byAccount.delete(undefined);
  for (const [provenFor, own] of [[undefined, unbound] as const, ...byAccount]) {
    if ((await provider.verify(request, textsOf(own), outside)) === null) return { provenFor };
  }
  return { refusal: 'wrong_signature' };
}

/** A request's events as an account's own secret proves them: those that name no account are that account's. */
export function readingFor(provenFor: string | undefined, reading: ParsedRequest): ParsedRequest {
  if (provenFor === undefined) return reading;
  const events = reading.events.map(event => ({ ...event, accountId: event.accountId ?? provenFor, provenFor }));
  return { ...reading, events };
}
