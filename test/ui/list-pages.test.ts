import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { noBrowser } from '../rigs/browser.ts';
import { emailWith, eventsOf } from '../rigs/ui-emails.ts';
import { listOf, recipients, rowsOf, uiVisits } from './visits.ts';

describe.skipIf(noBrowser)('the list of more emails than a page has', () => {
  const ui = uiVisits(async stack => {
    for (let batch = 0; batch < 4; batch += 1) {
      await stack.record(
        Array.from({ length: 255 }, (_, index) =>
          emailWith('sent', { accountId: 'many', recipient: `p${batch * 255 + index}@example.com` }),
        ).flat(),
      );
    }
  });

  it('misses no email where more than a page of them is new', async () => {
    const many = (name: string, count: number, minutesAgo: number) =>
      Array.from({ length: count }, (_, index) =>
        eventsOf([['sent', minutesAgo]], `${name}-${index}`, {
          accountId: 'gap',
          recipient: `${name}${index}@example.com`,
        }),
      ).flat();
    const all = async (page: Page) => {
      await page.mouse.wheel(0, 20_000);
      return rowsOf(page).count();
    };
    await ui.stack.record(many('old', 60, 20));
    const page = await ui.shown(listOf('gap'));
    await expect.poll(() => all(page)).toBe(60);
    await ui.stack.record(many('new', 60, 2));
    await expect.poll(() => all(page)).toBe(120);
  });

  it('asks for the next page once, though a refresh ends in between', async () => {
    await ui.stack.record(
      Array.from({ length: 120 }, (_, index) =>
        emailWith('sent', { accountId: 'twice', recipient: `p${index}@example.com` }),
      ).flat(),
    );
    const page = await ui.shown(listOf('twice'));
    const cursors: string[] = [];
    await page.route('**/accounts/twice/emails?**', async route => {
      const cursor = new URL(route.request().url()).searchParams.get('cursor');
      if (cursor !== null) cursors.push(cursor);
      await new Promise(resolve => setTimeout(resolve, cursor === null ? 1_000 : 2_000));
      await route.continue().catch(() => {});
    });
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await page.mouse.wheel(0, 20_000);
    await expect.poll(() => rowsOf(page).count()).toBe(100);
    expect(new Set(cursors).size).toBe(cursors.length);
  });

  it('shows all of 1,020 emails by scrolling, and keeps the focus', async () => {
    const page = await ui.shown(listOf('many'));
    await rowsOf(page).first().locator('.open').focus();
    await expect
      .poll(async () => {
        await page.mouse.wheel(0, 20_000);
        return rowsOf(page).count();
      })
      .toBe(1_020);
    await page.getByText('These are all emails.').waitFor();
    expect(new Set(await recipients(page)).size).toBe(1_020);
    expect(
      await page.evaluate(() => document.querySelector('mailtrail-emails')!.shadowRoot!.activeElement!.className),
    ).toBe('open');
  });

  it('asks for further emails once while it looks for news', async () => {
    const page = await ui.shown(listOf('many'));
    const cursors: (string | null)[] = [];
    await page.route(`${ui.stack.url}/accounts/many/emails?limit=50**`, async route => {
      const cursor = new URL(route.request().url()).searchParams.get('cursor');
      if (route.request().method() === 'GET') cursors.push(cursor);
      await new Promise(resolve => setTimeout(resolve, cursor === null ? 300 : 1_000));
      await route.continue().catch(() => {});
    });
    await page.evaluate(() => {
      document.dispatchEvent(new Event('visibilitychange'));
      window.scrollTo(0, document.body.scrollHeight);
    });
    await expect.poll(() => rowsOf(page).count()).toBeGreaterThan(50);
    const further = cursors.filter(cursor => cursor !== null);
    expect(cursors).toContain(null);
    expect(new Set(further).size).toBe(further.length);
  });
});
