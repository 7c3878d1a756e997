/** `npm run simulate -- --provider X`: signed traffic of a provider, as it would be, to the running stack. */

import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { emailIdOf } from '../../../shared/email/event.ts';
import { forEachConcurrently } from '../../../shared/runtime/concurrency.ts';
import type { Status } from '../../../shared/status/catalogue.ts';
import { merge } from '../../../shared/status/precedence.ts';
import { providerNames } from '../../../test/fixtures/signing.ts';
import { StartError } from '../../local/start-error.ts';
import { dataOf } from '../client/client.ts';
import { type LivingEmail, livingEmails, stepsInTime } from './lives.ts';
import { progress, progressEnds } from './progress.ts';
import { requestsOf } from './requests.ts';
import { runningStack } from './running-stack.ts';
import { messageIdOf, saysWhose, stepsOf, type Told, told } from './samples.ts';
import { shuffled } from './shuffled.ts';

const requestsInFlight = 8;
const maxBatchEvents = 100;
const maxEmails = 100_000;

const usage = `npm run simulate -- --provider NAME [--emails N] [--rate R] [--seed S]

  --provider  one of: ${providerNames.join(', ')}
  --emails    how many emails live their lives; 100
  --rate      how many events are told a second, in all; 50
  --seed      another one for another order; 42`;

/** @throws StartError with what is wrong, and the usage */
function optionsOf(given: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args: [...given],
      options: { provider: text, emails: text, rate: text, seed: text },
    });
    const provider = providerNames.find(name => name === values.provider);
    if (provider === undefined) throw new Error(`--provider must be one of: ${providerNames.join(', ')}`);
    const count = (name: 'emails' | 'rate' | 'seed', otherwise: number) => {
      const number = Number(values[name] ?? otherwise);
      if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} must be a whole number above 0`);
      return number;
    };
    const emails = count('emails', 100);
    if (emails > maxEmails) throw new Error(`--emails must be at most ${maxEmails}`);
    return { provider, emails, rate: count('rate', 50), seed: count('seed', 42) };
  } catch (error) {
    throw new StartError(`${(error as Error).message}\n\n${usage}`);
  }
}

async function simulate(): Promise<void> {
  const { provider, emails: count, rate, seed } = optionsOf(process.argv.slice(2));
  const stack = runningStack();
  const now = Math.floor(Date.now() / 1000) * 1000;
  const steps = stepsOf(provider);
  // A day of traffic that ends before now; numbers that no run before this one had.
  const emails = livingEmails({
    providers: [provider],
    count,
    firstNumber: Math.floor(now / 1000),
    firstStartsAt: now - 24 * 3_600_000,
    apart: Math.max(1, Math.floor((22 * 3_600) / count)) * 1000,
  });
  const ends = new Map<LivingEmail, Status>();
  // Where the provider gives nothing of ours back, the sender registers its emails.
  const registers = !saysWhose(provider);
  const registrations: Told[] = [];
  const all = emails.flatMap(email => {
    const tellable = stepsInTime(email).filter(
      ({ step }) => steps.includes(step) || (registers && step === 'enqueued'),
    );
    const verdict = merge(
      tellable.map(({ step, at }) => ({
        eventId: step,
        status: step === 'machine_opened' ? ('opened' as const) : step,
        occurredAt: at,
        evidence: step === 'machine_opened' ? ('machine' as const) : ('unknown' as const),
      })),
    );
    if (verdict !== null) ends.set(email, verdict.status);
    if (registers) registrations.push(told('app', email, 'enqueued', email.startsAt)!);
    return tellable.flatMap(({ step, at }) => told(provider, email, step, at) ?? []);
  });
  // Out of order and one in ten twice, as it comes.
  const events = shuffled([...all, ...all.filter((_, index) => index % 10 === 0)], seed);
  const requests = shuffled(
    [...requestsOf(provider, events, maxBatchEvents), ...requestsOf('app', registrations, maxBatchEvents)],
    seed,
  );

  if (requests.length === 0)
    throw new StartError(`${provider} has no word for any step of so few lives: take more emails.`);
  const begun = Date.now();
  const counts = { requests: 0, events: 0, recorded: 0, duplicate: 0, queued: 0, quarantined: 0 };
  let due = 0;
  await forEachConcurrently(requests, requestsInFlight, async request => {
    const startsAt = begun + (due / rate) * 1000;
    due += request.events;
    await delay(Math.max(0, startsAt - Date.now()));
    const { recorded, duplicate, queued, quarantined } = await stack.send(request);
    counts.requests += 1;
    counts.events += request.events;
    counts.recorded += recorded;
    counts.duplicate += duplicate;
    counts.queued += queued;
    counts.quarantined += quarantined;
    progress(`${counts.requests} of ${requests.length} requests: ${counts.events} events`);
  });
  progressEnds();
  const seconds = (Date.now() - begun) / 1000;
  console.log(
    `${counts.events} events of ${ends.size} emails${ends.size < count ? ` (it has no word for the lives of ${count - ends.size} more)` : ''} in ${counts.requests} requests and ${seconds.toFixed(1)} s: ` +
      `${counts.recorded} recorded, ${counts.duplicate} duplicates, ${counts.queued} queued, ${counts.quarantined} quarantined.`,
  );

  if (counts.queued > 0) await stack.settled();
  const api = await stack.api({ support: true });
  const wrong: string[] = [];
  let checked = 0;
  await forEachConcurrently([...ends], requestsInFlight, async ([email, status]) => {
    const emailId = emailIdOf({ provider, messageId: messageIdOf(email), recipient: email.recipient });
    const path = { accountId: email.accountId, emailId };
    const view = await api
      .GET('/accounts/{accountId}/emails/{emailId}', { params: { path } })
      .then(dataOf, (error: Error) => error);
    checked += 1;
    progress(`${checked} of ${ends.size} emails looked up`);
    if (view instanceof Error) wrong.push(`${email.reference}: ${view.message}`);
    else if (view.status !== status) wrong.push(`${email.reference}: ${view.status} instead of ${status}`);
  });
  progressEnds();
  console.log(`${ends.size - wrong.length} of ${ends.size} emails have the status that their events amount to.`);
  for (const line of wrong) console.log(`  ${line}`);
  if (wrong.length > 0) process.exitCode = 1;
}

try {
  await simulate();
} catch (error) {
  progressEnds();
  console.error(error instanceof StartError ? error.message : error);
  process.exitCode = 1;
}
