import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createNewsStore } from '../../../shared/news/store.ts';
import { providers } from '../../../shared/providers/registry.ts';
import { commaList } from '../../../shared/runtime/comma-list.ts';
import { day } from '../../../shared/runtime/time.ts';
import { StartError } from '../../local/start-error.ts';
import type { Check, Looked } from './check.ts';
import { apiChecks } from './checks/api.ts';
import { readingChecks } from './checks/reading.ts';
import { settingsChecks } from './checks/settings.ts';
import { storageChecks } from './checks/storage.ts';
import { tellingChecks } from './checks/telling.ts';
import { type Finding, notLooked } from './finding.ts';
import { environmentOf } from './functions.ts';
import type { Installation } from './installation.ts';

/** All checks by their names, in the order of the report. */
export const checks: Readonly<Record<string, Check>> = {
  ...apiChecks,
  ...settingsChecks,
  ...readingChecks,
  ...storageChecks,
  ...tellingChecks,
};

/** The findings of one check. */
export interface Examined {
  readonly check: string;
  readonly findings: readonly Finding[];
  /** The part that was not looked at, and why; null where all was. */
  readonly note: string | null;
}

/** A provider that reported within this time is in use where the setting `providers` lists none. */
const inUseMs = 7 * day;

/**
 * Looks at an installation, and changes nothing.
 *
 * @throws StartError where nothing can be looked at
 */
export async function examine(installation: Installation, now = Date.now()): Promise<readonly Examined[]> {
  const known = await providersOf(installation, now);
  const looked: Looked = { ...installation, ...known, now };
  return Promise.all(
    Object.entries(checks).map(async ([check, run]) => {
      const result = await run(looked).catch((error: Error) => [notLooked(check, error)]);
      return { check, ...('findings' in result ? result : { findings: result, note: null }) };
    }),
  );
}

async function providersOf(installation: Installation, now: number): Promise<Pick<Looked, 'listed' | 'inUse'>> {
  let environment: Readonly<Record<string, string>>;
  try {
    environment = await environmentOf(installation, 'Watch');
  } catch (error) {
    // Without the functions' settings no check knows where to look. A missing permission is a finding of each check.
    if (/^AccessDenied/.test((error as Error).name)) return { listed: [], inUse: [] };
    const remedy =
      installation.local === null ? 'Set AWS_REGION, and sign in.' : `Start it: ${installation.npm('start')}`;
    throw new StartError(`The stack ${installation.stackName} does not answer: ${(error as Error).message}. ${remedy}`);
  }
  const listed = commaList(environment.PROVIDERS ?? '');
  if (listed.length > 0) return { listed, inUse: listed };
  const news = createNewsStore(
    DynamoDBDocumentClient.from(installation.clients.dynamoDb),
    environment.GUARD_TABLE_NAME ?? '',
  );
  const states = await news.statesOf(Object.keys(providers)).catch(() => new Map());
  const inUse = [...states].filter(([, { lastEventAt = 0 }]) => now - lastEventAt < inUseMs).map(([name]) => name);
  return { listed, inUse };
}
