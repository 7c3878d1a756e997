/** The licences of the packages whose code is in ours: most ask that their text goes along. */

import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../compute/bundling.ts';

/**
 * The page with the licence of each package that a bundle has code of.
 *
 * @param inputs the files of the bundles, as esbuild names them
 */
export function noticesOf(inputs: readonly string[]): string {
  const folders = new Set(inputs.flatMap(input => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []));
  const sections = [...folders].sort().map(folder => {
    const { name, version, license } = JSON.parse(readFileSync(join(projectRoot, folder, 'package.json'), 'utf8')) as {
      name: string;
      version: string;
      license: string;
    };
    return `## ${name} ${version}\n\n${license}\n${licenceOf(folder)}`;
  });
  return `# Notices\n\nThis package has code of the packages below.\n\n${sections.join('\n')}`;
}

/** The text of a package's licence and notice files; empty if it names its licence alone. */
function licenceOf(folder: string): string {
  const files = globSync('{LICENSE,LICENCE,NOTICE}*', { cwd: join(projectRoot, folder) }).sort();
  return files
    .map(file => join(projectRoot, folder, file))
    .filter(file => existsSync(file))
    .map(file => `\n\`\`\`\n${readFileSync(file, 'utf8').trim()}\n\`\`\`\n`)
    .join('');
}
