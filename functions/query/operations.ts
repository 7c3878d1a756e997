import { addressEvidenceIn } from '../../shared/email/address-evidence.ts';
import { emailIdShape, limits } from '../../shared/email/event.ts';
import type { Email, EmailSummary } from '../../shared/email/item.ts';
import type { Position } from '../../shared/email/position.ts';
import type { EmailFilter, Page, Reader } from '../../shared/email/reader.ts';
import { verdictFor } from '../../shared/email/recipient-verdict.ts';
import type { ApiEvent } from '../../shared/http/access.ts';
import { withEtag } from '../../shared/http/etag.ts';
import { problem } from '../../shared/http/problems.ts';
import { bodyBytes, bodyOf, InvalidRequest, noParameters, parametersOf } from '../../shared/http/request-parsing.ts';
import { type HttpAnswer, json } from '../../shared/http/responses.ts';
import type { RouteOf } from '../../shared/http/routes.ts';
import type { StaticDocument } from '../../shared/http/static-document.ts';
import type { NewsCounts } from '../../shared/news/counts.ts';
import type { NewsStore } from '../../shared/news/store.ts';
import { providerTitles } from '../../shared/providers/titles.ts';
import { isPlainText } from '../../shared/runtime/text.ts';
import type { OldAfter } from '../../shared/status/attention.ts';
import { attentionListFormats } from './attention-list.ts';
import type { Cursors } from './cursor.ts';
import {
  attentionListParameters,
  listParameters,
  recipientsBody,
  statusesBody,
  supportListParameters,
} from './parameters.ts';
import { providersView } from './provider-news.ts';
import { attentionLineOf, emailView, recipientVerdictView, rowView } from './responses.ts';

