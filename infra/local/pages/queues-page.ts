import type { HttpAnswer } from '../api-gateway/http-payload.ts';
import type { QueueDepth } from '../services/queues.ts';
import { html, htmlPage } from './html.ts';

/** The purpose of each queue, by its readable name. */
const purposes: Readonly<Record<string, string>> = {
  retry: 'Events that could not be recorded at once. They are tried again every minute.',
  'retry-dead-letters': 'Events of the retry queue that failed 500 times. npm run replay feeds them back.',
  quarantine: 'Genuine pieces that could not be read or recorded. npm run replay shows them and feeds them back.',
  'ses-events-queue': 'Events of Amazon SES on their way to the ingest function.',
  'ses-events-queue-dead-letters': 'Events of Amazon SES that failed 500 times. npm run replay feeds them back.',
};

/** The queues and how many messages each holds: as JSON for a client that accepts JSON, else as a page. */
export function queuesPage(depths: readonly QueueDepth[], accept = ''): HttpAnswer {
  const queues = depths.map(depth => ({ ...depth, purpose: purposes[depth.name] ?? '' }));
  if (accept.includes('application/json')) {
    return {
      statusCode: 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      body: Buffer.from(JSON.stringify({ queues })),
    };
  }
  return htmlPage(
    'Queues: Mailtrail on this machine',
    html`<h1>Queues</h1>
<p class="soft"><a href="/">Mailtrail on this machine</a></p>
<div class="wide"><table>
<caption>A message in work is with a function, or comes again when its visibility timeout is over. Reload the page to count again.</caption>
<thead><tr><th scope="col">Queue</th><th scope="col" class="number">Waiting</th><th scope="col" class="number">In work</th><th scope="col">Purpose</th></tr></thead>
<tbody>
${queues.map(
  ({ name, waiting, inWork, purpose }) =>
    html`<tr><th scope="row">${name}</th><td class="number">${waiting}</td><td class="number">${inWork}</td><td>${purpose}</td></tr>
`,
)}</tbody>
</table></div>`,
  );
}
