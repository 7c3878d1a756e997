/** `npm run demo`: sixty emails of three accounts live their lives through the running stack. */

import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { dataDirOf, readEndpoints } from '../../infra/local/endpoints.ts';
import { StartError } from '../../infra/local/start-error.ts';
import { createToken } from '../../infra/local/token.ts';
import { emailIdOf } from '../../shared/event.ts';
import { eachInFlight } from '../../shared/in-flight.ts';
import { statuses } from '../../shared/status.ts';
import { signedRequest } from '../signing.ts';
import { accounts, type DemoEmail, demoEmails } from './lives.ts';
import { progress, progressEnds } from './progress.ts';
import { type EmailView, emailTimeline, historyTable, type Row } from './report.ts';
import { type DemoRequest, demoRequests } from './requests.ts';

/** A provider tries again for hours; the demo does so for this long. */
const patience = 60_000;
const requestsInFlight = 4;

try {
  await demo();
} catch (error) {
  progressEnds();
  console.error(error instanceof StartError ? error.message : error);
  process.exitCode = 1;
}

async function demo(): Promise<void> {
  const endpoints = readEndpoints(dataDirOf());
  if (endpoints.signingKeysFile === null) {
    throw new StartError('The demo signs with the keys that a first start makes: start without WEBHOOK_SECRETS.');
  }
  const keys = JSON.parse(readFileSync(endpoints.signingKeysFile, 'utf8')) as Record<string, string>;
  const emails = demoEmails();
  const requests = demoRequests(emails);
  const alerting = new Set(emails.filter(({ life }) => statuses[life.ends].alert !== null).map(emailId));
  const before = await toldOf(alerting, endpoints.url);

  let done = 0;
  let events = 0;
  const counts = { recorded: 0, duplicate: 0 };
  await eachInFlight(requests, requestsInFlight, async request => {
    const answer = await send(endpoints.url, request, keys);
    counts.recorded += answer.recorded;
    counts.duplicate += answer.duplicate;
    events += request.events;
    done += 1;
    progress(`${done} of ${requests.length} callbacks: ${events} events of ${emails.length} emails`);
  });
  progressEnds();
  console.log(`${counts.recorded} events recorded, ${counts.duplicate} duplicates recognised.\n`);

  const support = await api(endpoints.url, await createToken(endpoints.dataDir, { support: true }));
  const wrong = [];
  for (const email of emails) {
    const { status } = await support<EmailView>(`/accounts/${email.accountId}/emails/${emailId(email)}`);
    if (status !== email.life.ends) wrong.push(`${email.reference}: ${status} instead of ${email.life.ends}`);
  }
  console.log(
    `${emails.length - wrong.length} of ${emails.length} emails have the status that their events amount to.`,
  );
  for (const line of wrong) console.log(`  ${line}`);
  if (wrong.length > 0) process.exitCode = 1;

  const [accountId] = accounts;
  const own = await api(endpoints.url, await createToken(endpoints.dataDir, { account: accountId }));
  const { emails: rows } = await own<{ emails: Row[] }>(`/accounts/${accountId}/emails?limit=100`);
  console.log(`\nThe history of the account ${accountId}, from GET /accounts/${accountId}/emails, by reference:\n`);
  console.log(historyTable(rows.toSorted((a, b) => (a.reference ?? '').localeCompare(b.reference ?? ''))));

  const telling = emails.find(({ life }) => life.ends === 'hard_bounced' && life.steps.includes('opened'))!;
  console.log('\nOne email, from GET /accounts/{accountId}/emails/{emailId}:\n');
  console.log(emailTimeline(await support<EmailView>(`/accounts/${telling.accountId}/emails/${emailId(telling)}`)));

  const told = await waitForAlerts(alerting, endpoints.url);
  console.log(`\nWhat support was told, in full at ${endpoints.url}/_local/inbox:\n`);
  for (const { subject } of told.messages) console.log(`  ${subject}`);
  const distinct = new Set(told.emailIds).size;
  console.log(
    `\n${distinct} of ${alerting.size} bounced or complained-of emails named, ${told.emailIds.length - distinct} twice; ` +
      `${told.messages.length - before.messages.length} new messages in this run.`,
  );
}

function emailId(email: DemoEmail): string {
  return emailIdOf({ provider: email.provider, messageId: email.messageId, recipient: email.recipient });
}

/** Sends as a provider does: again, the same bytes, until it is acknowledged. */
async function send(
  url: string,
  { provider, body }: DemoRequest,
  keys: Readonly<Record<string, string>>,
): Promise<{ recorded: number; duplicate: number }> {
  const signed = signedRequest(provider, keys[provider]!, body, Date.now());
  const deadline = Date.now() + patience;
  for (;;) {
    const answer = await fetch(`${url}/webhooks/${provider}`, {
      method: 'POST',
      headers: signed.headers,
      body: new Uint8Array(signed.body),
    }).catch(() => null);
    if (answer?.status === 200) return (await answer.json()) as { recorded: number; duplicate: number };
    if (answer !== null && answer.status !== 429 && answer.status < 500) {
      throw new Error(`${provider} was answered ${answer.status}: ${await answer.text()}`);
    }
    if (Date.now() > deadline) throw new StartError(`No answer from ${url} for a minute: is it still running?`);
    progress(answer === null ? 'waiting for the stack to come back' : `answered ${answer.status}, trying again`);
    await delay(500);
  }
}

async function api(url: string, token: string) {
  return async <Answer>(path: string): Promise<Answer> => {
    const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } }).catch(() => null);
    if (answer === null) throw nothingAnswers(url);
    if (!answer.ok) throw new Error(`GET ${path} was answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Answer;
  };
}

/** What support was told of the demo's emails: the messages, and which email each names. */
interface Told {
  readonly messages: readonly { readonly subject: string | null; readonly emailIds: readonly string[] }[];
  /** Once for each time that an email is named. */
  readonly emailIds: readonly string[];
}

async function toldOf(emailIds: ReadonlySet<string>, url: string): Promise<Told> {
  const answer = await fetch(`${url}/_local/inbox`, { headers: { accept: 'application/json' } }).catch(() => null);
  if (answer === null) throw nothingAnswers(url);
  const inbox = (await answer.json()) as {
    messages: { subject: string | null; data: { emails?: { emailId: string }[] } }[];
  };
  const messages = inbox.messages
    .map(({ subject, data }) => ({
      subject,
      emailIds: (data.emails ?? []).map(({ emailId }) => emailId).filter(id => emailIds.has(id)),
    }))
    .filter(message => message.emailIds.length > 0);
  return { messages, emailIds: messages.flatMap(message => message.emailIds) };
}

/** Alerts are gathered for some seconds, so that many become a digest. */
async function waitForAlerts(emailIds: ReadonlySet<string>, url: string): Promise<Told> {
  for (let waited = 0; ; waited += 1) {
    const told = await toldOf(emailIds, url);
    if (new Set(told.emailIds).size === emailIds.size || waited >= 60) {
      progressEnds();
      return told;
    }
    progress(`waiting for the alerts: ${told.emailIds.length} of ${emailIds.size} emails named after ${waited} s`);
    await delay(1_000);
  }
}

function nothingAnswers(url: string): StartError {
  return new StartError(`Nothing answers at ${url}: start the stack with npm start.`);
}
