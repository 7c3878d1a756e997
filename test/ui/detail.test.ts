import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { type Status, statuses, statusIds } from '../../shared/status/catalogue.ts';
import { accessibilityFaults } from '../rigs/accessibility.ts';
import { noBrowser, picture } from '../rigs/browser.ts';
import { embedded } from '../rigs/embedded.ts';
import { elevenEmails, emailWith, eventsOf } from '../rigs/ui-emails.ts';
import { newsIsDue, uiVisits } from './visits.ts';

describe.skipIf(noBrowser)('on an account page', () => {
  const ids = new Map<Status, string>();
  const ui = uiVisits(async stack => {
    const byMessage = Map.groupBy(elevenEmails('contoso'), event => event.messageId);
    for (const [index, events] of [...byMessage.values()].entries()) {
      ids.set(statusIds[index]!, await stack.record(events));
    }
  });
  const emailOf = async (emailId: string, attributes = '') => {
    const markup = `<mailtrail-email account="contoso" email-id="${emailId}" ${attributes}></mailtrail-email>`;
    const page = await ui.show(markup, { clock: true });
    await page.locator('mailtrail-email h3').first().waitFor();
    return page;
  };
  const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

  it('an email of each status shows its meaning, its reason and its timeline', async () => {
    const page = await emailOf(ids.get('enqueued')!);
    const email = page.locator('mailtrail-email');
    for (const status of statusIds) {
      await email.evaluate((element, id) => element.setAttribute('email-id', id), ids.get(status)!);
      const { label, meaning, doesNotProve } = statuses[status];
      await email.getByText(meaning).waitFor();
      const text = await email.locator('.root').innerText();
      for (const words of [label, doesNotProve, 'INV-']) expect(text).toContain(words);
      expect(await email.locator('ol > li').count()).toBeGreaterThan(0);
      await picture(page, `email-${status}`);
    }
    expect(ui.complaints).toEqual([]);
  });

  it('an invalid address says what to do, why, and what the server replied', async () => {
    const page = await emailOf(ids.get('invalid')!);
    expect(await section(page, 'What to do').innerText()).toMatch(/Ask the recipient another way/);
    await page.getByText('Is it sent again? Not automatically.').waitFor();
    const why = section(page, 'Why');
    expect(await why.innerText()).toMatch(/Unknown address/);
    expect(await why.locator('details').getAttribute('open')).toBeNull();
    await why.locator('summary').click();
    expect(await why.innerText()).toContain('550 5.1.1 <jane>: user unknown');
  });

  it('a timeline tells persons from machines', async () => {
    const page = await emailOf(ids.get('delivered')!);
    expect(await page.locator('mailtrail-email ol').innerText()).toMatch(/machine/i);
    await page.goto(
      await embedded(ui.stack, `<mailtrail-email account="contoso" email-id="${ids.get('opened')}"></mailtrail-email>`),
    );
    await page.locator('mailtrail-email ol').waitFor();
    expect(await page.locator('mailtrail-email ol').innerText()).toMatch(/person/i);
  });

  it('a timeline says how often an email was opened beyond the first three times, and when last', async () => {
    const steps = Array.from({ length: 130 }, (_, index) => ['opened', 700 - index, { evidence: 'human' }] as const);
    const facts = { accountId: 'contoso', recipient: 'list@example.com', subject: 'Invoice 1060' };
    const page = await emailOf(await ui.stack.record(eventsOf([['delivered', 701], ...steps], 'ui-hot', facts)));
    const timeline = section(page, 'Timeline');
    expect(await timeline.locator('li').count()).toBe(5);
    const last = timeline.locator('li').last();
    expect(await last.innerText()).toMatch(/Opened\s+At least 130 times, most recently\s+9 hours ago/);
    expect(await accessibilityFaults(page)).toEqual([]);
    await last.scrollIntoViewIfNeeded();
    await picture(page, 'email-opened-often');
  });

  it('a button to send again stands only where that makes sense and the host listens', async () => {
    const again = (page: Page) => page.getByRole('button', { name: /send/i });
    expect(await again(await emailOf(ids.get('soft_bounced')!)).count()).toBe(0);
    expect(await again(await emailOf(ids.get('delivered')!, 'resend')).count()).toBe(0);
    expect(await again(await emailOf(ids.get('marked_spam')!, 'resend')).count()).toBe(0);
    const page = await emailOf(ids.get('soft_bounced')!, 'resend');
    await page.evaluate(() => {
      document.addEventListener('mailtrail-resend', event => {
        Object.assign(window, { resent: (event as CustomEvent).detail.email.reference });
      });
    });
    await again(page).click();
    expect(await page.evaluate(() => Reflect.get(window, 'resent'))).toBe('INV-1045');
  });

  it('an opened email shows a new event within 7 seconds and announces it once', async () => {
    const facts = { accountId: 'contoso', recipient: 'live@example.com', subject: 'Invoice 9', reference: 'INV-9' };
    const emailId = await ui.stack.record(eventsOf([['sent', 1]], 'live', facts));
    const page = await emailOf(emailId);
    await ui.stack.record(eventsOf([['delivered', 0, { eventId: 'live-1' }]], 'live', facts));
    await newsIsDue(page);
    await page.getByText('live@example.com: Delivered').waitFor();
    expect(await page.locator('mailtrail-email ol > li').count()).toBe(2);
    expect(await page.getByRole('status').filter({ hasText: 'Delivered' }).count()).toBe(1);
  });

  it('an email that does not exist says so', async () => {
    const page = await ui.show(`<mailtrail-email account="contoso" email-id="${'x'.repeat(22)}"></mailtrail-email>`);
    await page.getByText('There is no such email, or it is not yours to see.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'email-not-found');
  });

  it('fifty status chips share one request, and one more after 30 seconds', async () => {
    for (let index = 0; index < 50; index += 1) {
      const facts = { accountId: 'chips', recipient: `c${index}@example.com`, reference: `C-${index}` };
      await ui.stack.record(emailWith(statusIds[index % 11]!, facts));
    }
    const chips = Array.from(
      { length: 50 },
      (_, index) => `<p>C-${index}: <mailtrail-status account="chips" reference="C-${index}"></mailtrail-status></p>`,
    );
    const page = await ui.open('about:blank', { clock: true });
    const requests: string[] = [];
    page.on('request', request => {
      if (request.url().endsWith('/statuses') && request.method() === 'POST') requests.push(request.postData() ?? '');
    });
    await page.goto(await embedded(ui.stack, chips.join(''), { account: 'chips' }));
    await page
      .locator('mailtrail-status')
      .nth(49)
      .getByText(statuses[statusIds[49 % 11]!].label)
      .waitFor();
    expect(requests.map(body => JSON.parse(body).references.length)).toEqual([50]);
    await picture(page, 'status-chips');
    await page.clock.fastForward(30_000);
    await expect.poll(() => requests.map(body => JSON.parse(body).references.length)).toEqual([50, 50]);
    expect(ui.complaints).toEqual([]);
  });

  it('a status chip whose token does not serve takes nothing from the others of the page, now and later', async () => {
    const emailId = await ui.stack.record(
      emailWith('opened', { accountId: 'forgot', recipient: 'a@example.com', reference: 'F-2' }),
    );
    const chip = (attributes: string) => `<p><mailtrail-status account="forgot" ${attributes}></mailtrail-status></p>`;
    const page = await ui.show(
      [
        chip('class="forgotten" reference="F-1"'),
        chip('class="forgotten" reference="F-1" token="refused"'),
        chip(`class="forgotten" reference="F-2" token="${await ui.stack.token({ account: 'another' })}"`),
        chip('reference="F-2"'),
        chip(`class="forgotten" email-id="${emailId}"`),
      ].join(''),
      { clock: true, forgotten: '.forgotten' },
    );
    const read = () => page.locator('mailtrail-status .root').allInnerTexts();
    const texts = ['No email', 'No email', 'Opened', 'Opened', 'Opened'];
    await expect.poll(read).toEqual(texts.map(text => expect.stringContaining(text)));
    const kinds = () => asked.map(body => Object.keys(JSON.parse(body))[0]).sort();
    let asked: string[] = [];
    page.on('request', request => asked.push(...(request.method() === 'POST' ? [request.postData()!] : [])));
    await page.clock.runFor(30_000);
    await expect.poll(kinds).toEqual(['emailIds', 'references']);
    asked = [];
    await page.evaluate(() => {
      const late = document.createElement('mailtrail-status');
      late.setAttribute('account', 'forgot');
      late.setAttribute('reference', 'F-3');
      document.querySelector('p')!.append(late);
    });
    await expect.poll(kinds).toEqual(['references']);
    await expect.poll(async () => (await read())[1]).toContain('No email');
    await page.clock.runFor(30_000);
    await expect.poll(kinds).toEqual(['emailIds', 'references', 'references']);
  });

  it('a status chip shows nothing of the person before once they are signed out', async () => {
    await ui.stack.record(emailWith('opened', { accountId: 'left', recipient: 'a@example.com', reference: 'L-1' }));
    const page = await ui.show('<mailtrail-status account="left" reference="L-1"></mailtrail-status>', { clock: true });
    await page.locator('mailtrail-status').getByText('Opened').waitFor();
    await page.evaluate(() => {
      Object.assign(document.querySelector('mailtrail-status')!, { getToken: async () => null });
    });
    await page.clock.runFor(30_000);
    await page.locator('mailtrail-status').getByText('Opened').waitFor({ state: 'detached' });
  });

  it('a status chip says if no email has its reference, and how many do', async () => {
    const facts = { accountId: 'contoso', reference: 'TWO' };
    await ui.stack.record(emailWith('delivered', { ...facts, recipient: 'a@example.com' }));
    await ui.stack.record(emailWith('sent', { ...facts, recipient: 'b@example.com' }));
    const page = await ui.show(`<mailtrail-status account="contoso" reference="NONE"></mailtrail-status>
      <mailtrail-status account="contoso" reference="TWO"></mailtrail-status>`);
    await page.locator('mailtrail-status').first().getByText('No email').waitFor();
    expect(await page.locator('mailtrail-status').nth(1).locator('.root').innerText()).toMatch(/Sent[\s\S]*2/);
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'status-chips-none-and-two');
  });
});
