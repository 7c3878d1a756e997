/** Stands in for `infra/compute/function-code.ts` in the package, which has the functions bundled already. */

import { join } from 'node:path';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import type { FunctionName } from '../../compute/bundling.ts';

/** The function's bundle, out of the folder beside this module in the package. */
export function functionCode(name: FunctionName): AssetCode {
  return Code.fromAsset(join(import.meta.dirname, 'functions', name));
}
