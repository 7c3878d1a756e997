import { randomBytes } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CanaryDependencies, createCanary } from '../../functions/watch/canary.ts';
import { createHandler } from '../../functions/watch/handler.ts';
import { canaryAccountId } from '../../shared/email/event.ts';
import type { ApiEvent } from '../../shared/http/access.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { httpEvent, lambdaContext } from '../rigs/http-event.ts';
import { failingStore, ingestFunction } from '../rigs/ingest-function.ts';
import { queryFunction, queryHandler, supportToken } from '../rigs/query-function.ts';
import { type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const minute = 60_000;
/** As an installation makes it. */
const key = randomBytes(32).toString('base64');

describe('the canary', () => {
  let emails: StoredEmails;
  beforeAll(async () => {
    emails = await startStoredEmails();
  });
  afterAll(() => emails?.stop());

  /** The real functions, called as the gateway calls them. */
  function way(
    changes: Partial<CanaryDependencies> & { readonly store?: object; readonly ingestKey?: string | Error } = {},
  ) {
    const { store = emails.store, ingestKey = key, ...others } = changes;
    const now = others.now ?? (() => noon);
    const ingest = ingestFunction({
      secretsOf: async () => [],
      canaryKey: async () => {
        if (ingestKey instanceof Error) throw ingestKey;
        return ingestKey;
      },
      store: store as never,
      retryQueue: async () => {},
      now,
    });
    const dependencies: CanaryDependencies = {
      key: async () => key,
      async post(headers, body) {
        const event = httpEvent('POST /webhooks/{provider}', { provider: 'app' }, headers, Buffer.from(body));
        const timed = { ...event, requestContext: { ...event.requestContext, timeEpoch: now() } };
        const answer = await ingest(timed as APIGatewayProxyEventV2, lambdaContext);
        return { status: answer.statusCode, body: answer.body ?? '' };
      },
      query: event => queryHandler(emails)(event as ApiEvent, lambdaContext),
      accountClaim: 'account_id',
      now,
      ...others,
    };
    return createCanary(dependencies);
  }

  it('comes back through signature, ingest, table and read', async () => {
    expect(await way()()).toEqual({ ok: true });
    expect(await way()()).toEqual({ ok: true });
  });

  it('has one email an hour, with twelve events, that asks nobody to act and is in no list', async () => {
    const start = noon + 3_600_000;
    for (let run = 0; run < 13; run += 1) {
      expect(await way({ now: () => start + run * 5 * minute })()).toEqual({ ok: true });
    }
    const query = queryFunction(emails, { now: () => start + 3_600_000 });
    const path = { accountId: canaryAccountId };
    for (const filter of ['', 'attention=act', 'attention=late', 'recipient=canary@mailtrail.invalid']) {
      const own = await query('GET /accounts/{accountId}/emails', { path, query: filter, token: supportToken });
      expect(own.json.emails, filter).toEqual([]);
    }
    const all = await query('GET /emails', { query: 'recipient=canary@mailtrail.invalid', token: supportToken });
    expect(all.json.emails).toEqual([]);
    const file = await query('GET /accounts/{accountId}/attention-list', {
      path,
      query: 'format=jsonl&status=delivered',
      token: supportToken,
    });
    expect(file.text).toBe('');
  });

  const refused = (status: number, body: string) => ({ post: async () => ({ status, body }) });
  const broken = async () => {
    throw new TypeError('out of reach');
  };
  it.each([
    ['the key cannot be read', { key: broken }, 'key'],
    ['the gateway does not answer', { post: broken }, 'gateway'],
    ['the gateway has no function', refused(503, '{"message":"Service Unavailable"}'), 'gateway'],
    ['the gateway throttles', refused(429, '{"message":"Too Many Requests"}'), 'gateway'],
    ['the functions have different keys', { ingestKey: `${key.slice(4)}abcd` }, 'signature'],
    ['the ingest function cannot read its key', { ingestKey: new Error('down') }, 'ingest'],
    ['the table is down', { store: failingStore(new Error('down')) }, 'table'],
    ['the ingest function asks to try again', refused(429, '{"type":"/problems/try-again"}'), 'ingest'],
    ['the ingest function records nothing', refused(200, '{"recorded":0,"duplicate":0,"queued":0}'), 'ingest'],
    ['the ingest function says something else', refused(200, 'hello'), 'ingest'],
    ['the query function is down', { query: broken }, 'query'],
    ['the query function fails', { query: async () => ({ statusCode: 500, body: '' }) }, 'query'],
    ['the query function says something else', { query: async () => null }, 'query'],
    ['the query function finds no email', { query: async () => ({ statusCode: 404, body: '' }) }, 'read'],
    [
      'the query function shows an old email',
      { query: async () => ({ statusCode: 200, body: '{"timeline":[]}' }) },
      'read',
    ],
    ['the query function answers without JSON', { query: async () => ({ statusCode: 200, body: '<' }) }, 'query'],
  ])('names the leg that failed where %s', async (_, changes, leg) => {
    const now = () => noon + 7 * 3_600_000;
    expect(await way({ now, ...changes })()).toEqual({ ok: false, leg, cause: expect.any(String) });
  });
});

describe('the watch function', () => {
  /** Runs the function every five minutes, and returns when its metric first said that the canary failed. */
  async function alarmedAt(brokenFrom: number, outcome: Awaited<ReturnType<ReturnType<typeof createCanary>>>) {
    let time = 0;
    const failures: number[] = [];
    const lines: unknown[][] = [];
    const handler = createHandler({
      canary: async () => (time >= brokenFrom ? outcome : { ok: true }),
      judgeConditions: async () => {},
      metrics: {
        canary(failed) {
          if (failed) failures.push(time);
        },
      },
      log: (...line) => lines.push(line),
      now: () => time,
      wait: async () => {},
    });
    for (; time < 60 * minute; time += 5 * minute) await handler({}, lambdaContext);
    return { first: failures[0]!, lines };
  }

  it('raises the alarm of the canary within ten minutes, and logs the leg', async () => {
    const { first, lines } = await alarmedAt(7 * minute, { ok: false, leg: 'table', cause: 'queued for a retry' });
    // The alarm's period is five minutes.
    expect(first + 5 * minute - 7 * minute).toBeLessThanOrEqual(10 * minute);
    expect(lines).toContainEqual(['canary.failed', expect.objectContaining({ leg: 'table' })]);
    expect(lines.filter(([line]) => line === 'canary.answered')).toHaveLength(2);
  });

  it('tries a second time, so that a single timeout is no failure', async () => {
    const failed: boolean[] = [];
    let tries = 0;
    const handler = createHandler({
      async canary() {
        tries += 1;
        return tries === 1 ? { ok: false, leg: 'gateway', cause: 'TimeoutError' } : { ok: true };
      },
      judgeConditions: async () => {},
      metrics: { canary: wasFailure => failed.push(wasFailure) },
      log: () => {},
      now: () => noon,
      wait: async () => {},
    });
    await handler({}, lambdaContext);
    expect(failed).toEqual([false]);
  });

  it('writes the metric of the canary also where the conditions cannot be judged', async () => {
    const lines: unknown[][] = [];
    const failed: boolean[] = [];
    const handler = createHandler({
      canary: async () => ({ ok: true }),
      judgeConditions: async () => {
        throw new Error('the table is down');
      },
      metrics: { canary: wasFailure => failed.push(wasFailure) },
      log: (...line) => lines.push(line),
      now: () => noon,
    });
    await handler({}, lambdaContext);
    expect(failed).toEqual([false]);
    expect(lines).toContainEqual(['fault', { requestId: expect.any(String), where: 'watch', error: 'Error' }]);
  });
});
