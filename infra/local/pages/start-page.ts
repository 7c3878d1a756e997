import type { HttpAnswer } from '../api-gateway/http-payload.ts';
import { commandOn, type Endpoints } from '../endpoints.ts';
import { html, htmlPage } from './html.ts';

type Row = readonly [name: unknown, description: string];

/** Routes whose purpose their key does not tell, in words. */
const routeWords: Readonly<Record<string, string>> = { 'ANY /webhooks/{provider}': ' (set-up calls)' };

/** The page at `/_local`: where everything of the running stack is. It has paths of secrets, and no secret. */
export function startPage(endpoints: Endpoints): HttpAnswer {
  const {
    url,
    page,
    dataDir,
    webhookSecretsFile,
    ownWebhookSecretsFile,
    signingKeysFile,
    eventsKeyFile,
    logsDir,
    routes,
  } = endpoints;
  const link = (path: string, text: string) => html`<a href="${path}">${text}</a>`;
  const command = (text: string) => html`<code>${commandOn(dataDir, text)}</code>`;
  const file = (path: string) => html`<code>${path}</code>`;
  return htmlPage(
    'Mailtrail on this machine',
    html`<h1>Mailtrail</h1>
<p class="soft">One honest status per email. This stack runs on this machine alone, at <code>${url}</code>.</p>
${list('Look', [
  ...(page === null ? [] : [[link(page, 'Emails'), 'The page for support and for the people of an account.'] as const]),
  [link('/_local/inbox', 'Alerts'), 'The alerts that support gets about bounces and spam marks.'],
  [link('/_local/queues', 'Queues'), 'How many messages wait for a retry, or in quarantine.'],
  [link('/_local/quarantine', 'Quarantine'), 'The pieces that could not be read, and why.'],
  [link('/_local/events', 'Events'), 'The changes of status that other systems are told of.'],
  [link('/_local/alarms', 'Alarms'), 'The alarms of the stack, as they are now.'],
  [link('/_local/health', 'Health'), 'Database, functions, queues and the last alert.'],
  [link('/statuses', 'Statuses'), 'The eleven statuses and the causes: label, meaning, what to do.'],
  [link('/openapi.json', 'OpenAPI document'), 'Every operation of the API.'],
])}
${list('Try', [
  [command('npm run demo'), 'Sends the callbacks of sixty emails, and shows how the API answers.'],
  [command('npm run -s token -- --account acme'), 'Prints a token for the API. With --support it sees every account.'],
  [command('npm run simulate -- --provider postmark'), "Sends a day of a provider's callbacks."],
  [command('npm run replay -- --queue quarantine --dry-run --show'), 'Shows the pieces in quarantine.'],
])}
<p class="soft">Each prints its options with <code>-- --help</code>.</p>
${list('Connect', [
  [html`<code>${`POST ${url}/webhooks/{provider}`}</code>`, "A provider's callbacks, with its name for {provider}."],
  [file(webhookSecretsFile), "The secret of each provider's webhook."],
  ...(ownWebhookSecretsFile === null
    ? []
    : [[file(ownWebhookSecretsFile), 'Your own secrets, valid besides.'] as const]),
  [file(signingKeysFile), 'The keys that sign callbacks. For most providers the key is the secret.'],
  ...(eventsKeyFile === null
    ? []
    : [[file(eventsKeyFile), 'The key in the header x-api-key of each call to eventsUrl.'] as const]),
])}
${list('Files', [
  [file(logsDir), 'Logs: one per function, and one of the answers of the API.'],
  [file(dataDir), 'All data of this stack. Remove it to begin anew.'],
])}
<h2 id="routes">Routes</h2>
<p>${routes.map(route => html`<code>${route}</code>${routeWords[route] ?? ''} `)}</p>`,
  );
}

function list(title: string, rows: readonly Row[]) {
  const entries = rows.map(([name, description]) => html`<dt>${name}</dt><dd>${description}</dd>\n`);
  return html`<h2>${title}</h2>\n<dl>\n${entries}</dl>`;
}
