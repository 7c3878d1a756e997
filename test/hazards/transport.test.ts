import { createHmac } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HttpServer, startHttpServer } from '../../infra/local/api-gateway/http-api.ts';
import { type ProviderName, providers } from '../../shared/providers/registry.ts';
import { providerNames, schemes } from '../fixtures/signing.ts';
import type { Signed } from '../fixtures/signing-scheme.ts';
import { snsGet } from '../fixtures/sns.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { cpuMs } from '../rigs/cpu-time.ts';
import { httpEvent } from '../rigs/http-event.ts';
import { type LiveIngest, sampleBody, sampleType, startLiveIngest } from './live-ingest.ts';
import { signedAt } from './proofs.ts';

let live: LiveIngest;
let server: HttpServer;
let lines: { message: string }[];

/** Starts the ingest function behind the local gateway, which speaks real HTTP. */
beforeAll(async () => {
  live = await startLiveIngest();
  server = await startHttpServer(0);
  const ingest = live.functionOf(line => lines.push(JSON.parse(line)));
  const ingestFunction = {
    name: 'ingest',
    invoke: (event: unknown) => ingest(event as Parameters<typeof ingest>[0]),
    warm: async () => {},
    stop: () => {},
  };
  server.serve({
    apiId: 'api',
    cors: undefined,
    ownPages: {},
    onFault: error => {
      throw error;
    },
    routes: ['POST /webhooks/{provider}', 'ANY /webhooks/{provider}'].map(key => ({
      key,
      function: ingestFunction,
      authorizer: null,
    })),
  });
});
afterAll(async () => {
  await server?.stop();
  await live?.stop();
});
beforeEach(async () => {
  lines = [];
  await live.reset();
});

const genuine = (name: ProviderName) => live.sign(name, sampleBody(name), noon, { type: sampleType(name) });

interface HttpCall {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the body goes out in chunks, without a length. */
  readonly chunked?: boolean;
}

/** Sends the request over HTTP with unchanged header names. `call` replaces parts of it. */
function post({ url, headers, body }: Signed, call: HttpCall = {}) {
  const { pathname, search } = new URL(url);
  const all = { host: 'api.example.com', ...headers, ...call.headers };
  const length = call.chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(body.length) };
  return new Promise<{ status: number; headers: IncomingHttpHeaders; text: string }>((resolve, reject) => {
    const sent = httpRequest(
      server.url,
      {
        method: call.method ?? 'POST',
        path: call.path ?? `${pathname}${search}`,
        // Node.js sends a list unchanged, but sorts an object.
        headers: Object.entries({ ...all, ...length }).flat(),
      },
      response => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', chunk => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
      },
    );
    sent.on('error', reject);
    for (let at = 0; call.chunked && at < body.length; at += 100) sent.write(body.subarray(at, at + 100));
    sent.end(call.chunked ? undefined : body);
  });
}

async function expectNoEffect() {
  expect(lines).toEqual([]);
  await live.expectNothingKept();
}

async function expectTaken({ status, text }: { status: number; text: string }, what?: string) {
  expect([what, status, text]).toEqual([what, 200, expect.stringContaining('"received":1,"recorded":1,')]);
  expect(await live.stored()).toHaveLength(1);
  expect(lines).toMatchObject([{ message: 'webhook.answered', answer: 200 }]);
}

