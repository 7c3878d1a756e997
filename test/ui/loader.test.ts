import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type HttpServer, startHttpServer } from '../../infra/local/api-gateway/http-api.ts';
import { routes } from '../../shared/http/routes.ts';
import { noBrowser, type Visit, visit } from '../rigs/browser.ts';
import { type HostPages, startHostPages } from '../rigs/host-pages.ts';
import { builtModules, pageSettings, uiHandler } from '../rigs/ui-function.ts';

/** The policy that docs/ui.md demands of a host, and nothing more. */
const strictPolicy = (api: string) =>
  `default-src 'none'; script-src ${api}; connect-src ${api}; require-trusted-types-for 'script'; trusted-types lit-html`;

describe.skipIf(noBrowser)('a browser', () => {
  let built: Awaited<ReturnType<typeof builtModules>>;
  let host: HostPages;
  let api: HttpServer;
  let open: Visit | undefined;
  /** Files that browsers have asked for. */
  const asked: string[] = [];
  /** Changes what is asked for, as a cache or a deployment would. */
  let changed: (file: string, query: string) => string = file => file;

  beforeAll(async () => {
    [built, host, api] = await Promise.all([builtModules(), startHostPages(), startHttpServer(0)]);
    const handler = uiHandler({ modules: built.modules, page: { ...pageSettings, issuer: api.url } });
    const ui = {
      name: 'ui',
      invoke: (event: unknown) => {
        const { pathParameters, rawQueryString, ...rest } = event as Parameters<typeof handler>[0];
        const { file } = pathParameters ?? {};
        if (file === undefined) return handler({ ...rest, rawQueryString });
        asked.push(file.replace(/-[A-Z0-9]{8}\.js$/, ''));
        return handler({ ...rest, rawQueryString, pathParameters: { file: changed(file, rawQueryString) } });
      },
      warm: async () => {},
      stop: () => {},
    };
    api.serve({
      apiId: 'api',
      cors: { AllowOrigins: [host.origin], AllowMethods: ['GET'] },
      ownPages: {},
      onFault: error => {
        throw error;
      },
      routes: Object.keys(routes)
        .filter(key => key.startsWith('GET /ui'))
        .map(key => ({ key, function: ui, authorizer: null })),
    });
  });
  afterEach(async () => {
    await open?.close();
    open = undefined;
    asked.length = 0;
    changed = file => file;
  });
  afterAll(async () => {
    await Promise.all([host?.stop(), api?.stop()]);
    built?.remove();
  });

  async function show(body: string, head = `<script type="module" src="${api.url}/ui/mailtrail.js"></script>`) {
    const headers = { 'content-security-policy': strictPolicy(`${api.url} ${host.origin}`) };
    const html = `<!doctype html><html lang="en"><title>Host</title>${head}<body>${body}`;
    open = await visit(host.serve('/page', { html, headers }));
    return open.page;
  }
  const violations = () => open!.complaints.filter(complaint => /policy|trusted/i.test(complaint));
  const isDefined = (name: string) => customElements.whenDefined(name).then(() => true);

  it('defines an element of another origin, under the policy that the documents demand', async () => {
    const page = await show('<mailtrail-emails account="acme"></mailtrail-emails>');
    expect(await page.evaluate(isDefined, 'mailtrail-emails')).toBe(true);
    await page.waitForFunction(() => document.querySelector('mailtrail-emails')!.shadowRoot?.childElementCount);
    expect(violations()).toEqual([]);
  });

  it('loads nothing for elements that the page does not have', async () => {
    const page = await show('<mailtrail-emails></mailtrail-emails>');
    await page.evaluate(isDefined, 'mailtrail-emails');
    expect(asked).toEqual(expect.arrayContaining(['mailtrail.js', 'mailtrail-emails']));
    expect(asked).not.toContain('mailtrail-status');
  });

  it('loads an element whose tag appears later, deep in a tree', async () => {
    const page = await show('<main></main>');
    await page.waitForLoadState('networkidle');
    expect(asked).toEqual(['mailtrail.js']);
    await page.evaluate(() => {
      const row = document.createElement('p');
      row.append(document.createElement('mailtrail-status'));
      document.querySelector('main')!.append(row);
    });
    expect(await page.evaluate(isDefined, 'mailtrail-status')).toBe(true);
  });

  it('loads an element by its name for a shadow root of the host', async () => {
    host.serve('/host.js', {
      html: `import { load } from '${api.url}/ui/mailtrail.js'; await load('mailtrail-status');`,
    });
    const page = await show('', '<script type="module" src="/host.js"></script>');
    expect(await page.evaluate(isDefined, 'mailtrail-status')).toBe(true);
  });

  it('replaces a loader from its cache whose modules a deployment has removed', async () => {
    // The modules of the old loader are gone until the browser has asked for a new one.
    let isReplaced = false;
    changed = (file, query) => {
      if (query !== '') isReplaced = true;
      return isReplaced || file === 'mailtrail.js' ? file : 'gone.js';
    };
    const page = await show('<mailtrail-status></mailtrail-status>');
    await page.waitForFunction(() => performance.getEntriesByType('resource').length >= 3);
    expect(isReplaced).toBe(true);
    expect(asked.filter(file => file === 'mailtrail.js')).toHaveLength(2);
  });

  it('runs the page without breaking its own policy', async () => {
    open = await visit(`${api.url}/ui`);
    expect(await open.page.evaluate(isDefined, 'mailtrail-app')).toBe(true);
    expect(violations()).toEqual([]);
  });

  it('refuses modules to pages of origins that the operator did not name', async () => {
    const stranger = await startHostPages();
    const html = `<script type="module" src="${api.url}/ui/mailtrail.js"></script><mailtrail-status></mailtrail-status>`;
    open = await visit(stranger.serve('/', { html }));
    await open.page.waitForLoadState('networkidle');
    expect(open.complaints.join('\n')).toContain('Access-Control-Allow-Origin');
    expect(await open.page.evaluate(() => customElements.get('mailtrail-status') === undefined)).toBe(true);
    await stranger.stop();
  });
});
