import type { HttpAnswer } from '../api-gateway/http-payload.ts';
import type { EmailSubscription } from '../services/email-subscriptions.ts';
import type { QueueDepth } from '../services/queues.ts';
import { topicName, utcTime } from '../services/support-inbox.ts';
import { html, htmlPage, jsonPage } from './html.ts';

export interface Health {
  readonly engine: { readonly name: string; readonly running: boolean };
  readonly functions: readonly { readonly name: string; readonly processes: number }[];
  readonly queues: readonly Pick<QueueDepth, 'name' | 'waiting' | 'inWork'>[];
  /** The subscriptions by email. */
  readonly subscriptions: readonly Pick<EmailSubscription, 'email' | 'topicArn' | 'state' | 'cause'>[];
  /** The names of the alarms that are on. */
  readonly alarms: readonly string[];
  readonly lastAlert: { readonly receivedAt: string; readonly subject: string | null } | null;
}

/** The state of the stack's parts: as JSON for a client that accepts JSON, else as a page. */
export function healthPage(health: Health, accept = ''): HttpAnswer {
  if (accept.includes('application/json')) return jsonPage(health);
  const { engine, functions, queues, subscriptions, alarms, lastAlert } = health;
  return htmlPage(
    'Health: Mailtrail on this machine',
    html`<h1>Health</h1>
<p class="soft"><a href="/_local">Mailtrail on this machine</a></p>
<h2>Database</h2>
<p>${engine.name} ${engine.running ? 'runs.' : 'has ended: nothing can be stored any more. Stop and start again.'}</p>
<h2>Functions</h2>
<div class="wide" role="region" aria-label="Functions" tabindex="0"><table>
<caption>A function has a process for each invocation at a time. It starts one when it has none.</caption>
<thead><tr><th scope="col">Function</th><th scope="col" class="number">Processes</th></tr></thead>
<tbody>${functions.map(({ name, processes }) => html`<tr><th scope="row">${name}</th><td class="number">${processes}</td></tr>\n`)}</tbody>
</table></div>
<h2>Queues</h2>
<div class="wide" role="region" aria-label="Queues" tabindex="0"><table>
<caption><a href="/_local/queues">The page of the queues</a> says what each is for.</caption>
<thead><tr><th scope="col">Queue</th><th scope="col" class="number">Waiting</th><th scope="col" class="number">In work</th></tr></thead>
<tbody>${queues.map(({ name, waiting, inWork }) => html`<tr><th scope="row">${name}</th><td class="number">${waiting}</td><td class="number">${inWork}</td></tr>\n`)}</tbody>
</table></div>
<h2>Subscriptions by email</h2>
<div class="wide" role="region" aria-label="Subscriptions" tabindex="0"><table>
<caption>SNS suspends a subscription that gets more than 10 messages within a second. <a href="/_local/inbox">The page of the alerts</a> confirms it anew.</caption>
<thead><tr><th scope="col">Topic</th><th scope="col">Address</th><th scope="col">State</th></tr></thead>
<tbody>${subscriptions.map(({ email, topicArn, state, cause }) => html`<tr><th scope="row">${topicName(topicArn)}</th><td>${email}</td><td>${state}${cause === null ? '' : `: ${cause}`}</td></tr>\n`)}</tbody>
</table></div>
<h2>Alarms</h2>
<p>${alarms.length === 0 ? 'No alarm is on.' : `On: ${alarms.join(', ')}.`} <a href="/_local/alarms">All alarms</a></p>
<h2>Last alert</h2>
<p>${lastAlert === null ? 'No alert was sent yet.' : html`${lastAlert.subject ?? 'An alert without a subject'}, at <time datetime="${lastAlert.receivedAt}">${utcTime(lastAlert.receivedAt)}</time>. <a href="/_local/inbox">All alerts</a>`}</p>`,
  );
}
