import { beforeEach, describe, expect, it } from 'vitest';
import type { Answered } from '../../infra/local/api-gateway/http-api.ts';
import { type Activity, createActivity } from '../../infra/local/cli/activity.ts';
import { noCounts } from '../../shared/runtime/counts.ts';
import { createLog, type Log } from '../../shared/runtime/log.ts';

let now: number;
let printed: string[];
let written: { ingest: string[]; query: string[] };
let activity: Activity;
beforeEach(() => {
  now = 1_000_000;
  printed = [];
  written = { ingest: [], query: [] };
  activity = createActivity({
    logs: { ingest: { read: () => written.ingest.splice(0) }, query: { read: () => written.query.splice(0) } },
    providerNames: ['sendgrid', 'postmark'],
    corsOrigins: ['http://localhost:4000'],
    print: line => printed.push(line),
    now: () => now,
  });
});

/** Logs as the functions do. */
const log: Log = (line, details) => createLog(text => written.ingest.push(text.trimEnd()))(line, details);
const requestId = 'r';
const answered = (statusCode: number, more: Partial<Answered> = {}) =>
  activity.answered({
    requestId,
    method: 'POST',
    path: '/webhooks/postmark',
    routeKey: 'POST /webhooks/{provider}',
    provider: 'postmark',
    statusCode,
    refusedOrigin: undefined,
    gatewayReason: null,
    tokenError: null,
    latencyMs: 5,
    ...more,
  });
const report = () => {
  activity.report();
  return printed.splice(0);
};
const about = { requestId, provider: 'postmark' };
const counts = { ...noCounts(), failed: 0 };
const quarantined = (reason: string, field: string | null) => log('webhook.quarantined', { ...about, reason, field });

