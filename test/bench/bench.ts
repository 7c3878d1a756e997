/** `npm run bench`: the figures of every benchmark. Nothing passes or fails, but with `--compare` a regression does. */

import { randomBytes } from 'node:crypto';
import { type Given, runCommand, UsageError } from '../../infra/local/cli/command.ts';
import { changesBetween, rule } from './compare.ts';
import type { Figure } from './figures.ts';
import { writePage } from './performance-page.ts';
import { type Measured, type Results, readResults, thisMachine, writeResults } from './results.ts';
import { changeLines, linesOf } from './text.ts';

/** The options that benchmarks read. */
interface Settings {
  readonly 'table-size': number;
}

interface Benchmark {
  /** Its heading in docs/performance.md. */
  readonly title: string;
  run(settings: Settings): Promise<Figure[]>;
}

const benchmarks = {
  'ingest-batch': {
    title: 'A batch of 1,000 events',
    run: async () => (await import('./ingest-batch.ts')).ingestBatch(),
  },
  'ingest-memory': {
    title: 'Requests by size, and the memory of the function',
    run: async () => (await import('./ingest-memory.ts')).ingestMemory(),
  },
  'single-requests': {
    title: 'Requests of one event',
    run: async () => (await import('./single-requests.ts')).singleRequests(),
  },
  'cold-batch': {
    title: 'A cold process and its first batches',
    run: async () => (await import('./cold-batch.ts')).coldBatch(),
  },
  'cold-start': { title: 'Cold starts', run: async () => (await import('./cold-start.ts')).coldStart() },
  'provider-parse': {
    title: 'Proving and reading a request',
    run: async () => (await import('./provider-parse.ts')).providerParse(),
  },
  'write-units': { title: 'Write units', run: async () => (await import('./write-units.ts')).writeUnits() },
  'ses-batch': {
    title: 'Messages of one email in a queue batch',
    run: async () => (await import('./ses-batch.ts')).sesBatch(),
  },
  'answer-time': {
    title: 'Answers while AWS hangs',
    run: async () => (await import('./answer-time.ts')).answerTime(),
  },
  'batch-curve': {
    title: 'By the size of a batch',
    run: async () => (await import('./batch-curve.ts')).batchCurve(),
  },
  'history-curve': {
    title: 'By the events of an email',
    run: async () => (await import('./history-curve.ts')).historyCurve(),
  },
  'table-curve': {
    title: 'By the emails in the table',
    run: async ({ 'table-size': size }: Settings) => (await import('./table-curve.ts')).tableCurve(size),
  },
  'local-stack': { title: 'The local stack', run: async () => (await import('./local-stack.ts')).localStack() },
  'account-api': { title: 'Reads', run: async () => (await import('./account-api.ts')).accountApi() },
  'recipients-check': {
    title: 'A hundred recipients at once',
    run: async () => (await import('./recipients-check.ts')).recipientsCheck(),
  },
  alerts: { title: 'Alerts', run: async () => (await import('./alerts.ts')).alerts() },
  elements: { title: 'Elements of the page', run: async () => (await import('./elements.ts')).elements() },
} as const satisfies Record<string, Benchmark>;

type Name = keyof typeof benchmarks;

const names = Object.keys(benchmarks) as Name[];
const titles = Object.fromEntries(names.map(name => [name, benchmarks[name].title]));
const resultsFile = 'bench-results.json';

const command = {
  call: 'npm run bench',
  does: `Runs the benchmarks in turn and prints medians, quartiles and ratios to floors of the same run. The figures of a whole run go to ${resultsFile} and into the tables of docs/performance.md.`,
  options: {
    only: { value: 'NAME', oneOf: names, help: 'one benchmark' },
    results: { value: 'FILE', help: `the file of the figures, also of a run that is not whole` },
    compare: { value: 'FILE', help: `an earlier ${resultsFile}: prints changes, and ends with 1 on a regression` },
    against: {
      value: 'URL',
      help: 'sends the same requests to a receiver of your own and to the local stack, in turn',
    },
    'signing-key': {
      value: 'FILE',
      help: 'signs requests of --against by this private key (PKCS #8, PEM), made where the file is missing',
    },
    batches: { value: 'N', range: [1, 1_000], otherwise: 10, help: 'requests of 1,000 events, with --against' },
    singles: { value: 'N', range: [8, 100_000], otherwise: 2_000, help: 'requests of one event, with --against' },
    'table-size': {
      value: 'N',
      range: [1_000, 1_000_000],
      otherwise: 100_000,
      help: 'emails at the end of table-curve; a million take some 15 minutes',
    },
  },
  notes: [
    rule,
    'With --against, requests are those of SendGrid: POST, JSON, 1,000 events or one, 8 single ones in flight.',
  ],
} as const;

async function bench(given: Given<typeof command.options>): Promise<void> {
  const { only, compare, against, results: file } = given;
  if (against !== undefined && only !== undefined) throw new UsageError('--against and --only exclude each other');
  const before = compare === undefined ? null : readResults(compare);
  const compared = against === undefined ? null : await comparison(against, given);
  const figures: Measured[] = [];
  const measure = async (benchmark: string, run: () => Promise<Figure[]>) => {
    console.error(`${benchmark} ...`);
    try {
      const measured = (await run()).map(figure => ({ benchmark, ...figure }));
      figures.push(...measured);
      for (const line of [titles[benchmark] ?? benchmark, ...linesOf(measured).map(line => `  ${line}`), '']) {
        console.log(line.trimEnd());
      }
    } catch (error) {
      // A failing benchmark must not lose the figures of the others.
      console.error(error);
      process.exitCode = 1;
    }
  };
  if (compared !== null) {
    await measure('against', compared);
  } else {
    for (const name of only === undefined ? names : [only])
      await measure(name, () => (benchmarks[name] as Benchmark).run(given));
  }
  const results: Results = { date: new Date().toISOString().slice(0, 10), machine: thisMachine(), figures };
  const isWhole = only === undefined && against === undefined && process.exitCode === undefined;
  // A part of the figures must not replace all of them, with which later runs are compared.
  if (file !== undefined || isWhole) writeResults(file ?? resultsFile, results);
  if (isWhole) writePage(results, titles);
  if (before !== null) {
    const changes = changesBetween(before, results);
    for (const line of changeLines(changes)) console.log(line);
    if (changes.some(({ is }) => is === 'worse')) process.exitCode = 1;
  }
}

/** The comparison with a receiver. @throws UsageError before anything starts if the address is none */
async function comparison(
  address: string,
  { batches, singles, 'signing-key': signingKeyFile }: Given<typeof command.options>,
): Promise<() => Promise<Figure[]>> {
  const { against, receiverUrl } = await import('./against.ts');
  const url = receiverUrl(address);
  const run = randomBytes(6).toString('hex');
  return () => against({ url, signingKeyFile, batches, singles, run });
}

await runCommand({
  ...command,
  async run(given) {
    await bench(given);
    // A browser and a stack end with the process.
    process.exit();
  },
});
