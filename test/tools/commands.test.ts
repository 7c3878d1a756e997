import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runScript } from '../rigs/script.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: Record<string, string> };

/** The scripts that are the project's own, each with its file. The others are programs of packages. */
const commands = Object.entries(scripts).flatMap(([name, script]) => {
  const [, file] = /(\S+\.ts)$/.exec(script) ?? [];
  return file === undefined ? [] : [{ name, file }];
});

const run = (file: string, ...args: readonly string[]) => runScript(file, args);

describe('the commands in package.json', () => {
  it('are found by this test', () => {
    expect(commands.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'start',
        'demo',
        'simulate',
        'token',
        'deploy',
        'classify',
        'replay',
        'size',
        'docs',
        'bench',
      ]),
    );
  });

  it.concurrent.each(commands)(
    'include $name, which prints its usage for --help, and ends with 0',
    async ({ name, file }) => {
      const { code, stdout, stderr } = await run(file, '--help');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`^Usage: npm (?:run (?:-s )?)?${name} -- `));
      // Every usage is written by `runCommand`, which also refuses unknown options.
      expect(stdout).toContain('-h, --help');
    },
  );

  it('include demo, which names an unknown option, prints its usage, and ends with 1', async () => {
    const { code, stdout, stderr } = await run('infra/tools/demo/demo.ts', '--no-such-option');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: unknown option '--no-such-option'\n\nUsage: npm run demo /);
  });

  it('include deploy, which says where to find the options of the CDK that it passes on', async () => {
    expect((await run('infra/tools/deploy/deploy.ts', '-h')).stdout).toContain('npx cdk deploy --help');
  });
});
