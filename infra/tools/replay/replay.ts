/** `npm run replay`: feeds quarantined requests and dead letters back, once they can be read or recorded. */

import { parseArgs } from 'node:util';
import { SQSClient } from '@aws-sdk/client-sqs';
import { readingSettings, recorderSettings } from '../../../functions/ingest/env.ts';
import { createRecorder } from '../../../shared/email/recorder.ts';
import { createErasureLookUp } from '../../../shared/guards/erase-received.ts';
import { createErasureRecords } from '../../../shared/guards/erasure-records.ts';
import { createNonces } from '../../../shared/guards/nonces.ts';
import { createReadingContext } from '../../../shared/providers/parsing/reading-context.ts';
import { providers } from '../../../shared/providers/registry.ts';
import { documentClient } from '../../../shared/runtime/dynamodb.ts';
import { ownValue } from '../../../shared/runtime/own-property.ts';
import { isoMillis } from '../../../shared/runtime/time.ts';
import { StartError } from '../../local/start-error.ts';
import { awsDeployment, localDeployment } from './deployment.ts';
import { createQueueSweep, holdMinutes, lockedText } from './queue-sweep.ts';
import { type Replayed, type ReplayOptions, replayQueue } from './replay-queue.ts';
import { replayReport } from './replay-report.ts';
import { shownLines } from './shown-content.ts';

const usage = `npm run replay -- --queue quarantine|dead-letter [options]

Feeds the messages of a queue back: it records their events and deletes each message whose events are all recorded.

  --queue     quarantine: genuine requests that could not be read; dead-letter: events that could not be recorded for hours
  --provider  takes only the messages of this provider
  --since     takes only messages that came at this time or later, e.g. 2026-11-25 or 2026-11-25T08:00Z
  --dry-run   counts the messages, and the pieces that still cannot be read; changes nothing
  --show      prints the messages of a dry run: time, provider, reason, field at fault and redacted content
  --stack     takes the queues of a deployed stack, with the AWS credentials and region of the environment;
              without it, of the stack on this machine
  -h, --help  prints this text

The columns "messages", "can be read now", "done", "too old" and "failed" count messages, the others events or pieces.
An unreadable piece keeps its message in the queue. So does an age of more than 28 days ("too old"): by then nobody can
tell whether the email was erased. The exit code is 1 where a message failed for another reason, which is printed.`;

/** Contents that are printed: a terminal holds no more, and `--provider` and `--since` choose. */
const maxShown = 100;

/** The queues of each kind, by the stack's output that names them. */
const queues = {
  quarantine: [{ output: 'QuarantineQueueUrl', kind: 'quarantine' }],
  'dead-letter': [
    { output: 'RetryDeadLettersQueueUrl', kind: 'retry' },
    { output: 'SesDeadLettersQueueUrl', kind: 'ses' },
  ],
} as const satisfies Record<string, readonly { readonly output: string; readonly kind: ReplayOptions['kind'] }[]>;

/** The options; null where help is asked for. */
function optionsOf(given: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const { values } = parseArgs({
      args: [...given],
      options: {
        queue: text,
        provider: text,
        since: text,
        stack: text,
        'dry-run': flag,
        show: flag,
        help: { ...flag, short: 'h' },
      },
    });
    if (values.help) return null;
    const chosen = ownValue(queues, values.queue ?? '');
    if (chosen === undefined) throw new Error(`--queue must be one of: ${Object.keys(queues).join(', ')}`);
    const { provider, show = false, 'dry-run': dryRun = false } = values;
    if (provider !== undefined && ownValue(providers, provider) === undefined) {
      throw new Error(`--provider must be one of: ${Object.keys(providers).join(', ')}`);
    }
    if (show && !dryRun) throw new Error('--show needs --dry-run: it prints messages and changes nothing');
    if (values.stack === '') throw new Error('--stack must name one');
    const since = values.since === undefined ? undefined : timeOf(values.since);
    return { queues: chosen, provider, since, dryRun, show, stack: values.stack };
  } catch (error) {
    throw new StartError(`${(error as Error).message}\n\n${usage}`);
  }
}

function timeOf(text: string): number {
  const time = isoMillis(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00Z` : text);
  if (Number.isNaN(time)) throw new Error(`--since must be a date or a time such as 2026-11-25T08:00Z, not "${text}"`);
  return time;
}

async function replay(): Promise<void> {
  const given = optionsOf(process.argv.slice(2));
  if (given === null) return console.log(usage);
  const { queues, stack, show, ...options } = given;
  const { env, outputs, ...clients } = stack === undefined ? localDeployment() : await awsDeployment(stack);
  const sqs = new SQSClient(clients.sqs);
  const dynamoDb = documentClient({ ...clients.dynamoDb, maxAttempts: 1 });
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupted.abort());
  const all: [name: string, count: Replayed][] = [];
  let shown = 0;
  let isEmpty = true;
  for (const { output, kind } of queues) {
    const url = outputs[output];
    if (url === undefined) throw new StartError(`the stack has no output ${output}: deploy this version of it first`);
    const queue = createQueueSweep(sqs, url);
    const { waiting, held } = await queue.size();
    isEmpty &&= waiting + held === 0;
    console.log(
      `${output.replace(/QueueUrl$/, '')}: about ${waiting} messages.${held > 0 ? ` ${lockedText(held)}` : ''}`,
    );
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
        if (seen % 100 === 0) console.log(`  ${seen} of about ${waiting} messages read`);
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
    else if (seen < waiting)
      console.log(`  Only ${seen} of about ${waiting} messages came: a replay holds the others. Run this again later.`);
    if (stillHeld > 0)
      console.log(
        `  ${stillHeld} messages could not be given back: the queue gives them again in ${holdMinutes} minutes.`,
      );
    if (interrupted.signal.aborted) break;
  }
  if (show && shown > maxShown) {
    console.log(`\n${shown - maxShown} more are not shown. Choose with --provider and --since.`);
  }
  if (all.length > 0) return console.log(`\n${replayReport(all, options.dryRun)}`);
  console.log(isEmpty ? 'There is nothing to feed back.' : 'Nothing was fed back.');
}

try {
  await replay();
} catch (error) {
  const { code, message } = error as Error & { code?: string };
  const isExpected = error instanceof StartError || code === 'ECONNREFUSED';
  console.error(
    code === 'ECONNREFUSED'
      ? `${message}: is the stack running? Start it with npm start.`
      : isExpected
        ? message
        : error,
  );
  process.exitCode = 1;
}
