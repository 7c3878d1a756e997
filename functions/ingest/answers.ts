import { problem, type problems } from '../../shared/http/problems.ts';
import { type HttpAnswer, json } from '../../shared/http/responses.ts';
import type { ParsedRequest, Provider, Refusal } from '../../shared/providers/provider.ts';
import type { Log } from '../../shared/runtime/log.ts';
import type { IngestMetrics } from './metrics.ts';
import type { PersistOutcome } from './persist-events.ts';
import { setUpAnswer } from './probes.ts';
import type { Proof, Proven } from './proof.ts';

const retryAfterSeconds = '30';
/** Some send user and password only once they are asked to (RFC 7617). */
const challenge = { 'www-authenticate': 'Basic realm="webhooks", charset="UTF-8"' };
const retryProblem = { 429: 'try-again', 503: 'unavailable' } as const satisfies Record<number, keyof typeof problems>;

/** The answers to one request of a provider, each logged and counted. */
export function createAnswers(provider: Provider, requestId: string, { log, metrics }: AnswerDependencies) {
  const about = { requestId, provider: provider.name };
  const retryStatus = provider.retryStatus ?? 429;
  return { unproven, unavailable, persisted, countRefused };

  function countRefused(refusal: Refusal): void {
    log('webhook.refused', { ...about, refusal });
    metrics.count(provider.name, { refused: 1 });
  }

  /** Something of ours failed: the provider is asked to send the request again. */
  function unavailable(cause: string): HttpAnswer {
    log('webhook.unavailable', { ...about, cause });
    metrics.count(provider.name, { unavailable: 1 });
    return problem(retryProblem[retryStatus], {}, { 'retry-after': retryAfterSeconds });
  }

  /** To a request that brings nothing which is proved. */
  function unproven(proof: Exclude<Proof, Proven>): HttpAnswer {
    if ('unavailable' in proof) return unavailable(proof.unavailable);
    if ('setUp' in proof) {
      if (proof.setUp.refusal === undefined) log('webhook.set-up', about);
      else countRefused(proof.setUp.refusal);
      return setUpAnswer(proof.setUp);
    }
    countRefused(proof.refusal);
    return problem('unauthorized', {}, provider.secretKind === 'basic-auth' ? challenge : {});
  }

  /** Whether everything in a request is durable, and what became of it. */
  function persisted(outcome: PersistOutcome, { quarantined }: ParsedRequest): HttpAnswer {
    const { durable, counts } = outcome;
    const failed = durable ? 0 : outcome.failed;
    log('webhook.answered', { ...about, answer: durable ? 200 : retryStatus, ...counts, failed });
    if (!durable) return unavailable(outcome.cause);
    const nearest = [...new Set(quarantined.flatMap(({ nearest }) => nearest ?? []))];
    if (nearest.length === 0) return json(200, counts);
    log('webhook.misspelt', { ...about, nearest: nearest.join(', ') });
    return json(200, { ...counts, didYouMean: nearest });
  }
}

export interface AnswerDependencies {
  readonly log: Log;
  readonly metrics: IngestMetrics;
}
