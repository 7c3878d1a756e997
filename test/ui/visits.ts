import type { Page } from 'playwright-core';
import { afterEach, beforeAll } from 'vitest';
import { type Visit, type VisitOptions, visit } from '../rigs/browser.ts';
import { type EmbedOptions, embedded } from '../rigs/embedded.ts';
import { elevenEmails, eventsOf } from '../rigs/ui-emails.ts';
import { theUiStack, type UiStack } from '../rigs/ui-stack.ts';

/** The running stack for the tests of a file, and one visit at a time, closed after its test. */
export interface UiVisits {
  readonly stack: UiStack;
  /** Everything that the page of the last visit complained of. */
  readonly complaints: string[];
  open(url: string, options?: VisitOptions): Promise<Page>;
  /** Opens an application's page with an element in it. */
  show(markup: string, options?: ShowOptions): Promise<Page>;
  /** The same, once there is a row in the list. */
  shown(markup: string, options?: ShowOptions): Promise<Page>;
}

type ShowOptions = EmbedOptions & VisitOptions;

/** @param prepare records the emails that all tests of the file need */
export function uiVisits(prepare: (stack: UiStack) => Promise<unknown> = async () => {}): UiVisits {
  let stack: UiStack | undefined;
  let last: Visit | undefined;
  beforeAll(async () => {
    stack = await theUiStack();
    await prepare(stack);
  });
  afterEach(async () => {
    await last?.close();
    last = undefined;
  });
  const open: UiVisits['open'] = async (url, options) => {
    await last?.close();
    last = await visit(url, options);
    return last.page;
  };
  const show: UiVisits['show'] = async (markup, options = {}) => open(await embedded(stack!, markup, options), options);
  return {
    get stack() {
      return stack!;
    },
    get complaints() {
      return last!.complaints;
    },
    open,
    show,
    shown: async (markup, options) => {
      const page = await show(markup, options);
      await rowsOf(page).first().waitFor();
      return page;
    },
  };
}

export const rowsOf = (page: Page) => page.locator('mailtrail-emails .row');

/** The recipients in the list, from top to bottom. */
export const recipients = (page: Page) => rowsOf(page).locator('.recipient').allTextContents();

/** The text of the row, button or field in the list that has the focus. */
export const focusedText = (page: Page) =>
  page.evaluate(() => document.querySelector('mailtrail-emails')!.shadowRoot!.activeElement?.textContent);

/** An account's email of each status, and one that waits too long for news. */
export async function recordTwelve(stack: UiStack, accountId: string): Promise<void> {
  await stack.record(elevenEmails(accountId));
  const facts = { accountId, recipient: 'late@example.com', subject: 'Reminder' };
  await stack.record(eventsOf([['sent', 3 * 24 * 60]], 'late', facts));
}

export const listOf = (account: string) => `<mailtrail-emails account="${account}"></mailtrail-emails>`;

/** The list shows news within this time of its page: 4 s between two requests, and room for the request itself. */
const newsMs = 7_000;

/** Lets the time of a page pass in which its elements must have asked for news. The visit needs a clock. */
export const newsIsDue = (page: Page) => page.clock.fastForward(newsMs);
