import { type ProviderName, providers } from '../../shared/providers/registry.ts';
import { schemes } from '../signing.ts';
import type { BodyType } from '../signing-scheme.ts';
import type { Told } from './samples.ts';

/** One callback: whose webhook it goes to, and the exact body, before it is signed. */
export interface SimulatedRequest {
  readonly provider: ProviderName;
  readonly type: BodyType;
  readonly body: Buffer;
  /** How many events it tells of. */
  readonly events: number;
}

/** What a provider has to tell, in requests of at most `largest` events where it batches. */
export function requestsOf(provider: ProviderName, all: readonly Told[], largest: number): SimulatedRequest[] {
  const batchable = providers[provider].batched ? all.filter(({ type }) => type === 'json') : [];
  const single = all.filter(told => !batchable.includes(told));
  const batch = schemes[provider].batch ?? joinedArrays;
  return [
    ...chunks(batchable, largest).map(chunk => ({
      provider,
      type: 'json' as const,
      body: batch(chunk.map(({ body }) => body)),
      events: chunk.length,
    })),
    ...single.map(told => ({ provider, ...told, events: 1 })),
  ];
}

/** Arrays of JSON, or single values, as one array. */
function joinedArrays(bodies: readonly Buffer[]): Buffer {
  return Buffer.from(JSON.stringify(bodies.flatMap(body => JSON.parse(body.toString()))));
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
