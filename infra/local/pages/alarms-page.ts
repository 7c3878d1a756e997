import type { HttpAnswer } from '../api-gateway/http-payload.ts';
import type { AlarmNow } from '../monitoring/monitoring.ts';
import { html, htmlPage, jsonPage } from './html.ts';

/** The state of every alarm: as JSON for a client that accepts JSON, else as a page. */
export function alarmsPage(alarms: readonly AlarmNow[], accept = ''): HttpAnswer {
  if (accept.includes('application/json')) return jsonPage({ alarms });
  const on = alarms.filter(({ state }) => state === 'ALARM');
  const rest = alarms.filter(({ state }) => state !== 'ALARM');
  return htmlPage(
    'Alarms: Mailtrail on this machine',
    html`<h1>Alarms</h1>
<p class="soft"><a href="/_local">Mailtrail on this machine</a></p>
<p>The alarms of the stack, evaluated here as CloudWatch does. On this machine they send no email.</p>
<div class="wide" role="region" aria-label="Alarms" tabindex="0"><table>
<caption>${on.length === 0 ? 'No alarm is on.' : `On: ${on.length} of ${alarms.length}.`}</caption>
<thead><tr><th scope="col">Alarm</th><th scope="col">State</th><th scope="col">About</th></tr></thead>
<tbody>${[...on, ...rest].map(({ name, state, description }) => html`<tr><th scope="row">${name}</th><td>${state}</td><td>${description}</td></tr>\n`)}</tbody>
</table></div>`,
  );
}
