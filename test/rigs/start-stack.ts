import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Endpoints } from '../../infra/local/endpoints.ts';
import type { ServiceEndpoints } from '../../infra/local/lambda/stack-functions.ts';
import { StartError } from '../../infra/local/start-error.ts';
import { sharedAssembly } from './assembly.ts';

export interface StartOptions {
  /** The default is a free port. */
  readonly port?: number;
  readonly dataDir: string;
  readonly webhookSecretsFile?: string;
  /** A cloud assembly to run unchanged. With null it is synthesized first, as `npm start` does. The default is that of all tests. */
  readonly assembly?: string | null;
  /** The least seconds between two letters to support. */
  readonly secondsBetweenDigests?: number;
  /** The number of shards of the table's stream. */
  readonly streamShards?: number;
  /** The longest time after which a failed queue message comes again. */
  readonly maxVisibilityTimeoutSeconds?: number;
  /** Other endpoints of services for some functions, such as proxies. */
  readonly serviceEndpoints?: ServiceEndpoints;
  /** The account's quota of concurrent executions. */
  readonly concurrentExecutions?: number;
  /** The number of concurrent invocations of one function. */
  readonly processesPerFunction?: number;
  /** Whether functions run by their schedules; they do not by default. */
  readonly schedules?: boolean;
  /** Whether the capacity units of DynamoDB are counted. */
  readonly metered?: boolean;
}

/** A stack in a separate process, as `npm start` runs it. */
export interface StartedStack {
  readonly url: string;
  readonly endpoints: Endpoints;
  /** Returns all of its output so far. */
  output(): string;
  /** Stops the stack as Ctrl-C does. */
  stop(): Promise<void>;
  /** Sends SIGKILL, so that nothing ends in order. */
  kill(): Promise<void>;
}

/**
 * Starts the stack and waits until it is ready, for tests and benchmarks. It ends with this process.
 *
 * @throws StartError with its message on standard error if it does not start
 */
export async function startStack(options: StartOptions): Promise<StartedStack> {
  const { port = 0, dataDir, webhookSecretsFile = '', secondsBetweenDigests } = options;
  const {
    serviceEndpoints,
    processesPerFunction,
    concurrentExecutions,
    maxVisibilityTimeoutSeconds: visibility,
  } = options;
  const assembly = options.assembly === undefined ? await sharedAssembly() : options.assembly;
  const script = fileURLToPath(new URL('../../infra/local/cli/start.ts', import.meta.url));
  const args = [
    ...(assembly === null ? [] : ['--assembly', assembly]),
    ...(serviceEndpoints === undefined ? [] : ['--service-endpoints', JSON.stringify(serviceEndpoints)]),
    ...(visibility === undefined ? [] : ['--max-visibility-timeout-seconds', String(visibility)]),
    ...(concurrentExecutions === undefined ? [] : ['--concurrent-executions', String(concurrentExecutions)]),
    ...(options.schedules ? [] : ['--no-schedules']),
    ...(options.metered ? ['--metered'] : []),
    ...(processesPerFunction === undefined ? [] : ['--processes-per-function', String(processesPerFunction)]),
  ];
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...process.env,
      PORT: String(port),
      DATA_DIR: dataDir,
      WEBHOOK_SECRETS: webhookSecretsFile,
      SECONDS_BETWEEN_DIGESTS: secondsBetweenDigests === undefined ? '' : String(secondsBetweenDigests),
      STREAM_SHARDS: String(options.streamShards ?? ''),
    },
  });
  let printed = '';
  let complaint = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', chunk => {
      printed = `${printed}${chunk}`.slice(-100_000);
    });
  }
  child.stderr?.on('data', chunk => {
    complaint = `${complaint}${chunk}`.slice(-100_000);
  });
  const exited = new Promise<void>(resolve => child.once('close', () => resolve()));
  const endpoints = await new Promise<Endpoints>((resolve, reject) => {
    child.once('message', message => resolve(message as Endpoints));
    child.once('error', reject);
    void exited.then(() => reject(new StartError(complaint.trim() || 'the stack did not start')));
  });
  return {
    url: endpoints.url,
    endpoints,
    output: () => printed,
    stop: () => ended(child, 'SIGTERM', exited),
    kill: () => ended(child, 'SIGKILL', exited),
  };
}

async function ended(child: ChildProcess, signal: NodeJS.Signals, exited: Promise<void>): Promise<void> {
  child.kill(signal);
  await exited;
}
