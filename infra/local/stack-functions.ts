import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Endpoints } from './endpoints.ts';
import { createFunction, type LocalFunction } from './function-environment.ts';
import { StartError } from './start-error.ts';
import { type Assembly, accountId, type ResolvedTemplate, region } from './template.ts';

/** The functions of a template, ready to be invoked. */
export interface StackFunctions {
  /** The function that a name or an ARN, also of a version or an integration, leads to. */
  at(nameOrArn: string): LocalFunction;
  readonly described: Endpoints['functions'];
  /** Resolves when each can take an invocation at once. */
  warm(): Promise<void>;
  stop(): void;
}

/** How many invocations of one function may run at a time. */
const processesPerFunction = 3;

/**
 * @param serviceEndpoints environment variables that lead the AWS SDK to the services of this machine
 */
export function createStackFunctions(
  template: ResolvedTemplate,
  assembly: Assembly,
  dataDir: string,
  serviceEndpoints: Readonly<Record<string, string>>,
): StackFunctions {
  const logs = join(dataDir, 'logs');
  mkdirSync(logs, { recursive: true });
  const functions = new Map<string, LocalFunction>();
  const described: Record<string, Endpoints['functions'][string]> = {};
  for (const { logicalId, ref, properties } of template.ofType('AWS::Lambda::Function')) {
    const environment: Record<string, string> = properties.Environment?.Variables ?? {};
    const logFile = join(logs, `${logicalId}.log`);
    described[logicalId] = { environment, logFile };
    functions.set(
      logicalId,
      createFunction({
        name: ref,
        handler: properties.Handler,
        directory: assembly.assetDirectory(properties.Code.S3Key),
        environment: { ...serviceEndpoints, ...environment },
        timeoutSeconds: properties.Timeout ?? 3,
        memoryMegabytes: properties.MemorySize ?? 128,
        concurrency: Math.min(properties.ReservedConcurrentExecutions ?? processesPerFunction, processesPerFunction),
        logFile,
      }),
    );
  }
  const all = [...functions.values()];
  return {
    at(nameOrArn) {
      const arn = nameOrArn.startsWith('arn:')
        ? nameOrArn
        : `arn:aws:lambda:${region}:${accountId}:function:${nameOrArn}`;
      const found = template.byArn('AWS::Lambda::Function', arn);
      if (found === undefined) throw new StartError(`${nameOrArn} is no function of the template`);
      return functions.get(found.logicalId)!;
    },
    described,
    async warm() {
      await Promise.all(all.map(one => one.warm()));
    },
    stop() {
      for (const one of all) one.stop();
    },
  };
}