describe('a callback on the terminal', () => {
  it('says what became of its events, in counts that are not zero', () => {
    log('webhook.answered', { ...about, ...counts, answer: 200, received: 3, recorded: 2, duplicate: 1 });
    answered(200);
    expect(report()).toEqual(['postmark 200 recorded 2, duplicate 1']);
  });

  it('says that it brought no events', () => {
    log('webhook.answered', { ...about, ...counts, answer: 200 });
    answered(200);
    expect(report()).toEqual(['postmark 200 no events']);
  });

  it('says why it was refused', () => {
    log('webhook.refused', { ...about, refusal: 'wrong_signature' });
    answered(401);
    expect(report()).toEqual(['postmark 401 wrong_signature']);
  });

  it('says what of ours failed', () => {
    log('webhook.unavailable', { ...about, answer: 429, received: 1, failed: 1, cause: 'table: TimeoutError' });
    answered(429);
    expect(report()).toEqual(['postmark 429 failed 1, table: TimeoutError']);
  });

  it('says that it was refused, even in a flood whose sum is logged later', () => {
    answered(401);
    expect(report()).toEqual(['postmark 401 refused']);
    log('webhook.refused-more', { provider: 'postmark', refusal: 'wrong_signature', calls: 57 });
    const later = [...report(), ...report()];
    expect(later).toEqual(['postmark refused 57 more callbacks: wrong_signature']);
  });

  it('is not shown if it is the canary', () => {
    log('webhook.answered', { ...about, answer: 200, received: 1, recorded: 1, canary: true });
    answered(200);
    expect(report()).toEqual([]);
  });

  it('says that it set a webhook up', () => {
    log('webhook.set-up', about);
    answered(200);
    expect(report()).toEqual(['postmark 200 set up']);
  });

  it('has each quarantined piece below it, with its reason and its field', () => {
    quarantined('unexpected_shape', 'MessageID');
    quarantined('not_json', null);
    log('webhook.quarantined-more', { ...about, pieces: 3 });
    log('webhook.answered', { ...about, ...counts, answer: 200, received: 2, quarantined: 2 });
    answered(200);
    expect(report()).toEqual([
      'postmark 200 quarantined 2',
      'postmark quarantined unexpected_shape at MessageID',
      'postmark quarantined not_json',
      'postmark quarantined 3 more pieces',
    ]);
  });

  it('names the provider that a registration most likely means', () => {
    log('webhook.answered', { ...about, ...counts, answer: 200, received: 1, quarantined: 1 });
    log('webhook.misspelt', { ...about, nearest: 'sendgrid' });
    answered(200);
    expect(report()).toEqual(['postmark 200 quarantined 1, did you mean sendgrid?']);
  });

  it.each([
    [404, { provider: 'sendgird' }, '"sendgird" 404 no such provider, did you mean sendgrid?'],
    [404, { provider: 'nobody' }, '"nobody" 404 no such provider'],
    [404, { provider: 'postmark 200 recorded 1' }, '"postmark 200 recorded 1" 404 no such provider'],
    [404, { provider: 'x" 200' }, '"x\\" 200" 404 no such provider'],
    [405, { method: 'GET' }, 'postmark 405 GET'],
    [200, { method: 'HEAD' }, 'postmark 200 HEAD'],
    [500, {}, 'postmark 500'],
    [
      404,
      { path: '/webhook/postmark', routeKey: null, provider: undefined },
      'POST /webhook/postmark 404 no such route',
    ],
    [
      404,
      { path: '/webhooks/postmark/SECRET', routeKey: null, provider: undefined },
      'POST /webhooks/postmark/... 404 no such route',
    ],
    [404, { path: '/postmark/SECRET', routeKey: null, provider: undefined }, 'POST /postmark/... 404 no such route'],
    [
      404,
      { path: '/hooks/postmrk/SECRET', routeKey: null, provider: undefined },
      'POST /hooks/postmrk/... 404 no such route',
    ],
    [
      404,
      { path: '/x 200 recorded 1', routeKey: null, provider: undefined },
      'POST /x%20200%20recorded%201 404 no such route',
    ],
  ])('answered %i of which no function has logged anything %j is shown as: %s', (status, more, line) => {
    answered(status, more);
    expect(report()).toEqual([line]);
  });

  it('or a preflight of a page that may not call is shown with the setting that lets it, beside those it has', () => {
    const path = '/accounts/acme/emails';
    const origin = 'http://localhost:5173';
    answered(404, { method: 'OPTIONS', path, routeKey: null, provider: undefined, refusedOrigin: origin });
    expect(report()).toEqual([
      `OPTIONS ${path} 404 no page of ${origin} may call: set MAILTRAIL_CORS_ORIGINS=http://localhost:4000,${origin}`,
    ]);
  });

  it('or a request that the gateway has throttled is counted as such, on any route', () => {
    answered(429, { gatewayReason: 'throttled' });
    const path = '/accounts/acme/emails';
    const routeKey = 'GET /accounts/{accountId}/emails';
    answered(429, { method: 'GET', path, routeKey, provider: undefined, gatewayReason: 'throttled' });
    expect(report()).toEqual([
      'postmark 429 throttled by the gateway',
      'GET /accounts/{accountId}/emails 429 throttled by the gateway',
    ]);
    for (let index = 0; index < 20; index += 1) answered(429, { gatewayReason: 'throttled' });
    report();
    now += 1_000;
    expect(report()).toEqual(['... 12 more in the last second: 12 throttled']);
  });

  it('is none where a browser asks for a page, or somebody for the API', () => {
    answered(404, { method: 'GET', path: '/favicon.ico', routeKey: null, provider: undefined });
    answered(200, { method: 'GET', path: '/statuses', routeKey: 'GET /statuses', provider: undefined });
    expect(report()).toEqual([]);
  });

  it('finds its log line where that was read before its answer came', () => {
    log('webhook.refused', { ...about, refusal: 'stale_timestamp' });
    expect(report()).toEqual([]);
    answered(401);
    expect(report()).toEqual(['postmark 401 stale_timestamp']);
  });

  it('is shown without an answer where a queue has brought it', () => {
    log('webhook.refused', { ...about, refusal: 'reused_nonce' });
    quarantined('unexpected_shape', 'mail');
    expect(report()).toEqual([]);
    expect(report()).toEqual(['postmark reused_nonce', 'postmark quarantined unexpected_shape at mail']);
    expect(report()).toEqual([]);
  });

  it('cannot steer the terminal by texts from outside', () => {
    answered(404, { provider: 'x\u001b[31m\u202eevil\n', requestId: 'another' });
    quarantined('unexpected_shape', `a\u001b]0;title\u0007${'b'.repeat(200)}`);
    expect(report().join()).toBe('"x [31mevil" 404 no such provider');
    const [line = ''] = report();
    expect(line).toMatch(/^postmark quarantined unexpected_shape at a \]0;title b+$/);
    expect(line.length).toBeLessThan(150);
  });
});

