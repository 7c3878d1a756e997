import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { accessibilityFaults } from '../rigs/accessibility.ts';
import { noBrowser, picture } from '../rigs/browser.ts';
import { listOf, newsIsDue, recipients, recordTwelve, rowsOf, uiVisits } from './visits.ts';

describe.skipIf(noBrowser)('the list of emails while people sign in and out', () => {
  const ui = uiVisits(stack => recordTwelve(stack, 'hooli'));
  const shown = () => ui.shown(listOf('hooli'), { clock: true });
  /** Replaces the host's callback by one with another first answer. Its later answers are the token. */
  const answersFirst = (page: Page, first: 'never' | 'late' | 'unreachable') =>
    page.evaluate(name => {
      const element = document.querySelector('mailtrail-emails')!;
      const { getToken } = element;
      const answers = {
        never: () => new Promise<null>(() => {}),
        late: () => new Promise(resolve => setTimeout(resolve, 45_000)).then(() => getToken!()),
        unreachable: () => Promise.reject(new TypeError('Failed to fetch')),
      };
      Object.assign(window, { asked: 0 });
      element.getToken = () => {
        const asked = Reflect.get(window, 'asked');
        Object.assign(window, { asked: asked + 1 });
        return asked === 0 ? answers[name]() : getToken!();
      };
    }, first);

  it('takes rows and email away from a sign-in that may not see them, until there is another token', async () => {
    const page = await shown();
    await rowsOf(page).first().locator('.open').click();
    await page.locator('mailtrail-email h3').first().waitFor();
    const emails = `${ui.stack.url}/accounts/hooli/emails**`;
    const refused = { status: 403, headers: { 'access-control-allow-origin': '*' }, body: '{}' };
    await page.route(emails, route => (route.request().method() === 'GET' ? route.fulfill(refused) : route.continue()));
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await page.getByText('Your sign-in may not see these emails. Ask your administrator.').nth(1).waitFor();
    expect(await rowsOf(page).count()).toBe(0);
    expect(await page.locator('mailtrail-email h3').count()).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'list-forbidden');
    await page.unroute(emails);
    await page.evaluate(() => {
      const list = document.querySelector('mailtrail-emails')!;
      const { getToken } = list;
      Object.assign(list, { getToken: () => getToken!() });
    });
    await rowsOf(page).first().waitFor();
    await page.locator('mailtrail-email h3').first().waitFor();
  });

  it('asks to sign in where the host has no token', async () => {
    const page = await shown();
    await page.evaluate(() => {
      Object.assign(document.querySelector('mailtrail-emails')!, { getToken: async () => null });
    });
    await newsIsDue(page);
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
    await newsIsDue(page);
    await page.getByText('You are signed out.').waitFor();
    expect(await page.getByRole('button', { name: /Needs action/ }).textContent()).toBe('Needs action');
    await signIn(await ui.stack.token({ account: 'globex' }));
    await page.getByText('There is no such account, or it is not yours to see.').waitFor();
    expect(await rowsOf(page).count()).toBe(0);
  });

  it('asks the host for another token once one has ended', async () => {
    const page = await shown();
    const [ended, fresh] = await Promise.all([
      ui.stack.token({ account: 'hooli', expiresInSeconds: -60 }),
      ui.stack.token({ account: 'hooli' }),
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
    await newsIsDue(page);
    await expect.poll(() => page.evaluate(() => Reflect.get(window, 'asked'))).toBe(2);
    expect(await rowsOf(page).count()).toBeGreaterThan(0);
  });

  it('asks a host again that has said nothing for five minutes', async () => {
    const page = await shown();
    await answersFirst(page, 'never');
    const fault = page.getByText('Something went wrong on our side.');
    await newsIsDue(page);
    await page.clock.fastForward(20_000);
    await fault.waitFor();
    await page.clock.runFor(6 * 60_000);
    await fault.waitFor({ state: 'detached' });
  });

  it('waits for a slow host without asking it twice, and takes its token though it is late', async () => {
    const page = await shown();
    await answersFirst(page, 'late');
    const fault = page.getByText('Something went wrong on our side.');
    await newsIsDue(page);
    await page.clock.runFor(20_000);
    await fault.waitFor();
    await page.clock.runFor(60_000);
    await fault.waitFor({ state: 'detached' });
    expect(await page.evaluate(() => Reflect.get(window, 'asked'))).toBe(1);
  });

  it('keeps the emails where the host cannot give a token just now, and tries again', async () => {
    const page = await shown();
    await answersFirst(page, 'unreachable');
    await newsIsDue(page);
    await page.getByText('There is no connection.').waitFor();
    expect((await recipients(page)).length).toBeGreaterThan(10);
    await page.clock.runFor(8_000);
    await page.getByText('There is no connection.').waitFor({ state: 'detached' });
  });
});
