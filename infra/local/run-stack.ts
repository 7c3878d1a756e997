import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { lockDataDir } from './data-dir.ts';
import { chooseEngine } from './dynamodb-engine.ts';
import { type Endpoints, writeEndpoints } from './endpoints.ts';
import type { EventSourceMapping, RunningMapping } from './event-source-mapping.ts';
import { createFailureDestination } from './failure-destination.ts';
import { createFunction, type LocalFunction } from './function-environment.ts';
import { type Authorizer, type LocalRoute, startHttpServer } from './http-api.ts';
import { gatewayAnswer, type HttpAnswer } from './http-payload.ts';
import { openTokenIssuer, type TokenIssuer } from './jwt-authorizer.ts';
import { startQueueMapping } from './queue-mapping.ts';
import { startQueues } from './queues.ts';
import { startSecretsManager } from './secrets-manager.ts';
import { StartError } from './start-error.ts';
import { startStreamMapping } from './stream-mapping.ts';
import { type InboxMessage, startSupportInbox } from './support-inbox.ts';
import { synthesize } from './synthesize.ts';
import { type LocalTable, openTable } from './tables.ts';
import { type ResolvedTemplate, type Resource, readAssembly, region, resolveTemplate, tablesOf } from './template.ts';
import { openWebhookSecrets } from './webhook-secrets.ts';

export interface StackOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly dataDir: string;
  /** JSON file, provider → list of secrets; made in the data directory when not given. */
  readonly webhookSecretsFile?: string | undefined;
  /** Providers that get a secret in the file that is made. */
  readonly providers: readonly string[];
  /** A cloud assembly to run as it is; else the project's own is synthesized. */
  readonly assembly?: string | undefined;
  /** Caps the batching window of streams, for those who do not want to wait. */
  readonly maxBatchingWindowSeconds?: number | undefined;
  /** Told of what went wrong while running, one line each. */
  readonly onFault: (line: string) => void;
  readonly onInboxMessage: (message: InboxMessage) => void;
}

export interface RunningStack {
  readonly endpoints: Endpoints;
  /** Whether the template had to be synthesized. */
  readonly synthesized: boolean;
  /** Lets requests and batches in flight end, then stops everything. */
  stop(): Promise<void>;
}

/** What local tokens say of themselves, unless the stack is configured for another issuer. */
const tokenParameters = { OidcIssuer: 'https://issuer.localhost/', OidcAudience: 'mailtrail-local' };

/** How many invocations of one function may run at a time. */
const processesPerFunction = 3;

/**
 * Runs a synthesized stack in this process and its children: what there is to run is read from the template, by
 * resource type.
 */
