import type { Endpoints } from '../../infra/local/endpoints.ts';
import type { ServiceEndpoints } from '../../infra/local/lambda/stack-functions.ts';
import { type FaultProxy, type ObservedCall, startFaultProxy } from './fault-proxy.ts';
import { faultNames, faults, randomFaults } from './faults.ts';
import type { Random } from './random.ts';

type Service = 'dynamodb' | 'sqs' | 'sns' | 'secretsManager';

const variables = {
  dynamodb: 'AWS_ENDPOINT_URL_DYNAMODB',
  sqs: 'AWS_ENDPOINT_URL_SQS',
  sns: 'AWS_ENDPOINT_URL_SNS',
  secretsManager: 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
} as const satisfies Record<Service, string>;

/** The services that each function calls, by the beginning of its logical id. */
const callers = {
  Ingest: ['dynamodb', 'sqs', 'secretsManager'],
  Alert: ['dynamodb', 'sns', 'sqs'],
  Digest: ['dynamodb', 'sns', 'sqs'],
  Query: ['dynamodb', 'secretsManager'],
  Manage: ['dynamodb'],
  Changes: ['dynamodb'],
} as const satisfies Record<string, readonly Service[]>;

export type Caller = keyof typeof callers;

/** The proxies between every function and its services. */
export interface FaultProxies {
  readonly serviceEndpoints: ServiceEndpoints;
  /** The number of calls by function and service, e.g. `Ingest sqs`. `faults` counts each function's faults by kind. */
  calls(): Record<string, number>;
  faults(): Record<Caller, Record<string, number>>;
  leadTo(endpoints: Endpoints): void;
  /** Ends the faults of a function's calls. */
  calm(caller: Caller): void;
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** @param onCall called after each call of a function */
export async function startFaultProxies(options: {
  readonly faultPercent: number;
  readonly random: (purpose: number) => Random;
  readonly onCall: (caller: Caller, call: ObservedCall) => void;
}): Promise<FaultProxies> {
  const { faultPercent, random, onCall } = options;
  const pairs = (Object.keys(callers) as Caller[]).flatMap(caller =>
    callers[caller].map(service => ({ caller, service })),
  );
  const started = await Promise.all(
    pairs.map(async ({ caller, service }, index) => ({
      caller,
      service,
      proxy: await startFaultProxy({
        plan: randomFaults(random(2 * index), faultPercent),
        random: random(2 * index + 1),
        onCall: call => onCall(caller, call),
      }),
    })),
  );
  const each = <Result>(work: (proxy: FaultProxy) => Promise<Result>) =>
    Promise.all(started.map(({ proxy }) => work(proxy)));
  return {
    serviceEndpoints: Object.fromEntries(
      [...Map.groupBy(started, ({ caller }) => caller)].map(([caller, ofCaller]) => [
        caller,
        Object.fromEntries(ofCaller.map(({ service, proxy }) => [variables[service], proxy.endpoint])),
      ]),
    ),
    calls: () =>
      Object.fromEntries(
        started.map(({ caller, service, proxy }) => [
          `${caller} ${service}`,
          [...proxy.operations.values()].reduce((sum, calls) => sum + calls, 0),
        ]),
      ),
    faults() {
      const met = Object.fromEntries(Object.keys(callers).map(caller => [caller, {}])) as Record<
        Caller,
        Record<string, number>
      >;
      for (const { caller, proxy } of started) {
        for (const name of faultNames) {
          const times = proxy.injected.get(name) ?? 0;
          const { kind } = faults[name];
          if (times > 0) met[caller][kind] = (met[caller][kind] ?? 0) + times;
        }
      }
      return met;
    },
    leadTo(endpoints) {
      for (const { service, proxy } of started) proxy.leadTo(endpoints[service]);
    },
    calm(calm) {
      for (const { caller, proxy } of started) if (caller === calm) proxy.plan(null);
    },
    async idle() {
      await each(proxy => proxy.idle());
    },
    async stop() {
      await each(proxy => proxy.stop());
    },
  };
}
