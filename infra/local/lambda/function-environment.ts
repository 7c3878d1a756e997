import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { accountId, region } from '../cloudformation/template.ts';

/** The parent's message for one invocation. */
export interface FunctionRequest {
  readonly event: unknown;
  readonly context: Readonly<Record<string, unknown>>;
  /** Epoch milliseconds at which the function times out. */
  readonly deadline: number;
}

/** The messages of a function's process: once that it is ready, then one answer per invocation. */
export type FunctionAnswer =
  | { readonly ready: true }
  | { readonly result: unknown; readonly used: InvocationUse }
  | { readonly error: { readonly errorType: string; readonly errorMessage: string }; readonly used: InvocationUse };

/** The resources that an invocation used. */
export interface InvocationUse {
  /** CPU time of its process, in milliseconds. */
  readonly cpuMs: number;
  /** How often it called each AWS service, by the service's name in signatures, e.g. `dynamodb`. */
  readonly calls: Readonly<Record<string, number>>;
}

/** Takes each invocation that came to its end, with the function's name and the event. */
export type OnInvoked = (name: string, event: unknown, used: InvocationUse) => void;

/** The function failed: it threw, timed out, or its process ended. `name` is Lambda's error type. */
export class FunctionError extends Error {
  constructor(errorType: string, message: string) {
    super(message);
    this.name = errorType;
  }
}

export interface FunctionOptions {
  readonly name: string;
  /** E.g. `index.handler`. */
  readonly handler: string;
  /** The bundled asset. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  /** How many invocations may run at a time, each in a process of its own. */
  readonly concurrency: number;
  /** Gets everything that the function prints. */
  readonly logFile: string;
  readonly onInvoked?: OnInvoked | undefined;
}

/** Somebody waits for the answer to a request. A batch of an event source waits for a process as long as it takes. */
export type InvocationSource = 'request' | 'batch';

/** A Lambda function on this machine. */
export interface LocalFunction {
  readonly name: string;
  /** Runs the handler and gives its result. Rejects with {@link FunctionError}. */
  invoke(event: unknown, source?: InvocationSource): Promise<unknown>;
  /** Starts the first process, so that the first invocation does not wait for it. */
  warm(): Promise<void>;
  stop(): void;
}

/** A function in processes of its own. */
export interface FunctionProcesses extends LocalFunction {
  /** The ids of the processes that run now. */
  pids(): readonly number[];
}

/** The longest wait of a request for a process. Lambda, which has more processes, throttles at once. */
const maxWaitMs = 1_800;

/** How long a function may take to load. */
const initSeconds = 10;

