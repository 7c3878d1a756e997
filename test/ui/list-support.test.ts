import { describe, expect, it } from 'vitest';
import { accessibilityFaults } from '../rigs/accessibility.ts';
import { noBrowser, picture } from '../rigs/browser.ts';
import { listOf, recipients, recordTwelve, rowsOf, uiVisits } from './visits.ts';

describe.skipIf(noBrowser)('the list of emails for support', () => {
  const ui = uiVisits(stack => Promise.all([recordTwelve(stack, 'globex'), recordTwelve(stack, 'soylent')]));
  const everywhere = '<mailtrail-emails></mailtrail-emails>';

  it('shows no count of another account that comes late', async () => {
    const page = await ui.show(everywhere, { account: null });
    const { promise: other, resolve: goOn } = Promise.withResolvers<void>();
    await page.route('**/accounts/slow/emails?attention=act&limit=1', async route => {
      await other;
      await route.fulfill({
        json: { emails: [], total: { count: 777, more: false } },
        headers: { 'access-control-allow-origin': '*' },
      });
    });
    const choose = (account: string) =>
      page.evaluate(name => document.querySelector('mailtrail-emails')!.setAttribute('account', name), account);
    const asked = page.waitForRequest(/slow.*attention=act/);
    await choose('slow');
    await asked;
    await choose('globex');
    const count = page.getByRole('button', { name: 'Needs action (5)' });
    await count.waitFor();
    const answered = page.waitForResponse(/slow.*attention=act/);
    goOn();
    await answered;
    await page.waitForTimeout(200);
    await count.waitFor();
  });

  it('asks support nothing about an account whose id is a step in a path', async () => {
    const page = await ui.show(listOf('..'), { account: null });
    await page.getByRole('button', { name: 'Needs action' }).click();
    await page.getByText('There is no such account, or it is not yours to see.').waitFor();
    expect(await rowsOf(page).count()).toBe(0);
  });

  it('shows support the emails of all accounts by recipient, and what needs action', async () => {
    const page = await ui.show(everywhere, { account: null });
    await rowsOf(page).first().waitFor();
    expect((await recipients(page)).every(one => !one.startsWith('delivered'))).toBe(true);
    const chip = page.getByRole('button', { name: /Needs action \(\d/ });
    expect(await chip.getAttribute('aria-pressed')).toBe('true');
    expect(await page.evaluate(() => document.querySelector('mailtrail-emails')!.filter)).toEqual({});
    expect(await page.getByRole('button', { name: 'Clear filters' }).count()).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'support-first');
    const facts = await rowsOf(page)
      .filter({ hasText: /globex|soylent/ })
      .locator('.facts')
      .evaluateAll(all =>
        all.map(one => [...one.children].every(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)),
      );
    expect(facts).not.toContain(false);
    await page.getByRole('searchbox').fill('invalid@example.com');
    await page.getByRole('searchbox').press('Enter');
    await expect.poll(async () => (await recipients(page)).length).toBeGreaterThan(1);
    expect((await rowsOf(page).allTextContents()).join()).toMatch(/globex/);
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'support-search');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await expect.poll(async () => (await recipients(page)).length).toBeGreaterThan(9);
  });

  it('makes the account of an email a button where the host opens accounts, in the list and in the email', async () => {
    const page = await ui.shown(everywhere, { account: null });
    const account = page.getByRole('button', { name: 'Account: globex' });
    expect(await account.count()).toBe(0);
    await page.evaluate(() => {
      document.addEventListener('mailtrail-account-open', event => {
        const opened = Reflect.get(window, 'opened') ?? [];
        Object.assign(window, { opened: [...opened, (event as CustomEvent).detail] });
      });
      document.querySelector('mailtrail-emails')!.setAttribute('accounts', '');
    });
    await account.first().click();
    expect(await page.locator('mailtrail-email').count()).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'support-accounts');
    await rowsOf(page).filter({ hasText: 'globex' }).first().locator('.open').click();
    await page.locator('mailtrail-email').getByRole('button', { name: 'Account: globex' }).click();
    expect(await page.evaluate(() => Reflect.get(window, 'opened'))).toEqual([
      { accountId: 'globex' },
      { accountId: 'globex' },
    ]);
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'support-email');
  });
});
