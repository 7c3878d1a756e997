import { fork } from 'node:child_process';
import { once } from 'node:events';

/** The stub endpoint in a process of its own. */
export async function startStubEndpoint(env: Record<string, string> = {}) {
  const child = fork(new URL('stub-endpoint.ts', import.meta.url), { env: { ...process.env, ...env } });
  const [{ endpoint }] = (await once(child, 'message')) as [{ endpoint: string }];
  return { endpoint, stop: () => child.kill() };
}