describe.each(providerNames)('HTTP requests of %s:', name => {
  it('hazard 37: a HEAD gets 200 without effect, even if it is well signed', async () => {
    const { status, text } = await post(genuine(name), { method: 'HEAD' });
    expect([status, text]).toEqual([200, '']);
    await expectNoEffect();
  });

  it('hazard 38: a GET or a PUT gets 405 with the useful methods, unless the provider needs it', async () => {
    // Two providers call the URL by GET before they save it, and one may send its events by GET.
    const getIsOfUse = name === 'elasticemail' || name === 'unisendergo';
    const path = `/webhooks/${name}`;
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
      const { status, headers, text } = await post(genuine(name), { method, path });
      const isProbe = method === 'GET' && getIsOfUse;
      expect([method, status]).toEqual([method, isProbe ? 200 : 405]);
      if (isProbe) expect(text).toBe('');
      else expect(headers.allow).toMatch(getIsOfUse ? /^POST, GET, / : /^POST, (HEAD, )?OPTIONS/);
    }
    expect(lines.filter(({ message }) => message !== 'webhook.set-up')).toEqual([]);
    await live.expectNothingKept();
  });

  it('hazard 39: OPTIONS gets 204 with the useful methods, and allows no web page to call', async () => {
    const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const { status, headers } = await post(genuine(name), { method: 'OPTIONS', headers: preflight });
    // Event Grid asks for permission by OPTIONS, and has to know the secret.
    expect(status).toBe(204);
    if (name !== 'azure') expect(headers.allow).toContain('POST');
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    await live.expectNothingKept();
  });

  it('hazard 48: a chunked body without a length is accepted', async () => {
    await expectTaken(await post(genuine(name), { chunked: true }));
  });

  it('hazard 49: a well-signed request with a wrong content type, or without one, is accepted', async () => {
    const { 'content-type': _, ...headers } = genuine(name).headers;
    const isForm = sampleType(name) === 'form';
    const types = ['text/plain', 'text/html; charset=iso-8859-1', 'application/octet-stream', 'application/xml', ''];
    for (const type of [...types, isForm ? 'application/json' : 'application/x-www-form-urlencoded', undefined]) {
      await live.reset();
      lines = [];
      const typed = type === undefined ? headers : { ...headers, 'content-type': type };
      await expectTaken(await post({ ...genuine(name), headers: typed }), type);
    }
  });

  it('hazard 50: a multipart body is quarantined if it is proved genuine, and refused if it hides the proof', async () => {
    const multipart = (content: Buffer) =>
      Buffer.concat([
        Buffer.from('--x\r\ncontent-disposition: form-data; name="event"\r\n\r\n'),
        content,
        Buffer.from('\r\n--x\r\ncontent-disposition: form-data; name="attachment"; filename="a.bin"\r\n\r\n'),
        Buffer.from([0xff, 0x00, 0xfe]),
        Buffer.from('\r\n--x--\r\n'),
      ]);
    const proofIsLost = ['ses', 'mailgun', 'mandrill', 'unisendergo'].includes(name);
    const one = genuine(name);
    const body = multipart(proofIsLost ? one.body : sampleBody(name));
    const signed = proofIsLost ? { ...one, body } : overBytes(name, body);
    const { status } = await post(signed, { headers: { 'content-type': 'multipart/form-data; boundary=x' } });
    if (proofIsLost) {
      expect(status).toBe(401);
      expect(lines).toMatchObject([{ message: 'webhook.refused', provider: name }]);
      await live.expectNothingKept();
    } else {
      expect(status).toBe(200);
      expect(await live.stored()).toEqual([]);
      expect(await live.kept()).toMatchObject([{ reason: 'not_utf8', base64: body.toString('base64') }]);
    }
  });

  it('hazard 51: header names in odd letter case are accepted', async () => {
    const odd = Object.entries(genuine(name).headers).map(([header, value], index) => [
      index % 2 === 0 ? header.toUpperCase() : header.replace(/[a-z](?=[a-z])/g, letter => letter.toUpperCase()),
      value,
    ]);
    await expectTaken(await post({ ...genuine(name), headers: Object.fromEntries(odd) }));
  });

  it('hazard 52: 10 KB of headers are accepted', async () => {
    const many = Array.from({ length: 10 }, (_, index) => [`x-padding-${index}`, 'x'.repeat(950)]);
    await expectTaken(await post(genuine(name), { headers: Object.fromEntries(many) }));
  });
});

