import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createFunction, type LocalFunction } from '../../infra/local/lambda/function-environment.ts';

const source = `
let invocations = 0;
export async function handler(event, context) {
  invocations += 1;
  if (event.wait) await new Promise(resolve => setTimeout(resolve, event.wait));
  if (event.fail) throw new TypeError(event.fail);
  if (event.exit) process.exit(3);
  if (event.print) console.log(event.print);
  return { invocations, pid: process.pid, variable: process.env.VARIABLE, region: process.env.AWS_REGION,
    function: context.functionName, remaining: context.getRemainingTimeInMillis() };
}`;

interface Result {
  readonly invocations: number;
  readonly pid: number;
  readonly remaining: number;
}

let lambda: LocalFunction;
let logFile: string;

function start(timeoutSeconds = 5): void {
  const directory = mkdtempSync(join(tmpdir(), 'mailtrail-test-'));
  writeFileSync(join(directory, 'index.mjs'), source);
  logFile = join(directory, 'log');
  lambda = createFunction({
    name: 'f',
    handler: 'index.handler',
    directory,
    environment: { VARIABLE: 'x' },
    timeoutSeconds,
    memoryMegabytes: 128,
    concurrency: 2,
    logFile,
  });
}
const invoke = (event: object = {}) => lambda.invoke(event) as Promise<Result>;
afterEach(() => lambda.stop());

test('a function runs in a process of its own, with its environment and context', async () => {
  start();
  const result = await invoke({ print: 'hello' });
  expect(result).toMatchObject({ invocations: 1, variable: 'x', region: 'us-east-1', function: 'f' });
  expect(result.pid).not.toBe(process.pid);
  expect(result.remaining).toBeGreaterThan(4_000);
  expect(readFileSync(logFile, 'utf8')).toContain('hello');
});

test('a process serves one invocation after the other, and more processes serve at the same time, up to the bound', async () => {
  start();
  const [first, second] = [await invoke(), await invoke()];
  expect(second).toMatchObject({ pid: first.pid, invocations: 2 });
  const busy = await Promise.all([1, 2, 3, 4].map(() => invoke({ wait: 50 })));
  expect(new Set(busy.map(({ pid }) => pid)).size).toBe(2);
});

test('who waits for a process waits for two seconds at most', async () => {
  start();
  const busy = [invoke({ wait: 2_000 }), invoke({ wait: 2_000 })];
  const served = Promise.all(busy);
  const refused = invoke().catch(({ name }) => name);
  expect(await Promise.race([refused, served])).toBe('TooManyRequestsException');
  await served;
  expect(await invoke()).toMatchObject({ invocations: 2 });
});

test('batches wait for a process as long as it takes, and leave one to those who wait for an answer', async () => {
  start();
  const batch = (wait: number) => lambda.invoke({ wait }, 'batch') as Promise<Result>;
  const batches = [batch(2_500), batch(50), batch(50)];
  const answers = await Promise.all([invoke(), invoke()]);
  expect(answers[1]!.pid).toBe(answers[0]!.pid);
  const pids = (await Promise.all(batches)).map(({ pid }) => pid);
  expect(new Set(pids).size).toBe(1);
  expect(pids[0]).not.toBe(answers[0]!.pid);
});

test('an error of the handler keeps its type and message, and the process', async () => {
  start();
  const { pid } = await invoke();
  await expect(invoke({ fail: 'no' })).rejects.toMatchObject({ name: 'TypeError', message: 'no' });
  expect((await invoke()).pid).toBe(pid);
});

test('a process that ends is replaced, also for those who wait', async () => {
  start();
  const all = await Promise.allSettled([1, 2, 3, 4].map(exit => invoke({ exit: exit <= 2 })));
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled']);
  expect(all[0]).toMatchObject({ reason: { name: 'Runtime.ExitError' } });
});

test('a function is stopped at its timeout', async () => {
  start(1);
  await expect(invoke({ wait: 5_000 })).rejects.toMatchObject({ name: 'Sandbox.Timedout' });
  expect((await invoke()).invocations).toBe(1);
});
