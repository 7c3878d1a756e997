/** Sends generated requests to the API. Each answer must be as documented and show no other account's emails. */

import fc from 'fast-check';
import type { QueryDependencies } from '../../functions/query/handler.ts';
import type { DescribedRoute } from '../../infra/tools/docs/openapi.ts';
import type { Reader } from '../../shared/email/reader.ts';
import { nothingRecorded } from '../../shared/email/recorder.ts';
import { routes } from '../../shared/http/routes.ts';
import type { ProviderName } from '../../shared/providers/registry.ts';
import { snsGet } from '../fixtures/sns.ts';
import { httpEvent, lambdaContext } from '../rigs/http-event.ts';
import { ingestFunction } from '../rigs/ingest-function.ts';
import { manageFunction } from '../rigs/manage-function.ts';
import { queryFunction } from '../rigs/query-function.ts';
import { type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';
import { accountIds, knownPages, markOf, nobody, storeAccounts } from './accounts.ts';
import { type Answer, createAnswerCheck } from './answer-check.ts';
import { servedDocument } from './document.ts';
import { filterFaultIn } from './filter-check.ts';
import { type ApiRequest, arbitraryRequests, callbackKeys } from './requests.ts';

type Caller = (request: ApiRequest) => Promise<Answer>;

/** The functions behind the routes. They are called as the gateway calls them. */
function callersOf(
  emails: StoredEmails,
  changes: Partial<QueryDependencies>,
): Readonly<Record<(typeof routes)[DescribedRoute]['function'], Caller>> {
  const query = queryFunction(emails, changes);
  const ingest = ingestFunction({
    secretsOf: async provider => [callbackKeys[provider as ProviderName].secret],
    // Callbacks change no email, so that every run with the same seed reads the same emails.
    store: {
      record: async events => ({
        ...nothingRecorded,
        recorded: events.length,
      }),
    },
    quarantine: async () => {},
    get: snsGet,
  });
  const manage = manageFunction({
    // Erasures and notes change nothing, so that generated requests keep finding known emails.
    erase: async () => ({ erased: 1, error: null }),
    addNotes: async (emailId, notesFor) => {
      const email = await emails.store.email(emailId);
      const notes = email && notesFor(email);
      return email && notes && { email, added: notes.length };
    },
  });
  return {
    manage: async ({ routeKey, bearer: { token }, path: { accountId, emailId }, ...call }) => {
      const answer = await manage(routeKey, {
        ...call,
        ...(accountId !== undefined && { accountId }),
        ...(emailId !== undefined && { emailId }),
        ...(token && { token }),
      });
      return { ...answer, text: answer.body };
    },
    query: ({ routeKey, bearer: { token }, ...call }) => query(routeKey, { ...call, ...(token && { token }) }),
    ingest: async ({ routeKey, path, query, headers, body = '', isBase64Encoded = false }) => {
      const event = httpEvent(routeKey, { ...path }, headers);
      const answer = await ingest({ ...event, rawQueryString: query, body, isBase64Encoded }, lambdaContext);
      return { ...answer, text: answer.body };
    },
  };
}

/** Members of an answer that repeat the request's own values. */
const echoed = ['asked', 'field'];

/** The mark of a foreign account in an answer, or null. */
function leakIn({ bearer }: ApiRequest, { headers, text = '' }: Answer): string | null {
  if (bearer.sees === 'all') return null;
  const foreign = accountIds.filter(accountId => accountId !== bearer.sees || accountId === nobody).map(markOf);
  const markIn = (told: string) => foreign.find(mark => told.includes(mark)) ?? null;
  const isJson = /^application\/(?:problem\+)?json$/.test(headers['content-type'] ?? '');
  return markIn(JSON.stringify(headers)) ?? (markIn(text) && markIn(isJson ? withoutEchoes(text) : text));
}

function withoutEchoes(text: string): string {
  return JSON.stringify(JSON.parse(text), (member, value) => (echoed.includes(member) ? undefined : value));
}

/** A request with a wrong answer. */
export interface Deviation {
  readonly request: ApiRequest;
  readonly statusCode: number | null;
  readonly wrong: string;
}

/** Describes the fault and the request that reproduces it. */
export function deviationText({ request, statusCode, wrong }: Deviation): string {
  return `${request.routeKey}, ${statusCode}: ${wrong}\n  ${JSON.stringify(request)}`;
}

export interface ApiFuzz {
  readonly done: number;
  /** The number of answers by route and status. */
  readonly answers: Readonly<Record<string, Readonly<Record<number, number>>>>;
  readonly deviations: readonly Deviation[];
}

export interface ApiFuzzOptions {
  readonly runs: number;
  readonly seed: number;
  readonly progress?: (done: number) => void;
  /** Replaces the reader of emails. */
  readonly store?: (store: Reader) => Reader;
}

const emailsEach = 80;
/** The number of requests that are generated at a time and run at once. */
const chunk = 500;
const atOnce = 10;
/** More deviations than these tell a reader nothing new. */
const mostDeviations = 20;

/** Sends generated requests and reports wrong answers. */
export async function fuzzApi({
  runs,
  seed,
  progress = () => {},
  store = real => real,
}: ApiFuzzOptions): Promise<ApiFuzz> {
  const emails = await startStoredEmails();
  try {
    const known = await storeAccounts(emails, emailsEach);
    const requests = arbitraryRequests({ document: servedDocument, known, pages: await knownPages(emails) });
    const check = createAnswerCheck(servedDocument);
    const callers = callersOf(emails, { store: store(emails.store) });
    const answers: Record<string, Record<number, number>> = {};
    const deviations: Deviation[] = [];
    let done = 0;

    const sent = async (request: ApiRequest) => {
      const { routeKey } = request;
      let statusCode: number | null = null;
      try {
        const answer = await callers[routes[routeKey].function](request);
        statusCode = answer.statusCode;
        answers[routeKey] = { ...answers[routeKey], [statusCode]: (answers[routeKey]?.[statusCode] ?? 0) + 1 };
        const leak = leakIn(request, answer);
        const wrong =
          (statusCode >= 500 ? `answered ${statusCode}` : null) ??
          check(routeKey, answer) ??
          filterFaultIn(request, answer) ??
          (leak === null ? null : `shows ${leak}`);
        if (wrong !== null) deviations.push({ request, statusCode, wrong });
      } catch (error) {
        deviations.push({ request, statusCode, wrong: `no answer: ${error}` });
      }
      done += 1;
    };

    for (let start = 0; start < runs && deviations.length < mostDeviations; start += chunk) {
      const waiting = fc.sample(requests, { numRuns: Math.min(chunk, runs - start), seed: seed + start });
      while (waiting.length > 0) await Promise.all(waiting.splice(0, atOnce).map(sent));
      progress(done);
    }
    return { done, answers, deviations };
  } finally {
    await emails.stop();
  }
}