export async function runStack(options: StackOptions): Promise<RunningStack> {
  const { dataDir, onFault } = options;
  const lock = await lockDataDir(dataDir);
  const stops: (() => unknown)[] = [() => lock.release()];
  const stopAll = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  /** Whatever has been started is stopped again when something else cannot be. */
  const started = async <Part>(starting: Promise<Part>, stop: (part: Part) => unknown): Promise<Part> => {
    const part = await starting;
    stops.push(() => stop(part));
    return part;
  };
  try {
    return await run();
  } catch (error) {
    await stopAll();
    throw error;
  }

  async function run(): Promise<RunningStack> {
    // What is likeliest to fail, and fails at once, comes first.
    const secretFiles = openWebhookSecrets(dataDir, options.webhookSecretsFile, options.providers);
    const http = await started(startHttpServer(options.port), server => server.stop());
    const startEngine = await chooseEngine();
    const directory = options.assembly ?? join(dataDir, 'cdk.out');
    const all = await Promise.allSettled([
      started(startEngine({ dataDir: join(dataDir, 'dynamodb') }), engine => engine.stop()),
      started(startQueues(join(dataDir, 'queues')), queues => queues.stop()),
      started(startSecretsManager(dataDir, secretFiles.secretsFile), secrets => secrets.stop()),
      openTokenIssuer(dataDir),
      options.assembly === undefined ? synthesize(directory) : false,
    ]);
    const failed = all.find(part => part.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const [engine, queues, secretsManager, issuer, synthesized] = all.map(part =>
      part.status === 'fulfilled' ? part.value : undefined,
    ) as [
      Awaited<ReturnType<typeof startEngine>>,
      Awaited<ReturnType<typeof startQueues>>,
      Awaited<ReturnType<typeof startSecretsManager>>,
      TokenIssuer,
      boolean,
    ];
    const inboxFile = join(dataDir, 'support-inbox.jsonl');
    const inbox = await started(startSupportInbox(queues.endpoint, inboxFile, options.onInboxMessage), it => it.stop());

    const assembly = readAssembly(directory);
    const place = { parameters: tokenParameters, queueEndpoint: queues.endpoint, apiEndpoint: http.url };
    const template = resolveTemplate(assembly.template, place);
    await queues.create(template);
    secretsManager.serve(template.ofType('AWS::SecretsManager::Secret'));
    const tables = new Map<string, LocalTable>();
    for (const table of tablesOf(template)) tables.set(table.logicalId, await openTable(engine.endpoint, table));

    const logs = join(dataDir, 'logs');
    mkdirSync(logs, { recursive: true });
    const serviceEndpoints = {
      AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
      AWS_ENDPOINT_URL_SQS: queues.endpoint,
      AWS_ENDPOINT_URL_SNS: inbox.endpoint,
      AWS_ENDPOINT_URL_S3: queues.endpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.endpoint,
    };
    const functions = new Map<string, LocalFunction>();
    const describedFunctions: Endpoints['functions'] = Object.fromEntries(
      template.ofType('AWS::Lambda::Function').map(({ logicalId, ref, properties }) => {
        const environment: Record<string, string> = properties.Environment?.Variables ?? {};
        const logFile = join(logs, `${logicalId}.log`);
        const reserved = properties.ReservedConcurrentExecutions ?? processesPerFunction;
        functions.set(
          logicalId,
          createFunction({
            name: ref,
            handler: properties.Handler,
            directory: assembly.assetDirectory(properties.Code.S3Key),
            environment: { ...serviceEndpoints, ...environment },
            timeoutSeconds: properties.Timeout ?? 3,
            memoryMegabytes: properties.MemorySize ?? 128,
            concurrency: Math.min(reserved, processesPerFunction),
            logFile,
          }),
        );
        return [logicalId, { environment, logFile }];
      }),
    );
    stops.push(() => {
      for (const one of functions.values()) one.stop();
    });
    await Promise.all([...functions.values()].map(one => one.warm()));
    const functionAt = (arn: string): LocalFunction => {
      const found = template.byArn('AWS::Lambda::Function', arn);
      if (found === undefined) throw new StartError(`the template names a function that it does not hold: ${arn}`);
      return functions.get(found.logicalId)!;
    };

    const mappings = template
      .ofType('AWS::Lambda::EventSourceMapping')
      .filter(({ properties }) => properties.Enabled !== false)
      .map(mapping => startMapping(mapping));
    stops.push(() => Promise.all(mappings.map(mapping => mapping.stop())));

    function startMapping({ logicalId, properties }: Resource): RunningMapping {
      const mapping = capped(properties, options.maxBatchingWindowSeconds);
      const target = functionAt(functionArnOf(properties.FunctionName, template));
      const queue = template.byArn('AWS::SQS::Queue', mapping.EventSourceArn);
      if (queue !== undefined) {
        return startQueueMapping({ mapping, target, endpoint: queues.endpoint, queueUrl: queue.ref, onFault });
      }
      const table = tablesOf(template).find(({ ref }) => mapping.EventSourceArn.includes(`:table/${ref}/stream/`));
      const { streamArn, created } = (table && tables.get(table.logicalId)) ?? {};
      if (streamArn === undefined) {
        throw new StartError(`${logicalId}: an event source that is not understood here: ${mapping.EventSourceArn}`);
      }
      const destination = mapping.DestinationConfig?.OnFailure?.Destination;
      return startStreamMapping({
        mapping,
        target,
        endpoint: engine.endpoint,
        streamArn,
        isNew: created === true,
        checkpointFile: join(dataDir, `checkpoint-${logicalId}.json`),
        failureDestination: destination === undefined ? null : createFailureDestination(destination, queues.endpoint),
        onFault,
      });
    }

    const [api] = template.ofType('AWS::ApiGatewayV2::Api');
    const routes = routesOf(template, issuer, functionAt);
    const jwksPath = '/_local/jwks.json';
    const page = (content: object) => (): HttpAnswer => ({
      statusCode: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(content)),
    });
    http.serve({
      apiId: api?.ref ?? 'local',
      routes,
      cors: api?.properties.CorsConfiguration,
      ownPages: {
        '/_local/inbox': request =>
          request.method === 'GET' ? inbox.page(request) : gatewayAnswer(405, 'Method Not Allowed'),
        [jwksPath]: page(issuer.jwks),
      },
      onFault: error => onFault(`${error.message} (${error.name})`),
    });

    const [tokens] = template.ofType('AWS::ApiGatewayV2::Authorizer');
    const refs = (type: string) =>
      Object.fromEntries(template.ofType(type).map(({ logicalId, ref }) => [logicalId, ref]));
    const tableNames = Object.fromEntries([...tables].map(([logicalId, { name }]) => [logicalId, name]));
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
      functions: describedFunctions,
      routes: routes.map(({ key }) => key),
      outputs: template.outputs,
      webhookSecretsFile: secretFiles.secretsFile,
      signingKeysFile: secretFiles.signingKeysFile,
      inboxFile,
      tokens:
        tokens === undefined
          ? null
          : {
              issuer: tokens.properties.JwtConfiguration.Issuer,
              audience: tokens.properties.JwtConfiguration.Audience[0],
              jwksUrl: `${http.url}${jwksPath}`,
            },
    };
    writeEndpoints(endpoints);
    void engine.exited.then(() => {
      if (stops.length > 0) onFault(`${engine.name} has ended: nothing can be stored any more, stop and start again`);
    });
    // Requests first: what they still write, the rest takes.
    stops.push(() => http.stop());
    return { endpoints, synthesized, stop: stopAll };
  }
}

