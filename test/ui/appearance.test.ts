import type { Page } from 'playwright-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults } from '../rigs/accessibility.ts';
import { noBrowser, picture, type Visit, visit } from '../rigs/browser.ts';
import { embedded } from '../rigs/embedded.ts';
import { elevenEmails, emailWith } from '../rigs/ui-emails.ts';
import { theUiStack, type UiStack } from '../rigs/ui-stack.ts';

/** The ways in which people see a page. */
const manners = {
  light: {},
  dark: { media: { colorScheme: 'dark' } },
  'forced-colors': { media: { forcedColors: 'active' } },
  'reduced-motion': { media: { reducedMotion: 'reduce' } },
  '320-pixels': { viewport: { width: 320, height: 700 } },
  // 200 % zoom on a laptop leaves half of its pixels.
  'zoomed-200-percent': { viewport: { width: 640, height: 400 } },
} as const satisfies Record<string, Manner>;

interface Manner {
  readonly media?: Parameters<Page['emulateMedia']>[0];
  readonly viewport?: { readonly width: number; readonly height: number };
}

async function seenAs(page: Page, { media, viewport = { width: 1280, height: 800 } }: Manner): Promise<void> {
  await page.emulateMedia({ colorScheme: null, forcedColors: null, reducedMotion: null, ...media });
  await page.setViewportSize(viewport);
}

const head = '<style>:root { color-scheme: light dark }</style>';

/** Whether the page scrolls sideways, or an element is wider than the window. */
const isTooWide = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

