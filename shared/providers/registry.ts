import { adapters, type ProviderName } from './adapters.ts';
import type { Provider } from './provider.ts';

export type { ProviderName } from './adapters.ts';

type Providers = { readonly [Name in ProviderName]: Awaited<ReturnType<(typeof adapters)[Name]>> };

/** Every adapter, loaded at once: for tools and tests. The ingest function loads what a request needs. */
export const providers = Object.fromEntries(
  await Promise.all(
    Object.entries(adapters).map(async ([name, load]): Promise<[string, Provider]> => [name, await load()]),
  ),
) as unknown as Providers;
