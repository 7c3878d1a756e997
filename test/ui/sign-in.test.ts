import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { audienceParameters } from '../../functions/ui/page/session.ts';
import { accessibilityFaults } from '../rigs/accessibility.ts';
import { noBrowser, picture } from '../rigs/browser.ts';
import { anEvent } from '../rigs/stored-emails.ts';
import { emailWith } from '../rigs/ui-emails.ts';
import { uiVisits } from './visits.ts';

describe('the audience that the page asks for', () => {
  it.each([
    ['an absolute URI', 'https://api.example.com/mail', { resource: 'https://api.example.com/mail' }],
    ['a URN, as of the local issuer', 'urn:mailtrail:local', { resource: 'urn:mailtrail:local' }],
    ['a plain name', 'mailtrail-api', {}],
    ['a relative path', '/mail', {}],
    ['a URI with a fragment, which no resource has', 'https://api.example.com/#mail', {}],
  ])('has two parameters only where it can be a resource: %s', (_, audience, resource) => {
    expect(audienceParameters(audience)).toEqual({ extraQueryParams: { audience }, ...resource });
  });

  it('has no parameter where none is set', () => {
    expect(audienceParameters('')).toEqual({});
  });
});

describe.skipIf(noBrowser)('the page, in a browser', () => {
  let emailId: string;
  const ui = uiVisits(async stack => {
    const at = Date.now() - 60_000;
    emailId = await stack.record([anEvent({ accountId: 'initech', subject: 'Invoice 7', occurredAt: at })]);
    await stack.record(emailWith('invalid', { accountId: 'initech', recipient: 'jane@example.com' }));
  });
  afterEach(() => expect(ui.complaints).toEqual([]));

  let opened: Page;
  /** Opens an address of the page, and signs in with one of the choices of the issuer. */
  async function signedIn(address: string, choice: string, options = {}) {
    const page = await ui.open(ui.stack.url + address, options);
    opened = page;
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: choice }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    return page;
  }

  const heading = (name: string) => opened.getByRole('heading', { level: 1, name });
  const subject = () => opened.getByText('Invoice 7').first();

  it('signs somebody at an account in, who sees the emails of the account', async () => {
    const page = await signedIn('/ui', 'Sign in as initech');
    await heading('Emails of initech').waitFor();
    await subject().waitFor();
    expect(await page.getByLabel('Account id').count()).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'page-account');
  });

  it('signs support in, who opens an account and comes back by the back button', async () => {
    const page = await signedIn('/ui', 'Sign in as support');
    await heading('Emails of all accounts').waitFor();
    await page.getByLabel('Account id').fill('initech');
    await page.getByRole('button', { name: 'Open account' }).click();
    await heading('Emails of initech').waitFor();
    await subject().waitFor();
    expect(page.url()).toBe(`${ui.stack.url}/ui?account=initech`);
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'page-support');
    await page.goBack();
    await heading('Emails of all accounts').waitFor();
  });

  it('shows support what needs action, opens the account of an email, and keeps the focus on the way back', async () => {
    const page = await signedIn('/ui', 'Sign in as support');
    await page.getByRole('button', { name: /Needs action \(/, pressed: true }).waitFor();
    await picture(page, 'page-support-first');
    await page.getByRole('button', { name: 'Account: initech' }).first().click();
    await heading('Emails of initech').waitFor();
    expect(page.url()).toBe(`${ui.stack.url}/ui?account=initech`);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
    const row = page.locator('mailtrail-emails .row', { hasText: 'Invoice 7' });
    await row.locator('.open').click();
    await page.locator('mailtrail-email h2:focus').waitFor();
    await page.goBack();
    await row.locator('.open:focus').waitFor();
  });

  it('lets only somebody who may change data of the account mark an email as handled', async () => {
    const handled = await ui.stack.record(emailWith('invalid', { accountId: 'initech', recipient: 'joe@example.com' }));
    const link = `/ui?email=${handled}`;
    const button = () => opened.getByRole('button', { name: 'Mark as handled' });
    await signedIn(link, 'Sign in as initech');
    await opened.locator('mailtrail-email').getByText('Invalid').first().waitFor();
    expect(await button().count()).toBe(0);
    const page = await ui.open(ui.stack.url + link);
    opened = page;
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('may also erase recipients, and mark emails as handled').first().check();
    await page.getByRole('button', { name: 'Sign in as initech' }).click();
    await button().click();
    await page.locator('mailtrail-email').getByText('Handled by manager-of-initech').first().waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'page-handled');
  });

  it('opens the email of a link after the sign-in, and keeps it in a reload without another click', async () => {
    const link = `/ui?account=initech&email=${emailId}`;
    const page = await signedIn(link, 'Sign in as support');
    await page.locator('mailtrail-email').getByText('Invoice 7').waitFor();
    await page.reload();
    await page.locator('mailtrail-email').getByText('Invoice 7').waitFor();
    expect(page.url()).toBe(ui.stack.url + link);
  });

  it('names the audience in both ways that issuers know', async () => {
    const page = await ui.open(`${ui.stack.url}/ui`);
    const asked = page.waitForRequest(request => new URL(request.url()).searchParams.has('code_challenge'));
    await page.getByRole('button', { name: 'Sign in' }).click();
    const parameters = new URL((await asked).url()).searchParams;
    expect([parameters.get('audience'), parameters.get('resource')]).toEqual(Array(2).fill('urn:mailtrail:local'));
    await page.getByRole('button', { name: 'Sign in as support' }).waitFor();
  });

  it('keeps its tokens out of the storage of the browser', async () => {
    const page = await signedIn('/ui', 'Sign in as initech');
    const stored = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
    expect(stored).not.toContain('eyJ');
  });

  it('renews its token before that ends, without leaving', async () => {
    const page = await ui.open(`${ui.stack.url}/ui`, { clock: true });
    opened = page;
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign in as initech' }).click();
    await subject().waitFor();
    const renewal = page.waitForRequest(request => request.postData()?.includes('grant_type=refresh_token') ?? false);
    const visits: string[] = [];
    page.on('framenavigated', frame => visits.push(frame.url()));
    await page.clock.fastForward('14:50');
    await page.clock.runFor(31_000);
    expect((await (await renewal).response())?.status()).toBe(200);
    await subject().waitFor();
    expect(visits).toEqual([]);
  });

  it('signs out here and at the issuer: a reload shows no email, and a sign-in asks again', async () => {
    const page = await signedIn('/ui', 'Sign in as initech');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Sign in to see the emails.').waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign in as support' }).waitFor();
  });

  it('loads anew where the browser brings back the page as it was before a sign-out', async () => {
    const page = await signedIn('/ui', 'Sign in as initech');
    const loaded = page.waitForEvent('load');
    await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
    await loaded;
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
  });

  it('says in words why the issuer gave no token', async () => {
    const page = await ui.open(`${ui.stack.url}/ui`);
    await page.route('**/_local/issuer/**', route => route.abort());
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('The sign-in service cannot be reached.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'page-unreachable');
    ui.complaints.length = 0;
  });

  it('fits 320 pixels, speaks German, and begins with a link past its head', async () => {
    const page = await ui.open(`${ui.stack.url}/ui`, {
      locale: 'de-AT',
      viewport: { width: 320, height: 640 },
      colorScheme: 'dark',
    });
    await page.getByRole('button', { name: 'Anmelden' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => [document.activeElement?.id, location.hash])).toEqual(['main', '']);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('de-AT');
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'page-signed-out');
  });
});
