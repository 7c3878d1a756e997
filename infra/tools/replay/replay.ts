/** `npm run replay`: feeds back what waits in quarantine, or was given up, once it can be read or recorded. */

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
import { createQueueSweep } from './queue-sweep.ts';
import { type ReplayOptions, replayQueue } from './replay-queue.ts';

const usage = `npm run replay -- --queue quarantine|dead-letter [--provider NAME] [--since TIME] [--dry-run] [--stack NAME]

  --queue     quarantine: what was genuine and could not be read; dead-letter: what could not be recorded for hours
  --provider  only what this provider sent
  --since     only what came then or later, e.g. 2026-11-25 or 2026-11-25T08:00Z
  --dry-run   says what there is, and what of it could not be read now either; changes nothing
  --stack     a deployed stack, with the AWS credentials and region of the environment; else the one on this machine

It ends with 1 if messages failed, and says why. What cannot be read yet stays in its queue, and is no failure; neither is
what came more than 28 days ago (tooOld): by then nobody can tell whether it is erased.`;

/** The queues of each kind, by the stack's output that names them. */
const queues = {
  quarantine: [{ output: 'QuarantineQueueUrl', kind: 'quarantine' }],
  'dead-letter': [
    { output: 'RetryDeadLettersQueueUrl', kind: 'retry' },
    { output: 'SesDeadLettersQueueUrl', kind: 'ses' },
  ],
} as const satisfies Record<string, readonly { readonly output: string; readonly kind: ReplayOptions['kind'] }[]>;

function optionsOf(given: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args: [...given],
      options: { queue: text, provider: text, since: text, stack: text, 'dry-run': { type: 'boolean' } },
    });
    const chosen = ownValue(queues, values.queue ?? '');
    if (chosen === undefined) throw new Error(`--queue must be one of: ${Object.keys(queues).join(', ')}`);
    const { provider } = values;
    if (provider !== undefined && ownValue(providers, provider) === undefined) {
      throw new Error(`--provider must be one of: ${Object.keys(providers).join(', ')}`);
    }
    if (values.stack === '') throw new Error('--stack must name one');
    const since = values.since === undefined ? undefined : timeOf(values.since);
    return { queues: chosen, provider, since, dryRun: values['dry-run'] === true, stack: values.stack };
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
  const { queues, stack, ...options } = optionsOf(process.argv.slice(2));
  const { env, outputs, ...clients } = stack === undefined ? localDeployment() : await awsDeployment(stack);
  const sqs = new SQSClient(clients.sqs);
  const dynamoDb = documentClient({ ...clients.dynamoDb, maxAttempts: 1 });
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupted.abort());
  const rows: Record<string, object> = {};
  let left = 0;
  let isEmpty = true;
  for (const { output, kind } of queues) {
    const url = outputs[output];
    if (url === undefined) throw new StartError(`the stack has no output ${output}: deploy this version of it first`);
    const queue = createQueueSweep(sqs, url);
    const { waiting, held } = await queue.size();
    const others = held > 0 ? `, and ${held} held just now, by another replay or since one has just ended` : '';
    isEmpty &&= waiting + held === 0;
    console.log(`${output.replace(/QueueUrl$/, '')}: about ${waiting} messages${others}`);
    const { seen, replayed, causes, broken, stillHeld } = await replayQueue({
      ...options,
      queue,
      kind,
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
        if (seen % 100 === 0) console.log(`  ${seen} of about ${waiting} looked at`);
      },
    });
    for (const [name, count] of replayed) {
      const { messages, unreadable, tooOld, ...others } = count;
      left += messages - others.done;
      if (others.failed > 0) process.exitCode = 1;
      rows[name] = { messages, ...(!options.dryRun && others), unreadable, tooOld };
    }
    for (const [cause, messages] of causes) console.log(`  ${messages} failed: ${cause}`);
    if (broken !== null) {
      process.exitCode = 1;
      console.log(`  The queue could not be gone through after ${seen} messages: ${broken.name}: ${broken.message}`);
    } else if (interrupted.signal.aborted)
      console.log(`  Interrupted after ${seen} messages; the others are untouched.`);
    else if (seen < waiting)
      console.log(`  ${seen} of about ${waiting} looked at: somebody else has the others. Run it again later.`);
    if (stillHeld > 0)
      console.log(`  ${stillHeld} messages could not be given back: they are there again in a quarter of an hour.`);
    if (interrupted.signal.aborted) break;
  }
  if (Object.keys(rows).length === 0) {
    return console.log(isEmpty ? 'There is nothing to feed back.' : 'Nothing was fed back.');
  }
  console.table(rows);
  if (options.dryRun) console.log('Nothing was changed.');
  else if (left > 0) console.log(`${left} messages stay in their queue.`);
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
