import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Modules } from '../../functions/ui/modules.ts';
import type { PageSettings } from '../../functions/ui/page.ts';
import { runs } from '../rigs/runs.ts';
import { builtModules, pageSettings, uiFunction } from '../rigs/ui-function.ts';

let built: Awaited<ReturnType<typeof builtModules>>;
let modules: Modules;
beforeAll(async () => {
  built = await builtModules();
  modules = built.modules;
});
afterAll(() => built.remove());

const file = (name: string, headers: Readonly<Record<string, string>> = {}) =>
  uiFunction({ modules })('GET /ui/{file}', { file: name, headers });
const page = (changes: Partial<PageSettings> = {}) =>
  uiFunction({ modules, page: { ...pageSettings, ...changes } })('GET /ui');

describe('the loader', () => {
  it('is JavaScript that a browser keeps for 5 minutes', async () => {
    const answer = await file('mailtrail.js');
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toEqual({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=300, stale-while-revalidate=86400',
      etag: expect.stringMatching(/^W\/"loader-[A-Z0-9]{8}\.js"$/),
      vary: 'accept-encoding, origin',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.any(String),
    });
  });

  it('names modules that exist', async () => {
    const { text } = await file('mailtrail.js');
    const names = [...text.matchAll(/import\("\.\/([^"]+)"\)/g)].map(([, name]) => name!);
    expect(names.map(name => name.replace(/-[A-Z0-9]{8}\.js$/, ''))).toEqual([
      'mailtrail-emails',
      'mailtrail-email',
      'mailtrail-status',
    ]);
    for (const name of names) expect((await file(name)).statusCode, name).toBe(200);
  });

  it('is answered 304 to a browser that has it', async () => {
    const { etag = '' } = (await file('mailtrail.js')).headers;
    const answer = await file('mailtrail.js', { 'if-none-match': `"other", ${etag}` });
    expect(answer).toMatchObject({ statusCode: 304, text: '' });
    expect(answer.headers).toMatchObject({ etag, 'cache-control': expect.stringContaining('max-age=300') });
    expect(answer.headers).not.toHaveProperty('content-encoding');
    expect((await file('mailtrail.js', { 'if-none-match': '"other"' })).statusCode).toBe(200);
  });
});

describe('a module', () => {
  it('is kept for a year and never asked for again', async () => {
    const { headers } = await file(modules.loader);
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    });
  });

  it.each([
    ['br', 'gzip, deflate, br'],
    ['br', '*'],
    ['gzip', 'gzip, br;q=0'],
    ['gzip', 'gzip'],
    [undefined, 'identity'],
    [undefined, ''],
  ])('comes in the coding %s to a browser that accepts %j', async (coding, accepted) => {
    const plain = await file(modules.page[0]!);
    const answer = await file(modules.page[0]!, { 'accept-encoding': accepted });
    expect(answer.headers['content-encoding']).toBe(coding);
    expect(answer.headers.vary).toContain('accept-encoding');
    expect(answer.text).toBe(plain.text);
  });

  it('of an earlier deployment is a problem that nobody caches', async () => {
    const answer = await file('mailtrail-emails-AAAAAAAA.js');
    expect(answer).toMatchObject({
      statusCode: 404,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    });
  });

  it.each([
    'list.json',
    'index.mjs',
    '../index.mjs',
    '..%2Findex.mjs',
    '/etc/passwd',
    '__proto__',
    'constructor',
    'mailtrail.js/',
    'MAILTRAIL.JS',
  ])('is not served under the name %j', async name => {
    expect((await file(name)).statusCode).toBe(404);
    expect((await file(`${modules.loader}.br`)).statusCode).toBe(404);
  });

  it('is not served under any name that the build did not give', () =>
    fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, unit: 'binary' }), async name => {
        fc.pre(name !== 'mailtrail.js' && !modules.has(name));
        expect((await file(name)).statusCode).toBe(404);
      }),
      { numRuns: runs(50) },
    ));
});

