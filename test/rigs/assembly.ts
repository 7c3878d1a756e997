import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { synthesisInto } from '../../infra/local/cloudformation/synthesize.ts';
import { lockDataDir } from '../../infra/local/data-dir.ts';
import { StartError } from '../../infra/local/start-error.ts';
import { synthesize } from '../infra/synthesized.ts';

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

/**
 * A copy of an assembly as other settings make it, without bundling again. The settings may change alarms, the dashboard
 * and the environments of functions, and add outputs and resources without code, and nothing else.
 *
 * @param change may change the properties of each resource
 * @returns the directory
 */
export function changedAssembly(
  assembly: string,
  directory: string,
  settings: Readonly<Record<string, unknown>>,
  // biome-ignore lint/suspicious/noExplicitAny: each type of resource has its own properties
  change: (logicalId: string, properties: Record<string, any>) => void = () => {},
): string {
  cpSync(assembly, directory, { recursive: true });
  const file = join(directory, 'Mailtrail.template.json');
  const template = JSON.parse(readFileSync(file, 'utf8'));
  const isWatching = (type: string) => type.startsWith('AWS::CloudWatch::');
  for (const [logicalId, { Type }] of Object.entries<{ Type: string }>(template.Resources)) {
    if (isWatching(Type)) delete template.Resources[logicalId];
  }
  const changed = synthesize(settings);
  for (const [logicalId, { Type, Properties }] of Object.entries(changed.Resources)) {
    if (isWatching(Type)) template.Resources[logicalId] = { Type, Properties };
    template.Resources[logicalId] ??= { Type, Properties };
    if (Type === 'AWS::Lambda::Function') template.Resources[logicalId].Properties.Environment = Properties.Environment;
  }
  for (const [logicalId, { Properties }] of Object.entries<{ Properties?: Record<string, unknown> }>(
    template.Resources,
  )) {
    if (Properties !== undefined) change(logicalId, Properties);
  }
  for (const [name, output] of Object.entries(changed.Outputs)) template.Outputs[name] ??= output;
  writeFileSync(file, JSON.stringify(template));
  return directory;
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
