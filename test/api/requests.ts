/** Generates requests for every route: allowed by the document, or changed as an attacker or a broken client changes them. */

import { isUtf8 } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { DescribedRoute } from '../../infra/tools/docs/openapi.ts';
import { routes } from '../../shared/http/routes.ts';
import type { ProviderName } from '../../shared/providers/registry.ts';
import { fixture, fixtureNames, fixtureType } from '../fixtures/fixtures.ts';
import { providerNames, signingKeys } from '../fixtures/signing.ts';
import { mutations } from '../fuzz/mutations.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { type AccountId, accountIds, type Known, type KnownPage } from './accounts.ts';
import { type Bearer, bearers, callersOf, entitled } from './bearers.ts';
import { type OpenApi, type Operation, operationsOf } from './document.ts';
import { type KnownValues, valuesOf } from './schema-values.ts';

/** A request in the gateway's form. */
export interface ApiRequest {
  readonly routeKey: DescribedRoute;
  readonly path: Readonly<Record<string, string>>;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  readonly bearer: Bearer;
}

/** The material of generated requests. */
export interface Material {
  readonly document: OpenApi;
  readonly known: Readonly<Record<AccountId, Known>>;
  readonly pages: readonly KnownPage[];
}

/** The keys that sign genuine callbacks. */
export const callbackKeys = Object.fromEntries(providerNames.map(name => [name, signingKeys(name)])) as Readonly<
  Record<ProviderName, ReturnType<typeof signingKeys>>
>;

/** Texts that have broken other software. */
const hostileTexts = [
  '',
  ' ',
  '\u0000',
  '%00',
  '%2F',
  '%zz',
  '../..',
  'a/b?c#d',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  'NaN',
  '-1',
  '0',
  '1.5',
  '1e308',
  '0x10',
  '1,2',
  'invalid,',
  'invalid,invalid',
  'mailbox_full, expired',
  'act,late',
  '99999999999999999999999',
  '-99999999999999999999999',
  '[]',
  '{}',
  'true',
  '\u202eabc',
  '\ud800',
  '\r\nset-cookie: a=b',
  "' OR 1=1 --",
  '=1+1',
  'a@b',
  'İ@example.com',
  '"a b"@[127.0.0.1]',
  `${'a'.repeat(309)}@example.com`,
  'x'.repeat(10_240),
  '𝄞'.repeat(2_560),
  '0000-01-01T00:00:00Z',
  '0001-01-01T00:00:00+23:59',
  '9999-12-31T23:59:59.999999999999Z',
  '9999-12-31T23:59:59-23:59',
  '+275760-09-13T00:00:00.001Z',
  '2026-02-30T00:00:00Z',
  '2026-01-02T24:00:00Z',
  '2026-01-02T12:00Z',
  '2026-01-02',
] as const;

const hostileText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...hostileTexts) },
  fc.string({ unit: 'binary' }),
  fc.integer().map(String),
  fc.double().map(String),
);

const manyOf = (name: string, count: number, item: unknown) => JSON.stringify({ [name]: Array(count).fill(item) });

