import type { MetadataNames } from './provider.ts';
import { exactJson } from './reading.ts';

/** More than anybody files a message under; of the others nothing is kept. */
const maxGiven = 100;

/**
 * Under what the sender filed a message: a text, a list of them (as JSON text, too), or names and values, each as
 * `name:value`. Names that carry our two ids are no tags.
 */
export function tagsIn(given: unknown, names: MetadataNames): readonly string[] | undefined {
  if (given === undefined || given === null || given === '') return undefined;
  const { accountId, reference } = names;
  const isTag = (tag: string) => ![accountId, reference].some(name => tag.trimStart().startsWith(`${name}:`));
  const tags = textsIn(given).filter(isTag);
  return tags.length === 0 ? undefined : tags;
}

function textsIn(given: unknown): readonly string[] {
  if (typeof given === 'string') {
    const list = given.startsWith('[') ? exactJson(given) : undefined;
    return Array.isArray(list) ? textsIn(list) : [given];
  }
  if (Array.isArray(given)) return given.slice(0, maxGiven).flatMap(textOf);
  if (typeof given !== 'object' || given === null) return [];
  return Object.entries(given)
    .slice(0, maxGiven)
    .flatMap(([name, values]) => [values].flat().flatMap(value => pairOf(name, value)));
}

function textOf(item: unknown): string | readonly string[] {
  if (typeof item === 'string') return item;
  const { name, value } = (item ?? {}) as { readonly name?: unknown; readonly value?: unknown };
  return typeof name === 'string' ? pairOf(name, value) : [];
}

function pairOf(name: string, value: unknown): string | readonly string[] {
  return typeof value === 'string' || typeof value === 'number' ? `${name}:${value}` : [];
}
