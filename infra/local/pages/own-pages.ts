import { ingestEnv, readingSettings } from '../../../functions/ingest/env.ts';
import { createReadingContext } from '../../../shared/providers/parsing/reading-context.ts';
import type { Provider } from '../../../shared/providers/provider.ts';
import type { HttpApi } from '../api-gateway/http-api.ts';
import { type HttpAnswer, jsonAnswer } from '../api-gateway/http-payload.ts';
import { readableNames } from '../cloudformation/readable-name.ts';
import type { ResolvedTemplate } from '../cloudformation/template.ts';
import { type Endpoints, environmentWith } from '../endpoints.ts';
import type { StackFunctions } from '../lambda/stack-functions.ts';
import type { Monitoring } from '../monitoring/monitoring.ts';
import { quarantineContents } from '../quarantine/quarantine-contents.ts';
import type { DynamoDbEngine } from '../services/dynamodb-engine.ts';
import type { EventBus } from '../services/event-bus.ts';
import type { Queues } from '../services/queues.ts';
import { type SupportInbox, topicName } from '../services/support-inbox.ts';
import { alarmsPage } from './alarms-page.ts';
import { alertsPage } from './alerts-page.ts';
import { eventsPage } from './events-page.ts';
import { healthPage } from './health-page.ts';
import { jsonPage, textPage } from './html.ts';
import { quarantinePage } from './quarantine-page.ts';
import { queuesPage } from './queues-page.ts';
import { startPage } from './start-page.ts';

/** The address of the page that the ui function serves. */
export const uiPath = '/ui';

/** The links of that page to the pages of this machine, as the ui function takes them. */
export const operatorLinks = JSON.stringify([
  { label: 'Alerts', href: '/_local/inbox' },
  { label: 'Queues', href: '/_local/queues' },
  { label: 'Quarantine', href: '/_local/quarantine' },
  { label: 'Events', href: '/_local/events' },
  { label: 'Health', href: '/_local/health' },
  { label: 'This machine', href: '/_local' },
]);

type Page = HttpApi['ownPages'][string];

/** The parts of a running stack that have pages. */
export interface ShownParts {
  readonly endpoints: Endpoints;
  readonly template: ResolvedTemplate;
  readonly functions: Pick<StackFunctions, 'pids'>;
  readonly queues: Pick<Queues, 'depths' | 'messagesIn'>;
  readonly inbox: Pick<SupportInbox, 'file' | 'messages' | 'last' | 'subscriptions' | 'confirm'>;
  readonly eventBus: Pick<EventBus, 'events'>;
  readonly engine: Pick<DynamoDbEngine, 'name' | 'exited'>;
  readonly monitoring: Pick<Monitoring, 'alarms'>;
  readonly providers: Readonly<Record<string, Provider>>;
}

/** The pages of the runner, by path. They change nothing, but for a POST to the alerts, which confirms subscriptions. */
export function ownPages({
  endpoints,
  template,
  functions,
  queues,
  inbox,
  eventBus,
  engine,
  monitoring,
  providers,
}: ShownParts): HttpApi['ownPages'] {
  const { dataDir } = endpoints;
  let engineRuns = true;
  void engine.exited.then(() => {
    engineRuns = false;
  });

  function quarantined() {
    const env = ingestEnv.parse(environmentWith(endpoints.functions, 'QUARANTINE_QUEUE_URL'));
    const services = { providers, context: createReadingContext(providers, ...readingSettings(env)) };
    return quarantineContents(queues.messagesIn(env.QUARANTINE_QUEUE_URL), services);
  }

  async function health() {
    const pids = functions.pids();
    const names = readableNames(Object.keys(pids));
    const depths = await queues.depths(template);
    const alert = inbox.last();
    const alarms = await monitoring.alarms();
    return {
      engine: { name: engine.name, running: engineRuns },
      functions: Object.entries(pids).map(([id, running]) => ({ name: names[id]!, processes: running.length })),
      queues: depths.map(({ name, waiting, inWork }) => ({ name, waiting, inWork })),
      subscriptions: inbox
        .subscriptions()
        .map(({ email, topicArn, state, cause }) => ({ email, topicArn, state, cause })),
      alarms: alarms.filter(({ state }) => state === 'ALARM').map(({ name }) => name),
      lastAlert: alert && { receivedAt: alert.receivedAt, subject: alert.subject },
    };
  }

  const alerts: Page = ({ headers }) => {
    const shown = { messages: inbox.messages(), file: inbox.file, subscriptions: inbox.subscriptions() };
    return alertsPage(shown, endpoints.page, headers.accept);
  };

  /** Answers a browser with the page, and curl with a line for each subscription. */
  const confirmed: Page = request => {
    const { searchParams } = new URL(request.url ?? '/', 'http://local');
    const authenticates = searchParams.get('authenticateOnUnsubscribe') ?? 'false';
    const isKnown = [...searchParams.keys()].every(name => name === 'authenticateOnUnsubscribe');
    if (!isKnown || !/^(?:true|false)$/.test(authenticates))
      return jsonAnswer(400, { message: 'The only parameter is authenticateOnUnsubscribe=true or =false' });
    inbox.confirm({ authenticatesUnsubscribe: authenticates === 'true' });
    if (/text\/html|json/.test(request.headers.accept ?? '')) return alerts(request);
    const ends = authenticates === 'true' ? 'nobody but a signed-in person ends it' : 'its links end it';
    const lines = inbox
      .subscriptions()
      .map(({ email, topicArn }) => `${email} is subscribed to ${topicName(topicArn)}: ${ends}.\n`);
    return textPage(lines.join(''));
  };

  const start: Page = () => startPage(endpoints);
  const pages: Record<string, Page> = {
    '/': endpoints.page === null ? start : () => redirect(uiPath),
    // The gateway has no route with a slash at its end, and people type one.
    [`${uiPath}/`]: ({ url = '' }) => redirect(`${uiPath}${url.slice(uiPath.length + 1)}`),
    '/_local': start,
    '/_local/': start,
    '/_local/inbox': alerts,
    '/_local/queues': async ({ headers }) => queuesPage(dataDir, await queues.depths(template), headers.accept),
    '/_local/quarantine': ({ headers }) => quarantinePage(dataDir, quarantined(), providers, headers.accept),
    '/_local/events': ({ headers }) => eventsPage(eventBus.events(), endpoints, headers.accept),
    '/_local/alarms': async ({ headers }) => alarmsPage(await monitoring.alarms(), headers.accept),
    '/_local/health': async ({ headers }) => healthPage(await health(), headers.accept),
    '/_local/processes': () => jsonPage(functions.pids()),
  };
  const readOnlyPages = Object.fromEntries(Object.entries(pages).map(([path, page]) => [path, readOnly(page)]));
  return {
    ...readOnlyPages,
    '/_local/inbox': request => (request.method === 'POST' ? confirmed : readOnlyPages['/_local/inbox']!)(request),
  };
}

function redirect(location: string): HttpAnswer {
  return { statusCode: 302, headers: { location }, body: Buffer.alloc(0) };
}

/** A page for GET and HEAD alone. */
function readOnly(page: Page): Page {
  return request =>
    request.method === 'GET' || request.method === 'HEAD'
      ? page(request)
      : jsonAnswer(405, { message: 'Method Not Allowed' });
}
