/**
 * Builds the browser's code: the loader, the elements and the page, as ES modules whose names hold a hash of their
 * content. The stack, the size budget and the tests use it.
 */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { type BuildOptions, build, type Plugin, transform } from 'esbuild';
import { type Coding, codings, type ModuleList, moduleListFile } from '../../functions/ui/module-list.ts';
import { projectRoot } from './bundling.ts';

/** A module as the browser loads it. */
export interface UiModule {
  /** E.g. `mailtrail-emails-XLPQ72DN.js`. */
  readonly name: string;
  readonly content: Uint8Array;
  /** In bytes. */
  readonly size: number;
  /** In bytes, compressed by gzip. */
  readonly gzippedSize: number;
}

const folder = 'functions/ui/';

/** The source files that begin a module, below `functions/ui/`. */
export const uiSources = {
  loader: 'elements/loader.ts',
  emails: 'elements/mailtrail-emails.ts',
  email: 'elements/mailtrail-email.ts',
  status: 'elements/mailtrail-status.ts',
  page: 'page/app.ts',
} as const satisfies Record<string, string>;

export type UiSource = keyof typeof uiSources;

export interface UiModules {
  readonly modules: readonly UiModule[];
  /** The names of the modules that a browser loads for these sources, without those that the code loads on demand. */
  loadedBy(...sources: readonly UiSource[]): readonly string[];
  /** The files that they are made of. */
  readonly inputs: readonly string[];
}

/** Browsers of the last two to three years. */
export const browsers = ['chrome120', 'edge120', 'firefox121', 'safari17.4'];

/** Imports a stylesheet as its minified text. */
export const cssText: Plugin = {
  name: 'css-text',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { loader: 'css', minify: true, target: browsers });
      return { contents: code.trim(), loader: 'text' };
    });
  },
};

const options = {
  absWorkingDir: projectRoot,
  entryPoints: Object.values(uiSources).map(source => folder + source),
  outdir: 'ui',
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'browser',
  target: browsers,
  minify: true,
  legalComments: 'none',
  metafile: true,
  write: false,
  logLevel: 'error',
  plugins: [cssText],
} as const satisfies BuildOptions;

/** Builds all modules, in memory. */
export async function buildUiModules(): Promise<UiModules> {
  const { outputFiles, metafile } = await build(options);
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]));
  const nameOf = (source: UiSource) =>
    [...outputs.keys()].find(name => outputs.get(name)!.entryPoint === folder + uiSources[source])!;
  return {
    modules: outputFiles.map(({ path, contents }) => ({
      name: basename(path),
      content: contents,
      size: contents.length,
      gzippedSize: compress.gzip(contents).length,
    })),
    loadedBy(...sources) {
      const loaded = new Set(sources.map(nameOf));
      for (const name of loaded) {
        for (const { path, kind } of outputs.get(name)!.imports) {
          if (kind === 'import-statement') loaded.add(basename(path));
        }
      }
      return [...loaded];
    },
    inputs: Object.keys(metafile.inputs),
  };
}

const compress = {
  gzip: content => gzipSync(content, { level: 9 }),
  br: content => brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
} as const satisfies Record<Coding, (content: Uint8Array) => Uint8Array>;

/** Writes each module into a directory, plain and compressed, with the list by which the function finds them. */
export async function writeUiModules(directory: string): Promise<void> {
  const { modules, loadedBy } = await buildUiModules();
  await mkdir(directory, { recursive: true });
  const write = (name: string, content: string | Uint8Array) => writeFile(join(directory, name), content);
  for (const { name, content } of modules) {
    await write(name, content);
    for (const coding of Object.keys(codings) as Coding[])
      await write(name + codings[coding], compress[coding](content));
  }
  const list: ModuleList = {
    modules: modules.map(({ name }) => name),
    loader: loadedBy('loader')[0]!,
    page: loadedBy('page'),
  };
  await write(moduleListFile, JSON.stringify(list));
}
