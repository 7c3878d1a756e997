import middy from '@middy/core';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { canaryAccountId } from '../../shared/email/event.ts';
import { httpErrors } from '../../shared/http/error-middleware.ts';
import { problem } from '../../shared/http/problems.ts';
import type { HttpAnswer } from '../../shared/http/responses.ts';
import type { LoadedAdapters } from '../../shared/providers/adapters.ts';
import type { ReadingContext } from '../../shared/providers/provider.ts';
import type { AbortAfter } from '../../shared/runtime/abortable.ts';
import { type AnswerDependencies, createAnswers } from './answers.ts';
import { requestDeadlines } from './deadlines.ts';
import type { PersistEvents } from './persist-events.ts';
import { probeAnswer } from './probes.ts';
import { createProve, forAccount, type ProofDependencies } from './proof.ts';
import { providerRequestIn } from './provider-request.ts';

export interface IngestDependencies extends ProofDependencies, AnswerDependencies {
  /** The adapter of a provider; undefined for an unknown name. */
  readonly load: LoadedAdapters['load'];
  /** Whether webhooks of a provider are taken; the canary's are in any case. All are by default. */
  readonly accepts?: (provider: string) => boolean;
  readonly persistEvents: PersistEvents;
  readonly context: ReadingContext;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly abortAfter: AbortAfter;
}

/**
 * The ingest function: one call of a provider in, an answer that says whether the provider should send it again out.
 * 200 means that every event is in the table, in the retry queue or in quarantine.
 */
export function createHandler(dependencies: IngestDependencies) {
  const { load, accepts = () => true, persistEvents, context, refusals, now, abortAfter, log } = dependencies;
  const prove = createProve(dependencies);
  return middy<APIGatewayProxyEventV2, HttpAnswer>()
    .use(httpErrors(log))
    .handler(async event => {
      const provider = await load(event.pathParameters?.provider);
      const isAccepted = provider !== undefined && accepts(provider.name);
      // The canary is a registration.
      if (provider === undefined || (!isAccepted && provider.name !== 'app')) return problem('not-found');
      const request = providerRequestIn(event, now());
      if ('statusCode' in request) return request;
      const probe = isAccepted ? probeAnswer(provider, request) : null;
      if (probe !== null) return probe;

      const { requestId, timeEpoch } = event.requestContext;
      const answers = createAnswers(provider, requestId, dependencies);
      const deadlines = requestDeadlines(timeEpoch, request.receivedAt, abortAfter);
      const proof = await prove(provider, request, deadlines);
      if (!isAccepted && !('provenFor' in proof && proof.provenFor === canaryAccountId)) return problem('not-found');
      if (!('provenFor' in proof)) return answers.unproven(proof);
      const { provenFor, unproven } = proof;
      if (proof.isReclaimed) refusals.add(provider.name, requestId, 'reused_nonce');

      const parsed = forAccount(provenFor, provider.parse(request, context));
      // In quarantine nobody would look them up.
      if (unproven.length > 0 && parsed.quarantined.length > 0) return answers.unavailable('nonces');
      const origin = { ...request, requestId, provider: provider.name, provenFor };
      const [outcome] = await persistEvents([{ request: origin, parsed, unproven }], deadlines);
      return answers.persisted(outcome!, parsed, provenFor === canaryAccountId);
    });
}
