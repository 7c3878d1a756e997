/**
 * Bundles a function into one file. The stack, the bundle budget and the benchmarks all use these options, the latter
 * two through {@link esbuildOptions}.
 */

import { fileURLToPath } from 'node:url';
import { type BundlingOptions, OutputFormat, SourceMapMode } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { BuildOptions } from 'esbuild';

/** Every function, named as its folder under `functions/`; `index.ts` is its entry. */
export const functionNames = ['ingest', 'query', 'manage', 'ui', 'alert', 'digest', 'changes', 'watch'] as const;

export type FunctionName = (typeof functionNames)[number];

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** The function's entry file. */
export function entryOf(name: FunctionName): string {
  return fileURLToPath(new URL(`../../functions/${name}/index.ts`, import.meta.url));
}

/** Imports that are redirected because they slow a cold start; each file gives its reason. */
const aliases = {
  'node:http': 'builtin-http.mjs',
  'node:https': 'builtin-https.mjs',
  '@aws-sdk/credential-provider-node': 'environment-credentials.mjs',
} as const satisfies Record<string, string>;

const alias = Object.fromEntries(
  Object.entries(aliases).map(([name, file]) => [name, fileURLToPath(new URL(`bundling/${file}`, import.meta.url))]),
);

const common = {
  target: 'node24',
  // esbuild's default order, `main` first, loads packages as CommonJS, whose `require` fails in an ESM bundle.
  mainFields: ['module', 'main'],
  minify: true,
  sourcesContent: false,
};

/**
 * The options to bundle a function with esbuild's own API, e.g. `build({ ...esbuildOptions('ingest'), write: false })`.
 * The bundle includes the AWS SDK: a cold start would read the runtime's own copy whole from disk.
 */
export function esbuildOptions(name: FunctionName) {
  return {
    absWorkingDir: projectRoot,
    entryPoints: [entryOf(name)],
    outfile: 'index.mjs',
    bundle: true,
    platform: 'node',
    format: 'esm',
    ...common,
    sourcemap: 'external',
    alias,
  } as const satisfies BuildOptions;
}

/** The same options for `NodejsFunction`. */
export const bundling = {
  format: OutputFormat.ESM,
  ...common,
  // The map is for people who read a stack trace later. The runtime does not load it (no `--enable-source-maps`): the
  // log has no stack traces, and loading it would slow every cold start.
  sourceMap: true,
  sourceMapMode: SourceMapMode.EXTERNAL,
  externalModules: [],
  esbuildArgs: { '--alias': Object.entries(alias).map(([name, file]) => `${name}=${file}`) },
} as const satisfies BundlingOptions;
