/** Bundles a function. The stack, the package, the bundle budget and the benchmarks all use these options. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, buildSync } from 'esbuild';
import { modulesFolder } from '../../functions/ui/module-list.ts';

/** Every function, named as its folder under `functions/`; `index.ts` is its entry. */
export const functionNames = [
  'ingest',
  'query',
  'manage',
  'ui',
  'alert',
  'digest',
  'changes',
  'watch',
  'daily',
] as const;

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

/**
 * The options to bundle a function with esbuild, e.g. `build({ ...esbuildOptions('ingest'), write: false })`. The bundle
 * includes the AWS SDK: a cold start would read the runtime's own copy whole from disk.
 *
 * Code that is imported on demand becomes a file of its own, which a cold start does not read.
 */
export function esbuildOptions(name: FunctionName, outdir = 'bundle') {
  return {
    absWorkingDir: projectRoot,
    entryPoints: [{ in: entryOf(name), out: 'index' }],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // esbuild's default order, `main` first, loads packages as CommonJS, whose `require` fails in an ESM bundle.
    mainFields: ['module', 'main'],
    minify: true,
    // The map is for people who read a stack trace later. The runtime does not load it (no `--enable-source-maps`): the
    // log has no stack traces, and loading it would slow every cold start.
    sourcemap: 'external',
    sourcesContent: false,
    alias,
  } as const satisfies BuildOptions;
}

/** Files that a function serves, besides its bundle: esbuild's plugins need a process of their own here. */
const addFiles: Partial<Record<FunctionName, (directory: string) => void>> = {
  ui: directory => {
    const script = ['infra/local/cli/node.mjs', 'infra/compute/bundling/ui-modules.ts'];
    execFileSync(process.execPath, [...script, join(directory, modulesFolder)], { cwd: projectRoot, stdio: 'inherit' });
  },
};

/**
 * Writes a function into a folder, as Lambda runs it.
 *
 * @returns the files that its bundle is made of
 */
export function bundleFunction(name: FunctionName, directory: string, options: BuildOptions = {}): readonly string[] {
  const { metafile } = buildSync({
    ...esbuildOptions(name, directory),
    logLevel: 'warning',
    ...options,
    metafile: true,
  });
  addFiles[name]?.(directory);
  return Object.keys(metafile.inputs);
}
