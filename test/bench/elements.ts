import { statusIds } from '../../shared/status/catalogue.ts';
import { noBrowser, visit } from '../rigs/browser.ts';
import { embedded } from '../rigs/embedded.ts';
import { emailWith } from '../rigs/ui-emails.ts';
import { theUiStack, type UiStack } from '../rigs/ui-stack.ts';
import { counted, type Figure, figure, median } from './figures.ts';

const emails = 1_000;
const chips = 50;
const visits = 7;

/** The elements in a real browser, on the local stack: the first list, long lists, and chips. */
export async function elements(): Promise<Figure[]> {
  if (noBrowser) return [];
  const stack = await theUiStack();
  for (let start = 0; start < emails; start += 250) {
    await stack.record(
      Array.from({ length: 250 }, (_, index) => {
        const number = start + index;
        const facts = { accountId: 'acme', recipient: `p${number}@example.com`, reference: `R-${number}` };
        return emailWith(statusIds[number % statusIds.length]!, { ...facts, subject: `Invoice ${number}` });
      }).flat(),
    );
  }
  return [...(await firstList(stack)), ...(await longList(stack)), ...(await manyChips(stack))];
}

const list = '<mailtrail-emails account="acme"></mailtrail-emails>';

/** A script for the page: the time of the first row, in milliseconds since the navigation began. */
const timeOfFirstRow = `new Promise(resolve => {
  const look = () => {
    const row = document.querySelector('mailtrail-emails')?.shadowRoot?.querySelector('.row');
    row ? resolve(performance.now()) : requestAnimationFrame(look);
  };
  look();
})`;

/** A script for the page: scrolls until all rows are there, then up and down. The browser reports tasks of 50 ms and more. */
const longestTaskOfScrolling = `new Promise(resolve => {
  const tasks = [0];
  new PerformanceObserver(seen => tasks.push(...seen.getEntries().map(task => task.duration))).observe({ type: 'longtask' });
  const rows = document.querySelector('mailtrail-emails').shadowRoot.querySelector('.rows');
  let turns = 0;
  const scroll = () => {
    turns += rows.querySelectorAll('.row').length < ${emails} ? 0 : 1;
    if (turns > 60) return setTimeout(() => resolve(Math.max(...tasks)), 200);
    scrollBy(0, turns % 40 < 20 ? 1200 : -1200);
    setTimeout(scroll, 30);
  };
  scroll();
})`;

/** From the start of the navigation to the first row, with an empty cache each time. */
async function firstList(stack: UiStack): Promise<Figure[]> {
  const times: number[] = [];
  for (let number = 0; number < visits; number += 1) {
    const { page, close } = await visit(await embedded(stack, list));
    times.push(await page.evaluate<number>(timeOfFirstRow));
    await close();
  }
  return [figure('elements: first list after the start of a visit', median(times), 'ms', '< 500')];
}

async function longList(stack: UiStack): Promise<Figure[]> {
  const { page, close } = await visit(await embedded(stack, list));
  await page.locator('mailtrail-emails .row').first().waitFor();
  const longest = await page.evaluate<number>(longestTaskOfScrolling);
  await close();
  return [figure(`elements: longest task while ${emails} rows are scrolled (0: none over 50)`, longest, 'ms', '< 50')];
}

async function manyChips(stack: UiStack): Promise<Figure[]> {
  const markup = Array.from(
    { length: chips },
    (_, index) => `<mailtrail-status account="acme" reference="R-${index}"></mailtrail-status>`,
  ).join('');
  const { page, close } = await visit('about:blank');
  let requests = 0;
  page.on('request', request => {
    if (request.method() === 'POST') requests += 1;
  });
  await page.goto(await embedded(stack, markup));
  await page
    .locator('mailtrail-status .chip')
    .nth(chips - 1)
    .waitFor();
  await close();
  return [counted(`elements: requests of ${chips} status chips`, requests, 'requests', { aim: '1' })];
}
