import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGet } from '../../functions/ingest/http-get.ts';

describe("the ingest function's GET from Amazon SNS", () => {
  let server: Server;
  let endpoint: string;
  const asked: string[] = [];
  const answers: Readonly<Record<string, readonly [status: number, body: string]>> = {
    '/key.pem': [200, 'a certificate'],
    '/missing.pem': [403, 'AccessDenied'],
    '/broken.pem': [500, ''],
    '/throttled.pem': [429, ''],
    '/huge.pem': [200, 'x'.repeat(70_000)],
    '/moved.pem': [302, ''],
  };

  beforeAll(async () => {
    server = createServer(({ url = '' }, response) => {
      asked.push(url);
      const answer = answers[url.split('?')[0]!];
      // Any other request hangs.
      if (answer !== undefined) response.writeHead(answer[0], { location: '/key.pem' }).end(answer[1]);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  });
  afterAll(() => server.close().closeAllConnections());

  const get = (path: string, milliseconds = 2_000) =>
    createGet(endpoint)(`https://sns.eu-west-1.amazonaws.com${path}`, AbortSignal.timeout(milliseconds));

  it('goes to the endpoint that replaces SNS locally, with its query unchanged', async () => {
    expect(await get('/key.pem?a=b%20c')).toBe('a certificate');
    expect(asked.at(-1)).toBe('/key.pem?a=b%20c');
  });

  it('returns null for a missing object', async () => {
    expect(await get('/missing.pem')).toBeNull();
  });

  it.each(['/broken.pem', '/throttled.pem', '/huge.pem', '/moved.pem'])(
    'fails for an unusable answer: %s',
    async path => {
      await expect(get(path)).rejects.toThrow();
      expect(asked.at(-1)).toBe(path);
    },
  );

  it('ends at its deadline', async () => {
    await expect(get('/hangs.pem', 50)).rejects.toThrow();
  });
});
