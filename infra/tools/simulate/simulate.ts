/** `npm run simulate -- --provider X`: a provider's signed callbacks, sent to the running stack. */

import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { emailIdOf } from '../../../shared/email/event.ts';
import { providerTitles } from '../../../shared/providers/titles.ts';
import { forEachConcurrently } from '../../../shared/runtime/concurrency.ts';
import type { Status } from '../../../shared/status/catalogue.ts';
import { merge } from '../../../shared/status/precedence.ts';
import { providerNames } from '../../../test/fixtures/signing.ts';
import { type Given, runCommand } from '../../local/cli/command.ts';
import { counted } from '../../local/cli/counted.ts';
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

const command = {
  call: 'npm run simulate',
  does: "Sends a day of a provider's signed callbacks to the stack that npm start runs, and checks every email's status.",
  options: {
    provider: { value: 'NAME', required: true, oneOf: providerNames, help: 'the provider' },
    emails: { value: 'N', range: [1, 100_000], otherwise: 100, help: 'how many emails' },
    rate: { value: 'R', range: [1, 100_000], otherwise: 50, help: 'how many events are sent a second' },
    seed: { value: 'S', range: [1, 2 ** 31], otherwise: 42, help: 'another seed gives another order' },
  },
  environment: { DATA_DIR: 'the data directory of the running stack, as npm start was given it (.mailtrail)' },
  notes: ['Events come out of order, and one in ten comes twice. Every run has emails of its own.'],
} as const;

async function simulate({ provider, emails: count, rate, seed }: Given<typeof command.options>): Promise<void> {
  const stack = runningStack();
  const now = Math.floor(Date.now() / 1000) * 1000;
  const steps = stepsOf(provider);
  const title = providerTitles[provider];
  // Chance keeps the emails of one run apart from those of every other.
  const firstNumber = randomInt(1_000_000_000, 9_000_000_000);
  // A day of traffic that ends before now.
  const emails = livingEmails({
    providers: [provider],
    count,
    firstNumber,
    firstInvoice: 10_000 + (firstNumber % 80_000),
    firstStartsAt: now - 24 * 3_600_000,
    apart: Math.max(1, Math.floor((22 * 3_600) / count)) * 1000,
  });
  const ends = new Map<LivingEmail, Status>();
  // The sender registers its emails where the provider does not return the account.
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
    throw new StartError(`${title} has no event for what so few emails went through: take more emails.`);
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
    progress(`${counts.requests} of ${requests.length} callbacks sent: ${counted(counts.events, 'event')}`);
  });
  progressEnds();
  const seconds = (Date.now() - begun) / 1000;
  const skipped = count - ends.size;
  console.log(
    `${counted(counts.events, 'event')} of ${counted(ends.size, 'email')} in ${counted(counts.requests, 'callback')} and ${seconds.toFixed(1)} s: ` +
      `${counts.recorded} recorded, ${counts.duplicate} duplicate, ${counts.queued} queued, ${counts.quarantined} quarantined.`,
  );
  if (skipped > 0) console.log(`(${skipped} more skipped: ${title} has no event for what they went through)`);

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

await runCommand({ ...command, run: given => simulate(given).finally(progressEnds) });
