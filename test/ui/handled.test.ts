import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { readEndpoints } from '../../infra/local/endpoints.ts';
import { emailIdOf, noteNames } from '../../shared/email/event.ts';
import { accessibilityFaults } from '../rigs/accessibility.ts';
import { reportToStack } from '../rigs/application.ts';
import { noBrowser, picture } from '../rigs/browser.ts';
import { eventually } from '../rigs/eventually.ts';
import { emailWith, eventsOf } from '../rigs/ui-emails.ts';
import { focusedText, newsIsDue, recipients, rowsOf, uiVisits } from './visits.ts';

const hostile = '<img src=x onerror="window.hacked=1"><b>{by}</b> \u202egnp.exe';

describe.skipIf(noBrowser)('an email that asks for attention', () => {
  const ui = uiVisits();
  const email = (page: Page) => page.locator('mailtrail-email');
  const button = (page: Page) => page.getByRole('button', { name: 'Mark as handled' });
  const timeline = (page: Page) => page.getByRole('region', { name: 'Timeline', exact: true });
  const markupOf = (account: string, emailId: string, more = 'can-handle') =>
    `<mailtrail-email account="${account}" email-id="${emailId}" ${more}></mailtrail-email>`;
  const bounced = (accountId: string, recipient = 'jane@example.com') =>
    ui.stack.record(emailWith('hard_bounced', { accountId, recipient, subject: 'Invoice 7' }));
  /** Keeps the details of an event of the elements in the page's window. */
  const listen = (page: Page, name: string) =>
    page.evaluate(type => {
      document.addEventListener(type, event => {
        Object.assign(window, { [type]: (event as CustomEvent).detail });
      });
    }, name);
  const heard = (page: Page, name: string) => page.evaluate(type => Reflect.get(window, type), name);

  it('is marked as handled by the keyboard, leaves the list at once, and says by whom and why', async () => {
    const emailId = await bounced('handling');
    await ui.stack.record(emailWith('invalid', { accountId: 'handling', recipient: 'joe@example.com' }));
    const page = await ui.shown('<mailtrail-emails account="handling" can-handle></mailtrail-emails>', {
      manage: true,
    });
    await listen(page, 'mailtrail-handled');
    await page.getByRole('button', { name: 'Needs action (2)' }).click();
    await page.getByRole('button', { name: 'Needs action (2)', pressed: true }).waitFor();
    const row = rowsOf(page).filter({ hasText: 'jane@' });
    await row.locator('.open').click();
    await button(page).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'handle-asked');
    await page.getByLabel('Note (optional)').focus();
    await page.keyboard.type('  Called, new address follows ');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await email(page).getByText('Handled by manager-of-handling').first().waitFor();
    await row.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Needs action (1)' }).waitFor();
    expect(await recipients(page)).toEqual(['joe@example.com']);
    expect(await button(page).count()).toBe(0);
    await email(page).getByText('There is nothing to do now.').waitFor();
    expect(await email(page).getByText('Called, new address follows', { exact: true }).count()).toBe(2);
    expect(await timeline(page).locator('li').last().innerText()).toMatch(
      /Handled by manager-of-handling\s+just now[\s\S]*Called, new address follows$/,
    );
    expect(await page.getByRole('status').filter({ hasText: 'jane@example.com: marked as handled' }).count()).toBe(1);
    expect(await email(page).evaluate(element => element.shadowRoot!.activeElement?.tagName)).toBe('H2');
    expect(await heard(page, 'mailtrail-handled')).toEqual({ emailId, accountId: 'handling' });
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'handle-done');
    await page.keyboard.press('Escape');
    await expect.poll(() => focusedText(page)).toContain('joe@example.com');
    expect(ui.complaints).toEqual([]);
  });

  it('stays in a list of its status once it was handled, as a row that asks nobody', async () => {
    await bounced('handled-row');
    const page = await ui.shown('<mailtrail-emails account="handled-row" can-handle></mailtrail-emails>', {
      manage: true,
    });
    await rowsOf(page).first().locator('.open').click();
    await button(page).click();
    await page.getByRole('button', { name: 'Needs action (0)' }).waitFor();
    await page.evaluate(() => {
      document.querySelector('mailtrail-emails')!.filter = { status: 'hard_bounced' };
    });
    await expect.poll(() => recipients(page)).toEqual(['jane@example.com']);
    expect(await rowsOf(page).getByText('reported').count()).toBe(0);
    await picture(page, 'handled-row');
  });

  it('has no such button unless the host gives it, or where nobody needs to act', async () => {
    const emailId = await bounced('no-button');
    const page = await ui.show(markupOf('no-button', emailId, ''));
    await email(page).getByText('Hard Bounced').first().waitFor();
    expect(await button(page).count()).toBe(0);
    const facts = { accountId: 'no-button', recipient: 'a@example.com' };
    const others = [
      ['Delivered', emailWith('delivered', facts)],
      // It is on its way until it is late.
      ['Sent', eventsOf([['sent', 5]], 'on-its-way', facts)],
    ] as const;
    for (const [label, events] of others) {
      const other = await ui.show(markupOf('no-button', await ui.stack.record(events)), { manage: true });
      await email(other).getByText(label).first().waitFor();
      expect(await button(other).count()).toBe(0);
    }
  });

  it('says who may not mark it, and stays with the note, where the token lacks the scope', async () => {
    const page = await ui.show(markupOf('no-scope', await bounced('no-scope')), { clock: true });
    await page.getByLabel('Note (optional)').fill('Called');
    await button(page).click();
    await page.getByRole('alert').getByText('Your sign-in may not mark emails as handled.').waitFor();
    expect(await page.getByLabel('Note (optional)').inputValue()).toBe('Called');
    await newsIsDue(page);
    await button(page).waitFor();
    await email(page).getByText('Hard Bounced').first().waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'handle-forbidden');
  });

  it('says that marking it failed, and is marked by the next try', async () => {
    const page = await ui.show(markupOf('failing', await bounced('failing')), { manage: true });
    let isDown = true;
    await page.route('**/handled', async route => {
      const headers = { 'access-control-allow-origin': '*' };
      const isAsked = route.request().method() === 'POST';
      await (isDown && isAsked ? route.fulfill({ status: 503, headers, json: {} }) : route.continue());
    });
    await button(page).click();
    await page.getByRole('alert').getByText('The email could not be marked as handled. Try again.').waitFor();
    expect(await timeline(page).getByText('Handled').count()).toBe(0);
    await picture(page, 'handle-failed');
    isDown = false;
    await button(page).click();
    await timeline(page).getByText('Handled by manager-of-failing').waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('shows what is recorded where the answer was lost on its way', async () => {
    const page = await ui.show(markupOf('lost', await bounced('lost')), { manage: true });
    await page.route('**/handled', async route => {
      if (route.request().method() !== 'POST') return route.continue();
      await route.fetch();
      await route.abort();
    });
    await button(page).click();
    await timeline(page).getByText('Handled by manager-of-lost').waitFor();
    expect(await button(page).count()).toBe(0);
  });

  it('is marked once, however often the button is pressed', async () => {
    const page = await ui.show(markupOf('once', await bounced('once')), { manage: true });
    let asked = 0;
    page.on('request', request => {
      if (request.url().endsWith('/handled') && request.method() === 'POST') asked += 1;
    });
    await button(page).dblclick();
    await timeline(page).getByText('Handled by').waitFor();
    expect(asked).toBe(1);
  });

  it('asks again after a later failure', async () => {
    const facts = { accountId: 'again', recipient: 'jane@example.com' };
    const emailId = await ui.stack.record(eventsOf([['soft_bounced', 60]], 'again', facts));
    const page = await ui.show(markupOf('again', emailId), { manage: true, clock: true });
    await button(page).click();
    await email(page).getByText('There is nothing to do now.').waitFor();
    await ui.stack.record(eventsOf([['hard_bounced', 0, { eventId: 'later' }]], 'again', facts));
    await page.clock.fastForward(31_000);
    await button(page).waitFor();
    expect(await email(page).getByText('Handled by manager-of-again').count()).toBe(1);
  });

  it('is marked by support without an account too, and a late one as well', async () => {
    const facts = { accountId: 'waiting', recipient: 'late@example.com' };
    const emailId = await ui.stack.record(eventsOf([['sent', 3 * 24 * 60]], 'waiting', facts));
    const page = await ui.show(`<mailtrail-email email-id="${emailId}" can-handle></mailtrail-email>`, {
      account: null,
    });
    await email(page).getByText('· Late').first().waitFor();
    const asked = page.waitForRequest(/\/handled$/);
    await button(page).click();
    expect(new URL((await asked).url()).pathname).toBe(`/emails/${emailId}/handled`);
    await timeline(page).getByText('Handled by support').waitFor();
    expect(await email(page).getByText('· Late').count()).toBe(0);
    await timeline(page).getByText('No news for 3 days').waitFor();
  });

  it('is marked although its successor was delivered, where it was marked as spam: until then it stops others', async () => {
    const facts = { accountId: 'spam', recipient: 'jane@example.com' };
    const note = { providerEvent: noteNames.successorDelivered, relatedEmailId: 'B'.repeat(22) };
    const life = eventsOf(
      [
        ['marked_spam', 60],
        [null, 50, note],
      ],
      'spam',
      facts,
    );
    const page = await ui.show(markupOf('spam', await ui.stack.record(life)), { manage: true });
    await button(page).waitFor();
    expect(await email(page).getByText('There is nothing to do now.').count()).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);
    await button(page).click();
    await timeline(page).getByText('Handled by manager-of-spam').waitFor();
    await email(page).getByText('There is nothing to do now.').waitFor();
    expect(await button(page).count()).toBe(0);
  });

  it('shows a note and an actor as inert text', async () => {
    const accountId = 'inert';
    const emailId = await bounced(accountId);
    const token = await ui.stack.token({ account: accountId, manage: true, claims: { sub: hostile } });
    await fetch(`${ui.stack.url}/accounts/${accountId}/emails/${emailId}/handled`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ note: `${hostile} ${'W'.repeat(440)}` }),
    });
    const page = await ui.show(markupOf(accountId, emailId), { viewport: { width: 320, height: 700 } });
    await timeline(page).getByText('Handled by <img src=x').waitFor();
    expect(await email(page).locator(':is(img, b)').count()).toBe(0);
    expect(await page.evaluate(() => Reflect.get(window, 'hacked'))).toBeUndefined();
    expect(await email(page).locator('.root').innerText()).not.toContain('\u202e');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'handled-hostile');
    expect(ui.complaints).toEqual([]);
  });

  /** Sends an email again, by the registration of its sender. */
  const resent = async (accountId: string) => {
    const predecessorId = await bounced(accountId);
    const endpoints = readEndpoints(ui.stack.dataDir);
    const token = await ui.stack.token({ account: accountId });
    /** Reports the email that is sent again, and waits for the note in the history of the other one. */
    const report = async (type: string, resendOf: string | undefined, note: string) => {
      const data = { messageId: `${accountId}-again`, recipient: 'jane@example.net', accountId, subject: 'Invoice 7' };
      const timestamp = new Date().toISOString();
      const status = await reportToStack(endpoints, `${accountId}-${type}`, {
        type,
        timestamp,
        data: { ...data, ...(resendOf && { resendOf }) },
      });
      expect(status).toBe(200);
      await eventually(async () => {
        const answer = await fetch(`${endpoints.url}/accounts/${accountId}/emails/${predecessorId}`, {
          headers: { authorization: `Bearer ${token}` },
        });
        expect(await answer.text()).toContain(note);
      });
    };
    await report('email.sent', predecessorId, noteNames.resent);
    const successorId = emailIdOf({
      provider: 'app',
      messageId: `${accountId}-again`,
      recipient: 'jane@example.net',
    });
    return {
      predecessorId,
      successorId,
      delivered: () => report('email.delivered', undefined, noteNames.successorDelivered),
    };
  };

  it('leads to the email that was sent in its place, and back', async () => {
    const { predecessorId, successorId } = await resent('pair');
    const page = await ui.show(markupOf('pair', predecessorId), { manage: true });
    await listen(page, 'mailtrail-email-open');
    await email(page).getByText(`Resent as ${successorId}`).waitFor();
    expect(await timeline(page).innerText()).toContain(`Sent again as ${successorId}`);
    await button(page).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'resent-predecessor');
    await page
      .getByRole('button', { name: `Email: ${successorId}` })
      .first()
      .click();
    await page.getByRole('heading', { level: 2, name: 'jane@example.net' }).waitFor();
    expect(await heard(page, 'mailtrail-email-open')).toEqual({ emailId: successorId, accountId: 'pair' });
    await expect
      .poll(() => email(page).evaluate(element => element.shadowRoot!.activeElement?.textContent))
      .toContain('jane@example.net');
    expect(await timeline(page).innerText()).toContain(`Sends ${predecessorId} again`);
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'resent-successor');
    await email(page).getByText(`Resend of ${predecessorId}`).getByRole('button').click();
    await page.getByRole('heading', { level: 2, name: 'jane@example.com' }).waitFor();
    expect(ui.complaints).toEqual([]);
  });

  it('asks nobody any more once its successor was delivered, and says so', async () => {
    const { predecessorId, successorId, delivered } = await resent('delivered-pair');
    await delivered();
    const page = await ui.shown('<mailtrail-emails account="delivered-pair" can-handle></mailtrail-emails>');
    await listen(page, 'mailtrail-email-open');
    await rowsOf(page).filter({ hasText: 'jane@example.com' }).locator('.open').click();
    await email(page).getByText('Hard Bounced').first().waitFor();
    const note = email(page).getByText(`Resent as ${successorId}, which was delivered`);
    await note.waitFor();
    expect(await button(page).count()).toBe(0);
    await timeline(page).getByText(`The email sent again was delivered: ${successorId}`).waitFor();
    await timeline(page).locator('li').last().scrollIntoViewIfNeeded();
    await picture(page, 'resent-delivered');
    await note.getByRole('button').click();
    await page.getByRole('heading', { level: 2, name: 'jane@example.net' }).waitFor();
    expect(await heard(page, 'mailtrail-email-open')).toEqual({ emailId: successorId, accountId: 'delivered-pair' });
    expect(await rowsOf(page).and(page.locator('.opened')).innerText()).toContain('jane@example.net');
    await page.evaluate(() => {
      document.addEventListener('mailtrail-email-open', event => event.preventDefault());
    });
    await email(page).getByText(`Resend of ${predecessorId}`).getByRole('button').click();
    expect(await heard(page, 'mailtrail-email-open')).toMatchObject({ emailId: predecessorId });
    await page.waitForTimeout(200);
    await page.getByRole('heading', { level: 2, name: 'jane@example.net' }).waitFor();
  });
});
