import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../start-error.ts';
import type { Template } from './template.ts';

/** A cloud assembly in the output directory of `cdk synth`: one stack's template and its bundled assets. */
export interface Assembly {
  readonly template: Template;
  readonly stackName: string;
  /** Directory of an asset by the key under which the template names it in S3. */
  assetDirectory(s3Key: string): string;
}

export function readAssembly(directory: string): Assembly {
  const read = (file: string) => JSON.parse(readFileSync(join(directory, file), 'utf8'));
  const artifacts = Object.entries<{ type: string; properties?: { templateFile: string; stackName?: string } }>(
    read('manifest.json').artifacts,
  );
  const stacks = artifacts.filter(([, { type }]) => type === 'aws:cloudformation:stack');
  const [name, stack] = stacks[0] ?? [];
  if (stacks.length !== 1 || stack?.properties === undefined) {
    throw new StartError(`one stack is expected, and ${stacks.length} were synthesized`);
  }
  const { files } = read(`${name}.assets.json`);
  return {
    template: read(stack.properties.templateFile),
    stackName: stack.properties.stackName ?? name!,
    assetDirectory: s3Key => {
      const asset = files[s3Key.replace(/\.zip$/, '')];
      if (asset === undefined) throw new StartError(`no asset ${s3Key} was synthesized`);
      return join(directory, asset.source.path);
    },
  };
}
