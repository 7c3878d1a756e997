import { describe, expect, it } from 'vitest';
import { accessibilityFaults } from '../rigs/accessibility.ts';
import { noBrowser, picture } from '../rigs/browser.ts';
import { eventsOf } from '../rigs/ui-emails.ts';
import { listOf, recipients, recordTwelve, rowsOf, uiVisits } from './visits.ts';

const minute = 60_000;

describe.skipIf(noBrowser)('the list of emails on an account page', () => {
  const ui = uiVisits(stack => recordTwelve(stack, 'acme'));
  const shown = (markup = listOf('acme')) => ui.shown(markup);

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
    expect(ui.complaints).toEqual([]);
  });

  it('shows a time relative to now, and the exact one on focus and hover', async () => {
    const page = await shown();
    const row = rowsOf(page).filter({ hasText: 'deferred@example.com' });
    expect(await row.locator('time').innerText()).toContain('3 hours ago');
    await row.locator('.open').focus();
    expect(await row.locator('time').innerText()).toMatch(/, \d+:\d\d [AP]M UTC$/);
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

  it('lists what needs action in the order of the reports, and says when each came', async () => {
    const failing = [
      ['first', 'invalid', 60, 50],
      ['second', 'hard_bounced', 3 * 24 * 60, 20],
      ['third', 'marked_spam', 100, 1],
    ] as const;
    for (const [name, status, sent, reported] of failing) {
      const facts = { accountId: 'failing', recipient: `${name}@example.com` };
      await ui.stack.record(
        eventsOf(
          [
            ['sent', sent],
            [status, reported],
          ],
          name,
          facts,
        ),
      );
    }
    const page = await shown(listOf('failing'));
    expect(await recipients(page)).toEqual(['first@example.com', 'third@example.com', 'second@example.com']);
    expect(await rowsOf(page).first().textContent()).not.toContain('reported');
    await page.getByRole('button', { name: 'Needs action' }).click();
    const times = () => rowsOf(page).locator('time [aria-hidden]').allTextContents();
    const inOrder = ['reported 1 minute ago', 'reported 20 minutes ago', 'reported 50 minutes ago'];
    await expect.poll(times).toEqual(inOrder);
    expect(await recipients(page)).toEqual(['third@example.com', 'second@example.com', 'first@example.com']);
    await picture(page, 'list-reported');
    await page.evaluate(() => {
      Object.assign(document.querySelector('mailtrail-emails')!, {
        filter: { status: 'invalid,hard_bounced,marked_spam' },
      });
    });
    await page.getByText('Status (3)').waitFor();
    // It holds handled emails too, so that it is in the order of sending.
    await expect.poll(times).toEqual(['1 hour ago', '1 hour ago', '3 days ago']);
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
    await expect.poll(() => recipients(page)).toContain('marked.spam@example.com');
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

  it('tells a filter that is not valid from a search that is not', async () => {
    const page = await shown();
    await page.evaluate(() => {
      Object.assign(document.querySelector('mailtrail-emails')!, {
        filter: { status: 'lost', recipient: 'a@b.example' },
      });
    });
    await page.getByText('This filter is not valid. Clear the filters.').waitFor();
    await picture(page, 'list-invalid-filter');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await rowsOf(page).first().waitFor();
  });

  it('says that there is no such account, or that it is somebody else’s', async () => {
    const page = await ui.show(listOf('ghost'), { account: 'acme' });
    await page.getByText('There is no such account, or it is not yours to see.').waitFor();
  });

  it('says that no email is recorded yet for a new account', async () => {
    const page = await ui.show(listOf('new'), { account: 'new' });
    await page.getByText('No email is recorded yet. Emails appear here once they are sent.').waitFor();
    await picture(page, 'list-new-account');
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
    // The outline of the button has room beside it.
    const [detail, back] = await Promise.all([
      page.locator('mailtrail-emails .detail').boundingBox(),
      page.getByRole('button', { name: 'Back to the list' }).boundingBox(),
    ]);
    expect(back!.x - detail!.x).toBeGreaterThanOrEqual(4);
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await rowsOf(page).nth(2).isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Back to the list' }).click();
    await expect.poll(focused).toBe(third);
    await page.keyboard.press('Enter');
    await page.locator('mailtrail-email h3').first().waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(focused).toBe(third);
    expect(await page.locator('mailtrail-email').count()).toBe(0);
  });

  it('takes a filter away, and an email that is no id', async () => {
    const page = await shown('<mailtrail-emails account="acme" email-id=""></mailtrail-emails>');
    expect(await page.locator('mailtrail-email').count()).toBe(0);
    await page.evaluate(() => {
      Object.assign(document.querySelector('mailtrail-emails')!, { filter: null });
    });
    await rowsOf(page).first().waitFor();
    expect(ui.complaints).toEqual([]);
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

  it('says the status of the email that has the focus', async () => {
    const page = await shown();
    const row = rowsOf(page).filter({ hasText: 'invalid@example.com' });
    const id = await row.locator('.open').getAttribute('aria-describedby');
    expect(await row.locator(`[id="${id}"]`).textContent()).toContain('Invalid');
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
});
