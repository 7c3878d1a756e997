import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import type { Provider } from '../../shared/providers/provider.ts';
import { createAccessLog } from './api-gateway/access-log.ts';
import { type Answered, type Cors, startHttpServer } from './api-gateway/http-api.ts';
import { routesOf } from './api-gateway/stack-routes.ts';
import { readAssembly } from './cloudformation/assembly.ts';
import { synthesisInto } from './cloudformation/synthesize.ts';
import { region, resolveTemplate } from './cloudformation/template.ts';
import { lockDataDir } from './data-dir.ts';
import { type Endpoints, environmentWith, writeEndpoints } from './endpoints.ts';
import { startSchedules } from './event-sources/schedules.ts';
import { startStackMappings } from './event-sources/stack-mappings.ts';
import { localClient } from './issuer/local-client.ts';
import { createOidcIssuer, issuerPath } from './issuer/oidc-issuer.ts';
import { claimNamesIn } from './issuer/person.ts';
import { openTokenIssuer } from './issuer/token-issuer.ts';
import type { OnInvoked } from './lambda/function-environment.ts';
import { startLambdaEndpoint } from './lambda/lambda-endpoint.ts';
import { localVariables, mergedVariables } from './lambda/local-variables.ts';
import { createLogReader } from './lambda/log-reader.ts';
import { createStackFunctions, type ServiceEndpoints } from './lambda/stack-functions.ts';
import { startCloudWatch } from './monitoring/cloudwatch-endpoint.ts';
import { type Clock, measuredFunctions } from './monitoring/measured-functions.ts';
import { type Monitoring, startMonitoring } from './monitoring/monitoring.ts';
import { operatorLinks, ownPages, uiPath } from './pages/own-pages.ts';
import { chooseEngine } from './services/dynamodb-engine.ts';
import { type DynamoDbMeter, startDynamoDbMeter } from './services/dynamodb-meter.ts';
import { type EventBusOptions, startEventBus } from './services/event-bus.ts';
import { generatedSecret, generatedSecretFile } from './services/generated-secrets.ts';
import { startQueues } from './services/queues.ts';
import { startSecretsManager } from './services/secrets-manager.ts';
import type { OnMetric } from './services/service-metric.ts';
import { startSnsSigning } from './services/sns-signing.ts';
import { type InboxMessage, startSupportInbox } from './services/support-inbox.ts';
import { type LocalTable, openTable } from './services/tables.ts';
import {
  openWebhookSecrets,
  snsSigningKeyIn,
  uselessOwnSecrets,
  webhookSecretsText,
} from './services/webhook-secrets.ts';

export interface StackOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly dataDir: string;
  /** JSON file of the user's own secrets, provider → list of secrets: they are valid beside the generated ones. */
  readonly webhookSecretsFile?: string | undefined;
  /** The providers, by the name in the webhook's URL. Each gets a secret in the generated file. */
  readonly providers: Readonly<Record<string, Provider>>;
  /** A cloud assembly to run as it is. The project's own is synthesized if none is given. */
  readonly assembly?: string | undefined;
  /** The least seconds between two letters to support, in place of the deployment's. */
  readonly secondsBetweenDigests?: number | undefined;
  /** The shards of each table's stream: 1 by default. Four are usual for a new table on AWS. */
  readonly streamShards?: number | undefined;
  /** Caps how long a batch of an event source is gathered, 10 s by default. */
  readonly maxBatchingWindowSeconds?: number | undefined;
  /** Caps after how long a queue message that failed comes again. */
  readonly maxVisibilityTimeoutSeconds?: number | undefined;
  readonly serviceEndpoints?: ServiceEndpoints | undefined;
  /** The account's quota of concurrent executions over all functions, 1,000 by default. */
  readonly concurrentExecutions?: number | undefined;
  /** How many invocations of one function may run at a time on this machine. */
  readonly processesPerFunction?: number | undefined;
  /** Runs the functions that have a schedule. */
  readonly schedules?: boolean | undefined;
  /** Counts the capacity units of the functions' calls to DynamoDB, and measures them as AWS does. It costs some speed. */
  readonly metered?: boolean | undefined;
  /** Called with each step of the start as it begins, e.g. `Synthesizing the stack`. */
  readonly onStep: (step: string) => void;
  /** Called for each answer of the HTTP API. */
  readonly onAnswer: (answered: Answered) => void;
  /** Called with one line for each fault while running, and for each own secret that can verify nothing. */
  readonly onFault: (line: string) => void;
  readonly onInboxMessage: (message: InboxMessage) => void;
  /** Called with each value of a metric that SNS, Lambda or DynamoDB would report by itself. */
  readonly onMetric?: OnMetric | undefined;
  /** Called for each invocation that came to its end. */
  readonly onInvoked?: OnInvoked | undefined;
  /** Called with each event that a bus took. */
  readonly onEvent?: EventBusOptions['onEvent'];
  /** Whether events go to `eventsUrl`, as they do by default. */
  readonly deliversEvents?: boolean | undefined;
  /** The time that metrics and alarms go by: the machine's own, unless a test moves it. */
  readonly clock?: Clock | undefined;
}

