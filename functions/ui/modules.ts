import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Coding, codings, type ModuleList, moduleListFile } from './module-list.ts';

/** The browser's modules. */
export interface Modules extends Omit<ModuleList, 'modules'> {
  has(name: string): boolean;
  /** The content in base64, compressed if a coding is given. */
  content(name: string, coding: Coding | null): string;
}

/** Opens the modules in a directory. Each file is read on its first request, and not during a cold start. */
export function openModules(directory: string): Modules {
  const { modules, ...list }: ModuleList = JSON.parse(readFileSync(join(directory, moduleListFile), 'utf8'));
  const names = new Set(modules);
  const contents = new Map<string, string>();
  return {
    ...list,
    has: name => names.has(name),
    content(name, coding) {
      const file = `${name}${coding === null ? '' : codings[coding]}`;
      const content = contents.get(file) ?? readFileSync(join(directory, file), 'base64');
      contents.set(file, content);
      return content;
    },
  };
}