/** Runs a bundled asset as Lambda does: a process takes one invocation at a time, and more are started on demand. */
export function createFunction(options: FunctionOptions): FunctionProcesses {
  const { name, concurrency, timeoutSeconds } = options;
  const log = openSync(options.logFile, 'a');
  const idle: ChildProcess[] = [];
  const waiting: ((child: Promise<ChildProcess>) => void)[] = [];
  const batches: ((child: Promise<ChildProcess>) => void)[] = [];
  const running = new Set<ChildProcess>();
  let stopped = false;
  const context = {
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:${region}:${accountId}:function:${name}`,
    memoryLimitInMB: String(options.memoryMegabytes),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
  };

  async function spawnProcess(): Promise<ChildProcess> {
    // Detached, so that Ctrl-C in a terminal reaches the runner alone, and invocations in flight may still end.
    const child = fork(fileURLToPath(new URL('function-process.mjs', import.meta.url)), {
      cwd: options.directory,
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
      env: environmentOf(options),
    });
    running.add(child);
    child.once('exit', () => {
      running.delete(child);
      const index = idle.indexOf(child);
      if (index >= 0) idle.splice(index, 1);
      if (stopped) return;
      const next = waiting.shift();
      if (next === undefined) startBatches();
      else next(spawnProcess());
    });
    await answerOf(child, initSeconds, 'Runtime.InitError');
    return child;
  }

  /** Batches leave a process to requests, so that no queue keeps a caller waiting. */
  function startBatches(): void {
    while (batches.length > 0 && running.size - idle.length < Math.max(1, concurrency - 1)) {
      const free = idle.pop();
      batches.shift()!(free === undefined ? spawnProcess() : Promise.resolve(free));
    }
  }

  function takeForBatch(): Promise<ChildProcess> {
    return new Promise(resolve => {
      batches.push(resolve);
      startBatches();
    });
  }

  function take(): Promise<ChildProcess> {
    const free = idle.pop();
    if (free !== undefined) return Promise.resolve(free);
    if (running.size < concurrency) return spawnProcess();
    return new Promise((resolve, reject) => {
      const served = (free: Promise<ChildProcess>) => {
        clearTimeout(timer);
        resolve(free);
      };
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(served), 1);
        reject(new FunctionError('TooManyRequestsException', `${name}: all ${concurrency} processes are busy`));
      }, maxWaitMs);
      waiting.push(served);
    });
  }

  /** A process that ended or is being killed is replaced when it is gone. */
  function release(child: ChildProcess): void {
    if (child.exitCode !== null || child.signalCode !== null || !child.connected) return;
    const next = waiting.shift();
    if (next === undefined) {
      idle.push(child);
      startBatches();
    } else next(Promise.resolve(child));
  }

  function answerOf(child: ChildProcess, seconds: number, whenEnded: string): Promise<FunctionAnswer> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        child.off('message', answered).off('exit', ended).off('error', failed);
      };
      const answered = (answer: unknown) => {
        settle();
        resolve(answer as FunctionAnswer);
      };
      const failed = ({ message }: Error) => {
        settle();
        reject(new FunctionError(whenEnded, `${name}: ${message}`));
      };
      const ended = (code: number | null, signal: string | null) =>
        failed(new Error(`the process ended (${signal ?? `exit code ${code}`}), see ${options.logFile}`));
      const timer = setTimeout(() => {
        settle();
        child.kill('SIGKILL');
        child.disconnect();
        reject(new FunctionError('Sandbox.Timedout', `${name}: timed out after ${seconds} seconds`));
      }, seconds * 1000);
      child.once('message', answered).once('exit', ended).once('error', failed);
    });
  }

  return {
    name,
    pids: () => [...running].flatMap(({ pid }) => pid ?? []),
    async invoke(event, source = 'request') {
      if (stopped) throw new FunctionError('ServiceException', `${name}: stopped`);
      const child = await (source === 'batch' ? takeForBatch() : take());
      try {
        const answer = answerOf(child, timeoutSeconds, 'Runtime.ExitError');
        const request: FunctionRequest = {
          event,
          context: { ...context, awsRequestId: randomUUID() },
          deadline: Date.now() + timeoutSeconds * 1000,
        };
        // It fails only where the process is gone, and then the answer rejects.
        child.send(request, () => {});
        const answered = await answer;
        if ('used' in answered) options.onInvoked?.(name, event, answered.used);
        if ('error' in answered) throw new FunctionError(answered.error.errorType, answered.error.errorMessage);
        return 'result' in answered ? answered.result : null;
      } finally {
        release(child);
      }
    },
    async warm() {
      release(await take());
    },
    stop() {
      stopped = true;
      const gone = new FunctionError('ServiceException', `${name}: stopped`);
      for (const next of batches.splice(0)) next(Promise.reject(gone));
      for (const child of running) child.kill('SIGKILL');
    },
  };
}

function environmentOf({ name, handler, directory, environment, memoryMegabytes }: FunctionOptions) {
  const { PATH = '', NODE_OPTIONS = '' } = process.env;
  return {
    PATH,
    NODE_OPTIONS,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split('.')[0]}.x`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMegabytes),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    LAMBDA_TASK_ROOT: directory,
    _HANDLER: handler,
    TZ: ':UTC',
    ...environment,
  };
}
