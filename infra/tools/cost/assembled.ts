import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { synthesisInto } from '../../local/cloudformation/synthesize.ts';

/**
 * The cloud assembly with the settings of the environment. An earlier one is taken where no source has changed.
 *
 * @returns its directory
 */
export async function assembled(cache: string, onProgress: (line: string) => void): Promise<string> {
  const settings = Object.entries(process.env).filter(([name]) => name.startsWith('MAILTRAIL_'));
  const digest = createHash('sha256').update(JSON.stringify(settings.sort())).digest('hex').slice(0, 12);
  const directory = join(cache, `cost-${digest}`);
  const synthesize = synthesisInto(directory);
  if (synthesize === null) return directory;
  onProgress('Synthesizing the stack');
  await synthesize();
  return directory;
}
