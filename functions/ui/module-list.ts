/** The browser's modules in the function's package, as the build writes them and the function reads them. */

/** The folder beside the function's bundle. */
export const modulesFolder = 'modules';

/** The file with the {@link ModuleList}, in the same folder. */
export const moduleListFile = 'list.json';

export interface ModuleList {
  /** The names of all modules, each with a hash of its content. */
  readonly modules: readonly string[];
  /** The module that hosts embed as `mailtrail.js`. */
  readonly loader: string;
  /** The page's module, followed by those that it imports. */
  readonly page: readonly string[];
}

/** Content codings, the smallest result first, with the suffix of the compressed file. */
export const codings = { br: '.br', gzip: '.gz' } as const satisfies Record<string, string>;

export type Coding = keyof typeof codings;
