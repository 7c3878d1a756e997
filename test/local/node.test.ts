import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => JSON.parse(readFileSync(`${root}${file}`, 'utf8'));
const guard = 'infra/local/cli/node.mjs';

const commands: Readonly<Record<string, string>> = {
  "cdk.json's app": read('cdk.json').app,
  ...read('package.json').scripts,
};
const ofTypeScript = Object.entries(commands).filter(([, command]) => command.endsWith('.ts'));

/** Runs a script as a Node.js does that strips no types unless it is asked to, such as 22.14. */
function runUnstripped(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--no-experimental-strip-types', guard, ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('the lowest Node.js that engines names', () => {
  it.each(ofTypeScript)('runs %s, because it goes through the guard', (_, command) => {
    expect(command).toMatch(new RegExp(`^node ${guard} \\S+\\.ts$`));
  });

  it('runs what is no TypeScript command by a program of its own', () => {
    expect(ofTypeScript.map(([name]) => name)).toEqual(expect.arrayContaining(["cdk.json's app", 'start', 'deploy']));
  });

  it('strips types because the guard asks for it, in child processes too', () => {
    const { status, stderr } = runUnstripped('infra/tools/deploy/deploy.ts', '-c', 'oidcIssuer=');
    expect([status, stderr]).toEqual([1, expect.stringContaining('Mailtrail cannot be deployed yet')]);
  });

  it('is the one that the guard names to an older Node.js', () => {
    const asNode20 = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } })`;
    const { status, stderr } = spawnSync(process.execPath, ['--import', asNode20, guard, 'infra/local/cli/start.ts'], {
      cwd: root,
      encoding: 'utf8',
    });
    const [, lowest] = /^>=(\d+\.\d+)\.0$/.exec(read('package.json').engines.node)!;
    expect([status, stderr]).toEqual([1, `Mailtrail needs Node.js ${lowest} or newer, and this is 20.20.2.\n`]);
  });
});
