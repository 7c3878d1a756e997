import type { ServiceEndpoints } from './stack-functions.ts';

/**
 * Environment variables of functions that differ on this machine.
 *
 * @param operatorLinks the links of the page for operators, as JSON
 * @param secondsBetweenDigests the least seconds between two letters to support, if not the deployment's
 */
export function localVariables(operatorLinks: string, secondsBetweenDigests?: number): ServiceEndpoints {
  return {
    Ui: { OPERATOR_LINKS: operatorLinks },
    ...(secondsBetweenDigests !== undefined && {
      Digest: { SECONDS_BETWEEN_DIGESTS: String(secondsBetweenDigests) },
    }),
  };
}

/** The variables of both; where both have one, the second counts. */
export function mergedVariables(one: ServiceEndpoints, other: ServiceEndpoints): ServiceEndpoints {
  const names = Object.keys({ ...one, ...other });
  return Object.fromEntries(names.map(name => [name, { ...one[name], ...other[name] }]));
}
