import { problem, type problems } from '../../shared/http/problems.ts';
import { type HttpAnswer, json } from '../../shared/http/responses.ts';
import type { ParsedRequest, Provider } from '../../shared/providers/provider.ts';
import { shownCounts } from '../../shared/runtime/counts.ts';
import type { Log } from '../../shared/runtime/log.ts';
import type { Measure } from './metrics.ts';
import type { PersistOutcome } from './persist-events.ts';
import { setUpAnswer } from './probes.ts';
import type { Proof, Proven } from './proof.ts';
import type { Refusals } from './refusals.ts';

const retryAfterSeconds = '30';
/** Some send user and password only once they are asked to (RFC 7617). */
const challenge = { 'www-authenticate': 'Basic realm="webhooks", charset="UTF-8"' };
const retryProblem = { 429: 'try-again', 503: 'unavailable' } as const satisfies Record<number, keyof typeof problems>;

/** The answers to one request of a provider, each with one log line that holds its metrics. */
export function createAnswers(provider: Provider, requestId: string, { log, measure, refusals }: AnswerDependencies) {
  const about = { requestId, provider: provider.name };
  const retryStatus = provider.retryStatus ?? 429;
  const retry = () => problem(retryProblem[retryStatus], {}, { 'retry-after': retryAfterSeconds });
  return { unproven, unavailable, persisted };

  /** Something of ours failed: the provider is asked to send the request again. */
  function unavailable(cause: string): HttpAnswer {
    const measured = measure(provider.name, { counts: { unavailable: 1 } });
    log('webhook.unavailable', { ...about, answer: retryStatus, cause }, measured);
    return retry();
  }

  /** To a request that brings nothing which is proved. */
  function unproven(proof: Exclude<Proof, Proven>): HttpAnswer {
    if ('unavailable' in proof) return unavailable(proof.unavailable);
    if ('setUp' in proof) {
      if (proof.setUp.refusal === undefined) log('webhook.set-up', about);
      else refusals.add(provider.name, requestId, proof.setUp.refusal);
      return setUpAnswer(proof.setUp);
    }
    refusals.add(provider.name, requestId, proof.refusal);
    return problem('unauthorized', {}, provider.secretKind === 'basic-auth' ? challenge : {});
  }

  /** Whether everything in a request is durable, and what became of it. */
  function persisted(outcome: PersistOutcome, parsed: ParsedRequest, isCanary: boolean): HttpAnswer {
    const { durable, counts, stored } = outcome;
    const measured = measure(provider.name, {
      // The provider sends it again: each repetition would count in its rates.
      arrived: durable ? parsed.events : [],
      stored,
      counts: { ...counts, unavailable: durable ? 0 : 1 },
    });
    const details = { ...about, answer: durable ? 200 : retryStatus, ...(isCanary && { canary: true as const }) };
    if (!durable) {
      const { failed, cause } = outcome;
      log('webhook.unavailable', { ...details, cause, ...shownCounts(counts), failed }, measured);
      return retry();
    }
    log('webhook.answered', { ...details, ...shownCounts(counts) }, measured);
    const nearest = [...new Set(parsed.quarantined.flatMap(({ nearest }) => nearest ?? []))];
    if (nearest.length === 0) return json(200, counts);
    log('webhook.misspelt', { ...about, nearest: nearest.join(', ') });
    return json(200, { ...counts, didYouMean: nearest });
  }
}

export interface AnswerDependencies {
  readonly log: Log;
  readonly measure: Measure;
  readonly refusals: Refusals;
}