/** The services that operations use. */
export interface QueryServices {
  readonly store: Reader;
  readonly cursors: Cursors;
  readonly oldAfter: OldAfter;
  /** The news of each provider. */
  readonly news: Pick<NewsStore, 'statesOf'> & Pick<NewsCounts, 'countsOf'>;
  /** The providers in use; none if they are not known. */
  readonly listedProviders: readonly string[];
  /** The catalogue of statuses, and the OpenAPI document of the API. */
  readonly catalogue: StaticDocument;
  readonly document: StaticDocument;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Answers one route, after access to the account in its path was granted.
 *
 * @throws InvalidRequest
 */
type Operation = (dependencies: QueryServices, event: ApiEvent) => HttpAnswer | Promise<HttpAnswer>;

/** A browser may store an answer but must revalidate it each time. */
const revalidated = { 'cache-control': 'private, no-cache' };

/** 100 references or addresses of the longest kind fit, even if JSON escapes every character. */
const maxBodyBytes = 256 * 1024;

/**
 * Emails read per reference in a request for many: 100 references must cost little, and their emails must fit into an
 * answer's 6 MB.
 */
const ofReference = { limit: 15, after: null };
const referencesAtOnce = 16;

/** The operation of each route. */
export const operations = {
  'GET /statuses': ({ catalogue }, event) => {
    parametersOf(noParameters, event.rawQueryString);
    return catalogue(event.headers);
  },

  'GET /openapi.json': ({ document }, event) => {
    parametersOf(noParameters, event.rawQueryString);
    return document(event.headers);
  },

  'GET /accounts/{accountId}/emails': (dependencies, event) => {
    const { limit, cursor, ...filter } = parametersOf(listParameters, event.rawQueryString);
    return emailList(dependencies, event, { accountId: accountIdOf(event), ...filter }, limit, cursor);
  },

  'GET /emails': (dependencies, event) => {
    const { limit, cursor, ...filter } = parametersOf(supportListParameters, event.rawQueryString);
    return emailList(dependencies, event, { accountId: null, ...filter }, limit, cursor);
  },

  'GET /providers': async ({ news, listedProviders, now }, { rawQueryString, headers }) => {
    parametersOf(noParameters, rawQueryString);
    const time = now();
    const names = Object.keys(providerTitles);
    const [states, counts] = await Promise.all([news.statesOf(names), news.countsOf(names, time)]);
    const answer = providersView(names, { listed: listedProviders, states, counts }, time);
    return withEtag(json(200, answer, revalidated), headers['if-none-match']);
  },

  'GET /accounts/{accountId}/emails/{emailId}': (dependencies, event) =>
    oneEmail(dependencies, event, email => email.accountId === accountIdOf(event)),

  'GET /emails/{emailId}': (dependencies, event) => oneEmail(dependencies, event, () => true),

  'POST /accounts/{accountId}/emails/statuses': async ({ store, oldAfter, now }, event) => {
    parametersOf(noParameters, event.rawQueryString);
    const body = bodyBytes(event);
    if (body.length > maxBodyBytes) return problem('too-large');
    const { emailIds, references = [] } = bodyOf(statusesBody, body.toString());
    const accountId = accountIdOf(event);
    const found =
      emailIds === undefined ? await byReference(store, accountId, references) : await byId(store, accountId, emailIds);
    const time = now();
    const results = (emailIds ?? references).map(asked => {
      const { shown, next, isTruncated = false } = found.get(asked) ?? noEmails;
      return { asked, emails: shown.map(email => rowView(email, time, oldAfter)), more: next !== null || isTruncated };
    });
    return json(200, { results }, { 'cache-control': 'no-store' });
  },

  'POST /accounts/{accountId}/recipients/check': (dependencies, event) =>
    recipientsCheck(dependencies, event, accountIdOf(event)),

  'POST /recipients/check': (dependencies, event) => recipientsCheck(dependencies, event, null),

  'GET /accounts/{accountId}/attention-list': async ({ store, cursors, oldAfter, now }, event) => {
    const { format, limit, cursor, ...filters } = parametersOf(attentionListParameters, event.rawQueryString);
    const accountId = accountIdOf(event);
    const isFiltered = Object.keys(filters).length > 0;
    const filter: EmailFilter = { accountId, ...(isFiltered ? filters : { attention: 'act' }) };
    const after = await positionOf(cursors, filter, cursor);
    const time = now();
    const show = (email: Email) => attentionLineOf(email, time, oldAfter);
    const { shown, next } = await store.wholePage(filter, { limit, after }, show);
    const { contentType, text } = attentionListFormats[format];
    const query = new URLSearchParams(event.rawQueryString);
    if (next !== null) query.set('cursor', await cursors.of(filter, next));
    const answer: HttpAnswer = {
      statusCode: 200,
      headers: {
        'content-type': contentType,
        'content-disposition': `attachment; filename="attention.${format}"`,
        'x-content-type-options': 'nosniff',
        ...revalidated,
        ...(next !== null && {
          link: `</accounts/${encodeURIComponent(accountId)}/attention-list?${query}>; rel="next"`,
        }),
      },
      body: text(shown, cursor === undefined),
    };
    return withEtag(answer, event.headers['if-none-match']);
  },
} as const satisfies Record<RouteOf<'query'>, Operation>;

function accountIdOf({ pathParameters }: ApiEvent): string {
  return pathParameters?.accountId ?? '';
}

async function emailList(
  { store, cursors, oldAfter, now }: QueryServices,
  { headers }: ApiEvent,
  filter: EmailFilter,
  limit: number,
  cursor: string | undefined,
): Promise<HttpAnswer> {
  const after = await positionOf(cursors, filter, cursor);
  const [{ shown, next, isTruncated }, total] = await Promise.all([
    store.page(filter, { limit, after }),
    filter.attention === 'act' ? store.actionableTotal(filter.accountId) : null,
  ]);
  const time = now();
  const page = {
    emails: shown.map(email => rowView(email, time, oldAfter)),
    ...(next && { cursor: await cursors.of(filter, next) }),
    ...(total && { total }),
    ...(isTruncated && { truncated: true }),
  };
  return withEtag(json(200, page, revalidated), headers['if-none-match']);
}

/** @throws InvalidRequest for a cursor of another list */
async function positionOf(cursors: Cursors, filter: EmailFilter, cursor: string | undefined): Promise<Position | null> {
  if (cursor === undefined) return null;
  const position = await cursors.positionOf(filter, cursor);
  if (position === null) throw new InvalidRequest('cursor', 'does not come from this list');
  return position;
}

async function oneEmail(
  { store, oldAfter, now }: QueryServices,
  event: ApiEvent,
  isVisible: (email: EmailSummary) => boolean,
): Promise<HttpAnswer> {
  parametersOf(noParameters, event.rawQueryString);
  const emailId = event.pathParameters?.emailId ?? '';
  const email = emailIdShape.test(emailId) ? await store.email(emailId) : null;
  if (email === null || !isVisible(email)) return problem('not-found');
  return withEtag(json(200, emailView(email, now(), oldAfter), revalidated), event.headers['if-none-match']);
}

async function recipientsCheck(
  { store, now }: QueryServices,
  event: ApiEvent,
  accountId: string | null,
): Promise<HttpAnswer> {
  parametersOf(noParameters, event.rawQueryString);
  const body = bodyBytes(event);
  if (body.length > maxBodyBytes) return problem('too-large');
  const { recipients } = bodyOf(recipientsBody, body.toString());
  const addresses = recipients.map(({ recipient }) => recipient);
  const found = await store.newestTo(addresses, accountId, addressEvidenceIn);
  const time = now();
  const results = recipients.map(({ asked, recipient: address }) => {
    const { emails, truncated } = found.get(address)!;
    return recipientVerdictView(asked, verdictFor(emails, { address, truncated, now: time }));
  });
  return json(200, { results }, { 'cache-control': 'no-store' });
}

const noEmails: Page<EmailSummary> = { shown: [], next: null };

type Found = ReadonlyMap<string, Page<EmailSummary>>;

/** Reads by ids, in one BatchGetItem. */
async function byId(store: Reader, accountId: string, emailIds: readonly string[]): Promise<Found> {
  const emails = await store.emails(emailIds.filter(emailId => emailIdShape.test(emailId)));
  const visible = [...emails].filter(([, email]) => email.accountId === accountId);
  return new Map(visible.map(([emailId, email]) => [emailId, { shown: [email], next: null }]));
}

/** Reads one page per reference. */
async function byReference(store: Reader, accountId: string, references: readonly string[]): Promise<Found> {
  const found = new Map<string, Page<EmailSummary>>();
  const waiting = [...new Set(references)].filter(reference => isPlainText(reference, limits.reference));
  while (waiting.length > 0) {
    const pages = waiting.splice(0, referencesAtOnce).map(async reference => {
      const page = await store.page({ accountId, reference }, ofReference);
      found.set(reference, page);
    });
    await Promise.all(pages);
  }
  return found;
}
