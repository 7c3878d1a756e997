import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Config, environmentVariable } from '../../config.ts';
import { synthesisInto } from '../../local/cloudformation/synthesize.ts';

/**
 * The environment variables of settings that cost money. A stack on this machine has some of them on where the deployment
 * has them off.
 */
export function variablesOf({
  providers,
  events,
  dailyDigestHour,
}: Pick<Config, 'providers' | 'events' | 'dailyDigestHour'>): Record<string, string> {
  return {
    [environmentVariable('providers')]: providers.join(','),
    [environmentVariable('events')]: String(events),
    [environmentVariable('dailyDigestHour')]: String(dailyDigestHour ?? ''),
  };
}

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
