import { fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * Starts the stub endpoint in a process of its own.
 *
 * @param answers the answers by operation, e.g. `GetItem`
 */
export async function startStubEndpoint(answers: Readonly<Record<string, object>> = {}) {
  const child = fork(new URL('stub-endpoint.ts', import.meta.url), {
    env: { ...process.env, STUB_ANSWERS: JSON.stringify(answers) },
  });
  const [{ endpoint }] = (await once(child, 'message')) as [{ endpoint: string }];
  return { endpoint, stop: () => child.kill() };
}