describe('the terminal', () => {
  it('shows the batches of queues, and messages that failed', () => {
    const messages = { requestId, source: 'retry', messages: 2 };
    log('queue.message-failed', { requestId, messageId: 'm', cause: 'table: TimeoutError' });
    log('queue.drained', { ...messages, ...counts, received: 3, recorded: 3, failed: 1 });
    expect(report()).toEqual(['queue message failed: table: TimeoutError', 'retry queue: recorded 3, failed 1']);
  });

  it('shows faults of every function, with its log', () => {
    const fault = { level: 'ERROR', message: 'fault', requestId, where: 'GET /emails', error: 'TypeError' };
    written.query.push(JSON.stringify(fault));
    expect(report()).toEqual(['query fault in GET /emails: TypeError']);
  });

  it('shows nothing of reads, metrics, stack traces and half lines', () => {
    log('query.answered', { requestId, route: 'GET /emails', answer: 200 });
    written.ingest.push(
      '{"_aws":{"Timestamp":1}}',
      'Error: "message":"',
      '    at run (index.mjs:1)',
      '{"message":"fau',
      '',
    );
    expect(report()).toEqual([]);
  });

  it('sums up what is more than ten lines a second, and shows a fault all the same', () => {
    for (let index = 0; index < 250; index += 1) {
      const id = { requestId: `r${index}` };
      if (index < 248) log('webhook.answered', { ...about, ...id, ...counts, answer: 200, received: 2, recorded: 2 });
      else log('webhook.refused', { ...about, ...id, refusal: 'wrong_signature' });
      answered(index < 248 ? 200 : 401, id);
    }
    log('fault', { requestId, where: 'recorder', error: 'TypeError' });
    activity.fault('Ingest: timed out after 10 seconds');
    const first = report();
    expect(first).toHaveLength(12);
    expect(first).toEqual(
      expect.arrayContaining(['ingest fault in recorder: TypeError', 'Ingest: timed out after 10 seconds']),
    );
    now += 1_000;
    expect(report()).toEqual(['... 240 more in the last second: 476 recorded, 2 refused']);
  });

  it('sums up what reached no function by its reason', () => {
    const lost = { routeKey: null, provider: undefined };
    for (let index = 0; index < 10; index += 1) answered(404, { provider: 'sendgird' });
    for (let index = 0; index < 3; index += 1) answered(404, { provider: 'nobody' });
    answered(404, { ...lost, path: '/webhook/postmark' });
    answered(404, { ...lost, method: 'OPTIONS', path: '/statuses', refusedOrigin: 'http://localhost:5173' });
    report();
    now += 1_000;
    expect(report()).toEqual([
      '... 5 more in the last second: 3 no such provider, 1 no such route, 1 refused preflight',
    ]);
  });

  it('sums up callbacks, and not the lines of their quarantined pieces', () => {
    for (let index = 0; index < 60; index += 1) {
      const id = { requestId: `r${index}` };
      log('webhook.quarantined', { ...about, ...id, reason: 'not_json', field: null });
      log('webhook.answered', { ...about, ...id, ...counts, answer: 200, received: 1, quarantined: 1 });
      answered(200, id);
    }
    expect(report()).toHaveLength(10);
    now += 1_000;
    expect(report()).toEqual(['... 55 more in the last second: 55 quarantined']);
  });

  it('shows ten alerts a second, whatever the callbacks are, and sums up the others', () => {
    for (let index = 0; index < 20; index += 1) answered(404, { provider: 'nobody' });
    for (let index = 0; index < 50; index += 1) activity.alert('Hard bounce: jane@example.com (account acme)');
    const first = report();
    const line = 'alert to support: Hard bounce: jane@example.com (account acme)';
    expect(first.filter(one => one === line)).toHaveLength(10);
    expect(first).toHaveLength(20);
    now += 1_000;
    expect(report()).toEqual([
      '... 10 more in the last second: 10 no such provider',
      '... 40 more alerts in the last second',
    ]);
  });

  it('sums up faults on their own', () => {
    for (let index = 0; index < 12; index += 1) activity.fault('Ingest: timed out after 10 seconds');
    report();
    now += 1_000;
    expect(report()).toEqual(['... 2 more faults in the last second']);
  });
});
