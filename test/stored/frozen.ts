/** Compares this version's stored forms and lasting resources with those of earlier versions in `test/fixtures/stored`. */

import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { StoredKind } from './forms.ts';

/** A form that some version wrote, and what that version read out of it. */
export interface FrozenForm {
  readonly form: unknown;
  readonly reading: unknown;
}

/** The forms of each content, the oldest first. */
export type FrozenForms = Readonly<Record<string, readonly FrozenForm[]>>;

export type Frozen = Readonly<Record<string, unknown>>;

/** Differences from what is frozen. */
export interface Differences<Kept> {
  /** Additions, which `npm run freeze` keeps. */
  readonly news: readonly string[];
  /** Changes that no deployment survives, each in a sentence. */
  readonly breaks: readonly string[];
  /** The things to keep from now on, if nothing breaks. */
  readonly next: Kept;
}

export const frozenFile = (name: string) => new URL(`../fixtures/stored/${name}.json`, import.meta.url);

/** The things that are frozen under a name; none before the first freeze. */
export function frozen<Kept extends Frozen>(name: string): Kept {
  try {
    return JSON.parse(readFileSync(frozenFile(name), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {} as Kept;
    throw error;
  }
}

/** A value as JSON keeps it, so that an absent member equals an undefined one. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value ?? null));

/** Whether a value has all of another one. A later version may read more, and never less. */
export function contains(whole: unknown, part: unknown): boolean {
  if (Array.isArray(part))
    return Array.isArray(whole) && whole.length === part.length && part.every((one, at) => contains(whole[at], one));
  if (typeof part !== 'object' || part === null) return Object.is(whole, part);
  if (typeof whole !== 'object' || whole === null) return false;
  return Object.entries(part).every(([name, value]) => contains((whole as Frozen)[name], value));
}

/** Compares the forms of one kind. */
export async function formDifferences(kind: StoredKind<unknown>, kept: FrozenForms): Promise<Differences<FrozenForms>> {
  const { written, read, identity } = kind;
  const today = await written();
  const news: string[] = [];
  const breaks: string[] = [];
  const readingOf = async (form: unknown) => {
    try {
      return plain(await read(form));
    } catch (error) {
      return `${error}`;
    }
  };
  for (const [name, forms] of Object.entries(kept)) {
    for (const { form, reading } of forms) {
      if (!contains(await readingOf(form), reading))
        breaks.push(`${name}: an earlier form is read otherwise, or not at all.`);
    }
  }
  const next: Record<string, readonly FrozenForm[]> = { ...kept };
  for (const [name, form] of Object.entries(today)) {
    const forms = kept[name] ?? [];
    if (forms.some(earlier => isDeepStrictEqual(earlier.form, plain(form)))) continue;
    const [first] = forms;
    if (first && identity && !isDeepStrictEqual(plain(identity(form)), plain(identity(first.form))))
      breaks.push(`${name}: the new form is another thing to readers, because its identity differs.`);
    news.push(name);
    next[name] = [...forms, { form: plain(form), reading: await readingOf(form) }];
  }
  return { news, breaks, next };
}

/** Compares things that may be added, and neither changed nor removed. */
export function thingDifferences<Thing>(
  kept: Readonly<Record<string, Thing>>,
  today: Readonly<Record<string, Thing>>,
): Differences<Readonly<Record<string, Thing>>> {
  const breaks = Object.entries(kept).flatMap(([name, thing]) => {
    if (!(name in today)) return [`${name} is gone.`];
    return isDeepStrictEqual(plain(today[name]), thing) ? [] : [`${name} has changed.`];
  });
  const news = Object.keys(today).filter(name => !(name in kept));
  return { news, breaks, next: plain({ ...kept, ...today }) };
}
