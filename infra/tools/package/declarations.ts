/** The package's declarations: those of its entries, with all that they import. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../compute/bundling.ts';

interface Entry {
  /** In the project. */
  readonly source: string;
  /** In the package, without its extension. */
  readonly target: string;
}

/** The entries that are checked by one configuration of TypeScript. */
const programs = [
  {
    config: 'tsconfig.json',
    entries: [
      { source: 'infra/tools/package/entries/cdk.ts', target: 'cdk/index' },
      { source: 'infra/tools/package/entries/providers.ts', target: 'providers/index' },
    ],
  },
  {
    config: 'infra/tools/package/elements/tsconfig.json',
    entries: [
      { source: 'infra/tools/package/elements/index.ts', target: 'elements/index' },
      { source: 'infra/tools/package/elements/react.ts', target: 'elements/react' },
    ],
  },
] as const satisfies readonly { readonly config: string; readonly entries: readonly Entry[] }[];

const compiler = fileURLToPath(import.meta.resolve('typescript/package.json')).replace('package.json', 'bin/tsc');

/** Writes the declarations of all entries. The files that one imports go into the folder `types` beside it. */
export function writeDeclarations(packageFolder: string): void {
  mkdirSync(packageFolder, { recursive: true });
  const emitted = mkdtempSync(join(packageFolder, 'declarations-'));
  try {
    for (const { config, entries } of programs) {
      const file = join(emitted, 'tsconfig.json');
      writeFileSync(
        file,
        JSON.stringify({
          extends: join(projectRoot, config),
          compilerOptions: {
            noEmit: false,
            declaration: true,
            emitDeclarationOnly: true,
            outDir: emitted,
            rootDir: projectRoot,
            typeRoots: [join(projectRoot, 'node_modules/@types')],
          },
          files: entries.map(({ source }) => join(projectRoot, source)),
          include: [],
        }),
      );
      execFileSync(process.execPath, [compiler, '-p', file], { stdio: 'inherit' });
      for (const entry of entries) copyReached(emitted, packageFolder, entry, entries);
    }
  } finally {
    rmSync(emitted, { recursive: true });
  }
}

const imported = /((?:from|import\()\s*['"])(\.[^'"]+)(['"])/g;

/** Copies an entry's declaration with all that it imports, and names the files as the package has them. */
function copyReached(emitted: string, packageFolder: string, entry: Entry, entries: readonly Entry[]): void {
  const folder = dirname(entry.target);
  const targetOf = (source: string) =>
    entries.find(other => other.source === source)?.target ?? `${folder}/types/${source.replace(/(?:\.d)?\.ts$/, '')}`;
  const reached = new Set<string>([entry.source]);
  for (const source of reached) {
    const target = targetOf(source);
    // An import names the source, also where that is a declaration itself.
    const file = source.endsWith('.d.ts') ? join(projectRoot, source) : join(emitted, source.replace(/\.ts$/, '.d.ts'));
    const text = readFileSync(file, 'utf8').replace(imported, (_, before: string, path: string, after: string) => {
      const other = join(dirname(source), path);
      reached.add(other);
      const way = relative(dirname(target), targetOf(other));
      return `${before}${way.startsWith('.') ? '' : './'}${way}.js${after}`;
    });
    mkdirSync(dirname(join(packageFolder, target)), { recursive: true });
    writeFileSync(join(packageFolder, `${target}.d.ts`), text);
  }
}
