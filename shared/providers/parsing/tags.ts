import type { MetadataNames } from '../provider.ts';
import { exactJson } from './exact-json.ts';

/** More tags than anybody uses. Further ones are dropped. */
const maxGiven = 100;

/**
 * The tags of a message: a text, a list (also as JSON text), or names and values, each as `name:value`. Names that
 * carry our two ids are no tags.
 */
export function tagsIn(given: unknown, names: MetadataNames): readonly string[] | undefined {
  if (given === undefined || given === null || given === '') return undefined;
  const tags: string[] = [];
  // A plain loop, because every event of a batch comes here.
  for (const item of listOf(given)) {
    const tag = textOf(item);
    if (tag !== undefined && isTag(tag, names)) tags.push(tag);
    if (tags.length === maxGiven) break;
  }
  return tags.length === 0 ? undefined : tags;
}

function listOf(given: unknown): readonly unknown[] {
  if (Array.isArray(given)) return given;
  if (typeof given === 'string') {
    const list = given.startsWith('[') ? exactJson(given) : undefined;
    return Array.isArray(list) ? list : [given];
  }
  if (typeof given !== 'object' || given === null) return [];
  return Object.keys(given).map(name => ({ name, value: (given as Readonly<Record<string, unknown>>)[name] }));
}

function textOf(item: unknown): string | undefined {
  if (typeof item === 'string') return item;
  const { name, value } = (item ?? {}) as { readonly name?: unknown; readonly value?: unknown };
  const isPair = typeof name === 'string' && (typeof value === 'string' || typeof value === 'number');
  return isPair ? `${name}:${value}` : undefined;
}

function isTag(tag: string, { accountId, reference }: MetadataNames): boolean {
  const colon = tag.indexOf(':');
  if (colon < 0) return true;
  const name = tag.slice(0, colon).trim();
  return name !== accountId && name !== reference;
}