describe('HTTP requests:', () => {
  it("hazard 39: Event Grid's OPTIONS gets permission only with the secret", async () => {
    const asks = { 'webhook-request-origin': 'eventgrid.azure.net' };
    const allowed = await post(genuine('azure'), { method: 'OPTIONS', headers: asks });
    expect([allowed.status, allowed.headers['webhook-allowed-origin']]).toEqual([200, 'eventgrid.azure.net']);
    const path = '/webhooks/azure?secret=wrong';
    expect((await post(genuine('azure'), { method: 'OPTIONS', headers: asks, path })).status).toBe(401);
    await live.expectNothingKept();
  });

  it.each([
    '/webhooks/nope',
    '/webhooks/toString',
    '/webhooks/__proto__',
    '/webhooks/constructor',
    '/webhooks/SENDGRID',
    '/webhooks/sendgrid%00',
    '/webhooks/sendgrid%20',
    '/webhooks/sendgrid%2F',
    '/webhooks/..%2Fsendgrid',
    '/webhooks/',
    '/webhooks',
    '/webhooks/sendgrid/',
    '/webhooks/sendgrid/more',
  ])('hazard 40: the path %s of an unknown provider gets 404 without effect', async path => {
    for (const method of ['POST', 'GET', 'HEAD', 'OPTIONS']) {
      expect((await post(genuine('sendgrid'), { path, method })).status).toBe(404);
    }
    await expectNoEffect();
  });

  it('hazard 40: an undecodable path gets 400 from the gateway, without effect', async () => {
    for (const path of ['/webhooks/%', '/webhooks/sendgrid%ff']) {
      expect((await post(genuine('sendgrid'), { path })).status).toBe(400);
    }
    await expectNoEffect();
  });

  it.each([6 * 1024 * 1024 + 1, 10 * 1024 * 1024 + 1])(
    'hazard 41: a body of %d bytes, which is over the limit, gets 413',
    async size => {
      // The gateway passes a binary body in base64, which is a third larger.
      for (const type of ['application/json', 'application/octet-stream']) {
        const signed = overBytes('postmark', Buffer.alloc(size, ' '));
        expect((await post(signed, { headers: { 'content-type': type } })).status).toBe(413);
      }
      await expectNoEffect();
    },
  );

  it('hazard 41: a body over the limit that passes the gateway gets 413 before any secret is looked up', async () => {
    for (const name of ['sendgrid', 'mailgun', 'azure'] as const) {
      const { status, lines } = await live.send(name, overBytes(name, Buffer.alloc(6 * 1024 * 1024 + 1, ' ')), {
        secrets: 'unreachable',
      });
      expect([name, status, lines]).toEqual([name, 413, []]);
    }
    await expectNoEffect();
  });

  it('hazard 47: a gzip bomb, and any other Content-Encoding, gets 415, and nothing is inflated', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    const spent = await cpuMs(async () => {
      for (const encoding of ['gzip', 'deflate', 'br', 'GZIP', 'gzip, gzip']) {
        const { status } = await post(overBytes('postmark', bomb), { headers: { 'content-encoding': encoding } });
        expect([encoding, status]).toEqual([encoding, 415]);
      }
    });
    expect(spent).toBeLessThan(1_000);
    await live.expectNothingKept();
    expect((await post(genuine('postmark'), { headers: { 'content-encoding': 'identity' } })).status).toBe(200);
  });
});

