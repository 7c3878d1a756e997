import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { accessibilityFaults } from '../rigs/accessibility.ts';
import { noBrowser, picture } from '../rigs/browser.ts';
import { embedded } from '../rigs/embedded.ts';
import { elevenEmails, emailWith } from '../rigs/ui-emails.ts';
import { listOf, rowsOf, uiVisits } from './visits.ts';

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

describe.skipIf(noBrowser)('the elements', () => {
  const ui = uiVisits(stack => stack.record(elevenEmails('northwind')));
  const list = '<mailtrail-emails account="northwind" can-handle></mailtrail-emails>';

  const inEveryManner = async (page: Page, state: string) => {
    for (const [manner, seen] of Object.entries<Manner>(manners)) {
      await seenAs(page, seen);
      expect([manner, await accessibilityFaults(page), await isTooWide(page)]).toEqual([manner, [], false]);
      await picture(page, `${state}-${manner}`);
    }
    await seenAs(page, manners.light);
    expect(ui.complaints).toEqual([]);
  };

  it('have no fault of accessibility in the list', async () => {
    const page = await ui.shown(list, { head });
    expect(await rowsOf(page).count()).toBe(11);
    await inEveryManner(page, 'list');
  });

  it('have no fault of accessibility in an email beside the list or in its place', async () => {
    const page = await ui.shown(list, { head });
    await rowsOf(page).filter({ hasText: 'invalid@' }).locator('.open').click();
    await page.locator('mailtrail-email').getByText('Unknown address').first().waitFor();
    await inEveryManner(page, 'email');
    const recipient = rowsOf(page).first().locator('.recipient');
    expect(await recipient.isVisible()).toBe(true);
    expect(await recipient.evaluate(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)).toBe(false);
    await seenAs(page, manners['320-pixels']);
    expect(await recipient.isVisible()).toBe(false);
  });

  it('have no fault of accessibility where there is nothing to show, or a menu is open', async () => {
    const page = await ui.show(listOf('nobody'), { head, viewport: manners['320-pixels'].viewport });
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
    const markup = `<div dir="rtl" lang="ar">${list}</div>`;
    const page = await ui.show(markup, { head });
    const row = rowsOf(page).first();
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
    const markup = `<div lang="de">${list}</div>`;
    const page = await ui.show(markup, { head, locale: 'de-DE' });
    await page.getByText('Adresse unbekannt').waitFor();
    await picture(page, 'list-german');
    await rowsOf(page).filter({ hasText: 'invalid@' }).locator('.open').click();
    await page.locator('mailtrail-email').getByRole('heading', { level: 3 }).first().waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'email-german');
  });

  it('load no German where nobody asks for it', async () => {
    const page = await ui.open('about:blank');
    const loaded: string[] = [];
    page.on(
      'response',
      response =>
        void response.text().then(
          text => loaded.push(text),
          () => {},
        ),
    );
    await page.goto(await embedded(ui.stack, list));
    await rowsOf(page).first().waitFor();
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
      await ui.stack.record(emailWith('invalid', { accountId: 'hostile', recipient, ...facts }));
    }
    for (const [name, options] of Object.entries({ wide: {}, narrow: { viewport: manners['320-pixels'].viewport } })) {
      const page = await ui.shown(listOf('hostile'), options);
      const rows = rowsOf(page);
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
      expect(ui.complaints).toEqual([]);
    }
  });
});
