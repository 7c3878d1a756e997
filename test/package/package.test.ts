import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { functionNames } from '../../infra/compute/bundling.ts';
import { fixture, parsedFixture } from '../fixtures/fixtures.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { noon } from '../rigs/arbitrary-events.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** A project of somebody else, with the tarball installed. */
let project: string;
/** The package, unpacked as pnpm does it in a workspace: it finds the packages that it names, and no others. */
let store: string;
const installed = (file = '') => join(project, 'node_modules/mailtrail', file);
const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)));
const read = (file: string) => readFileSync(installed(file), 'utf8');
const nodeWith = (file: string, ...args: string[]) => run(process.execPath, [file, ...args], { cwd: project });
/** The ways in which a project's compiler finds the package. */
const resolutions = [
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
] as const;
/** The errors of TypeScript in the project, which are empty for correct code. */
const typeErrors = async (config: string, [module, resolution]: readonly string[] = resolutions[0]) => {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const args = ['-p', config, '--module', module!, '--moduleResolution', resolution!];
  return await run(process.execPath, [compiler, ...args], { cwd: project }).then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  );
};

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'mailtrail-user-'));
  cpSync(new URL('project', import.meta.url), project, { recursive: true });
  await run('npm', ['pack', '--pack-destination', project], { cwd: root });
  store = mkdtempSync(join(tmpdir(), 'mailtrail-store-'));
  const packages = join(store, 'node_modules');
  const unpacked = join(packages, 'mailtrail');
  mkdirSync(unpacked, { recursive: true });
  mkdirSync(join(project, 'node_modules'));
  const tarball = readdirSync(project).find(file => file.endsWith('.tgz'))!;
  await run('tar', ['-xzf', join(project, tarball), '--strip-components=1', '-C', unpacked]);
  symlinkSync(unpacked, installed());
  const { peerDependencies } = JSON.parse(read('package.json'));
  linkPackages(Object.keys(peerDependencies), packages);
  linkPackages(['aws-cdk-lib', 'constructs', '@types/node', '@types/react', 'react'], join(project, 'node_modules'));
}, 300_000);
/** Gives packages out of this project's own, without a network. */
function linkPackages(names: readonly string[], folder: string): void {
  for (const name of names) {
    const link = join(folder, name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
}
afterAll(() => {
  for (const folder of [project, store]) rmSync(folder, { recursive: true });
});

describe('the package', () => {
  it('needs the CDK for the construct, the types of React for those of the elements, and nothing else', () => {
    const manifest = JSON.parse(read('package.json'));
    expect(manifest).not.toHaveProperty('private');
    expect(manifest).not.toHaveProperty('dependencies');
    expect(manifest).not.toHaveProperty('optionalDependencies');
    const peers = Object.keys(manifest.peerDependencies);
    expect(peers).toEqual(['@types/react', 'aws-cdk-lib', 'constructs']);
    for (const name of peers) expect(manifest.peerDependenciesMeta[name]).toEqual({ optional: true });
  });

  it('has each file that its entries name, the README, and the licences of all code in it', () => {
    const { exports, main, types } = JSON.parse(read('package.json'));
    const named = [
      main,
      types,
      ...Object.values<string | object>(exports).flatMap(entry => Object.values(Object(entry))),
    ];
    const files = named.filter(file => typeof file === 'string' && file.startsWith('./'));
    expect(files.length).toBeGreaterThan(8);
    expect(files.filter(file => !existsSync(installed(file)))).toEqual([]);
    for (const file of ['README.md', 'LICENSE']) expect(read(file)).toBe(readFileSync(join(root, file), 'utf8'));
    expect(read('dist/NOTICES.md')).toMatch(/- lit-html \S+: BSD-3-Clause[\s\S]*Copyright \(c\) 2017 Google/);
  });

  it('has no test, no source map, no large file, and no path of the machine that built it', () => {
    const files = filesOf(installed());
    expect(files.filter(file => /\.test\.|\.map$|fixtures|^(?:infra|functions|shared|test)\//.test(file))).toEqual([]);
    expect(files.filter(file => statSync(installed(file)).size > 700_000)).toEqual([]);
    const ofMachine = [root.replace(/\/$/, ''), homedir()].filter(path => path.length > 5);
    expect(files.filter(file => ofMachine.some(path => read(file).includes(path)))).toEqual([]);
  });
});

describe('the construct in a stack of somebody else', () => {
  it.each(resolutions)('passes the check of their types with %s, and a wrong prop does not', async (...way) => {
    expect(await typeErrors('tsconfig.cdk.json', way)).toBe('');
  });

  it.each(['stack.ts', 'stack.cjs'])(
    'synthesizes from %s beside their own queue, with each function bundled',
    async file => {
      const output = join(project, `cdk.out-${file}`);
      await nodeWith(file, output);
      const { Resources } = JSON.parse(readFileSync(join(output, 'Shop.template.json'), 'utf8'));
      const types = Object.values<{ Type: string }>(Resources).map(({ Type }) => Type);
      expect(types.filter(type => type === 'AWS::Lambda::Function')).toHaveLength(functionNames.length);
      expect(types.filter(type => type === 'AWS::SQS::Queue').length).toBeGreaterThan(6);
      const assets = readdirSync(output).filter(name => name.startsWith('asset.'));
      expect(assets).toHaveLength(functionNames.length);
      expect(assets.filter(asset => !existsSync(join(output, asset, 'index.mjs')))).toEqual([]);
      expect(assets.filter(asset => existsSync(join(output, asset, 'modules/list.json')))).toHaveLength(1);
    },
  );
});

describe('the adapters', () => {
  it('import nothing but parts of Node.js', async () => {
    const { metafile } = await build({
      stdin: { contents: "export * from 'mailtrail/providers';", resolveDir: project },
      bundle: true,
      platform: 'node',
      format: 'esm',
      metafile: true,
      write: false,
      logLevel: 'error',
    });
    const imports = Object.values(metafile.outputs).flatMap(output => output.imports.map(({ path }) => path));
    expect([...new Set(imports)].filter(path => !path.startsWith('node:'))).toEqual([]);
  });

  it.each([
    ['sendgrid', 'bounce.hard'],
    ['resend', 'email.bounced.Permanent.General'],
  ] as const)(
    'prove and read a request of %s, and refuse one that is changed, in plain Node.js',
    async (provider, name) => {
      const keys = signingKeys(provider);
      const { body, ...signed } = keys.sign(fixture(provider, name), noon);
      const request = { ...signed, body: body.toString('base64'), receivedAt: noon };
      const { stdout } = await nodeWith('webhook.mjs', JSON.stringify({ provider, request, secret: keys.secret }));
      const { proof, changed, parsed, verdict } = JSON.parse(stdout);
      const { events } = parsedFixture(provider, name);
      expect(proof).toEqual({ genuine: true, nonces: [] });
      expect(changed).toMatchObject({ genuine: false });
      expect(parsed).toEqual(JSON.parse(JSON.stringify(parsedFixture(provider, name))));
      expect(verdict.status).toBe(events[0]!.status);
    },
  );

  it.each(resolutions)('pass the check of types with %s, without those of anything else', async (...way) => {
    expect(await typeErrors('tsconfig.providers.json', way)).toBe('');
  });
});

describe('the elements', () => {
  it('are defined by a bundle of a host page, and by none on a server', async () => {
    const { outputFiles } = await build({
      stdin: { contents: "import 'mailtrail/elements';", resolveDir: project },
      bundle: true,
      format: 'iife',
      minify: true,
      write: false,
      logLevel: 'error',
    });
    for (const name of ['emails', 'email', 'status'])
      expect(outputFiles[0]!.text).toMatch(new RegExp(`customElements\\.define\\("mailtrail-${name}"`));
    const { stdout } = await nodeWith('server.mjs');
    expect(stdout).toBe('');
  });

  it.each(resolutions)(
    'pass the check of types with %s in plain TypeScript and in React, and a wrong property does not',
    async (...way) => expect(await typeErrors('tsconfig.elements.json', way)).toBe(''),
  );
});

describe('the code of the documents', () => {
  it('passes the check of types, with the names that the text calls yours', async () => {
    const folder = join(project, 'documents');
    mkdirSync(folder);
    const examples = ['package', 'events'].flatMap(page =>
      [...readFileSync(join(root, 'docs', `${page}.md`), 'utf8').matchAll(/```(tsx?)\n(.*?)```/gs)].map(
        ([, kind, code], place) => {
          const file = `documents/${page}-${place}.${kind}`;
          writeFileSync(join(project, file), `${code}\nexport {};\n`);
          return file;
        },
      ),
    );
    expect(examples).toHaveLength(6);
    cpSync(join(root, 'docs/examples'), folder, { recursive: true });
    const given = JSON.parse(readFileSync(join(project, 'tsconfig.elements.json'), 'utf8'));
    const config = {
      ...given,
      compilerOptions: { ...given.compilerOptions, skipLibCheck: true, types: ['node'] },
      files: [...examples, 'documents.d.ts', 'documents/status-consumer.ts'],
    };
    writeFileSync(join(project, 'tsconfig.documents.json'), JSON.stringify(config));
    expect(await typeErrors('tsconfig.documents.json')).toBe('');
  });
});
