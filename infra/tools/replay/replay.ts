/** `npm run replay`: feeds quarantined requests and dead letters back, once they can be read or recorded. */

import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { readingSettings, recorderSettings } from '../../../functions/ingest/env.ts';
import { createReadEmail } from '../../../shared/email/notes.ts';
import { createRecorder } from '../../../shared/email/recorder.ts';
import { createErasureLookUp } from '../../../shared/guards/erase-received.ts';
import { createErasureRecords } from '../../../shared/guards/erasure-records.ts';
import { createNonces } from '../../../shared/guards/nonces.ts';
import { createReadingContext } from '../../../shared/providers/parsing/reading-context.ts';
import { type ProviderName, providers } from '../../../shared/providers/registry.ts';
import { documentClient } from '../../../shared/runtime/dynamodb.ts';
import { isoMillis } from '../../../shared/runtime/time.ts';
import { type Given, runCommand, UsageError } from '../../local/cli/command.ts';
import { counted } from '../../local/cli/counted.ts';
import { shownLines } from '../../local/quarantine/shown-content.ts';
import { StartError } from '../../local/start-error.ts';
import { awsDeployment, type Deployment, localDeployment } from './deployment.ts';
import { createQueueSweep, holdMinutes } from './queue-sweep.ts';
import { failureRows, failureSummary, replayFailures } from './replay-failures.ts';
import { type Replayed, type ReplayOptions, replayQueue } from './replay-queue.ts';
import { lockedText, progressText, replayReport, sizeText } from './replay-report.ts';
import { textTable } from './text-table.ts';

/** Contents that are printed: a terminal holds no more, and `--provider` and `--since` choose. */
const maxShown = 100;

/** The queues of each kind, by the stack's output that names them. */
const queues = {
  quarantine: [{ output: 'QuarantineQueueUrl', kind: 'quarantine', title: 'Quarantine' }],
  'dead-letter': [
    { output: 'RetryDeadLettersQueueUrl', kind: 'retry', title: 'Retry dead letters' },
    { output: 'SesDeadLettersQueueUrl', kind: 'ses', title: 'SES dead letters' },
  ],
} as const satisfies Record<
  string,
  readonly { readonly output: string; readonly kind: ReplayOptions['kind']; readonly title: string }[]
>;

/** The name of the failure bucket among the queues. */
const failures = 'failures';

const command = {
  call: 'npm run replay',
  does: 'Feeds the messages of a queue back: it records their events and deletes each message whose events are all recorded. Gives the records of the failure bucket to their function again.',
  options: {
    queue: {
      value: 'QUEUE',
      required: true,
      oneOf: [...(Object.keys(queues) as (keyof typeof queues)[]), failures],
      help: 'the queue; dead-letter is both retry-dead-letters and ses-events-queue-dead-letters, failures the failure bucket',
    },
    provider: {
      value: 'NAME',
      oneOf: Object.keys(providers) as ProviderName[],
      help: 'takes only the messages of this provider',
    },
    since: {
      value: 'TIME',
      help: 'takes only messages that came at this time (UTC without a zone) or later, e.g. 2026-11-25 or 2026-11-25T08:00Z',
    },
    'dry-run': { help: 'counts the messages, and the pieces that still cannot be read; changes nothing' },
    show: { help: 'prints the messages of a dry run: time, provider, reason, field at fault and redacted content' },
    stack: {
      value: 'NAME',
      help: 'takes the queues of a deployed stack, with the AWS credentials and region of the environment; without it, of the stack on this machine',
    },
  },
  environment: { DATA_DIR: 'the data directory of the running stack, as npm start was given it (.mailtrail)' },
  notes: [
    'The queue quarantine holds genuine requests that could not be read; dead-letter holds events that could not be recorded for hours.',
    'The columns "messages", "can be read now", "done", "too old" and "failed" count messages, the others events or pieces.',
    'An unreadable piece keeps its message in the queue. So does an age of more than 28 days ("too old"): by then nobody can tell whether the email was erased.',
    'The exit code is 1 where a message failed for another reason, which is printed.',
  ],
} as const;