describe.skipIf(noBrowser)('the elements', { timeout: 60_000 }, () => {
  let stack: UiStack;
  let open: Visit | undefined;
  const ids: string[] = [];

  beforeAll(async () => {
    stack = await theUiStack();
    const events = elevenEmails('northwind');
    for (const email of Map.groupBy(events, event => event.messageId).values()) ids.push(await stack.record(email));
  }, 150_000);
  afterEach(async () => {
    await open?.close();
    open = undefined;
  });

  it('have no fault of accessibility, in the list and in an email beside it or in its place', async () => {
    const markup = '<mailtrail-emails account="northwind"></mailtrail-emails>';
    open = await visit(await embedded(stack, markup, { head }));
    const { page } = open;
    const rows = page.locator('mailtrail-emails .row');
    const inEveryManner = async (state: string) => {
      for (const [manner, seen] of Object.entries<Manner>(manners)) {
        await seenAs(page, seen);
        expect([manner, await accessibilityFaults(page), await isTooWide(page)]).toEqual([manner, [], false]);
        await picture(page, `${state}-${manner}`);
      }
      await seenAs(page, manners.light);
    };
    await rows.first().waitFor();
    expect(await rows.count()).toBe(11);
    await inEveryManner('list');
    await rows.filter({ hasText: 'invalid@' }).locator('.open').click();
    await page.locator('mailtrail-email').getByText('Unknown address').first().waitFor();
    await inEveryManner('email');
    const recipient = rows.first().locator('.recipient');
    expect(await recipient.isVisible()).toBe(true);
    expect(await recipient.evaluate(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)).toBe(false);
    await seenAs(page, manners['320-pixels']);
    expect(await recipient.isVisible()).toBe(false);
    expect(open.complaints).toEqual([]);
  });

  it('have no fault of accessibility where there is nothing to show, or a menu is open', async () => {
    const markup = '<mailtrail-emails account="nobody"></mailtrail-emails>';
    open = await visit(await embedded(stack, markup, { head }), { viewport: manners['320-pixels'].viewport });
    const { page } = open;
    await page.getByText('No email is recorded yet.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    for (const menu of ['Status', 'Period']) {
      await page.locator('summary', { hasText: menu }).click();
      expect([await accessibilityFaults(page), await isTooWide(page)]).toEqual([[], false]);
      await picture(page, `list-menu-${menu.toLowerCase()}`);
      await page.keyboard.press('Escape');
    }
    await page.context().setOffline(true);
    await page.getByRole('searchbox').fill('INV-1');
    await page.getByRole('searchbox').press('Enter');
    await page.getByText('There is no connection.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  it('read from right to left on a page that does', async () => {
    const markup = '<div dir="rtl" lang="ar"><mailtrail-emails account="northwind"></mailtrail-emails></div>';
    open = await visit(await embedded(stack, markup, { head }));
    const { page } = open;
    const row = page.locator('mailtrail-emails .row').first();
    await row.waitFor();
    const [recipient, facts] = await Promise.all([
      row.locator('.recipient').boundingBox(),
      row.locator('.facts').boundingBox(),
    ]);
    expect(facts!.x).toBeLessThan(recipient!.x);
    await picture(page, 'list-right-to-left');
    await row.locator('.open').click();
    await page.locator('mailtrail-email').getByRole('heading', { level: 3 }).first().waitFor();
    await picture(page, 'email-right-to-left');
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  it('speak German on a German page', async () => {
    const markup = '<div lang="de"><mailtrail-emails account="northwind"></mailtrail-emails></div>';
    open = await visit(await embedded(stack, markup, { head }), { locale: 'de-DE' });
    const { page } = open;
    await page.getByText('Adresse unbekannt').waitFor();
    await picture(page, 'list-german');
    await page.locator('mailtrail-emails .row', { hasText: 'invalid@' }).locator('.open').click();
    await page.locator('mailtrail-email').getByRole('heading', { level: 3 }).first().waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'email-german');
  });

  it('load no German where nobody asks for it', async () => {
    open = await visit('about:blank');
    const { page } = open;
    const loaded: string[] = [];
    page.on(
      'response',
      response =>
        void response.text().then(
          text => loaded.push(text),
          () => {},
        ),
    );
    await page.goto(await embedded(stack, '<mailtrail-emails account="northwind"></mailtrail-emails>'));
    await page.locator('mailtrail-emails .row').first().waitFor();
    expect(loaded.join()).not.toContain('Empfänger');
  });

  it('show hostile subjects, recipients and references as inert text', async () => {
    const hostile = [
      { subject: '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>', reference: '"><b>INV' },
      { subject: 'Invoice \u202egnp.exe\u202c and \u2067more\u2069', reference: '\u202eREF' },
      { subject: 'W'.repeat(290), reference: 'R'.repeat(250) },
      { subject: '{{7*7}} javascript:alert(1)', reference: '&amp;lt;' },
    ];
    for (const [index, facts] of hostile.entries()) {
      const recipient =
        index === 2 ? `${'l'.repeat(64)}@${'d'.repeat(60)}.${'d'.repeat(60)}.example` : `h${index}@example.com`;
      await stack.record(emailWith('invalid', { accountId: 'hostile', recipient, ...facts }));
    }
    for (const [name, options] of Object.entries({ wide: {}, narrow: { viewport: manners['320-pixels'].viewport } })) {
      const markup = '<mailtrail-emails account="hostile"></mailtrail-emails>';
      open = await visit(await embedded(stack, markup, { account: 'hostile' }), options);
      const { page } = open;
      const rows = page.locator('mailtrail-emails .row');
      await rows.first().waitFor();
      expect(await rows.count()).toBe(4);
      expect(await page.locator('mailtrail-emails .row :is(img, script, b)').count()).toBe(0);
      expect(await isTooWide(page)).toBe(false);
      await picture(page, `list-hostile-${name}`);
      for (let index = 0; index < 4; index += 1) {
        await rows.nth(index).locator('.open').click();
        await page.locator('mailtrail-email').getByRole('heading', { level: 3 }).first().waitFor();
        expect(await page.locator('mailtrail-email :is(img, script, iframe)').count()).toBe(0);
        expect(await isTooWide(page)).toBe(false);
        await picture(page, `email-hostile-${name}-${index}`);
        await page.getByRole('button', { name: 'Back to the list' }).click();
      }
      expect(await page.evaluate(() => Reflect.get(window, 'hacked'))).toBeUndefined();
      expect(open.complaints).toEqual([]);
      await open.close();
    }
  });
});
