import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSecretReader } from '../../functions/ingest/secret-reader.ts';

const arn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:webhooks';

describe('the reader of the secret', () => {
  let server: Server;
  let answer: { status: number; body: string };
  let asked: { headers: IncomingHttpHeaders; body: string }[];
  let bySdk: () => Promise<string>;
  let faultyFor: (request: IncomingMessage) => boolean;
  const read = (endpoint: string, more: Readonly<Record<string, string>> = {}) =>
    createSecretReader(
      arn,
      {
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'key',
        AWS_SECRET_ACCESS_KEY: 'secret',
        AWS_SESSION_TOKEN: 'token',
        AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint,
        ...more,
      },
      () => bySdk(),
    )();
  const ofServer = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  beforeEach(async () => {
    answer = { status: 200, body: JSON.stringify({ SecretString: '{"sendgrid":["one"]}' }) };
    asked = [];
    bySdk = async () => 'by the SDK';
    faultyFor = () => false;
    server = createServer(async (request, response) => {
      const body = (await request.toArray()).join('');
      asked.push({ headers: request.headers, body });
      if (faultyFor(request)) return response.writeHead(500).end();
      response.writeHead(answer.status, { 'content-length': Buffer.byteLength(answer.body) }).end(answer.body);
    });
    await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
  });

  it('makes one signed call', async () => {
    expect(await read(ofServer())).toBe('{"sendgrid":["one"]}');
    expect(asked.map(({ body }) => body)).toEqual([JSON.stringify({ SecretId: arn })]);
    expect(asked[0]!.headers).toMatchObject({
      'x-amz-target': 'secretsmanager.GetSecretValue',
      'x-amz-security-token': 'token',
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=key\/\d{8}\/us-east-1\/secretsmanager\/aws4_request, /,
      ),
    });
  });

  it.each(['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT'])(
    'leaves it to the SDK where %s is set',
    async name => {
      expect(await read(ofServer(), { [name]: 'true' })).toBe('by the SDK');
      expect(asked).toEqual([]);
    },
  );

  it.each([
    ['an error', 400, '{"__type":"ResourceNotFoundException"}'],
    ['a fault', 500, 'oops'],
    ['no text', 200, '{"SecretBinary":"AA=="}'],
    ['no JSON', 200, '<html>'],
  ])('leaves it to the SDK where the call answers %s', async (_, status, body) => {
    answer = { status, body };
    expect(await read(ofServer())).toBe('by the SDK');
  });

  it('reads it by the SDK after a fault, each time with the same client', async () => {
    const environment = {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL_SECRETS_MANAGER: ofServer(),
    };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const readSecret = createSecretReader(arn, environment);
    // The direct call carries no name of a program.
    faultyFor = ({ headers }) => headers['user-agent'] === undefined;
    expect([await readSecret(), await readSecret()]).toEqual(['{"sendgrid":["one"]}', '{"sendgrid":["one"]}']);
    expect(asked.map(({ headers }) => headers['user-agent'] !== undefined)).toEqual([false, true, false, true]);
  });

  it('leaves it to the SDK where nobody answers, and rejects as the SDK does', async () => {
    const endpoint = ofServer();
    server.close();
    await new Promise(setImmediate);
    bySdk = () => Promise.reject(new Error('out of reach'));
    await expect(read(endpoint)).rejects.toThrow('out of reach');
  });
});
