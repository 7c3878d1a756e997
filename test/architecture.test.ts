import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The layers from the top down. A room imports its own files and those of rooms below it. */
const layers = ['infra', 'functions', 'shared'] as const;
const rooms = [
  'watch',
  'events',
  'news',
  'queues',
  'alerts',
  'guards',
  'providers',
  'http',
  'email',
  'status',
  'aws',
  'runtime',
] as const;

/** Folders of the tests that tools may import, because tools run on samples and record examples. */
const openToTools = ['test/fixtures/', 'test/rigs/'];

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = layers.flatMap(layer =>
  readdirSync(join(root, layer), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.(?:ts|mjs)$/.test(entry.name) && !entry.parentPath.includes('node_modules'))
    .map(entry => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/')),
);

const imports = files.flatMap(from => {
  const source = readFileSync(join(root, from), 'utf8');
  const targets = source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"`](\.[^'"`]+)['"`]/g);
  return [...targets].map(([, target]): Import => ({ from, to: join(dirname(from), target!).split(sep).join('/') }));
});

/** The files and all files that they import, directly or indirectly. */
function reachedFrom(files: readonly string[]): ReadonlySet<string> {
  const reached = new Set(files);
  for (const file of reached) for (const { from, to } of imports) if (from === file) reached.add(to);
  return reached;
}

const layerOf = (file: string) => layers.findIndex(layer => file.startsWith(`${layer}/`));
const roomOf = (file: string) => rooms.findIndex(room => file.startsWith(`shared/${room}/`));
const isTool = (file: string) => file.startsWith('infra/tools/');
const lines = (found: readonly Import[]) => found.map(({ from, to }) => `${from} imports ${to}`);

describe('imports', () => {
  it('are found by this test', () => {
    expect(imports.length).toBeGreaterThan(500);
  });

  it('only go down from infra to functions to shared', () => {
    expect(lines(imports.filter(({ from, to }) => layerOf(to) !== -1 && layerOf(to) < layerOf(from)))).toEqual([]);
  });

  it('only go down from room to room within shared', () => {
    expect(lines(imports.filter(({ from, to }) => roomOf(to) !== -1 && roomOf(to) < roomOf(from)))).toEqual([]);
  });

  it('never go from one function to another', () => {
    const functionOf = (file: string) => /^functions\/(\w+)\//.exec(file)?.[1];
    const crossing = imports.filter(({ from, to }) => {
      const [one, other] = [functionOf(from), functionOf(to)];
      return one !== undefined && other !== undefined && one !== other;
    });
    expect(lines(crossing)).toEqual([]);
  });

  it('never go from adapters, or from the code that they share, to a database or a client', () => {
    const adapters = files.filter(file => file.startsWith('shared/providers/'));
    const known = imports.filter(({ from, to }) => adapters.includes(from) && to.startsWith('shared/email/'));
    const onlyEvents = ['shared/email/event.ts', 'shared/email/address.ts'];
    expect(lines(known.filter(({ to }) => !onlyEvents.includes(to)))).toEqual([]);
    const reached = reachedFrom(adapters);
    expect([...reached].filter(file => /\/dynamodb\.ts$/.test(file))).toEqual([]);
    expect([...reached].filter(file => /from '@aws-sdk\//.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
  });

  it('never go from production code to a tool or a test', () => {
    const production = imports.filter(({ from }) => !isTool(from));
    expect(lines(production.filter(({ to }) => to.startsWith('test/') || isTool(to)))).toEqual([]);
  });

  it('go from tools to fixtures and rigs of the tests, and to no test', () => {
    const outOfTools = imports.filter(({ from, to }) => isTool(from) && to.startsWith('test/'));
    expect(lines(outOfTools.filter(({ to }) => !openToTools.some(folder => to.startsWith(folder))))).toEqual([]);
  });
});

describe('the rooms', () => {
  it('contain every file of shared', () => {
    expect(files.filter(file => file.startsWith('shared/') && roomOf(file) === -1)).toEqual([]);
  });

  it('include shared/providers, which holds the adapters, adapters.ts, provider.ts, registry.ts, titles.ts and two folders', async () => {
    const { providers } = await import('../shared/providers/registry.ts');
    const entries = readdirSync(join(root, 'shared/providers')).sort();
    const adapters = Object.keys(providers).map(name => `${name}.ts`);
    const others = ['adapters.ts', 'parsing', 'provider.ts', 'registry.ts', 'signatures', 'titles.ts'];
    expect(entries).toEqual([...adapters, ...others].sort());
  });
});
