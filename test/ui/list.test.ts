import type { Page } from 'playwright-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults } from '../rigs/accessibility.ts';
import { noBrowser, picture, type Visit, visit } from '../rigs/browser.ts';
import { embedded } from '../rigs/embedded.ts';
import { elevenEmails, emailWith, eventsOf } from '../rigs/ui-emails.ts';
import { theUiStack, type UiStack } from '../rigs/ui-stack.ts';

const minute = 60_000;
const list = '<mailtrail-emails account="acme"></mailtrail-emails>';
const rowsOf = (page: Page) => page.locator('mailtrail-emails .row');
const focusedText = (page: Page) =>
  page.evaluate(() => document.querySelector('mailtrail-emails')!.shadowRoot!.activeElement?.textContent);
const recipients = (page: Page) => page.locator('mailtrail-emails .row .recipient').allTextContents();

describe.skipIf(noBrowser)('the list of emails on an account page', { timeout: 60_000 }, () => {
  let stack: UiStack;
  let open: Visit | undefined;
  const show = async (markup = list, options: Parameters<typeof embedded>[2] & Parameters<typeof visit>[1] = {}) => {
    open = await visit(await embedded(stack, markup, options), options);
    return open.page;
  };
  const shown = async (...given: Parameters<typeof show>) => {
    const page = await show(...given);
    await rowsOf(page).first().waitFor();
    return page;
  };

  beforeAll(async () => {
    stack = await theUiStack();
    await stack.record(elevenEmails('acme'));
    await stack.record(
      eventsOf([['sent', 3 * 24 * 60]], 'old', {
        accountId: 'acme',
        recipient: 'late@example.com',
        subject: 'Reminder',
      }),
    );
    await stack.record(elevenEmails('globex'));
  }, 150_000);
  afterEach(async () => {
    await open?.close();
    open = undefined;
  });

  it('shows them newest first, each with recipient, subject, reference, status and cause', async () => {
    const page = await shown();
    expect(await recipients(page)).toEqual([
      'enqueued@example.com',
      'sent@example.com',
      'delivered@example.com',
      'deferred@example.com',
      'soft.bounced@example.com',
      'hard.bounced@example.com',
      'late@example.com',
      'invalid@example.com',
      'rejected@example.com',
      'opened@example.com',
      'link.clicked@example.com',
      'marked.spam@example.com',
    ]);
    const invalid = rowsOf(page).filter({ hasText: 'invalid@example.com' });
    for (const words of ['Invoice 1047', 'INV-1047', 'Invalid', 'Unknown address', '3 days ago']) {
      expect(await invalid.textContent()).toContain(words);
    }
    await picture(page, 'list');
    expect(open!.complaints).toEqual([]);
  });

  it('shows a time relative to now, and the exact one on focus and hover', async () => {
    const page = await shown();
    const row = rowsOf(page).filter({ hasText: 'deferred@example.com' });
    expect(await row.locator('time').innerText()).toContain('3 hours ago');
    await row.locator('.open').focus();
    expect(await row.locator('time').innerText()).toMatch(/UTC/);
    await page.getByRole('button', { name: 'Find' }).focus();
    await row.hover();
    expect(await row.locator('time').innerText()).toMatch(/UTC/);
  });

  it('counts and lists the emails that need action', async () => {
    const page = await shown();
    await page.getByRole('button', { name: 'Needs action (5)' }).click();
    await expect
      .poll(async () => (await recipients(page)).sort())
      .toEqual([
        'hard.bounced@example.com',
        'invalid@example.com',
        'marked.spam@example.com',
        'rejected@example.com',
        'soft.bounced@example.com',
      ]);
    await picture(page, 'list-needs-action');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await expect.poll(async () => (await recipients(page)).length).toBe(12);
  });

  it('lists the emails that wait too long for news', async () => {
    const page = await shown();
    await page.getByRole('button', { name: 'Late', exact: true }).click();
    await expect.poll(() => recipients(page)).toEqual(['late@example.com']);
    expect(await rowsOf(page).textContent()).toContain('Sent · Late');
  });

  it('filters by several statuses', async () => {
    const page = await shown();
    await page.locator('summary', { hasText: 'Status' }).click();
    await page.getByRole('checkbox', { name: 'Invalid' }).check();
    await page.getByRole('checkbox', { name: 'Opened' }).check();
    await picture(page, 'list-status-menu');
    await expect.poll(() => recipients(page)).toEqual(['invalid@example.com', 'opened@example.com']);
  });

  it('filters by recipient, by reference and by day', async () => {
    const page = await shown();
    const search = page.getByRole('searchbox', { name: 'Recipient or reference' });
    await search.fill('Rejected@Example.com');
    await search.press('Enter');
    await expect.poll(() => recipients(page)).toEqual(['rejected@example.com']);
    await search.fill('INV-1041');
    await search.press('Enter');
    await expect.poll(() => recipients(page)).toEqual(['enqueued@example.com']);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.locator('summary', { hasText: 'Period' }).click();
    const day = new Date(Date.now() - 3 * 24 * 60 * minute).toISOString().slice(0, 10);
    await page.getByLabel('To').fill(day);
    await expect.poll(async () => (await recipients(page)).includes('enqueued@example.com')).toBe(false);
    await expect.poll(() => recipients(page), { timeout: 10_000 }).toContain('marked.spam@example.com');
  });

  it('tells the host which filter a person has chosen', async () => {
    const page = await shown();
    await page.evaluate(() => {
      document.addEventListener('mailtrail-filter-change', event => {
        Object.assign(window, { chosen: (event as CustomEvent).detail });
      });
    });
    await page.getByRole('button', { name: 'Late', exact: true }).click();
    await expect
      .poll(() => page.evaluate(() => Reflect.get(window, 'chosen')))
      .toEqual({ filter: { attention: 'late' } });
  });

  it('says what to do where nothing matches', async () => {
    const page = await shown();
    const search = page.getByRole('searchbox');
    const foot = page.locator('mailtrail-emails .foot');
    await search.fill('jane');
    await search.press('Enter');
    await foot
      .getByText('No email has the reference “jane”. Write the whole address or the whole reference.')
      .waitFor();
    await picture(page, 'list-empty');
    await search.fill('jane@');
    await search.press('Enter');
    await page.getByText('Write a whole address such as jane@example.com.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'list-invalid-search');
  });

  it('says that no email is recorded yet for a new account', async () => {
    const page = await show('<mailtrail-emails account="new"></mailtrail-emails>', { account: 'new' });
    await page.getByText('No email is recorded yet. Emails appear here once they are sent.').waitFor();
    await picture(page, 'list-new-account');
  });

  it('asks to sign in where the host has no token', async () => {
    const page = await shown();
    await page.evaluate(() => {
      Object.assign(document.querySelector('mailtrail-emails')!, { getToken: async () => null });
    });
    await page.getByText('You are signed out. Sign in again to see the emails.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'list-signed-out');
  });

  it('shows nothing of the person before to the next one', async () => {
    const page = await shown();
    const signIn = (token: string | null) =>
      page.evaluate(given => {
        document.querySelector('mailtrail-emails')!.getToken = async () => given;
      }, token);
    await signIn(null);
    await page.getByText('You are signed out.').waitFor();
    expect(await page.getByRole('button', { name: /Needs action/ }).textContent()).toBe('Needs action');
    await signIn(await stack.token({ account: 'globex' }));
    await page.getByText('There is no such email, or it is not yours to see.').waitFor();
    expect(await rowsOf(page).count()).toBe(0);
  });

  it('asks the host for another token once one has ended', async () => {
    const page = await shown();
    const [ended, fresh] = await Promise.all([
      stack.token({ account: 'acme', expiresInSeconds: -60 }),
      stack.token({ account: 'acme' }),
    ]);
    await page.evaluate(
      tokens => {
        Object.assign(window, { asked: 0 });
        const getToken = async () => {
          const asked = Reflect.get(window, 'asked');
          Object.assign(window, { asked: asked + 1 });
          return tokens[Math.min(asked, 1)]!;
        };
        Object.assign(document.querySelector('mailtrail-emails')!, { getToken });
      },
      [ended, fresh],
    );
    await expect.poll(() => page.evaluate(() => Reflect.get(window, 'asked')), { timeout: 10_000 }).toBe(2);
    expect(await rowsOf(page).count()).toBeGreaterThan(0);
  });

  it('says that the connection is lost, keeps the rows, and goes on by itself once it returns', async () => {
    const page = await shown();
    await page.context().setOffline(true);
    await page.getByText('There is no connection.').waitFor();
    expect((await recipients(page)).length).toBe(12);
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'list-offline');
    await page.context().setOffline(false);
    await page.getByText('There is no connection.').waitFor({ state: 'detached' });
  });

  it('shows a new status within 7 seconds, announces it, and keeps focus and place', async () => {
    const facts = { accountId: 'acme', recipient: 'live@example.com', subject: 'Invoice 9', reference: 'INV-9' };
    await stack.record(eventsOf([['sent', 1]], 'live', facts));
    const page = await shown();
    const row = rowsOf(page).filter({ hasText: 'live@example.com' });
    await row.locator('.open').focus();
    await stack.record(eventsOf([['delivered', 0, { eventId: 'live-delivered' }]], 'live', facts));
    await row.getByText('Delivered').waitFor({ timeout: 7_000 });
    const announced = page.getByText('live@example.com: Delivered');
    await announced.waitFor();
    await announced.waitFor({ state: 'detached', timeout: 7_000 });
    expect(await row.locator('.open').evaluate(button => button.matches(':focus'))).toBe(true);
  });

  it('goes from row to row by arrow keys, opens an email by Enter, and returns to its row', async () => {
    const page = await shown();
    await rowsOf(page).first().locator('.open').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    const focused = () =>
      page.evaluate(() => document.querySelector('mailtrail-emails')!.shadowRoot!.activeElement!.textContent);
    const third = await focused();
    expect(third).toContain((await recipients(page))[2]);
    await page.keyboard.press('Enter');
    await page.locator('mailtrail-email').getByRole('heading', { level: 3 }).first().waitFor();
    await picture(page, 'list-with-email');
    // Beside an email each row has the width of the list for its recipient; on a narrow page the email is alone.
    const [name, width] = await rowsOf(page)
      .nth(2)
      .evaluate(row => [row.querySelector('.recipient')!.scrollWidth, row.querySelector('.open')!.clientWidth]);
    expect(width).toBeGreaterThanOrEqual(name!);
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await rowsOf(page).nth(2).isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Back to the list' }).click();
    await expect.poll(focused).toBe(third);
  });

  it('takes a filter away, and an email that is no id', async () => {
    const page = await shown('<mailtrail-emails account="acme" email-id=""></mailtrail-emails>');
    expect(await page.locator('mailtrail-email').count()).toBe(0);
    await page.evaluate(() => {
      Object.assign(document.querySelector('mailtrail-emails')!, { filter: null });
    });
    await rowsOf(page).first().waitFor();
    expect(open!.complaints).toEqual([]);
  });

  it('follows the language of its page while it is open, with the opened email', async () => {
    const page = await shown();
    await rowsOf(page).first().locator('.open').click();
    await page.getByRole('heading', { name: 'What to do' }).waitFor();
    await page.evaluate(() => {
      document.documentElement.lang = 'de';
    });
    await page.getByRole('button', { name: 'Suchen' }).waitFor();
    await page.getByRole('heading', { name: 'Was zu tun ist' }).waitFor();
  });

  it('keeps the place of the arrow keys when an email changes', async () => {
    await stack.record(elevenEmails('keys'));
    const facts = { accountId: 'keys', recipient: 'new@example.com' };
    await stack.record(eventsOf([['sent', 0]], 'keys', facts));
    const page = await shown('<mailtrail-emails account="keys"></mailtrail-emails>');
    await rowsOf(page).first().locator('.open').focus();
    for (let step = 0; step < 5; step += 1) await page.keyboard.press('ArrowDown');
    await stack.record(eventsOf([['delivered', 0, { eventId: 'keys-delivered' }]], 'keys', facts));
    await rowsOf(page).first().getByText('Delivered').waitFor({ timeout: 7_000 });
    await page.keyboard.press('ArrowDown');
    expect(await focusedText(page)).toContain((await recipients(page))[6]);
  });

  it('moves the focus on when its email leaves the filtered list', async () => {
    const facts = { accountId: 'leaves', recipient: 'leaves@example.com' };
    await stack.record(eventsOf([['sent', 1]], 'leaves', facts));
    await stack.record(eventsOf([['sent', 2]], 'stays', { ...facts, recipient: 'stays@example.com' }));
    const page = await shown('<mailtrail-emails account="leaves"></mailtrail-emails>');
    await page.evaluate(() => {
      document.querySelector('mailtrail-emails')!.filter = { status: 'sent' };
    });
    await rowsOf(page).first().locator('.open').focus();
    await stack.record(eventsOf([['delivered', 0, { eventId: 'leaves-delivered' }]], 'leaves', facts));
    await expect.poll(() => recipients(page), { timeout: 7_000 }).toEqual(['stays@example.com']);
    expect(await focusedText(page)).toContain('stays@example.com');
  });

  it('says the status of the email that has the focus', async () => {
    const page = await shown();
    const row = rowsOf(page).filter({ hasText: 'invalid@example.com' });
    const id = await row.locator('.open').getAttribute('aria-describedby');
    expect(await row.locator(`[id="${id}"]`).textContent()).toContain('Invalid');
  });

  it('goes on after the host has moved it, even while it was loading', async () => {
    const facts = { accountId: 'moved', recipient: 'moved@example.com' };
    await stack.record(eventsOf([['sent', 1]], 'moved', facts));
    const page = await show('<mailtrail-emails account="moved"></mailtrail-emails>');
    const move = () => page.evaluate(() => document.body.append(document.querySelector('mailtrail-emails')!));
    await move();
    await rowsOf(page).first().waitFor();
    await move();
    await stack.record(eventsOf([['delivered', 0, { eventId: 'moved-delivered' }]], 'moved', facts));
    await rowsOf(page).getByText('Delivered').waitFor({ timeout: 7_000 });
  });

  it('asks for nothing once it is removed, even where a request was under way', async () => {
    await stack.record(eventsOf([['sent', 1]], 'removed', { accountId: 'removed', recipient: 'jane@example.com' }));
    const page = await shown('<mailtrail-emails account="removed"></mailtrail-emails>');
    await rowsOf(page).first().locator('.open').click();
    await page.locator('mailtrail-email').getByRole('heading', { name: 'Timeline' }).waitFor();
    let asked = 0;
    const { promise: removed, resolve: goOn } = Promise.withResolvers<void>();
    await page.route('**/accounts/removed/**', async route => {
      asked += 1;
      await removed;
      await route.continue().catch(() => {});
    });
    await expect.poll(() => asked, { timeout: 7_000 }).toBe(2);
    await page.evaluate(() => document.querySelector('mailtrail-emails')!.remove());
    goOn();
    await page.waitForTimeout(5_500);
    expect(asked).toBe(2);
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
    await stack.record(many('old', 60, 20));
    const page = await shown('<mailtrail-emails account="gap"></mailtrail-emails>');
    await expect.poll(() => all(page), { timeout: 10_000 }).toBe(60);
    await stack.record(many('new', 60, 2));
    await expect.poll(() => all(page), { timeout: 15_000 }).toBe(120);
  });

  it('asks for the next page once, though a refresh ends in between', async () => {
    await stack.record(
      Array.from({ length: 120 }, (_, index) =>
        emailWith('sent', { accountId: 'twice', recipient: `p${index}@example.com` }),
      ).flat(),
    );
    const page = await shown('<mailtrail-emails account="twice"></mailtrail-emails>');
    const cursors: string[] = [];
    await page.route('**/accounts/twice/emails?**', async route => {
      const cursor = new URL(route.request().url()).searchParams.get('cursor');
      if (cursor !== null) cursors.push(cursor);
      await new Promise(resolve => setTimeout(resolve, cursor === null ? 1_000 : 2_000));
      await route.continue().catch(() => {});
    });
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await page.mouse.wheel(0, 20_000);
    await expect.poll(() => rowsOf(page).count(), { timeout: 10_000 }).toBe(100);
    expect(new Set(cursors).size).toBe(cursors.length);
  });

  it('shows no count of another account that comes late', async () => {
    const page = await show('<mailtrail-emails></mailtrail-emails>', { account: null });
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
    await count.waitFor({ timeout: 1_000 });
  });

  it('asks support nothing about an account whose id is a step in a path', async () => {
    const page = await show('<mailtrail-emails account=".."></mailtrail-emails>', { account: null });
    await page.getByRole('button', { name: 'Needs action' }).click();
    await page.getByText('There is no such email, or it is not yours to see.').waitFor();
    expect(await rowsOf(page).count()).toBe(0);
  });

  it('keeps the emails where the host cannot give a token just now, and tries again', async () => {
    const page = await shown();
    await page.evaluate(() => {
      const element = document.querySelector('mailtrail-emails')!;
      const { getToken } = element;
      let asked = 0;
      element.getToken = async () => {
        asked += 1;
        if (asked === 1) throw new TypeError('Failed to fetch');
        return getToken!();
      };
    });
    await page.getByText('There is no connection.').waitFor({ timeout: 7_000 });
    expect((await recipients(page)).length).toBeGreaterThan(10);
    await page.getByText('There is no connection.').waitFor({ state: 'detached', timeout: 7_000 });
  });

  it('downloads what is filtered as a CSV file', async () => {
    const page = await shown();
    await page.getByRole('button', { name: 'Needs action (5)' }).click();
    await expect.poll(async () => (await recipients(page)).length).toBe(5);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CSV' }).click(),
    ]);
    const file = (await (await download.createReadStream()).toArray()).join('');
    expect(download.suggestedFilename()).toBe('emails-acme.csv');
    expect(file.trim().split('\r\n')).toHaveLength(6);
    await page.getByText('The file has 5 emails.').waitFor();
  });

  it('shows all of 1,020 emails by scrolling, and keeps the focus', async () => {
    for (let batch = 0; batch < 4; batch += 1) {
      await stack.record(
        Array.from({ length: 255 }, (_, index) =>
          emailWith('sent', { accountId: 'many', recipient: `p${batch * 255 + index}@example.com` }),
        ).flat(),
      );
    }
    const page = await shown('<mailtrail-emails account="many"></mailtrail-emails>', { account: 'many' });
    await rowsOf(page).first().locator('.open').focus();
    await expect
      .poll(
        async () => {
          await page.mouse.wheel(0, 20_000);
          return rowsOf(page).count();
        },
        { timeout: 30_000, interval: 50 },
      )
      .toBe(1_020);
    await page.getByText('These are all emails.').waitFor();
    expect(new Set(await recipients(page)).size).toBe(1_020);
    expect(
      await page.evaluate(() => document.querySelector('mailtrail-emails')!.shadowRoot!.activeElement!.className),
    ).toBe('open');
  });

  it('shows support the emails of all accounts by recipient, and what needs action', async () => {
    const page = await show('<mailtrail-emails></mailtrail-emails>', { account: null });
    await page.getByText('Search for a recipient or a reference, or look at what needs action.').waitFor();
    await page.getByRole('searchbox').fill('invalid@example.com');
    await page.getByRole('searchbox').press('Enter');
    await expect.poll(async () => (await recipients(page)).length).toBeGreaterThan(1);
    expect((await rowsOf(page).allTextContents()).join()).toMatch(/globex/);
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'support-search');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByRole('button', { name: /Needs action \(\d/ }).click();
    await expect.poll(async () => (await recipients(page)).length).toBeGreaterThan(9);
  });
});
