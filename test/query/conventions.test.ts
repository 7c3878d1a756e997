import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import document from '../../functions/query/openapi.json' with { type: 'json' };
import { noon } from '../rigs/arbitrary-events.ts';
import { type Call, queryFunction, tokenOf } from '../rigs/query-function.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const list = 'GET /accounts/{accountId}/emails';

describe('every answer of the API', () => {
  let emails: StoredEmails;
  beforeAll(async () => {
    emails = await startStoredEmails();
    for (let index = 0; index < 20; index += 1)
      await emails.record([anEvent({ accountId: 'acme', subject: 'Ä €' })], noon + index);
  });
  afterAll(() => emails?.stop());

  const acme = { path: { accountId: 'acme' }, token: tokenOf('acme') };
  const call = (given: Call = {}) => queryFunction(emails)(list, { ...acme, ...given });

  describe('that is a page of a list', () => {
    it('is sent again only after a change', async () => {
      const { etag = '' } = (await call()).headers;
      const again = await call({ headers: { 'if-none-match': etag } });
      expect(again).toMatchObject({ statusCode: 304, text: undefined, headers: { etag, vary: 'accept-encoding' } });
      expect(again.headers).not.toHaveProperty('content-type');
      await emails.record([anEvent({ accountId: 'acme' })], noon + 100);
      expect(await call({ headers: { 'if-none-match': etag } })).toMatchObject({ statusCode: 200 });
    });

    it('has another ETag for another page', async () => {
      const { headers, json } = await call({ query: 'limit=5' });
      const next = await call({ query: `limit=5&cursor=${json.cursor}`, headers: { 'if-none-match': headers.etag! } });
      expect(next.statusCode).toBe(200);
    });
  });

  describe('is gzipped', () => {
    it.each(['gzip', 'gzip, deflate, br', 'br;q=1.0, gzip;q=0.8', '*', 'GZIP'])(
      'for a caller who accepts gzip: %s',
      async accepted => {
        const plain = await call();
        const answer = await call({ headers: { 'accept-encoding': accepted } });
        expect(answer.headers).toMatchObject({
          'content-encoding': 'gzip',
          vary: 'accept-encoding',
          etag: plain.headers.etag,
        });
        expect(gunzipSync(Buffer.from(answer.body!, 'base64')).toString()).toBe(plain.body);
        expect(answer.body!.length).toBeLessThan(plain.body!.length / 3);
      },
    );

    it.each(['', 'identity', 'br', 'gzip;q=0', 'gzip; q=0.0, br', '*;q=0', 'x-gzip-not'])(
      'for no caller who refuses gzip: %j',
      async accepted => {
        const answer = await call({ headers: { 'accept-encoding': accepted } });
        expect(answer.headers).not.toHaveProperty('content-encoding');
        expect(answer.headers.vary).toBe('accept-encoding');
      },
    );

    it('only if gzip saves bytes', async () => {
      const answer = await call({ query: 'limit=1', headers: { 'accept-encoding': 'gzip' } });
      expect(answer.headers).not.toHaveProperty('content-encoding');
    });
  });

  it('that is the OpenAPI document is cacheable and needs no token', async () => {
    const { statusCode, json, headers } = await queryFunction(emails)('GET /openapi.json');
    expect([statusCode, headers['cache-control']]).toEqual([200, 'public, max-age=3600']);
    expect(json).toEqual(document);
    expect(json.openapi).toMatch(/^3\.1\./);
  });

  it('that never changes is computed once per process, at the first call', async () => {
    let serialised = 0;
    const content = {
      toJSON() {
        serialised += 1;
        return document;
      },
    };
    const handler = queryFunction(emails, { document: content });
    const get = async (headers: Call['headers'] = {}) => {
      const { headers: answered, ...answer } = await handler('GET /openapi.json', { headers });
      const { 'x-request-id': requestId, ...stable } = answered;
      return { ...answer, headers: stable, requestId };
    };
    expect(serialised).toBe(0);
    for (const headers of [{}, { 'accept-encoding': 'gzip' }, { 'if-none-match': '*' }]) {
      const { requestId, ...first } = await get(headers);
      expect(await get(headers)).toEqual({ ...first, requestId: expect.not.stringMatching(`^${requestId}$`) });
    }
    expect(serialised).toBe(1);
    expect((await get({ 'accept-encoding': 'gzip' })).text).toBe(JSON.stringify(document));
  });

  it('names its request, also if it is a problem', async () => {
    for (const answer of [
      await call(),
      await call({ query: 'x=1' }),
      await queryFunction(emails)(list, { path: { accountId: 'acme' } }),
    ]) {
      expect(answer.headers['x-request-id']).toMatch(/^[\w-]{36}$/);
    }
  });
});
