import type { HttpAnswer } from '../api-gateway/http-payload.ts';
import { type InboxMessage, readable, utcTime } from '../services/support-inbox.ts';
import { html, htmlPage, jsonPage, textPage } from './html.ts';

/** Alerts on the page. The file has the others. */
const maxShown = 100;

/**
 * The alerts to support: as JSON for a client that accepts JSON, as a page for a browser, and else as text.
 *
 * @param messages the oldest first; the page shows the newest first
 * @param file the file that keeps them
 * @param emailsUrl the page of the emails: only links to it can be clicked, because strangers wrote parts of the alerts
 */
export function alertsPage(
  messages: readonly InboxMessage[],
  file: string,
  emailsUrl: string | null,
  accept = '',
): HttpAnswer {
  if (accept.includes('application/json')) return jsonPage({ messages });
  if (!accept.includes('text/html'))
    return textPage(messages.map(readable).join('\n') || 'No message to support yet.\n');
  const shown = messages.toReversed().slice(0, maxShown);
  return htmlPage(
    'Alerts: Mailtrail on this machine',
    html`<h1>Alerts</h1>
<p class="soft"><a href="/_local">Mailtrail on this machine</a></p>
<p>The alerts that support gets about bounces and spam marks, the newest first. On this machine nothing is sent by email.</p>
${shown.length === 0 ? html`<p>No alert was sent yet.</p>` : ''}${shown.map(
  ({ subject, receivedAt, text }) => html`<h2>${subject ?? 'An alert without a subject'}</h2>
<p class="soft"><time datetime="${receivedAt}">${utcTime(receivedAt)}</time></p>
<pre class="letter" tabindex="0">${linked(text.trimEnd(), emailsUrl)}</pre>
`,
)}${messages.length > maxShown ? html`<p>${messages.length - maxShown} older ones are not shown: <code>${file}</code></p>` : ''}`,
  );
}

/** The text with its links to the page of the emails. */
function linked(text: string, emailsUrl: string | null) {
  if (emailsUrl === null) return text;
  const link = new RegExp(`(${emailsUrl.replace(/[.?]/g, '\\$&')}\\?[\\w=&%.~:@+-]+)`);
  // The group keeps the links among the parts, at odd places.
  return text.split(link).map((part, index) => (index % 2 === 0 ? part : html`<a href="${part}">${part}</a>`));
}
