import type { HttpAnswer } from '../api-gateway/http-payload.ts';
import type { Endpoints } from '../endpoints.ts';
import type { KeptEvent } from '../services/event-bus.ts';
import { utcTime } from '../services/support-inbox.ts';
import { html, htmlPage, jsonPage } from './html.ts';

/** Events on the page. JSON has them all. */
const maxShown = 100;

/**
 * The newest events of the bus, as JSON for a client that accepts JSON, else as a page.
 *
 * @param events the newest first
 */
export function eventsPage(events: readonly KeptEvent[], { page }: Pick<Endpoints, 'page'>, accept = ''): HttpAnswer {
  if (accept.includes('application/json')) return jsonPage({ events });
  const shown = events.slice(0, maxShown);
  return htmlPage(
    'Events: Mailtrail on this machine',
    html`<h1>Events</h1>
<p class="soft"><a href="/_local">Mailtrail on this machine</a></p>
<p>The events that other systems get by rules of EventBridge, the newest first. A restart forgets them.</p>
${shown.length === 0 ? html`<p>No event was published yet.</p>` : ''}${shown.map(
  ({ receivedAt, event }) => html`<h2>${event['detail-type']}</h2>
<p>${summary(event.detail, page)} <span class="soft"><time datetime="${event.time}">${utcTime(new Date(receivedAt).toISOString())}</time></span></p>
<details><summary>JSON</summary><pre tabindex="0">${JSON.stringify(event, null, 2)}</pre></details>
`,
)}${events.length > maxShown ? html`<p>${events.length - maxShown} older ones are in the JSON of this page.</p>` : ''}`,
  );
}

/** The email of an event and its change of status, as far as the event has one. */
function summary({ recipient, emailId, from, to }: KeptEvent['event']['detail'], page: string | null) {
  if (typeof emailId !== 'string') return '';
  const was = (from as { readonly status?: unknown } | null | undefined)?.status;
  const email =
    page === null ? recipient : html`<a href="${page}?email=${encodeURIComponent(emailId)}">${recipient}</a>`;
  return html`${email}: ${was === undefined ? '' : html`${was} → `}<strong>${to}</strong>`;
}
