import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import type * as z from 'zod/mini';
import { alertEnv } from '../../../functions/alert/env.ts';
import { changesEnv } from '../../../functions/changes/env.ts';
import { dailyEnv } from '../../../functions/daily/env.ts';
import { digestEnv } from '../../../functions/digest/env.ts';
import { ingestEnv } from '../../../functions/ingest/env.ts';
import { manageEnv } from '../../../functions/manage/env.ts';
import { queryEnv } from '../../../functions/query/env.ts';
import { uiEnv } from '../../../functions/ui/env.ts';
import { watchEnv } from '../../../functions/watch/env.ts';
import type { Installation } from './installation.ts';

/** Each function of the stack by the beginning of its logical id, with the schema of its environment. */
export const functionEnvs = {
  Ingest: ingestEnv,
  Query: queryEnv,
  Manage: manageEnv,
  Alert: alertEnv,
  Digest: digestEnv,
  Changes: changesEnv,
  Watch: watchEnv,
  Ui: uiEnv,
  Daily: dailyEnv,
} as const satisfies Record<string, z.ZodMiniType>;

export type FunctionName = keyof typeof functionEnvs;

/** The names of the stack's functions, as people read them. */
export function functionsOf({ resources }: Installation): ReadonlyMap<FunctionName, string> {
  const all = resources.filter(({ type }) => type === 'AWS::Lambda::Function');
  const names = Object.keys(functionEnvs) as FunctionName[];
  return new Map(
    names.flatMap(name => {
      const found = all.find(({ logicalId }) => new RegExp(`^${name}[0-9A-F]{8}$`).test(logicalId));
      return found === undefined ? [] : [[name, found.ref] as const];
    }),
  );
}

/** The environment variables of a function, as they are deployed. */
export async function environmentOf(
  installation: Installation,
  name: FunctionName,
): Promise<Readonly<Record<string, string>>> {
  const FunctionName = functionsOf(installation).get(name);
  if (FunctionName === undefined) throw new Error(`the stack has no function ${name}`);
  const configuration = await installation.clients.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  return configuration.Environment?.Variables ?? {};
}
