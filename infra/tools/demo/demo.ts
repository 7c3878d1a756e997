/** `npm run demo`: the callbacks of sixty emails of three accounts, sent to the running stack, and the API's answers. */

import { setTimeout as delay } from 'node:timers/promises';
import { emailIdOf } from '../../../shared/email/event.ts';
import { forEachConcurrently } from '../../../shared/runtime/concurrency.ts';
import { statuses } from '../../../shared/status/catalogue.ts';
import { runCommand } from '../../local/cli/command.ts';
import { counted } from '../../local/cli/counted.ts';
import { dataDirOf, readEndpoints } from '../../local/endpoints.ts';
import { dataOf } from '../client/client.ts';
import { accounts, type LivingEmail } from '../simulate/lives.ts';
import { progress, progressEnds } from '../simulate/progress.ts';
import { nothingAnswers, runningStack } from '../simulate/running-stack.ts';
import { messageIdOf } from '../simulate/samples.ts';
import { demoDay } from './demo-day.ts';
import { emailTimeline, historyTable } from './report.ts';
import { demoEmails, demoRequests } from './requests.ts';

const requestsInFlight = 4;

await runCommand({
  call: 'npm run demo',
  does: 'Sends the signed callbacks of sixty emails to the stack that npm start runs, and shows how the API and the alerts answer.',
  options: {},
  environment: { DATA_DIR: 'the data directory of the running stack, as npm start was given it (.mailtrail)' },
  notes: [
    'Every run sends the same events, of the day before the first run: a second run records nothing, and alerts nobody.',
  ],
  run: () => demo().finally(progressEnds),
});

async function demo(): Promise<void> {
  const stack = runningStack();
  const dataDir = dataDirOf();
  const emails = demoEmails(demoDay(dataDir, retentionDays(dataDir), Date.now()));
  const requests = demoRequests(emails);
  const alerting = new Set(emails.filter(({ life }) => statuses[life.ends].alert !== null).map(emailId));
  const before = await alertsAbout(alerting, stack.url);

  let done = 0;
  let events = 0;
  const counts = { recorded: 0, duplicate: 0, queued: 0 };
  await forEachConcurrently(requests, requestsInFlight, async request => {
    const answer = await stack.send(request);
    counts.recorded += answer.recorded;
    counts.duplicate += answer.duplicate;
    counts.queued += answer.queued;
    events += request.events;
    done += 1;
    progress(`${done} of ${requests.length} callbacks sent: ${counted(events, 'event')}`);
  });
  progressEnds();
  const queued = counts.queued > 0 ? `, ${counts.queued} queued` : '';
  const { recorded, duplicate } = counts;
  console.log(`${counted(recorded, 'event')} recorded, ${counted(duplicate, 'duplicate')} recognised${queued}.\n`);
  if (counts.queued > 0) await stack.settled();

  const wrong: string[] = [];
  const support = await stack.api({ support: true });
  const lookUp = async (email: LivingEmail) => {
    const path = { accountId: email.accountId, emailId: emailId(email) };
    return dataOf(await support.GET('/accounts/{accountId}/emails/{emailId}', { params: { path } }));
  };
  for (const email of emails) {
    const { status } = await lookUp(email);
    if (status !== email.life.ends) wrong.push(`${email.reference}: ${status} instead of ${email.life.ends}`);
  }
  console.log(
    `${emails.length - wrong.length} of ${emails.length} emails have the status that their events amount to.`,
  );
  for (const line of wrong) console.log(`  ${line}`);
  if (wrong.length > 0) process.exitCode = 1;

  const [accountId] = accounts;
  const people = await stack.api({ account: accountId });
  const { emails: rows } = dataOf(
    await people.GET('/accounts/{accountId}/emails', { params: { path: { accountId }, query: { limit: 100 } } }),
  );
  console.log(`\nThe history of the account ${accountId}, from GET /accounts/${accountId}/emails, newest first:\n`);
  console.log(historyTable(rows));

  const telling = emails.find(({ life }) => life.ends === 'hard_bounced' && life.steps.includes('opened'))!;
  console.log('\nOne email, from GET /accounts/{accountId}/emails/{emailId}:\n');
  console.log(emailTimeline(await lookUp(telling)));

  const alerts = await waitForAlerts(alerting, stack.url);
  console.log(`\nThe alerts to support, in full at ${stack.url}/_local/inbox:\n`);
  for (const { subject } of alerts.messages) console.log(`  ${subject}`);
  const distinct = new Set(alerts.emailIds).size;
  const newMessages = alerts.messages.length - before.messages.length;
  console.log(
    `\nThey name ${distinct} of the ${alerting.size} emails that bounced or were marked as spam, ` +
      `${alerts.emailIds.length - distinct || 'none'} of them twice; ${counted(newMessages, 'new message')} in this run.`,
  );
  const { page } = readEndpoints(dataDir);
  if (page !== null) console.log(`\nSee them all at ${page}: sign in as support, or as ${accountId}.`);
}

/** How many days the running stack keeps events. */
function retentionDays(dataDir: string): number {
  const { functions, outputs } = readEndpoints(dataDir);
  return Number(functions[String(outputs.IngestFunctionName)]?.environment.RETENTION_DAYS);
}

function emailId(email: LivingEmail): string {
  return emailIdOf({ provider: email.provider, messageId: messageIdOf(email), recipient: email.recipient });
}

/** The alerts about the demo's emails, and the emails that each names. */
interface Alerts {
  readonly messages: readonly { readonly subject: string | null; readonly emailIds: readonly string[] }[];
  /** Once for each time that an email is named. */
  readonly emailIds: readonly string[];
}

async function alertsAbout(emailIds: ReadonlySet<string>, url: string): Promise<Alerts> {
  const answer = await fetch(`${url}/_local/inbox`, { headers: { accept: 'application/json' } }).catch(() => null);
  if (answer === null) throw nothingAnswers(url);
  const inbox = (await answer.json()) as {
    messages: { subject: string | null; text: string; letters: unknown[] }[];
  };
  const messages = inbox.messages
    .filter(({ letters }) => letters.length > 0)
    .map(({ subject, text }) => ({ subject, emailIds: [...emailIds].filter(id => text.includes(id)) }))
    .filter(message => message.emailIds.length > 0);
  return { messages, emailIds: messages.flatMap(message => message.emailIds) };
}

/** Alerts are gathered for some seconds, so that many become a digest. Waits for them for up to 60 s. */
async function waitForAlerts(emailIds: ReadonlySet<string>, url: string): Promise<Alerts> {
  for (let waited = 0; ; waited += 1) {
    const alerts = await alertsAbout(emailIds, url);
    const named = new Set(alerts.emailIds).size;
    if (named === emailIds.size || waited >= 60) {
      progressEnds();
      return alerts;
    }
    progress(`waiting for the alerts: ${named} of ${emailIds.size} emails named after ${waited} s`);
    await delay(1_000);
  }
}
