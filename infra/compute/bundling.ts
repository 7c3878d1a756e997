/**
 * How a function becomes one file. The one place that says so: the stack bundles by it, and so do the bundle budget and
 * the benchmarks, through {@link esbuildOptions}.
 */

import { fileURLToPath } from 'node:url';
import { type BundlingOptions, OutputFormat, SourceMapMode } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { BuildOptions } from 'esbuild';

/** Every function: the folder under `functions/`, of which `index.ts` is the entry. */
export const functionNames = ['ingest', 'query', 'manage', 'alert'] as const;

export type FunctionName = (typeof functionNames)[number];

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** The file that is bundled. */
export function entryOf(name: FunctionName): string {
  return fileURLToPath(new URL(`../../functions/${name}/index.ts`, import.meta.url));
}

/** Imports that are pointed elsewhere because of what they cost at a cold start; each file says why. */
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
  // With the order of esbuild's default, `main` first, packages come as CommonJS, whose `require` dies in an ESM bundle.
  mainFields: ['module', 'main'],
  minify: true,
  sourcesContent: false,
};

/**
 * The bundle of a function for esbuild's own API, e.g. `build({ ...esbuildOptions('ingest'), write: false })`.
 * Everything is in it, the AWS SDK too: the runtime's own copy would be read from disk, whole, at every cold start.
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

/** The same for `NodejsFunction`. */
export const bundling = {
  format: OutputFormat.ESM,
  ...common,
  // For whoever reads a stack trace afterwards. The runtime does not load the map (no `--enable-source-maps`): the log
  // catalogue has no stack traces, and loading it would slow every cold start.
  sourceMap: true,
  sourceMapMode: SourceMapMode.EXTERNAL,
  externalModules: [],
  esbuildArgs: { '--alias': Object.entries(alias).map(([name, file]) => `${name}=${file}`) },
} as const satisfies BundlingOptions;
