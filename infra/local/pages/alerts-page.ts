import type { HttpAnswer } from '../api-gateway/http-payload.ts';
import type { EmailSubscription } from '../services/email-subscriptions.ts';
import {
  addressees,
  endOf,
  type InboxMessage,
  isLetter,
  readable,
  topicName,
  utcTime,
} from '../services/support-inbox.ts';
import { html, htmlPage, jsonPage, textPage } from './html.ts';

/** Alerts on the page. The file has the others. */
const maxShown = 100;

/** The messages and subscriptions of all topics. */
export interface ShownInbox {
  /** The oldest first; the page shows the newest first. */
  readonly messages: readonly InboxMessage[];
  /** The file that keeps them. */
  readonly file: string;
  readonly subscriptions: readonly EmailSubscription[];
}

/**
 * The alerts to people, as text or as a page for a browser. A client that accepts JSON gets the messages to machines, too.
 *
 * @param emailsUrl the page of the emails: only links to it can be clicked, because strangers wrote parts of the alerts
 */
export function alertsPage(
  { messages, file, subscriptions }: ShownInbox,
  emailsUrl: string | null,
  accept = '',
): HttpAnswer {
  if (accept.includes('application/json')) return jsonPage({ messages, subscriptions });
  const letters = messages.filter(isLetter);
  const ended = subscriptions.filter(({ state }) => state !== 'Confirmed');
  if (!accept.includes('text/html')) {
    const ends = ended.map(one => `── ${endOf(one)}\n`);
    return textPage([...letters.map(readable), ...ends].join('\n') || 'No message to support yet.\n');
  }
  const shown = letters.toReversed().slice(0, maxShown);
  return htmlPage(
    'Alerts: Mailtrail on this machine',
    html`<h1>Alerts</h1>
<p class="soft"><a href="/_local">Mailtrail on this machine</a></p>
<p>The alerts that support gets about bounces and spam marks, the newest first. On this machine nothing is sent by email.</p>
${subscribers(subscriptions)}
${shown.length === 0 ? html`<p>No alert was sent yet.</p>` : ''}${shown.map(
  message => html`<h2>${message.subject ?? 'An alert without a subject'}</h2>
<p class="soft"><time datetime="${message.receivedAt}">${utcTime(message.receivedAt)}</time>, ${addressees(message)}</p>
<pre class="letter" tabindex="0">${linked(message.text.trimEnd(), emailsUrl)}</pre>
`,
)}${letters.length > maxShown ? html`<p>${letters.length - maxShown} older ones are not shown: <code>${file}</code></p>` : ''}`,
  );
}

/** The subscribers by email, and a button where a subscription has ended. */
function subscribers(subscriptions: readonly EmailSubscription[]) {
  if (subscriptions.length === 0) return html`<p>Nobody is subscribed by email.</p>`;
  const ended = subscriptions.some(({ state }) => state !== 'Confirmed');
  return html`<ul>${subscriptions.map(
    one =>
      html`<li>${one.state === 'Confirmed' ? `${one.email} is subscribed to ${topicName(one.topicArn)}.` : html`<strong>${sentence(endOf(one))}</strong>`}</li>`,
  )}</ul>
${ended ? html`<form method="post"><button>Confirm the subscriptions anew</button></form>` : ''}`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

/** The text with its links to the page of the emails. */
function linked(text: string, emailsUrl: string | null) {
  if (emailsUrl === null) return text;
  const link = new RegExp(`(${emailsUrl.replace(/[.?]/g, '\\$&')}\\?[\\w=&%.~:@+-]+)`);
  // The group keeps the links among the parts, at odd places.
  return text.split(link).map((part, index) => (index % 2 === 0 ? part : html`<a href="${part}">${part}</a>`));
}