export interface RunningStack {
  readonly endpoints: Endpoints;
  readonly monitoring: Monitoring;
  /** Null unless the stack is metered. */
  readonly meter: DynamoDbMeter | null;
  /** Lets requests and batches in flight end, then stops everything. */
  stop(): Promise<void>;
}

/** Runs a synthesized stack in this process and its children. The template lists the parts, by resource type. */
export async function runStack(options: StackOptions): Promise<RunningStack> {
  const parts = startedParts();
  try {
    return { ...(await startParts(options, parts)), stop: parts.stop };
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

/** The parts that have been started. They are stopped in the opposite order. */
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
      // Another part has failed while this one was starting.
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

async function startParts(options: StackOptions, parts: StartedParts): Promise<Omit<RunningStack, 'stop'>> {
  const { dataDir, onFault, onStep } = options;
  await parts.add(lockDataDir(dataDir), lock => lock.release());

  // The likeliest failures come first, since they show at once: unusable secrets, and a port that is taken.
  const secretFiles = openWebhookSecrets(dataDir, options.webhookSecretsFile, options.providers);
  for (const line of await uselessOwnSecrets(secretFiles, options.providers)) onFault(line);
  const http = await startHttpServer(options.port);
  await parts.add(http, () => http.stop());
  const startEngine = await chooseEngine();
  const directory = options.assembly ?? join(dataDir, 'cdk.out');
  const synthesize = options.assembly === undefined ? synthesisInto(directory) : null;
  const starting = 'Starting tables, queues and functions';
  // Both run at once, and the synthesis takes longer.
  onStep(synthesize === null ? starting : 'Synthesizing the stack');
  const [engine, queues, secretsManager, sns, lambda, cloudWatch, eventBus, issuer] = await Promise.all([
    parts.add(startEngine({ dataDir: join(dataDir, 'dynamodb') }), it => it.stop()),
    parts.add(startQueues(join(dataDir, 'queues')), it => it.stop()),
    parts.add(
      startSecretsManager(() => webhookSecretsText(secretFiles)),
      it => it.stop(),
    ),
    parts.add(startSnsSigning(snsSigningKeyIn(secretFiles)), it => it.stop()),
    parts.add(startLambdaEndpoint(), it => it.stop()),
    parts.add(startCloudWatch(), it => it.stop()),
    parts.add(startEventBus({ onFault, onEvent: options.onEvent, delivers: options.deliversEvents }), it => it.stop()),
    openTokenIssuer(dataDir),
    synthesize?.(),
  ]);
  if (synthesize !== null) onStep(starting);
  const inboxFile = join(dataDir, 'support-inbox.jsonl');
  let monitoring: Monitoring | null = null;
  const onMetric: OnMetric = metric => {
    monitoring?.measure(metric);
    options.onMetric?.(metric);
  };
  const meter = options.metered
    ? await parts.add(startDynamoDbMeter(engine.endpoint, onMetric), it => it.stop())
    : null;
  const inbox = await parts.add(
    startSupportInbox({
      snsEndpoint: queues.endpoint,
      file: inboxFile,
      onMessage: options.onInboxMessage,
      onFault,
      onMetric,
    }),
    it => it.stop(),
  );

  const assembly = readAssembly(directory);
  const ownIssuer = `${http.url}${issuerPath}`;
  // A stack that is configured for another issuer or audience has no such parameter.
  const parameters = { OidcIssuer: ownIssuer, OidcAudience: localClient.audience };
  const place = { parameters, queueEndpoint: queues.endpoint, apiEndpoint: http.url, stackName: assembly.stackName };
  const template = resolveTemplate(assembly.template, place);
  await queues.create(template, options.maxVisibilityTimeoutSeconds);
  inbox.serve(template);
  // As docs/operating.md advises: otherwise a link in each letter ends the subscription.
  inbox.confirm({ authenticatesUnsubscribe: true });
  const secrets = template.ofType('AWS::SecretsManager::Secret');
  secretsManager.serve(secrets, secret => generatedSecret(dataDir, secret));
  eventBus.serve(template, { queueEndpoint: queues.endpoint, secretText: secretsManager.valueOf });
  const tables = new Map<string, LocalTable>();
  for (const table of template.ofType('AWS::DynamoDB::Table'))
    tables.set(table.logicalId, await openTable(engine.endpoint, table));

  const clock = options.clock ?? (at => at);
  const unmeasured = createStackFunctions(
    template,
    assembly,
    dataDir,
    {
      AWS_ENDPOINT_URL_DYNAMODB: (meter ?? engine).endpoint,
      AWS_ENDPOINT_URL_SQS: queues.endpoint,
      AWS_ENDPOINT_URL_SNS: inbox.endpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.endpoint,
      AWS_ENDPOINT_URL_LAMBDA: lambda.endpoint,
      AWS_ENDPOINT_URL_CLOUDWATCH: cloudWatch.endpoint,
      AWS_ENDPOINT_URL_S3: queues.endpoint,
      AWS_ENDPOINT_URL_EVENTBRIDGE: eventBus.endpoint,
      SNS_ENDPOINT: sns.endpoint,
    },
    {
      elsewhere: mergedVariables(
        localVariables(operatorLinks, options.secondsBetweenDigests),
        options.serviceEndpoints ?? {},
      ),
      processes: options.processesPerFunction,
      concurrentExecutions: options.concurrentExecutions,
      onMetric,
      onInvoked: options.onInvoked,
    },
  );
  await parts.add(unmeasured, it => it.stop());
  const logs = await parts.add(
    new Map(
      template
        .ofType('AWS::Lambda::Function')
        .map(({ logicalId, properties }) => [
          properties.LoggingConfig?.LogGroup ?? logicalId,
          createLogReader(unmeasured.described[logicalId]!.logFile),
        ]),
    ),
    readers => {
      for (const reader of readers.values()) reader.close();
    },
  );
  monitoring = startMonitoring({ template, clock, logs, queueSamples: () => queues.samples(template) });
  const { measure, answered } = monitoring;
  await parts.add(monitoring, it => it.stop());
  cloudWatch.serve(monitoring);
  const functions = measuredFunctions(unmeasured, measure, clock);
  lambda.serve({ at: functions.at, configurationOf: functions.configurationOf });
  const routes = await routesOf(template, { url: ownIssuer, tokens: issuer }, functions);
  await functions.warm();
  const mappings = startStackMappings({
    template,
    functions,
    tables,
    dynamoDbEndpoint: engine.endpoint,
    queueEndpoint: queues.endpoint,
    dataDir,
    streamShards: options.streamShards,
    maxBatchingWindowSeconds: options.maxBatchingWindowSeconds,
    onFault,
  });
  await parts.add(mappings, all => Promise.all(all.map(mapping => mapping.stop())));
  lambda.serve({ mappings });

  const refs = (type: string) =>
    Object.fromEntries(template.ofType(type).map(({ logicalId, ref }) => [logicalId, ref]));
  const [api] = template.ofType('AWS::ApiGatewayV2::Api');
  const cors: Cors | undefined = api?.properties.CorsConfiguration;
  const tableNames = refs('AWS::DynamoDB::Table');
  const tokens = template.ofType('AWS::ApiGatewayV2::Authorizer')[0]?.properties.JwtConfiguration;
  const generated = secrets.find(({ properties }) => properties.GenerateSecretString !== undefined);
  const clientId = environmentWith(functions.described, 'UI_CLIENT_ID')?.UI_CLIENT_ID;
  const endpoints: Endpoints = {
    url: http.url,
    page: clientId ? `${http.url}${uiPath}` : null,
    pid: process.pid,
    dataDir,
    region,
    dynamodb: engine.endpoint,
    dynamodbEngine: engine.name,
    sqs: queues.endpoint,
    sns: inbox.endpoint,
    s3: queues.endpoint,
    secretsManager: secretsManager.endpoint,
    lambda: lambda.endpoint,
    cloudwatch: cloudWatch.endpoint,
    eventBridge: eventBus.endpoint,
    stackName: assembly.stackName,
    resources: template.resources(),
    tableName: Object.values(tableNames)[0] ?? '',
    tables: tableNames,
    queues: refs('AWS::SQS::Queue'),
    topics: refs('AWS::SNS::Topic'),
    buckets: refs('AWS::S3::Bucket'),
    functions: functions.described,
    logsDir: functions.logsDir,
    routes: routes.map(({ key }) => key),
    corsOrigins: cors?.AllowOrigins ?? [],
    outputs: template.outputs,
    webhookSecretsFile: secretFiles.secretsFile,
    ownWebhookSecretsFile: secretFiles.ownSecretsFile,
    signingKeysFile: secretFiles.signingKeysFile,
    eventsKeyFile: generated === undefined ? null : generatedSecretFile(dataDir, generated),
    inboxFile,
    tokens: tokens === undefined ? null : { issuer: tokens.Issuer, audience: tokens.Audience[0] },
  };
  const ownHandlers: Record<string, RequestListener> = {};
  if (endpoints.tokens?.issuer === ownIssuer) {
    ownHandlers[issuerPath] = createOidcIssuer({
      url: http.url,
      audience: endpoints.tokens.audience,
      clientId: clientId || localClient.clientId,
      names: claimNamesIn(endpoints.functions),
      tokens: issuer,
    });
  }
  const accessLog = createAccessLog(template, join(functions.logsDir, 'access.log'));
  await parts.add(accessLog, it => it.stop());
  http.serve({
    apiId: api?.ref ?? 'local',
    routes,
    cors,
    ownPages: ownPages({
      endpoints,
      template,
      functions,
      queues,
      inbox,
      eventBus,
      engine,
      monitoring,
      providers: options.providers,
    }),
    ownHandlers,
    onFault: error => onFault(`${error.message} (${error.name})`),
    onAnswer(answer) {
      accessLog.write(answer);
      answered(answer);
      options.onAnswer(answer);
    },
  });
  // Stopped first: requests in flight still write to the other parts.
  await parts.add(http, () => http.stop());
  if (options.schedules) await parts.add(startSchedules(template, functions, onFault), it => it.stop());
  void engine.exited.then(() => {
    if (!parts.stopped) onFault(`${engine.name} has ended: nothing can be stored any more, stop and start again`);
  });
  writeEndpoints(endpoints);
  return { endpoints, monitoring, meter };
}
