import { type StoredKind, storedKinds } from './forms.ts';
import { type Differences, type FrozenForms, formDifferences, frozen, thingDifferences } from './frozen.ts';
import type { recipes } from './recipes.ts';
import { type IndexDefinition, indexDefinitions, type LastingResource, lastingResources } from './resources.ts';

export interface NamedDifferences extends Differences<object> {
  /** The name of the file. */
  readonly name: string;
  readonly recipe: keyof typeof recipes;
}

/** How this version differs from what is frozen, by file. */
export async function differences(): Promise<readonly NamedDifferences[]> {
  const resources = thingDifferences(frozen<Record<string, LastingResource>>('resources'), lastingResources());
  const known = frozen<Record<string, IndexDefinition>>('indexes');
  const indexes = thingDifferences(known, indexDefinitions());
  const isTooMany = Object.keys(known).length > 0 && indexes.news.length > 1;
  return [
    { name: 'resources', recipe: 'resources', ...resources },
    {
      name: 'indexes',
      recipe: 'indexes',
      ...indexes,
      breaks: isTooMany ? [...indexes.breaks, `${indexes.news.join(' and ')} come at once.`] : indexes.breaks,
    },
    ...(await Promise.all(
      Object.entries(storedKinds).map(async ([name, kind]) => ({
        name,
        recipe: 'forms' as const,
        ...(await formDifferences(kind as StoredKind<unknown>, frozen<FrozenForms>(name))),
      })),
    )),
  ];
}
