import { readdirSync } from 'node:fs';
import { parse } from '@babel/parser';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildUiModules, type UiModule, type UiModules, uiSources } from '../../infra/compute/ui-modules.ts';
import { browserLoads } from '../../infra/tools/browser-loads.ts';

let built: UiModules;
beforeAll(async () => {
  built = await buildUiModules();
});
const textOf = ({ content }: UiModule) => Buffer.from(content).toString();

describe("the browser's modules", () => {
  it('have names with a hash of their content', async () => {
    for (const { name } of built.modules) expect(name).toMatch(/^[a-z-]+-[A-Z0-9]{8}\.js$/);
    const again = await buildUiModules();
    expect(again.modules.map(({ name }) => name)).toEqual(built.modules.map(({ name }) => name));
  });

  it('begin with the loader, the page and each element', () => {
    const elements = readdirSync(new URL('../../functions/ui/elements/', import.meta.url));
    const own = elements.filter(name => /^mailtrail-.*\.ts$/.test(name) && name !== 'mailtrail-element.ts');
    expect(Object.values(uiSources).sort()).toEqual(
      ['elements/loader.ts', 'page/app.ts', ...own.map(name => `elements/${name}`)].sort(),
    );
  });

  it('import nothing but one another', () => {
    const names = built.modules.map(({ name }) => name);
    for (const module of built.modules) {
      const text = textOf(module);
      const { program } = parse(text, { sourceType: 'module' });
      const imported = program.body.flatMap(line => ('source' in line && line.source ? [line.source.value] : []));
      const onDemand = [...text.matchAll(/\bimport\("([^"]+)"\)/g)].map(([, target]) => target!);
      const targets = [...imported, ...onDemand].map(target => target.replace(/^\.\//, ''));
      expect(
        targets.filter(target => !names.includes(target)),
        module.name,
      ).toEqual([]);
    }
  });

  it('need no policy that allows code or styles in texts', () => {
    for (const module of built.modules) {
      expect(textOf(module), module.name).not.toMatch(
        /\beval\(|new Function\(|\bstyle="|javascript:|setAttribute\("style"/,
      );
    }
  });

  it("contain Lit's production build, once", () => {
    const texts = built.modules.map(textOf);
    for (const text of texts) expect(text).not.toContain('Lit is in dev mode');
    expect(texts.filter(text => text.includes('litElementVersions')).length).toBe(1);
  });

  it('have no comments and no source maps', () => {
    for (const module of built.modules) expect(textOf(module), module.name).not.toMatch(/\/\*|sourceMappingURL/);
  });

  it('load other languages only on demand', () => {
    const loaded = built.loadedBy('loader', 'emails', 'email', 'status', 'page');
    expect(loaded.filter(name => /^de-/.test(name))).toEqual([]);
  });

  it('keep to their budgets', () => {
    for (const { name, bytes, maxKilobytes } of browserLoads(built)) {
      expect(bytes / 1024, name).toBeLessThanOrEqual(maxKilobytes);
    }
  });
});
