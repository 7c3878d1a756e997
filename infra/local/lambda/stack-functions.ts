import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Assembly } from '../cloudformation/assembly.ts';
import { readableNames } from '../cloudformation/readable-name.ts';
import { accountId, type ResolvedTemplate, region } from '../cloudformation/template.ts';
import type { Endpoints } from '../endpoints.ts';
import type { OnMetric } from '../services/service-metric.ts';
import { StartError } from '../start-error.ts';
import { createAccountConcurrency } from './concurrency.ts';
import { createFunction, type FunctionProcesses, type LocalFunction, type OnInvoked } from './function-environment.ts';

/** The functions of a template, ready to be invoked. */
export interface StackFunctions {
  /** The function of a name, or of an ARN, which may be that of a version or an integration. */
  at(nameOrArn: string): LocalFunction;
  readonly described: Endpoints['functions'];
  /** The configuration of a function, in the words of GetFunctionConfiguration. */
  configurationOf(nameOrArn: string): object;
  readonly logsDir: string;
  /** The ids of the processes that run now, by logical id. */
  pids(): Readonly<Record<string, readonly number[]>>;
  /** Resolves when each function can take an invocation at once. */
  warm(): Promise<void>;
  stop(): void;
}

/** How many invocations of one function may run at a time, unless an option sets another number. */
const usualProcesses = 3;

/**
 * Environment variables that replace those of the template and of this machine, such as the endpoint of a proxy. The key
 * is the beginning of a function's logical id.
 */
export type ServiceEndpoints = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * @param serviceEndpoints environment variables that lead the AWS SDK to the services of this machine
 * @param options.elsewhere variables that take their place for some functions
 * @param options.concurrentExecutions the account's quota
 */
export function createStackFunctions(
  template: ResolvedTemplate,
  assembly: Assembly,
  dataDir: string,
  serviceEndpoints: Readonly<Record<string, string>>,
  options: {
    readonly elsewhere?: ServiceEndpoints | undefined;
    readonly processes?: number | undefined;
    readonly concurrentExecutions?: number | undefined;
    readonly onMetric?: OnMetric | undefined;
    readonly onInvoked?: OnInvoked | undefined;
  } = {},
): StackFunctions {
  const { elsewhere = {}, processes = usualProcesses, onInvoked } = options;
  const logsDir = join(dataDir, 'logs');
  mkdirSync(logsDir, { recursive: true });
  const functions = new Map<string, FunctionProcesses>();
  const described: Record<string, Endpoints['functions'][string]> = {};
  const resources = template.ofType('AWS::Lambda::Function');
  const names = readableNames(resources.map(({ logicalId }) => logicalId));
  const measured = (FunctionName: string, name: string, value: number) =>
    options.onMetric?.({ namespace: 'AWS/Lambda', name, dimensions: { FunctionName }, value });
  const account = createAccountConcurrency({
    limit: options.concurrentExecutions,
    reserved: Object.fromEntries(
      resources.flatMap(({ ref, properties: { ReservedConcurrentExecutions: reserved } }) =>
        reserved === undefined ? [] : [[ref, reserved as number]],
      ),
    ),
    onThrottle: name => measured(name, 'Throttles', 1),
    onRunning: (name, running) => measured(name, 'ConcurrentExecutions', running),
  });
  for (const { logicalId, ref, properties } of resources) {
    const environment: Record<string, string> = properties.Environment?.Variables ?? {};
    const logFile = join(logsDir, `${names[logicalId]}.log`);
    described[logicalId] = { environment, logFile };
    const redirected = Object.entries(elsewhere).find(([start]) => logicalId.startsWith(start))?.[1] ?? {};
    const limited = account.limited(
      createFunction({
        name: ref,
        handler: properties.Handler,
        directory: assembly.assetDirectory(properties.Code.S3Key),
        environment: {
          ...serviceEndpoints,
          ...leadingTo(environment, serviceEndpoints, redirected),
          ...redirected,
          // The signature of its calls names the function.
          ...(onInvoked !== undefined && { AWS_ACCESS_KEY_ID: ref }),
        },
        timeoutSeconds: properties.Timeout ?? 3,
        memoryMegabytes: properties.MemorySize ?? 128,
        concurrency: processes,
        logFile,
        onInvoked,
      }),
    );
    functions.set(logicalId, limited);
  }
  const all = [...functions.values()];

  function resourceAt(nameOrArn: string) {
    const found = template.byArn('AWS::Lambda::Function', arnOf(nameOrArn));
    if (found === undefined) throw new StartError(`${nameOrArn} is no function of the template`);
    return found;
  }

  return {
    at: nameOrArn => functions.get(resourceAt(nameOrArn).logicalId)!,
    described,
    configurationOf(nameOrArn) {
      const { ref, properties } = resourceAt(nameOrArn);
      const { Code: _, Tags: __, ReservedConcurrentExecutions: ___, ...configuration } = properties;
      return { ...configuration, FunctionName: ref, FunctionArn: arnOf(ref), State: 'Active', Version: '$LATEST' };
    },
    logsDir,
    pids: () => Object.fromEntries([...functions].map(([logicalId, one]) => [logicalId, one.pids()])),
    async warm() {
      await Promise.all(all.map(one => one.warm()));
    },
    stop() {
      for (const one of all) one.stop();
    },
  };
}

function arnOf(nameOrArn: string): string {
  return nameOrArn.startsWith('arn:') ? nameOrArn : `arn:aws:lambda:${region}:${accountId}:function:${nameOrArn}`;
}

/** The URL of a queue names its service, and the AWS SDK follows it rather than AWS_ENDPOINT_URL_SQS. */
function leadingTo(
  environment: Readonly<Record<string, string>>,
  { AWS_ENDPOINT_URL_SQS: from = '' }: Readonly<Record<string, string>>,
  { AWS_ENDPOINT_URL_SQS: to = from }: Readonly<Record<string, string>>,
): Record<string, string> {
  const led = (value: string) => (value.startsWith(`${from}/`) ? to + value.slice(from.length) : value);
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, led(value)]));
}
