import { afterEach, describe, expect, it } from 'vitest';
import type { ProvidersAnswer } from '../../shared/http/response-schemas.ts';
import { accessibilityFaults } from '../rigs/accessibility.ts';
import { noBrowser, picture } from '../rigs/browser.ts';
import { uiVisits } from './visits.ts';

const quiet = { refused: 0, quarantined: 0, silentSince: null, noNews: { emails: 40, waiting: 0 } };
const answer: ProvidersAnswer = {
  countedSince: '2026-11-24T00:00:00.000Z',
  providers: [
    {
      provider: 'app',
      title: 'Your own application',
      inUse: true,
      ...quiet,
      lastEventAt: '2026-11-30T15:58:00.000Z',
      lagSeconds: 1,
      judgedAt: '2026-11-30T16:00:00.000Z',
    },
    {
      provider: 'sendgrid',
      title: 'SendGrid',
      inUse: true,
      lastEventAt: '2026-11-30T14:02:00.000Z',
      lagSeconds: 3,
      refused: 17,
      quarantined: 2,
      silentSince: '2026-11-30T14:02:00.000Z',
      noNews: { emails: 230, waiting: 212 },
      judgedAt: '2026-11-30T16:00:00.000Z',
    },
    {
      provider: 'postmark',
      title: 'Postmark',
      inUse: true,
      ...quiet,
      lastEventAt: null,
      lagSeconds: null,
      noNews: null,
      judgedAt: null,
    },
  ],
};

describe.skipIf(noBrowser)('the providers on the page', () => {
  const ui = uiVisits(async () => {});
  afterEach(() => expect(ui.complaints).toEqual([]));

  async function signedIn(choice: string, options = {}, status = 200) {
    const page = await ui.open('about:blank', options);
    await page.route('**/providers', route => (status === 200 ? route.fulfill({ json: answer }) : route.abort()));
    await page.goto(`${ui.stack.url}/ui`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: choice }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    return page;
  }
  const isTooWide = () => document.documentElement.scrollWidth > document.documentElement.clientWidth;

  it('say at once which one is silent, and on demand since when, what waits, and what was refused', async () => {
    const page = await signedIn('Sign in as support');
    const summary = page.locator('summary', { hasText: 'Providers' });
    await summary.getByText('SendGrid is silent.').waitFor();
    await summary.click();
    const [first, ...others] = await page.locator('mailtrail-providers li').allInnerTexts();
    expect(first).toMatch(/^SendGrid\s+Silent since/);
    expect(first).toContain('212 of 230 emails without news');
    expect(first).toContain('Refused calls in 7 days: 17');
    expect(first).toContain('Quarantined in 7 days: 2');
    expect(others.map(text => text.split('\n')[0])).toEqual(['Your own application', 'Postmark']);
    expect(others[1]).toContain('Reported nothing yet');
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'page-providers');
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'page-providers-dark');
    await page.setViewportSize({ width: 320, height: 700 });
    expect([await accessibilityFaults(page), await page.evaluate(isTooWide)]).toEqual([[], false]);
    await picture(page, 'page-providers-320-pixels');
  });

  it('are not shown to people of an account', async () => {
    const page = await signedIn('Sign in as acme');
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await page.locator('mailtrail-providers').count()).toBe(0);
  });
});
