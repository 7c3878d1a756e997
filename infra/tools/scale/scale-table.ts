/** The figures of docs/scale.md, as Markdown. */

import { readFileSync } from 'node:fs';
import { eventsPerEmail, type Load, partitionUnits, type StoreLoad, storesUnder } from './load.ts';

export const scalePageFile = new URL('../../../docs/scale.md', import.meta.url);

/** The loads of the page. */
export const pageLoads = [10, 1_000, 100_000].map(
  (eventsPerSecond): Load => ({ eventsPerSecond, failingPercent: 4, largestAccountPercent: 50 }),
);

/** Figures that no run of this script measures. */
const assumed = { ingestMs: 25, batch: 10, logBytes: 900, alertsALetter: 300, usedPercent: 70 };

const whole = (figure: number) =>
  (figure >= 10 ? Math.round(figure) : Number(figure.toPrecision(2))).toLocaleString('en');
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const table = (rows: readonly (readonly string[])[]) =>
  [
    row(rows[0]!),
    row(rows[0]!.map((_, column) => (rows[1]![column]!.match(/^[\d<]/) ? '--:' : '---'))),
    ...rows.slice(1).map(row),
  ].join('\n');

/** The share of one partition's write units that a store's hottest partition key uses. */
export function percentOf({ hottest }: StoreLoad): number {
  return (hottest.unitsPerSecond / partitionUnits) * 100;
}

const titleOf = ({ eventsPerSecond }: Load) => `${eventsPerSecond.toLocaleString('en')} events/s`;

/** The writes of the stores under several loads, and what else grows with them. */
export function scaleTables(loads: readonly Load[]): string {
  const under = loads.map(load => ({ load, stores: storesUnder(load) }));
  const titles = loads.map(titleOf);
  const [{ stores: names }] = under as [(typeof under)[number]];
  const writes = names.map(({ store, hottest }, index) => [
    `\`${store}\``,
    hottest.isOfOneEmail ? 'one email' : (sharedKeys[store] ?? 'one account'),
    ...under.map(({ stores }) => `${whole(stores[index]!.unitsPerSecond)} / ${whole(percentOf(stores[index]!))} %`),
  ]);
  const figures: readonly (readonly [string, (load: Load, table: number, all: number) => string])[] = [
    ['new emails a second', load => whole(load.eventsPerSecond / eventsPerEmail)],
    ['emails a second that fail', load => whole(failuresOf(load))],
    ['webhooks at once, one event each', load => whole((load.eventsPerSecond * assumed.ingestMs) / 1_000)],
    [
      'webhooks at once, ten events each',
      load => whole((load.eventsPerSecond * assumed.ingestMs) / 1_000 / assumed.batch),
    ],
    ['write units a second, table and indexes', (_, __, all) => whole(all)],
    [
      '`maxWriteUnits`, so that 70 % are in use',
      (_, units) => Math.max(4_000, Math.ceil(units / assumed.usedPercent / 10) * 1_000).toLocaleString('en'),
    ],
    ['shards of the stream, at least', (_, units) => whole(Math.max(1, Math.ceil(units / partitionUnits)))],
    ['letters to support a minute; 60 can leave', load => whole((failuresOf(load) * 60) / assumed.alertsALetter)],
    ['logs a day in GB, one event a webhook', load => whole((load.eventsPerSecond * assumed.logBytes * 86_400) / 1e9)],
  ];
  const others = figures.map(([name, figureOf]) => [
    name,
    ...under.map(({ load, stores }) =>
      figureOf(
        load,
        stores[0]!.unitsPerSecond,
        stores.reduce((sum, { unitsPerSecond }) => sum + unitsPerSecond, 0),
      ),
    ),
  ]);
  return [
    table([['write units a second / hottest key', 'hottest key', ...titles], ...writes]),
    table([['', ...titles], ...others]),
  ].join('\n\n');
}

/** The partition keys that many emails share. */
const sharedKeys: Readonly<Record<string, string>> = { byAttentionDay: 'a partition of a day' };

function failuresOf({ eventsPerSecond, failingPercent }: Load): number {
  return ((eventsPerSecond / eventsPerEmail) * failingPercent) / 100;
}

const [begin, end] = ['<!-- figures: npm run docs -->', '<!-- end of figures -->'];

/** The page with the figures of this version between its marks. */
export function scalePage(page: string = readFileSync(scalePageFile, 'utf8')): string {
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`docs/scale.md has no figures between ${begin} and ${end}`);
  return `${before}${begin}\n\n${scaleTables(pageLoads)}\n\n${end}${after}`;
}
