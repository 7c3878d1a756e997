import type { HttpAnswer } from '../api-gateway/http-payload.ts';
import { commandOn } from '../endpoints.ts';
import type { QueueDepth } from '../services/queues.ts';
import { html, htmlPage, jsonPage } from './html.ts';

interface Purpose {
  readonly purpose: string;
  /** The command that feeds its messages back. */
  readonly replay?: string;
}

const deadLetters = 'npm run replay -- --queue dead-letter';

/** The purpose of each queue, by its readable name. */
const purposes: Readonly<Record<string, Purpose>> = {
  retry: { purpose: 'Events that could not be recorded at once. They are tried again every minute.' },
  'retry-dead-letters': { purpose: 'Events of the retry queue that failed 500 times.', replay: deadLetters },
  quarantine: {
    purpose: 'Genuine pieces that could not be read or recorded.',
    replay: 'npm run replay -- --queue quarantine',
  },
  digests: { purpose: 'Alerts on their way to people. They wait here for the next letter.' },
  'digests-dead-letters': { purpose: 'Alerts that could not be put into a letter for some 8 hours.' },
  'event-webhook-dead-letters': { purpose: 'Events that the receiver of eventsUrl did not take.' },
  'ses-events-queue': { purpose: 'Events of Amazon SES on their way to the ingest function.' },
  'ses-events-queue-dead-letters': { purpose: 'Events of Amazon SES that failed 500 times.', replay: deadLetters },
};

/** The queues and how many messages each holds: as JSON for a client that accepts JSON, else as a page. */
export function queuesPage(dataDir: string, depths: readonly QueueDepth[], accept = ''): HttpAnswer {
  const queues = depths.map(depth => {
    const { purpose = '', replay } = purposes[depth.name] ?? {};
    return { ...depth, purpose, ...(replay !== undefined && { replay: commandOn(dataDir, replay) }) };
  });
  if (accept.includes('application/json')) return jsonPage({ queues });
  return htmlPage(
    'Queues: Mailtrail on this machine',
    html`<h1>Queues</h1>
<p class="soft"><a href="/_local">Mailtrail on this machine</a></p>
<div class="wide" role="region" aria-label="Queues" tabindex="0"><table>
<caption>A message in work is with a function, or comes again when its visibility timeout is over. Reload the page to count again.</caption>
<thead><tr><th scope="col">Queue</th><th scope="col" class="number">Waiting</th><th scope="col" class="number">In work</th><th scope="col">Purpose</th></tr></thead>
<tbody>
${queues.map(
  ({ name, waiting, inWork, purpose, replay }) =>
    html`<tr><th scope="row">${name}</th><td class="number">${waiting}</td><td class="number">${inWork}</td><td>${purpose}${replay === undefined ? '' : html` Feed them back: <code>${replay}</code>`}</td></tr>
`,
)}</tbody>
</table></div>`,
  );
}