function capped(mapping: EventSourceMapping, seconds: number | undefined): EventSourceMapping {
  const { MaximumBatchingWindowInSeconds = 0 } = mapping;
  if (seconds === undefined) return mapping;
  return { ...mapping, MaximumBatchingWindowInSeconds: Math.min(MaximumBatchingWindowInSeconds, seconds) };
}

/** A mapping names its function by name or by ARN. */
function functionArnOf(nameOrArn: string, template: ResolvedTemplate): string {
  if (nameOrArn.startsWith('arn:')) return nameOrArn;
  return template.ofType('AWS::Lambda::Function').find(({ ref }) => ref === nameOrArn) === undefined
    ? nameOrArn
    : `arn:aws:lambda:${region}:000000000000:function:${nameOrArn}`;
}

function routesOf(
  template: ResolvedTemplate,
  issuer: TokenIssuer,
  functionAt: (arn: string) => LocalFunction,
): LocalRoute[] {
  const integrations = new Map(
    template.ofType('AWS::ApiGatewayV2::Integration').map(({ ref, properties }) => [ref, properties]),
  );
  const authorizers = new Map(
    template.ofType('AWS::ApiGatewayV2::Authorizer').map(({ ref, properties }) => [ref, properties]),
  );
  return template.ofType('AWS::ApiGatewayV2::Route').map(({ logicalId, properties }) => {
    const { RouteKey, Target, AuthorizerId, AuthorizationScopes = [] } = properties;
    const integration = integrations.get(String(Target).replace(/^integrations\//, ''));
    if (integration === undefined) throw new StartError(`${logicalId}: its integration is not in the template`);
    const { JwtConfiguration } = authorizers.get(AuthorizerId) ?? {};
    if (AuthorizerId !== undefined && JwtConfiguration === undefined) {
      throw new StartError(`${logicalId}: only JWT authorizers are understood here`);
    }
    const authorizer: Authorizer | null =
      JwtConfiguration === undefined
        ? null
        : issuer.authorizer({
            issuer: JwtConfiguration.Issuer,
            audience: JwtConfiguration.Audience,
            scopes: AuthorizationScopes,
          });
    return { key: RouteKey, function: functionAt(integration.IntegrationUri), authorizer };
  });
}
