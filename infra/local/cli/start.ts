/** `npm start`: the stack on one machine. */

import { basename } from 'node:path';
import { commandOn, dataDirOf, type Endpoints } from '../endpoints.ts';
import { createLogReader } from '../lambda/log-reader.ts';
import type { RunningStack } from '../run-stack.ts';
import { StartError } from '../start-error.ts';
import { type Activity, createActivity } from './activity.ts';
import { type Given, runCommand } from './command.ts';
import { createSteps } from './steps.ts';

const command = {
  call: 'npm start',
  does: 'Runs the whole stack on this machine until Ctrl-C. It keeps its data, and listens on 127.0.0.1 alone.',
  options: {
    routes: { help: 'lists the routes of the API once it is ready' },
    assembly: { value: 'DIRECTORY', help: 'runs what npm run synth has left there (cdk.out), instead of the sources' },
    'service-endpoints': { value: 'JSON', help: 'leads functions to other services, e.g. a proxy; for tests' },
    'processes-per-function': { value: 'N', range: [1, 100], help: 'how many invocations of a function run at a time' },
    'concurrent-executions': {
      value: 'N',
      range: [1, 100_000],
      help: "the account's quota over all functions; 1,000 unless given, and as low as 10 in a new account",
    },
    'no-schedules': { help: 'runs no function by its schedule; for tests' },
    metered: { help: 'counts the capacity units of DynamoDB, as metrics; for tests' },
    'max-visibility-timeout-seconds': {
      value: 'N',
      range: [0, 43_200],
      help: 'after how long a failed queue message comes again at the latest',
    },
  },
  environment: {
    PORT: 'the port; 3000 unless set, and 0 takes a free one',
    DATA_DIR: 'the directory of data, secrets and logs; .mailtrail unless set',
    WEBHOOK_SECRETS:
      'a JSON file of your own webhook secrets, provider → list; they are valid beside the generated ones',
    SECONDS_BETWEEN_DIGESTS: 'the least seconds between two letters to support; 5 unless set, and 60 on AWS',
    STREAM_SHARDS: "the shards of the table's stream; 1 unless set, and four or more on AWS",
    'MAILTRAIL_...': 'a setting of the stack, as for npm run deploy',
  },
  notes: ['For a page of yours that calls the API: MAILTRAIL_CORS_ORIGINS=http://localhost:5173 npm start'],
} as const;

const { PORT, WEBHOOK_SECRETS, SECONDS_BETWEEN_DIGESTS, STREAM_SHARDS } = process.env;

/** How often the activity of the stack is printed. */
const reportEveryMs = 200;
/** The longest that requests in flight keep the stack from stopping. */
const maxStoppingMs = 10_000;

let stack: RunningStack | null = null;
let activity: Activity | null = null;
let isStopping = false;
const steps = createSteps(process.stdout, Date.now);

async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  steps.end();
  console.log('Stopping ...');
  setTimeout(() => {
    console.log(`Stopped, after ${maxStoppingMs / 1000} s: something under way had not ended.`);
    process.exit(1);
  }, maxStoppingMs).unref();
  await stack?.stop();
  activity?.report();
  console.log('Stopped.');
  process.exit(stack === null ? 1 : 0);
}

async function start(options: Given<typeof command.options>): Promise<void> {
  const dataDir = dataDirOf();
  const { 'service-endpoints': serviceEndpoints } = options;
  const settings = {
    port: numberOf('PORT', PORT || '3000', 65_535),
    dataDir,
    webhookSecretsFile: WEBHOOK_SECRETS,
    assembly: options.assembly,
    // One person waits for the alerts of one machine.
    secondsBetweenDigests: numberOf('SECONDS_BETWEEN_DIGESTS', SECONDS_BETWEEN_DIGESTS || '5', 3_600),
    streamShards: numberOf('STREAM_SHARDS', STREAM_SHARDS || '1', 64),
    serviceEndpoints: serviceEndpoints === undefined ? undefined : JSON.parse(serviceEndpoints),
    maxVisibilityTimeoutSeconds: options['max-visibility-timeout-seconds'],
    processesPerFunction: options['processes-per-function'],
    concurrentExecutions: options['concurrent-executions'],
    schedules: !options['no-schedules'],
    metered: options.metered,
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
  // It ends with its parent: a test, or a Node.js that needs options to strip types.
  process.on('disconnect', () => void stop());
  // The stack goes on when nobody reads its output any more, as after `npm start | head`.
  process.stdout.on('error', () => {});
  console.log(`Starting Mailtrail, with its data in ${dataDir}`);
  try {
    // Loading all this takes a second, in which the first line can be read.
    const [{ runStack }, { providers }] = await Promise.all([
      import('../run-stack.ts'),
      import('../../../shared/providers/registry.ts'),
    ]);
    stack = await runStack({
      ...settings,
      providers,
      onStep: steps.begin,
      onAnswer: answered => activity?.answered(answered),
      onFault: line => {
        steps.end();
        if (activity === null) console.error(line);
        else activity.fault(line);
      },
      onInboxMessage: ({ subject, text }) => {
        const inOneLine = subject ?? text.split('\n', 1)[0]!;
        if (activity === null) console.log(`alert to support: ${inOneLine}`);
        else activity.alert(inOneLine);
      },
    });
    steps.end();
    const { endpoints } = stack;
    activity = createActivity({
      logs: logsOf(endpoints),
      providerNames: Object.keys(providers),
      corsOrigins: endpoints.corsOrigins,
      print: console.log,
      now: Date.now,
    });
    setInterval(activity.report, reportEveryMs).unref();
    console.log(welcome(endpoints, options.routes));
    process.send?.(endpoints);
  } catch (error) {
    steps.end();
    // Parts that have started may keep the process from ending.
    console.error(error instanceof StartError ? error.message : error);
    process.exit(1);
  }
}

function logsOf({ functions }: Endpoints) {
  return Object.fromEntries(
    Object.values(functions).map(({ logFile }) => [basename(logFile, '.log'), createLogReader(logFile)]),
  );
}

function numberOf(name: string, text: string, highest: number): number {
  if (/^\d{1,6}$/.test(text) && Number(text) <= highest) return Number(text);
  throw new StartError(`${name} must be a whole number from 0 to ${highest}, not "${text}"`);
}

/** The address, and the two commands that come next. */
function welcome({ url, page, dataDir, routes }: Endpoints, showsRoutes: boolean): string {
  const rows = [
    [commandOn(dataDir, 'npm run demo'), 'sends the callbacks of sixty emails'],
    ...(page === null ? [] : [[`${url}/_local`, 'inbox, queues, quarantine, health, secrets and logs'] as const]),
    [commandOn(dataDir, 'npm run -s token -- --account acme'), 'prints a token for the API'],
  ] as const;
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    '',
    ...(showsRoutes ? [...routes.map(route => `  ${route.replace(' ', ` ${url}`)}`), ''] : []),
    page === null
      ? `Mailtrail is ready: ${url} (a page with support inbox, queues and where the secrets are)`
      : `Mailtrail is ready: ${page} (sign in as support or as an account: no password)`,
    ...rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`),
    '',
  ].join('\n');
}

await runCommand({ ...command, run: start });
