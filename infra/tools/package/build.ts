/** Builds the package's code: the construct with its functions, the adapters and the elements. */

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { bundleFunction, functionNames, projectRoot } from '../../compute/bundling.ts';
import { browsers, buildUiModules, cssText, uiSources } from '../../compute/ui-modules.ts';
import { writeDeclarations } from './declarations.ts';
import { noticesOf } from './notices.ts';

/** The folder that `npm pack` packs. */
export const packageFolder = join(projectRoot, 'dist');

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** The construct takes its functions out of the package: its users need no esbuild. */
const prebundledFunctions: Plugin = {
  name: 'prebundled-functions',
  setup({ onResolve }) {
    onResolve({ filter: /\/function-code\.ts$/ }, () => ({ path: here('function-code.ts') }));
  },
};

/** Readable modules, since whoever imports them bundles and minifies in their own way. */
const options = {
  absWorkingDir: projectRoot,
  bundle: true,
  metafile: true,
  legalComments: 'none',
  logLevel: 'warning',
} as const satisfies BuildOptions;

/**
 * The construct, for `require` and `import`: ts-node, by which the CDK's own templates run an app, requires no ES module.
 */
const construct = {
  ...options,
  entryPoints: { index: here('entries/cdk.ts') },
  outdir: join(packageFolder, 'cdk'),
  platform: 'node',
  format: 'cjs',
  target: 'node22',
  external: ['aws-cdk-lib', 'constructs'],
  define: { 'import.meta.dirname': '__dirname' },
  plugins: [prebundledFunctions],
} as const satisfies BuildOptions;

const providers = {
  ...options,
  entryPoints: { index: here('entries/providers.ts') },
  outdir: join(packageFolder, 'providers'),
  chunkNames: '[name]-[hash]',
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
} as const satisfies BuildOptions;

const { emails, email, status } = uiSources;

/** The elements, which every bundle of a host page has in one piece or in several. */
export const elements = {
  ...options,
  stdin: {
    contents: [emails, email, status].map(source => `import './functions/ui/${source}';`).join('\n'),
    resolveDir: projectRoot,
  },
  entryNames: 'index',
  outdir: join(packageFolder, 'elements'),
  chunkNames: '[name]-[hash]',
  splitting: true,
  platform: 'browser',
  format: 'esm',
  target: browsers,
  // A host's bundle knows no address of the API. Bundlers would take the expression for a file of theirs.
  define: { 'import.meta.url': 'document.baseURI' },
  plugins: [cssText],
} as const satisfies BuildOptions;

/** Builds everything anew. */
export async function buildPackage(): Promise<void> {
  await rm(packageFolder, { recursive: true, force: true });
  const builds = await Promise.all([construct, providers, elements].map(each => build(each)));
  const { inputs: page } = await buildUiModules();
  const inputs = new Set([...builds.flatMap(({ metafile }) => Object.keys(metafile.inputs)), ...page]);
  for (const name of functionNames) {
    const folder = join(packageFolder, 'cdk/functions', name);
    await mkdir(folder, { recursive: true });
    for (const input of bundleFunction(name, folder, { sourcemap: false })) inputs.add(input);
  }
  await writeFile(join(packageFolder, 'cdk/package.json'), `${JSON.stringify({ type: 'commonjs' })}\n`);
  await writeFile(join(packageFolder, 'elements/server.js'), '// A server has no elements to define.\nexport {};\n');
  writeDeclarations(packageFolder);
  await writeFile(join(packageFolder, 'NOTICES.md'), noticesOf([...inputs]));
}

/** The bytes of an entry with all that it loads on demand, minified and compressed as a host page serves it. */
export async function loadedBytes(entry: 'providers' | 'elements'): Promise<number> {
  const platform = entry === 'providers' ? 'node' : 'browser';
  const { outputFiles } = await build({
    ...options,
    entryPoints: [join(packageFolder, entry, 'index.js')],
    outdir: 'measured',
    splitting: true,
    format: 'esm',
    platform,
    minify: true,
    write: false,
  });
  return outputFiles.reduce((bytes, { contents }) => bytes + gzipSync(contents, { level: 9 }).length, 0);
}