describe.each(providerNames)('bodies of %s:', name => {
  it('hazard 42: an empty body is quarantined if it is proved genuine, and refused if it would have the proof', async () => {
    const body = Buffer.alloc(0);
    const outcome = await live.send(name, { ...overBytes(name, body), body });
    if (['ses', 'mailgun', 'unisendergo'].includes(name)) await live.expectRefused(outcome, name);
    else {
      // An empty form is one piece without fields.
      const whole = name === 'elasticemail' ? { pieces: [{}] } : { content: 'body', base64: '' };
      expect(await live.expectQuarantined(outcome, name)).toMatchObject([whole]);
    }
  });

  it('hazard 43: a body has the same result with and without base64', async () => {
    const results = [];
    for (const base64 of [false, true]) {
      await live.reset();
      const { status, counts } = await live.send(name, genuine(name), { base64 });
      results.push({ status, counts, stored: await live.stored() });
    }
    expect(results[0]).toMatchObject({ status: 200, counts: { recorded: 1 } });
    expect(results[1]!.counts).toEqual(results[0]!.counts);
    expect(results[1]!.stored).toEqual(results[0]!.stored);
  });

  it('hazard 44: invalid base64 is refused, or quarantined if the proof does not cover the body', async () => {
    const { url, headers } = genuine(name);
    // Headers that do not cover the body prove one body only, so that the genuine one goes first.
    const request = { ...genuine(name), receivedAt: noon };
    const verification = await providers[name].verify(request, [live.pairs[name].verifies], snsGet);
    const provesOnce = Array.isArray(verification) && verification.length > 0;
    if (provesOnce) {
      await live.send(name, genuine(name));
      await live.reset();
    }
    const event = httpEvent('POST /webhooks/{provider}', { provider: name }, headers, undefined, { url });
    const written: string[] = [];
    const ingest = live.functionOf(line => written.push(line));
    const { statusCode } = await ingest({ ...event, body: '%%% no base64 \u0000 ö =', isBase64Encoded: true });
    const { bodyIsCovered } = schemes[name];
    expect(statusCode).toBe(bodyIsCovered || provesOnce ? 401 : 200);
    expect(written.map(line => JSON.parse(line).message)).toEqual(
      statusCode === 401 ? ['webhook.refused'] : ['webhook.quarantined', 'webhook.answered'],
    );
    expect(await live.stored()).toEqual([]);
    expect((await live.kept()).length).toBe(statusCode === 401 ? 0 : 1);
  });

  it('hazard 45: a byte-order mark does not change the result', async () => {
    const mark = Buffer.from([0xef, 0xbb, 0xbf]);
    await live.send(name, genuine(name));
    const without = await live.stored();
    await live.reset();
    const around = ['ses', 'mailgun', 'mandrill'].includes(name);
    const one = genuine(name);
    const marked = around
      ? { ...one, body: Buffer.concat([mark, one.body]) }
      : overBytes(name, Buffer.concat([mark, sampleBody(name)]));
    expect((await live.send(name, marked)).counts).toMatchObject({ received: 1, recorded: 1 });
    expect(await live.stored()).toEqual(without);
  });

  // SNS and Mandrill sign text, so that bytes which are no text have no good signature.
  const signsText = name === 'ses' || name === 'mandrill';
  it(`hazard 46: invalid UTF-8 ${signsText ? 'is refused, because no good signature covers it' : 'with a good signature is quarantined byte for byte'}`, async () => {
    const broken = (body: Buffer) => Buffer.from(body.toString('latin1').replace('jane', 'j\xffne'), 'latin1');
    const signed = signsText
      ? { ...genuine(name), body: broken(genuine(name).body) }
      : overBytes(name, broken(sampleBody(name)));
    const outcome = await live.send(name, signed);
    if (signsText) await live.expectRefused(outcome, name);
    else
      expect(await live.expectQuarantined(outcome, name, 'not_utf8')).toMatchObject([
        { content: 'body', base64: signed.body.toString('base64') },
      ]);
  });
});

/** Signs the exact bytes as the provider. Some schemes here sign text only, and some cannot sign an empty body. */
function overBytes(name: ProviderName, body: Buffer): Signed {
  const { signs } = live.pairs[name];
  const { timestamp: time, bodyIsCovered } = schemes[name];
  if (time !== null && bodyIsCovered)
    return signedAt(name, { ...genuine(name), body }, genuine(name).headers[time]!, signs);
  const signed = live.sign(name, body, noon, { type: sampleType(name) });
  if (name === 'mandrill' && body.length === 0) {
    const signature = createHmac('sha1', signs).update(signed.url).digest('base64');
    return { ...signed, headers: { ...signed.headers, 'x-mandrill-signature': signature } };
  }
  return signed;
}
