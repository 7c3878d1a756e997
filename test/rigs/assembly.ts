import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { synthesisInto } from '../../infra/local/cloudformation/synthesize.ts';
import { lockDataDir } from '../../infra/local/data-dir.ts';
import { StartError } from '../../infra/local/start-error.ts';

const directory = fileURLToPath(new URL('../../node_modules/.cache/mailtrail/', import.meta.url));

/**
 * The project's own cloud assembly, synthesized once for all tests until a source changes.
 *
 * @returns its directory
 */
export async function sharedAssembly(): Promise<string> {
  return withLock(async () => {
    const assembly = `${directory}cdk.out`;
    await synthesisInto(assembly)?.();
    return assembly;
  });
}

/** Runs something that only one process of the tests may do at a time. */
export async function withLock<Result>(run: () => Promise<Result>): Promise<Result> {
  const lock = await waitForLock();
  try {
    return await run();
  } finally {
    lock.release();
  }
}

/** Test files run side by side, and each of them may be the first. */
async function waitForLock(): Promise<{ release(): void }> {
  for (;;) {
    try {
      return await lockDataDir(directory);
    } catch (error) {
      if (!(error instanceof StartError) || !error.message.startsWith('another Mailtrail')) throw error;
      await delay(200);
    }
  }
}
