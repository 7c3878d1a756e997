/** Bundles a function. The stack, the bundle budget and the benchmarks all use these options. */

import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import { type BuildOptions, buildSync } from 'esbuild';

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

/**
 * The function's bundle as an asset of the stack. `NodejsFunction` cannot make it, because it bundles into one file.
 *
 * @param addFiles adds files to the folder with the bundle
 */
export function functionCode(name: FunctionName, addFiles: (directory: string) => void = () => {}): AssetCode {
  return Code.fromAsset(projectRoot, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never run, because esbuild is here. The CDK takes assets of the same image and command for one.
      image: DockerImage.fromRegistry('unused'),
      command: [name],
      local: {
        tryBundle(directory) {
          buildSync({ ...esbuildOptions(name, directory), logLevel: 'warning' });
          addFiles(directory);
          return true;
        },
      },
    },
  });
}