/** @throws UsageError */
function timeOf(text: string): number {
  const time = isoMillis(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00Z` : text);
  if (!Number.isNaN(time)) return time;
  throw new UsageError(`--since must be a date or a time such as 2026-11-25T08:00Z, not "${text}".`);
}

/** Feeds the failure bucket back. */
async function replayBucket(
  deployment: Pick<Deployment, 'env' | 'outputs' | 'dynamoDb' | 'lambda' | 's3'>,
  {
    since,
    dryRun,
    signal,
  }: { readonly since: number | undefined; readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { env, outputs, dynamoDb, lambda, s3 } = deployment;
  const bucket = outputs.AlertFailuresBucketName;
  if (bucket === undefined) throw new StartError('the stack has no failure bucket: deploy this version of it first');
  const report = await replayFailures({
    s3: new S3Client(s3),
    lambda: new LambdaClient(lambda),
    bucket,
    tableName: env.TABLE_NAME,
    since,
    dryRun,
    readEmail: createReadEmail(documentClient(dynamoDb), env.TABLE_NAME),
    signal,
  });
  const { replayed, causes } = report;
  for (const cause of causes) console.log(`  ${cause}`);
  if (causes.length > 0) process.exitCode = 1;
  if (replayed.size > 0) console.log(`${textTable(failureRows(replayed))}\n`);
  console.log(failureSummary(report, dryRun));
}

async function replay(given: Given<typeof command.options>): Promise<void> {
  const { queue: name, provider, stack, show, 'dry-run': dryRun } = given;
  if (show && !dryRun) throw new UsageError('--show needs --dry-run: it prints messages and changes nothing.');
  const options = { provider, since: given.since === undefined ? undefined : timeOf(given.since), dryRun };
  if (name === failures && (show || provider !== undefined))
    throw new UsageError('--show and --provider are for queues, not for the failure bucket.');
  const deployment = stack === undefined ? localDeployment() : await awsDeployment(stack);
  const { env, outputs, queueWaitSeconds, ...clients } = deployment;
  const sqs = new SQSClient(clients.sqs);
  const dynamoDb = documentClient({ ...clients.dynamoDb, maxAttempts: 1 });
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupted.abort());
  // Nobody reads on, as after `| head`: the messages have to be given back all the same.
  process.stdout.on('error', () => interrupted.abort());
  if (name === failures) return replayBucket(deployment, { ...options, signal: interrupted.signal });
  const all: [name: string, count: Replayed][] = [];
  let shown = 0;
  let isEmpty = true;
  for (const { output, kind, title } of queues[name]) {
    const url = outputs[output];
    if (url === undefined) throw new StartError(`the stack has no output ${output}: deploy this version of it first`);
    const queue = createQueueSweep(sqs, url, queueWaitSeconds);
    const size = await queue.size();
    const estimate = size.waiting + size.held;
    isEmpty &&= estimate === 0;
    console.log(`${title}: ${sizeText(size)}`);
    const { seen, replayed, causes, broken, stillHeld } = await replayQueue({
      ...options,
      queue,
      kind,
      show(content) {
        shown += 1;
        if (show && shown <= maxShown) console.log(`\n${shownLines(content, providers).join('\n')}`);
      },
      services: { providers, context: createReadingContext(providers, ...readingSettings(env)) },
      store: createRecorder({ client: dynamoDb, ...recorderSettings(env) }),
      nonces: createNonces(dynamoDb, env.GUARD_TABLE_NAME),
      lookUpErasures: createErasureLookUp(
        createErasureRecords(dynamoDb, env.GUARD_TABLE_NAME, recorderSettings(env).defaultAccountId),
        dynamoDb,
        env.TABLE_NAME,
        Date.now,
      ),
      now: Date.now,
      signal: interrupted.signal,
      onMessage: seen => {
        if (seen % 100 === 0) console.log(`  ${progressText(seen, estimate)}`);
      },
    });
    all.push(...replayed);
    if ([...replayed.values()].some(({ failed }) => failed > 0)) process.exitCode = 1;
    for (const [cause, messages] of causes) console.log(`  ${messages} failed: ${cause}`);
    if (broken !== null) {
      process.exitCode = 1;
      console.log(`  The queue could not be read further after ${seen} messages: ${broken.name}: ${broken.message}`);
    } else if (interrupted.signal.aborted)
      console.log(`  Interrupted after ${seen} messages. The others are untouched.`);
    else if (seen < estimate) console.log(`  ${lockedText(estimate - seen)}`);
    if (stillHeld > 0)
      console.log(
        `  ${counted(stillHeld, 'message')} could not be given back: the queue gives them again in ${holdMinutes} minutes.`,
      );
    if (interrupted.signal.aborted) break;
  }
  if (show && shown > maxShown) {
    console.log(`\n${shown - maxShown} more are not shown. Choose with --provider and --since.`);
  }
  if (all.length > 0) return console.log(`\n${replayReport(all, options.dryRun)}`);
  console.log(isEmpty ? 'There is nothing to feed back.' : 'Nothing was fed back.');
}

/** Nothing listens at the endpoints of a stack that has stopped. */
function whereStopped(error: Error & { code?: string }): never {
  if (error.code !== 'ECONNREFUSED') throw error;
  throw new StartError(`${error.message}: is the stack running? Start it with npm start.`);
}

await runCommand({ ...command, run: given => replay(given).catch(whereStopped) });
