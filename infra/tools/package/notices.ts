/** The licences of the packages whose code is in ours: most ask that their text goes along. */

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../compute/bundling.ts';

/**
 * The page with the licence of each package that a bundle has code of.
 *
 * @param inputs the files of the bundles, as esbuild names them
 */
export function noticesOf(inputs: readonly string[]): string {
  const folders = new Set(inputs.flatMap(input => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []));
  // Many packages have the same text.
  const byText = Map.groupBy([...folders].sort(), textsOf);
  const sections = [...byText].map(
    ([text, packages]) => `${packages.map(folder => `- ${nameOf(folder)}`).join('\n')}\n${text}`,
  );
  return `# Notices\n\nThis package has code of these packages.\n\n${sections.join('\n')}`;
}

function nameOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(projectRoot, folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license: string;
  };
  return `${name} ${version}: ${license}`;
}

/** A package's licence and notice; empty if it names its licence alone. */
function textsOf(folder: string): string {
  const files = globSync('{LICENSE,LICENCE,NOTICE}*', { cwd: join(projectRoot, folder) }).sort();
  return files
    .map(file => `\n\`\`\`\n${readFileSync(join(projectRoot, folder, file), 'utf8').trim()}\n\`\`\`\n`)
    .join('');
}
