import { join } from 'node:path';
import type { Provider } from '../../shared/providers/provider.ts';
import { startHttpServer } from './api-gateway/http-api.ts';
import { gatewayAnswer, type HttpAnswer } from './api-gateway/http-payload.ts';
import { openTokenIssuer } from './api-gateway/jwt-authorizer.ts';
import { routesOf } from './api-gateway/stack-routes.ts';
import { readAssembly } from './cloudformation/assembly.ts';
import { synthesize } from './cloudformation/synthesize.ts';
import { region, resolveTemplate } from './cloudformation/template.ts';
import { lockDataDir } from './data-dir.ts';
import { type Endpoints, writeEndpoints } from './endpoints.ts';
import { startStackMappings } from './event-sources/stack-mappings.ts';
import { createStackFunctions, type ServiceEndpoints } from './lambda/stack-functions.ts';
import { chooseEngine } from './services/dynamodb-engine.ts';
import { startQueues } from './services/queues.ts';
import { startSecretsManager } from './services/secrets-manager.ts';
import { startSnsSigning } from './services/sns-signing.ts';
import { type InboxMessage, startSupportInbox } from './services/support-inbox.ts';
import { type LocalTable, openTable } from './services/tables.ts';
import { openWebhookSecrets, snsSigningKeyIn } from './services/webhook-secrets.ts';

export interface StackOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly dataDir: string;
  /** JSON file, provider → list of secrets; made in the data directory when not given. */
  readonly webhookSecretsFile?: string | undefined;
  /** Who gets a secret in the file that is made, by the name in the webhook's URL. */
  readonly providers: Readonly<Record<string, Provider>>;
  /** A cloud assembly to run as it is; else the project's own is synthesized. */
  readonly assembly?: string | undefined;
  /** Caps the batching window of streams, for those who do not want to wait. */
  readonly maxBatchingWindowSeconds?: number | undefined;
  /** Caps after how long a queue message that failed comes again. */
  readonly maxVisibilityTimeoutSeconds?: number | undefined;
  readonly serviceEndpoints?: ServiceEndpoints | undefined;
  /** How many invocations of one function may run at a time. */
  readonly processesPerFunction?: number | undefined;
  /** Told of what went wrong while running, one line each. */
  readonly onFault: (line: string) => void;
  readonly onInboxMessage: (message: InboxMessage) => void;
}

export interface RunningStack {
  readonly endpoints: Endpoints;
  /** Lets requests and batches in flight end, then stops everything. */
  stop(): Promise<void>;
}

/** What local tokens say of themselves, unless the stack is configured for another issuer. */
const tokenParameters = { OidcIssuer: 'https://issuer.localhost/', OidcAudience: 'mailtrail-local' };

const jwksPath = '/_local/jwks.json';

/**
 * Runs a synthesized stack in this process and its children: what there is to run is read from the template, by
 * resource type.
 */