describe('the page', () => {
  it('is one element with the settings of the installation', async () => {
    const { statusCode, text } = await page();
    expect(statusCode).toBe(200);
    expect(text).toContain(
      '<mailtrail-app issuer="https://login.example.com/tenant/" client-id="mailtrail-page" scope="openid offline_access"' +
        ' audience="mailtrail-api" account-claim="account_id" support-scope="mailtrail/support" manage-scope="mailtrail/manage"></mailtrail-app>',
    );
  });

  it('runs under a policy without inline code, frames or strangers', async () => {
    const { headers } = await page();
    const { 'x-request-id': _, etag, ...fixed } = headers;
    expect(etag).toMatch(/^W\/"[\w-]{22}"$/);
    expect(fixed).toEqual({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; connect-src 'self' https://login.example.com; base-uri 'none'; " +
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html",
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  });

  it('may call further origins of the issuer if they are set', async () => {
    const connectOrigins = ['https://acme.auth.example.com', 'https://token.example.com'];
    expect((await page({ connectOrigins })).headers['content-security-policy']).toContain(
      "connect-src 'self' https://login.example.com https://acme.auth.example.com https://token.example.com;",
    );
  });

  it('has no inline script, style or handler, and loads nothing from elsewhere', async () => {
    const { text } = await page();
    expect(text).not.toMatch(/<style|style=|\son\w+=|<script(?![^>]* src=)/);
    for (const [, url] of text.matchAll(/(?:src|href)="([^"]+)"/g)) expect(url).toMatch(/^\.\/ui\/[\w-]+\.js$/);
  });

  it('loads the modules that it needs at once, by addresses relative to its own', async () => {
    const ui = uiFunction({ modules });
    const loadedAt = async (rawPath: string) => {
      const { text } = await ui('GET /ui', { rawPath });
      return [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(
        ([, url]) => new URL(url!, `https://api.example.com${rawPath}`).pathname,
      );
    };
    expect((await loadedAt('/ui')).sort()).toEqual(modules.page.map(name => `/ui/${name}`).sort());
    expect(await loadedAt('/ui/')).toEqual(await loadedAt('/ui'));
    // A custom domain may map a path to the API.
    expect((await loadedAt('/mail/ui'))[0]).toMatch(/^\/mail\/ui\//);
  });

  it('opens with a slash at the end where the gateway routes it', async () => {
    const answer = await uiFunction({ modules })('GET /ui/{file}', { file: '', rawPath: '/ui/' });
    expect(answer.headers['content-type']).toContain('text/html');
  });

  it('is answered 304 to a browser that has it', async () => {
    const { etag = '' } = (await page()).headers;
    const answer = await uiFunction({ modules })('GET /ui', { headers: { 'if-none-match': etag } });
    expect(answer).toMatchObject({ statusCode: 304, text: '' });
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
  });

  it('shows links for operators only where they are set', async () => {
    expect((await page()).text).not.toContain('operator-links');
    const operatorLinks = JSON.stringify([{ label: 'Queues', href: '/_local/queues' }]);
    expect((await page({ operatorLinks })).text).toContain(
      ' operator-links="[{&quot;label&quot;:&quot;Queues&quot;,&quot;href&quot;:&quot;/_local/queues&quot;}]"',
    );
  });

  it('escapes every setting', () =>
    fc.assert(
      fc.asyncProperty(fc.string({ unit: fc.constantFrom(...'<>"\'&= a\n`/') }), async hostile => {
        const settings = { clientId: hostile, scope: hostile, audience: hostile, accountClaim: hostile };
        const { text } = await page({
          ...settings,
          supportScope: hostile,
          manageScope: hostile,
          operatorLinks: hostile,
        });
        const [, attributes = ''] = /<mailtrail-app([\s\S]*?)><\/mailtrail-app>/.exec(text) ?? [];
        expect(attributes).toMatch(/^(?: [a-z-]+="[^"<>]*")+$/);
        expect(attributes.match(/ [a-z-]+="[^"]*"/g)?.length).toBe(hostile === '' ? 7 : 8);
      }),
      { numRuns: runs(50) },
    ));

  it('does not exist without a client at the issuer, and the elements stay', async () => {
    const ui = uiFunction({ modules, page: null });
    expect(await ui('GET /ui')).toMatchObject({ statusCode: 404, headers: { 'cache-control': 'no-store' } });
    expect((await ui('GET /ui/{file}', { file: '' })).statusCode).toBe(404);
    expect((await ui('GET /ui/{file}', { file: 'mailtrail.js' })).statusCode).toBe(200);
  });
});

it('the ui function logs each answer without its path', async () => {
  const lines: unknown[] = [];
  const ui = uiFunction({ modules, log: (line, details) => lines.push([line, details]) });
  await ui('GET /ui/{file}', { file: 'jane@example.com' });
  expect(lines).toEqual([['ui.answered', { requestId: expect.any(String), route: 'GET /ui/{file}', answer: 404 }]]);
});