const hostileBodies = [
  '',
  '{',
  'null',
  '[]',
  '7',
  '"emailIds"',
  '1e999',
  '{}',
  '\ufeff{"references":["a"]}',
  '{"emailIds":null}',
  '{"emailIds":[]}',
  '{"emailIds":{"length":1}}',
  '{"emailIds":["a"],"references":["a"]}',
  '{"emailIds":[1]}',
  '{"references":[["a"]]}',
  '{"references":[null]}',
  '{"references":["\\ud800","\\u0000","","__proto__","constructor"]}',
  '{"emailIds":["__proto__","toString","\\ud800"]}',
  '{"references":["a"],"__proto__":{"emailIds":["a"]}}',
  '{"references":["a"],"references":["b"]}',
  '{"recipient":null}',
  '{"recipient":["a@example.com"]}',
  '{"recipient":"a@example.com","accountId":"acct-adela"}',
  '{"recipient":"a@example.com","recipient":"b@example.com"}',
  '{"recipients":null}',
  '{"recipients":[]}',
  '{"recipients":[["a@example.com"]]}',
  '{"recipients":["\\ud800@example.com","__proto__@example.com"]}',
  '{"recipients":["a@example.com"],"accountId":"acct-adela"}',
  manyOf('recipients', 100, 'everybody@example.com'),
  manyOf('recipients', 101, 'a@example.com'),
  manyOf('emailIds', 100, 'A'.repeat(22)),
  manyOf('emailIds', 101, 'A'.repeat(22)),
  manyOf('references', 101, 'a'),
  manyOf('references', 6, 'x'.repeat(10_240)),
  manyOf('references', 7, 'x'.repeat(10_240)),
  '['.repeat(20_000),
  `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
  `{"references":${'['.repeat(1_000)}${']'.repeat(1_000)}}`,
] as const;

const hostileHeaders: Readonly<Record<string, readonly string[]>> = {
  'content-type': [
    '',
    'text/plain',
    'application/xml',
    'application/json; charset=utf-16',
    'multipart/form-data',
    '\u0000',
  ],
  'content-encoding': ['gzip', 'br', 'identity', 'gzip, gzip', 'none', ''],
  'content-length': ['0', '-1', '99999999'],
  'accept-encoding': [
    'gzip',
    'gzip;q=0',
    '*',
    '*;q=0',
    'gzip;q=NaN',
    'GZIP ; q=0.001',
    'br, gzip;q=1e9',
    ';;,,=',
    '__proto__',
  ],
  'if-none-match': ['*', '"', '""', 'W/"a"', 'W/W/"a"', ',,,', 'toString', 'x'.repeat(10_240)],
  accept: ['text/html', '*/*;q=0'],
  authorization: ['Basic', 'Basic Og==', 'Bearer a.b.c', 'Basic \u0000'],
  origin: ['null', 'https://example.com'],
  'x-request-id': ['forged'],
};

type Change = (request: ApiRequest) => ApiRequest;

/** Writes a parameter, percent-encoded or raw. */
const written = (name: string, value: string, isRaw: boolean) =>
  isRaw ? `${name}=${value}` : `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(value.toWellFormed())}`;

const joined = (query: string, more: string) => (query === '' ? more : `${query}&${more}`);

/** Changes that make a request forbidden by the document, or another caller's. */
function changesOf({ document, pages, known }: Material): fc.Arbitrary<Change> {
  const names = Object.values(operationsOf(document)).flatMap(({ parameters = [] }) =>
    parameters.map(({ name }) => name),
  );
  const parameterNames = fc.oneof(
    fc.constantFrom(...new Set(names)),
    fc.constantFrom('Limit', 'limit[]', 'page', 'sort'),
  );
  const anyText = fc.oneof(
    { weight: 3, arbitrary: hostileText },
    fc.constantFrom(...accountIds, ...accountIds.flatMap(accountId => known[accountId].emailIds)),
  );
  const cursors = pages.map(({ query }) => new URLSearchParams(query).get('cursor') ?? '');
  const bytes = (body: Buffer) => ({ body: body.toString('base64'), isBase64Encoded: true });
  const changedAt = (text: string, at: number, character: string) =>
    text.slice(0, at % (text.length + 1)) + character + text.slice((at % (text.length + 1)) + 1);

  return fc.oneof(
    // A query value: an additional one, a replacement, or one of an unknown name.
    fc.tuple(parameterNames, hostileText, fc.boolean()).map(
      ([name, value, isRaw]): Change =>
        request => ({ ...request, query: joined(request.query, written(name, value, isRaw)) }),
    ),
    fc.tuple(parameterNames, hostileText).map(
      ([name, value]): Change =>
        request => {
          const query = new URLSearchParams(request.query);
          query.set(name, value);
          return { ...request, query: query.toString() };
        },
    ),
    hostileText.map(
      (text): Change =>
        request => ({ ...request, query: joined(request.query, written(text, 'a', false)) }),
    ),
    fc.constantFrom<Change>(
      request => ({ ...request, query: joined(request.query, request.query) }),
      request => ({ ...request, query: `&&=&${request.query}&=` }),
      request => ({ ...request, query: '' }),
    ),
    fc.tuple(fc.nat(), fc.constantFrom(...'&=%+;A0-')).map(
      ([at, character]): Change =>
        request => ({ ...request, query: changedAt(request.query, at, character) }),
    ),
    fc.constantFrom(...cursors).map(
      (cursor): Change =>
        request => {
          const query = new URLSearchParams(request.query);
          query.set('cursor', cursor);
          return { ...request, query: query.toString() };
        },
    ),
    fc.tuple(fc.nat(), anyText).map(
      ([at, text]): Change =>
        request => {
          const inPath = Object.keys(request.path);
          const name = inPath[at % Math.max(inPath.length, 1)];
          return name === undefined ? request : { ...request, path: { ...request.path, [name]: text.toWellFormed() } };
        },
    ),
    // Changes of the body.
    {
      weight: 3,
      arbitrary: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...hostileBodies) }, fc.json()).map(
        (body): Change =>
          request => ({ ...request, body, isBase64Encoded: false }),
      ),
    },
    fc.tuple(fc.nat(), fc.constantFrom('', '"', '}', '\u0000', '\\')).map(
      ([at, character]): Change =>
        ({ body = '', ...request }) => ({ ...request, body: changedAt(body, at, character) }),
    ),
    fc.uint8Array().map(
      (body): Change =>
        request => ({ ...request, ...bytes(Buffer.from(body)) }),
    ),
    fc.constant<Change>(({ body = '', ...request }) => ({
      ...request,
      ...bytes(gzipSync(body)),
      headers: { ...request.headers, 'content-encoding': 'gzip' },
    })),
    fc.constant<Change>(({ body = '', isBase64Encoded, ...request }) => ({
      ...request,
      body,
      isBase64Encoded: !isBase64Encoded,
    })),
    // Changes of the headers and the caller.
    {
      weight: 2,
      arbitrary: fc
        .constantFrom(
          ...Object.entries(hostileHeaders).flatMap(([name, values]) => values.map(value => ({ [name]: value }))),
        )
        .map(
          (header): Change =>
            request => ({ ...request, headers: { ...request.headers, ...header } }),
        ),
    },
    fc.tuple(fc.constantFrom(...Object.keys(hostileHeaders)), hostileText).map(
      ([name, value]): Change =>
        request => ({ ...request, headers: { ...request.headers, [name]: value } }),
    ),
    fc.constant<Change>(request => ({ ...request, headers: {} })),
    {
      weight: 3,
      arbitrary: fc.tuple(fc.constantFrom(...Object.values(bearers)), fc.constantFrom(...accountIds)).map(
        ([bearer, accountId]): Change =>
          request => ({ ...request, bearer: bearer(accountId) }),
      ),
    },
  );
}

/** Generates the query of an operation, with required and some optional parameters. */
function queriesOf({ parameters = [] }: Operation, document: OpenApi, known: KnownValues): fc.Arbitrary<string> {
  const parts = parameters
    // A cursor belongs to its list: the known pages have their cursors.
    .filter(parameter => parameter.in === 'query' && parameter.name !== 'cursor')
    .map(({ name, schema, required = false }) => {
      const part = valuesOf(schema, document, known, name).map(value => written(name, String(value), false));
      return required ? part : fc.oneof({ weight: 3, arbitrary: fc.constant('') }, part);
    });
  return fc.tuple(...parts).map(given => given.filter(part => part !== '').join('&'));
}

/** Generates requests that the document allows, from callers that the route admits. */
function allowedRequests(
  routeKey: DescribedRoute,
  operation: Operation,
  accountId: AccountId,
  { document, known, pages }: Material,
): fc.Arbitrary<ApiRequest> {
  const others = accountIds.filter(other => other !== accountId).map(other => known[other]);
  const values = (of: (known: Known) => readonly string[]) => [
    ...of(known[accountId]),
    ...others.flatMap(other => of(other).slice(0, 10)),
  ];
  const byName: KnownValues = {
    accountId: [accountId],
    emailId: values(({ emailIds }) => emailIds),
    emailIds: values(({ emailIds }) => emailIds),
    recipient: values(({ recipients }) => recipients),
    recipients: values(({ recipients }) => recipients),
    reference: values(({ references }) => references),
    references: values(({ references }) => references),
  };
  const inPath = (operation.parameters ?? []).filter(parameter => parameter.in === 'path');
  const path = fc.record(
    Object.fromEntries(
      inPath.map(({ name, schema }) => [
        name,
        name === 'accountId' ? fc.constant(accountId) : valuesOf(schema, document, byName, name).map(String),
      ]),
    ),
  );
  const bearer = fc.constantFrom(...callersOf(routes[routeKey])).map(entitle => entitle(accountId));
  const [contentType, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const sent =
    content === undefined
      ? fc.constant({ headers: {} })
      : valuesOf(content.schema, document, byName).map(body => ({
          headers: { 'content-type': contentType! },
          body: JSON.stringify(body),
        }));
  const request = fc.tuple(path, queriesOf(operation, document, byName), sent, bearer).map(
    ([inPath, query, message, who]): ApiRequest => ({
      routeKey,
      path: Object.fromEntries(Object.entries(inPath).map(([name, value]) => [name, value.toWellFormed()])),
      query,
      ...message,
      bearer: who,
    }),
  );
  const itsPages = pages.filter(page => page.routeKey === routeKey && [accountId, null].includes(page.accountId));
  if (itsPages.length === 0) return request;
  return fc.oneof(
    { weight: 3, arbitrary: request },
    fc.tuple(fc.constantFrom(...itsPages), fc.boolean()).map(
      ([page, isHeld]): ApiRequest => ({
        routeKey,
        path: page.accountId === null ? {} : { accountId },
        query: page.query,
        headers: isHeld ? { 'if-none-match': page.etag } : {},
        bearer: entitled.support(),
      }),
    ),
  );
}

/** Generates callbacks with genuine signatures. Some bodies are changed before they are signed. */
function callbacks(routeKey: DescribedRoute): fc.Arbitrary<ApiRequest> {
  const posted = providerNames.flatMap(provider =>
    fixtureNames(provider)
      .filter(name => fixtureType(name) !== 'query')
      .map(name => ({ provider, name })),
  );
  return fc.tuple(fc.constantFrom(...posted), fc.option(mutations)).map(([{ provider, name }, mutate]) => {
    const type = fixtureType(name);
    const body = fixture(provider, name);
    const signed = callbackKeys[provider].sign(mutate?.(body, type) ?? body, noon, { type });
    const isText = isUtf8(signed.body);
    return {
      routeKey,
      path: { provider },
      query: signed.url.split('?').slice(1).join('?'),
      headers: signed.headers,
      body: signed.body.toString(isText ? 'utf8' : 'base64'),
      isBase64Encoded: !isText,
      bearer: { sees: null },
    };
  });
}

/** Generates requests to every route. The document allows half of them. The same seed gives the same requests, apart from signatures. */
export function arbitraryRequests(material: Material): fc.Arbitrary<ApiRequest> {
  const change = changesOf(material);
  const operations = Object.entries(operationsOf(material.document)) as [DescribedRoute, Operation][];
  const allowed = operations.map(([routeKey, operation]) =>
    routeKey === 'POST /webhooks/{provider}'
      ? fc.oneof(
          { weight: 12, arbitrary: callbacks(routeKey) },
          ...accountIds.map(id => allowedRequests(routeKey, operation, id, material)),
        )
      : fc.oneof(...accountIds.map(accountId => allowedRequests(routeKey, operation, accountId, material))),
  );
  const changes = fc.oneof(fc.constant([]), fc.array(change, { minLength: 1, maxLength: 3 }));
  return fc.tuple(fc.oneof(...allowed), changes).map(([request, made]) => made.reduce((one, by) => by(one), request));
}
