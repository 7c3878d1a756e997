import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { elements } from '../../infra/tools/package/build.ts';
import { noBrowser, picture } from '../rigs/browser.ts';
import { embedded } from '../rigs/embedded.ts';
import { elevenEmails } from '../rigs/ui-emails.ts';
import { listOf, rowsOf, uiVisits } from './visits.ts';

const markup = listOf('fabrikam');

describe.skipIf(noBrowser)('an application', () => {
  const ui = uiVisits(stack => stack.record(elevenEmails('fabrikam')));

  it('embeds the list by two lines of plain HTML', async () => {
    const token = await ui.stack.token({ account: 'fabrikam' });
    const address = ui.stack.host.serve('/plain', {
      html: `<!doctype html><title>Plain</title><link rel="icon" href="data:,">
<script type="module" src="${ui.stack.url}/ui/mailtrail.js"></script>
<mailtrail-emails account="fabrikam" token="${token}"></mailtrail-emails>`,
    });
    const page = await ui.open(address);
    await rowsOf(page).nth(10).waitFor();
    expect(ui.complaints).toEqual([]);
  });

  it('reads in English where the language is unknown or malformed', async () => {
    const markup = ['de-1996-1996', 'en_US', 'zh-min-nan'].map(
      lang => `<mailtrail-emails account="fabrikam" lang="${lang}"></mailtrail-emails>`,
    );
    const page = await ui.show(markup.join(''));
    for (const index of markup.keys()) {
      await page.getByRole('button', { name: 'Download CSV' }).nth(index).waitFor();
    }
    expect(ui.complaints).toEqual([]);
  });

  it('changes language and texts of an element, and the last word counts', async () => {
    const page = await ui.shown(markup);
    const change = (properties: object) =>
      page.evaluate(given => {
        Object.assign(document.querySelector('mailtrail-emails')!, given);
      }, properties);
    const late = page.waitForResponse(/\/ui\/de-/);
    await change({ lang: 'de' });
    await change({ lang: 'en', messages: { csv: 'Save' } });
    await late;
    await page.waitForTimeout(200);
    await page.getByRole('button', { name: 'Save' }).waitFor();
    await change({ messages: null });
    await page.getByRole('button', { name: 'Download CSV' }).waitFor();
  });

  it('embeds the list in React 19 by a ref and events', async () => {
    const token = await ui.stack.token({ account: 'fabrikam' });
    const { outputFiles } = await build({
      stdin: {
        resolveDir: import.meta.dirname,
        loader: 'jsx',
        contents: `import { useState } from 'react';
import { createRoot } from 'react-dom/client';
function Account() {
  const [opened, setOpened] = useState('');
  return <main>
    <mailtrail-emails account="fabrikam" ref={element => { if (element) element.getToken = async () => ${JSON.stringify(token)}; }}
      onmailtrail-email-open={event => { event.preventDefault(); setOpened(event.detail.emailId); }} />
    <output>{opened}</output>
  </main>;
}
createRoot(document.getElementById('root')).render(<Account />);`,
      },
      jsx: 'automatic',
      bundle: true,
      write: false,
      define: { 'process.env.NODE_ENV': '"production"' },
    });
    ui.stack.host.serve('/react.js', { html: outputFiles[0]!.text });
    const page = await ui.open(
      ui.stack.host.serve('/react', {
        html: `<!doctype html><html lang="en"><title>React</title><link rel="icon" href="data:,">
<script type="module" src="${ui.stack.url}/ui/mailtrail.js"></script><div id="root"></div><script src="/react.js"></script></html>`,
      }),
    );
    await rowsOf(page).nth(10).waitFor();
    await rowsOf(page).locator('.open').first().click();
    await expect.poll(() => page.locator('output').textContent()).toMatch(/^[\w-]{22}$/);
    expect(await page.locator('mailtrail-email').count()).toBe(0);
    expect(ui.complaints).toEqual([]);
  });

  it('bundles the elements of the package with React 19, and sets their properties in JSX', async () => {
    const token = await ui.stack.token({ account: 'fabrikam' });
    const folder = mkdtempSync(join(tmpdir(), 'mailtrail-elements-'));
    await build({ ...elements, outdir: folder });
    const { outputFiles } = await build({
      stdin: {
        resolveDir: import.meta.dirname,
        loader: 'jsx',
        contents: `import ${JSON.stringify(join(folder, 'index.js'))};
import { useState } from 'react';
import { createRoot } from 'react-dom/client';
const getToken = async () => ${JSON.stringify(token)};
function Account() {
  const [filter, setFilter] = useState({ attention: 'act' });
  return <main>
    <mailtrail-emails api=${JSON.stringify(ui.stack.url)} account="fabrikam" lang="de" getToken={getToken} filter={filter}
      onmailtrail-filter-change={event => setFilter(event.detail.filter)} />
    <output>{JSON.stringify(filter)}</output>
  </main>;
}
createRoot(document.getElementById('root')).render(<Account />);`,
      },
      jsx: 'automatic',
      bundle: true,
      write: false,
      define: { 'process.env.NODE_ENV': '"production"' },
    });
    rmSync(folder, { recursive: true });
    ui.stack.host.serve('/bundle.js', { html: outputFiles[0]!.text });
    const page = await ui.open(
      ui.stack.host.serve('/bundle', {
        html: `<!doctype html><html lang="en"><title>Bundle</title><link rel="icon" href="data:,">
<div id="root"></div><script src="/bundle.js"></script></html>`,
      }),
    );
    await page.getByText('Zu erledigen (5)').waitFor();
    await expect.poll(() => rowsOf(page).count()).toBe(5);
    await page.getByRole('button', { name: 'Filter aufheben' }).click();
    await rowsOf(page).nth(10).waitFor();
    expect(await page.locator('output').textContent()).toBe('{}');
    expect(ui.complaints).toEqual([]);
  });

  it('reads the same under a hostile stylesheet and a strict policy', async () => {
    const before = await ui.show(markup);
    const plain = before.locator('mailtrail-emails');
    await plain.locator('.row').nth(10).waitFor();
    await plain.getByText('Needs action (5)').waitFor();
    const words = await plain.locator('.root').innerText();
    const size = await plain.locator('.recipient').first().boundingBox();
    const policy = `default-src 'none'; script-src 'self' ${ui.stack.url}; style-src 'self'; img-src data:; connect-src ${ui.stack.url}; base-uri 'none'; require-trusted-types-for 'script'; trusted-types lit-html`;
    ui.stack.host.serve('/hostile.css', {
      headers: { 'content-type': 'text/css' },
      html: `* { all: unset; color: #fff; font: 3px/1 fantasy; letter-spacing: 1em; text-transform: uppercase; text-align: right; white-space: pre; visibility: inherit; cursor: none; }
html { font-size: 2px; } li, button, time, details, p { display: none !important; } div { position: fixed; }`,
    });
    const page = await ui.show(markup, {
      path: '/hostile',
      head: '<link rel="stylesheet" href="/hostile.css">',
      headers: { 'content-security-policy': policy },
    });
    const hostile = page.locator('mailtrail-emails');
    await hostile.locator('.row').nth(10).waitFor();
    await hostile.getByText('Needs action (5)').waitFor();
    expect(await hostile.locator('.root').innerText()).toBe(words);
    expect((await hostile.locator('.recipient').first().boundingBox())!.height).toBe(size!.height);
    await hostile.locator('.row .open').first().click();
    await page.locator('mailtrail-email h3').first().waitFor();
    const [list, detail] = await Promise.all(['.list', '.detail'].map(part => hostile.locator(part).boundingBox()));
    expect(detail!.x).toBeGreaterThan(list!.x + list!.width - 1);
    await picture(page, 'hostile-host');
    expect(ui.complaints).toEqual([]);
  });

  it('of an origin outside corsOrigins gets nothing', async () => {
    const page = await ui.open((await embedded(ui.stack, markup)).replace('127.0.0.1', 'localhost'));
    await expect.poll(() => ui.complaints.join()).toMatch(/CORS/);
    expect(await rowsOf(page).count()).toBe(0);
  });
});