export async function runStack(options: StackOptions): Promise<RunningStack> {
  const parts = startedParts();
  try {
    return { endpoints: await startParts(options, parts), stop: parts.stop };
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

/** What has been started, and is stopped in the opposite order. */
interface StartedParts {
  add<Part>(starting: Part | Promise<Part>, stop: (part: Part) => unknown): Promise<Part>;
  stop(): Promise<void>;
  readonly stopped: boolean;
}

function startedParts(): StartedParts {
  const stops: (() => unknown)[] = [];
  let stopped = false;
  return {
    get stopped() {
      return stopped;
    },
    async add(starting, stop) {
      const part = await starting;
      // What was still starting while another part failed is not left behind.
      if (stopped) await stop(part);
      else stops.push(() => stop(part));
      return part;
    },
    async stop() {
      stopped = true;
      for (const stop of stops.splice(0).reverse()) await stop();
    },
  };
}

async function startParts(options: StackOptions, parts: StartedParts): Promise<Endpoints> {
  const { dataDir, onFault } = options;
  await parts.add(lockDataDir(dataDir), lock => lock.release());

  // What is likeliest to fail, and fails at once, comes first.
  const secretFiles = openWebhookSecrets(dataDir, options.webhookSecretsFile, options.providers);
  const http = await startHttpServer(options.port);
  await parts.add(http, () => http.stop());
  const startEngine = await chooseEngine();
  const directory = options.assembly ?? join(dataDir, 'cdk.out');
  const [engine, queues, secretsManager, sns, issuer] = await Promise.all([
    parts.add(startEngine({ dataDir: join(dataDir, 'dynamodb') }), it => it.stop()),
    parts.add(startQueues(join(dataDir, 'queues')), it => it.stop()),
    parts.add(startSecretsManager(dataDir, secretFiles.secretsFile), it => it.stop()),
    parts.add(startSnsSigning(snsSigningKeyIn(secretFiles)), it => it.stop()),
    openTokenIssuer(dataDir),
    options.assembly === undefined ? synthesize(directory) : false,
  ]);
  const inboxFile = join(dataDir, 'support-inbox.jsonl');
  const inbox = await parts.add(startSupportInbox(queues.endpoint, inboxFile, options.onInboxMessage), it => it.stop());

  const assembly = readAssembly(directory);
  const place = { parameters: tokenParameters, queueEndpoint: queues.endpoint, apiEndpoint: http.url };
  const template = resolveTemplate(assembly.template, place);
  await queues.create(template, options.maxVisibilityTimeoutSeconds);
  secretsManager.serve(template.ofType('AWS::SecretsManager::Secret'));
  const tables = new Map<string, LocalTable>();
  for (const table of template.ofType('AWS::DynamoDB::Table'))
    tables.set(table.logicalId, await openTable(engine.endpoint, table));

  const functions = createStackFunctions(
    template,
    assembly,
    dataDir,
    {
      AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
      AWS_ENDPOINT_URL_SQS: queues.endpoint,
      AWS_ENDPOINT_URL_SNS: inbox.endpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.endpoint,
      SNS_ENDPOINT: sns.endpoint,
    },
    { elsewhere: options.serviceEndpoints, processes: options.processesPerFunction },
  );
  await parts.add(functions, it => it.stop());
  const routes = routesOf(template, issuer, functions);
  await functions.warm();
  const mappings = startStackMappings({
    template,
    functions,
    tables,
    dynamoDbEndpoint: engine.endpoint,
    queueEndpoint: queues.endpoint,
    dataDir,
    maxBatchingWindowSeconds: options.maxBatchingWindowSeconds,
    onFault,
  });
  await parts.add(mappings, all => Promise.all(all.map(mapping => mapping.stop())));

  const [api] = template.ofType('AWS::ApiGatewayV2::Api');
  http.serve({
    apiId: api?.ref ?? 'local',
    routes,
    cors: api?.properties.CorsConfiguration,
    ownPages: {
      '/_local/inbox': ({ method, headers }) =>
        method === 'GET' ? inbox.page(headers.accept) : gatewayAnswer(405, 'Method Not Allowed'),
      [jwksPath]: () => jsonPage(issuer.jwks),
      '/_local/processes': () => jsonPage(functions.pids()),
    },
    onFault: error => onFault(`${error.message} (${error.name})`),
  });
  // Stopped first: what requests in flight still write, the other parts take.
  await parts.add(http, () => http.stop());
  void engine.exited.then(() => {
    if (!parts.stopped) onFault(`${engine.name} has ended: nothing can be stored any more, stop and start again`);
  });

  const refs = (type: string) =>
    Object.fromEntries(template.ofType(type).map(({ logicalId, ref }) => [logicalId, ref]));
  const tableNames = refs('AWS::DynamoDB::Table');
  const tokens = template.ofType('AWS::ApiGatewayV2::Authorizer')[0]?.properties.JwtConfiguration;
  const endpoints: Endpoints = {
    url: http.url,
    pid: process.pid,
    dataDir,
    region,
    dynamodb: engine.endpoint,
    dynamodbEngine: engine.name,
    sqs: queues.endpoint,
    sns: inbox.endpoint,
    s3: queues.endpoint,
    secretsManager: secretsManager.endpoint,
    tableName: Object.values(tableNames)[0] ?? '',
    tables: tableNames,
    queues: refs('AWS::SQS::Queue'),
    topics: refs('AWS::SNS::Topic'),
    buckets: refs('AWS::S3::Bucket'),
    functions: functions.described,
    routes: routes.map(({ key }) => key),
    outputs: template.outputs,
    webhookSecretsFile: secretFiles.secretsFile,
    signingKeysFile: secretFiles.signingKeysFile,
    inboxFile,
    tokens:
      tokens === undefined
        ? null
        : { issuer: tokens.Issuer, audience: tokens.Audience[0], jwksUrl: `${http.url}${jwksPath}` },
  };
  writeEndpoints(endpoints);
  return endpoints;
}

function jsonPage(content: object): HttpAnswer {
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(content)),
  };
}
