import { describe, expect, it } from 'vitest';
import { accessibilityFaults } from '../rigs/accessibility.ts';
import { noBrowser, picture } from '../rigs/browser.ts';
import { elevenEmails, eventsOf } from '../rigs/ui-emails.ts';
import { focusedText, listOf, newsIsDue, recipients, recordTwelve, rowsOf, uiVisits } from './visits.ts';

describe.skipIf(noBrowser)('the open list of emails', () => {
  const ui = uiVisits(stack => recordTwelve(stack, 'umbrella'));
  const shown = (markup = listOf('umbrella')) => ui.shown(markup, { clock: true });

  it('says that the connection is lost, keeps the rows, and goes on by itself once it returns', async () => {
    const page = await shown();
    await page.context().setOffline(true);
    await newsIsDue(page);
    await page.getByText('There is no connection.').waitFor();
    expect((await recipients(page)).length).toBe(12);
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'list-offline');
    await page.context().setOffline(false);
    await newsIsDue(page);
    await page.getByText('There is no connection.').waitFor({ state: 'detached' });
  });

  /** A list with a young email whose requests fail while `isDown`. The clock of its page stands still. */
  const troubled = async (accountId: string) => {
    await ui.stack.record(eventsOf([['sent', 1]], 'young', { accountId, recipient: 'jane@example.com' }));
    const page = await shown(listOf(accountId));
    const api = { isDown: true, asked: 0 };
    await page.route(/\/emails\?limit=50$/, async route => {
      if (route.request().method() === 'GET') api.asked += 1;
      const headers = { 'access-control-allow-origin': '*' };
      await (api.isDown ? route.fulfill({ status: 503, headers, json: {} }) : route.continue());
    });
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1_000));
    const notice = page.getByText('The service cannot answer just now.');
    /** The list's next answer, and the time to take it up. */
    const answer = async () => {
      await page.waitForResponse(/\/emails\?limit=50$/);
      await page.waitForTimeout(200);
    };
    /** Whether the list asks once this time of its page is over, and not before. */
    const asksAfter = async (seconds: number) => {
      const before = api.asked;
      await page.clock.runFor(seconds * 1_000 - 10);
      await page.waitForTimeout(200);
      expect(api.asked).toBe(before);
      await Promise.all([answer(), page.clock.runFor(10)]);
      expect(api.asked).toBe(before + 1);
    };
    return { page, api, notice, answer, asksAfter };
  };

  it('asks an API that fails less and less often, and each 4 seconds once it answers', async () => {
    const { page, api, notice, answer, asksAfter } = await troubled('spared');
    await Promise.all([answer(), page.clock.runFor(4_000)]);
    for (const seconds of [8, 16, 32, 64, 128, 256, 300, 300]) await asksAfter(seconds);
    api.isDown = false;
    await asksAfter(300);
    await notice.waitFor({ state: 'detached' });
    await asksAfter(4);
  });

  it('asks each 4 seconds again after a person has tried again, or has opened another account', async () => {
    const { page, api, notice, answer, asksAfter } = await troubled('tried-again');
    await ui.stack.record(eventsOf([['sent', 1]], 'other', { accountId: 'opened', recipient: 'joe@example.com' }));
    const fail = async () => {
      api.isDown = true;
      await Promise.all([answer(), page.clock.runFor(4_000)]);
      await notice.waitFor();
      await asksAfter(8);
      await asksAfter(16);
      api.isDown = false;
    };
    await fail();
    await Promise.all([answer(), page.getByRole('button', { name: 'Try again' }).click()]);
    await notice.waitFor({ state: 'detached' });
    await asksAfter(4);
    await fail();
    const token = await ui.stack.token({ account: 'opened' });
    await page.evaluate(given => {
      const element = document.querySelector('mailtrail-emails')!;
      Object.assign(element, { account: 'opened', getToken: async () => given });
    }, token);
    await page.getByText('joe@example.com').waitFor();
    await page.waitForTimeout(200);
    await asksAfter(4);
  });

  it('gives up an API that never answers after 35 seconds, and asks again', async () => {
    await ui.stack.record(eventsOf([['sent', 1]], 'young', { accountId: 'silent', recipient: 'jane@example.com' }));
    const page = await shown(listOf('silent'));
    const path = '**/accounts/silent/emails?limit=50';
    await page.route(path, () => {});
    await newsIsDue(page);
    await page.clock.runFor(35_000);
    await page.getByText('There is no connection.').waitFor();
    await page.unroute(path);
    await page.clock.runFor(8_000);
    await page.getByText('There is no connection.').waitFor({ state: 'detached' });
  });

  it('shows a new status within 7 seconds, announces it, and keeps focus and place', async () => {
    const facts = { accountId: 'umbrella', recipient: 'live@example.com', subject: 'Invoice 9', reference: 'INV-9' };
    await ui.stack.record(eventsOf([['sent', 1]], 'live', facts));
    const page = await shown();
    const row = rowsOf(page).filter({ hasText: 'live@example.com' });
    await row.locator('.open').focus();
    await ui.stack.record(eventsOf([['delivered', 0, { eventId: 'live-delivered' }]], 'live', facts));
    await newsIsDue(page);
    const announced = page.getByText('live@example.com: Delivered');
    await Promise.all([announced.waitFor(), row.getByText('Delivered').waitFor()]);
    await newsIsDue(page);
    await announced.waitFor({ state: 'detached' });
    expect(await row.locator('.open').evaluate(button => button.matches(':focus'))).toBe(true);
  });

  it('keeps the place of the arrow keys when an email changes', async () => {
    await ui.stack.record(elevenEmails('keys'));
    const facts = { accountId: 'keys', recipient: 'new@example.com' };
    await ui.stack.record(eventsOf([['sent', 0]], 'keys', facts));
    const page = await shown(listOf('keys'));
    await rowsOf(page).first().locator('.open').focus();
    for (let step = 0; step < 5; step += 1) await page.keyboard.press('ArrowDown');
    await ui.stack.record(eventsOf([['delivered', 0, { eventId: 'keys-delivered' }]], 'keys', facts));
    await newsIsDue(page);
    await rowsOf(page).first().getByText('Delivered').waitFor();
    await page.keyboard.press('ArrowDown');
    expect(await focusedText(page)).toContain((await recipients(page))[6]);
  });

  it('moves the focus on when its email leaves the filtered list', async () => {
    const facts = { accountId: 'leaves', recipient: 'leaves@example.com' };
    await ui.stack.record(eventsOf([['sent', 1]], 'leaves', facts));
    await ui.stack.record(eventsOf([['sent', 2]], 'stays', { ...facts, recipient: 'stays@example.com' }));
    const page = await shown(listOf('leaves'));
    await page.evaluate(() => {
      document.querySelector('mailtrail-emails')!.filter = { status: 'sent' };
    });
    await rowsOf(page).first().locator('.open').focus();
    await ui.stack.record(eventsOf([['delivered', 0, { eventId: 'leaves-delivered' }]], 'leaves', facts));
    await newsIsDue(page);
    await expect.poll(() => recipients(page)).toEqual(['stays@example.com']);
    expect(await focusedText(page)).toContain('stays@example.com');
  });

  it('goes on after the host has moved it, even while it was loading', async () => {
    const facts = { accountId: 'moved', recipient: 'moved@example.com' };
    await ui.stack.record(eventsOf([['sent', 1]], 'moved', facts));
    const page = await ui.show(listOf('moved'), { clock: true });
    const move = () => page.evaluate(() => document.body.append(document.querySelector('mailtrail-emails')!));
    await move();
    await rowsOf(page).first().waitFor();
    await move();
    await ui.stack.record(eventsOf([['delivered', 0, { eventId: 'moved-delivered' }]], 'moved', facts));
    await newsIsDue(page);
    await rowsOf(page).getByText('Delivered').waitFor();
  });

  it('asks for nothing once it is removed, even where a request was under way', async () => {
    await ui.stack.record(eventsOf([['sent', 1]], 'removed', { accountId: 'removed', recipient: 'jane@example.com' }));
    const page = await shown(listOf('removed'));
    await rowsOf(page).first().locator('.open').click();
    await page.locator('mailtrail-email').getByRole('heading', { name: 'Timeline' }).waitFor();
    let asked = 0;
    const { promise: removed, resolve: goOn } = Promise.withResolvers<void>();
    await page.route('**/accounts/removed/**', async route => {
      asked += 1;
      await removed;
      await route.continue().catch(() => {});
    });
    await newsIsDue(page);
    await expect.poll(() => asked).toBe(2);
    await page.evaluate(() => document.querySelector('mailtrail-emails')!.remove());
    goOn();
    await newsIsDue(page);
    await page.waitForTimeout(300);
    expect(asked).toBe(2);
  });
});
