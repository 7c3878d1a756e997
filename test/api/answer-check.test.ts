import { expect, it } from 'vitest';
import type { DescribedRoute } from '../../infra/tools/docs/openapi.ts';
import { type Answer, createAnswerCheck } from './answer-check.ts';
import { servedDocument } from './document.ts';
import { filterFaultIn } from './filter-check.ts';

const check = createAnswerCheck(servedDocument);
const list = 'GET /accounts/{accountId}/emails';
const file = 'GET /accounts/{accountId}/attention-list';

const headers = { 'x-request-id': 'request-1', etag: 'W/"1"', 'cache-control': 'private, no-cache' };
const page: Answer = {
  statusCode: 200,
  headers: { ...headers, 'content-type': 'application/json' },
  text: '{"emails":[]}',
};
const csv = (text: string): Answer => ({
  statusCode: 200,
  headers: { ...headers, 'content-type': 'text/csv; charset=utf-8' },
  text,
});
const row = 'id,a@example.com,Subject,,ses,invalid,Invalid,2026-01-02T12:00:00.000Z,2026-01-02T12:00:00.000Z,,,why,,,';
const jsonl = (text: string): Answer => ({
  statusCode: 200,
  headers: { ...headers, 'content-type': 'application/jsonl; charset=utf-8' },
  text,
});
const { 'x-request-id': _, ...nameless } = page.headers;
const { etag: __, ...untagged } = page.headers;

it.each<[string, DescribedRoute, Answer]>([
  ['a page', list, page],
  ['an answer that the caller holds already', list, { statusCode: 304, headers, text: undefined }],
  ['a CSV file', file, csv(`${row}\r\n${row.replace('Subject', '"a ""b"", c\r\nd"')}\r\n`)],
  ['an empty file', file, jsonl('')],
  ['a call that tries the URL', 'POST /webhooks/{provider}', { statusCode: 200, headers, text: undefined }],
])('the check of answers passes %s', (_name, route, answer) => {
  expect(check(route, answer)).toBeNull();
});

it.each<[string, DescribedRoute, Answer, string]>([
  ['another status', list, { ...page, statusCode: 418 }, '418 is not documented'],
  ['an answer without a request id', list, { ...page, headers: nameless }, 'no x-request-id'],
  ['an answer without an ETag', list, { ...page, headers: untagged }, 'no etag'],
  ['an answer without a body', list, { statusCode: 200, headers, text: undefined }, 'no body'],
  ['a body on 304', list, { ...page, statusCode: 304 }, 'application/json is not documented'],
  ['another content type', list, { ...page, headers: { ...headers, 'content-type': 'text/html' } }, 'text/html'],
  ['another member', list, { ...page, text: '{"emails":[],"pages":7}' }, 'additional properties'],
  ['a total that is no count', list, { ...page, text: '{"emails":[],"total":7}' }, 'total must be object'],
  ['too large a count', list, { ...page, text: '{"emails":[],"total":{"count":1001,"more":true}}' }, 'must be <= 1000'],
  ['an invalid row', list, { ...page, text: '{"emails":[{}]}' }, "required property 'emailId'"],
  ['broken JSON', list, { ...page, text: '{"emails":[' }, 'cannot be read'],
  ['an invalid line', file, jsonl('{}\n'), "required property 'emailId'"],
  ['an unfinished line', file, jsonl('{'), 'does not end'],
  ['a row that is too short', file, csv('a,b\r\n'), 'columns'],
  ['an open quote', file, csv(`${row}"\r\n`), 'cannot be read'],
  ['a formula', file, csv(`${row.replace('Subject', '=1+1')}\r\n`), 'formula: =1+1'],
])('the check of answers reports %s', (_name, route, answer, wrong) => {
  expect(check(route, answer)).toContain(wrong);
});

const listed = (query: string, rows: readonly object[], rest: object = {}) =>
  filterFaultIn({ routeKey: list, query }, { ...page, text: JSON.stringify({ emails: rows, ...rest }) });
const total = { total: { count: 1, more: false } };
const bounced = { status: 'invalid', cause: 'unknown_user', attention: 'act', sentAt: '2026-01-02T12:00:00.000Z' };

it.each([
  ['', [bounced], {}],
  ['status=sent,invalid&cause=unknown_user', [bounced], {}],
  ['attention=act', [bounced], total],
  ['from=2026-01-02&to=2026-01-02', [bounced], {}],
])('the check of filters passes %j', (query, rows, rest) => {
  expect(listed(query, rows, rest)).toBeNull();
});

it.each([
  ['status=sent,delivered', [bounced], {}, 'status invalid'],
  ['cause=expired', [bounced], {}, 'cause unknown_user'],
  ['attention=late', [bounced], {}, 'attention act'],
  ['attention=act', [bounced], {}, 'total'],
  ['', [bounced], total, 'total'],
  ['from=2026-01-03', [bounced], {}, 'sentAt'],
  ['to=2026-01-01', [bounced], {}, 'sentAt'],
  ['to=2026-01-02T12:00:00Z', [bounced], {}, 'sentAt'],
])('the check of filters reports for %j what does not match', (query, rows, rest, wrong) => {
  expect(listed(query, rows, rest)).toContain(wrong);
});
