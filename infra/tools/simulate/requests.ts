import { type ProviderName, providers } from '../../../shared/providers/registry.ts';
import { chunks } from '../../../shared/runtime/chunks.ts';
import { schemes } from '../../../test/fixtures/signing.ts';
import type { Batch, BodyType } from '../../../test/fixtures/signing-scheme.ts';
import type { Told } from './samples.ts';

/** One callback, before it is signed: the provider's webhook, and the exact body. */
export interface SimulatedRequest {
  readonly provider: ProviderName;
  readonly type: BodyType;
  readonly body: Buffer;
  /** How many events it reports. */
  readonly events: number;
}

/** A provider's events in requests: of at most `largest` events where it batches. */
export function requestsOf(provider: ProviderName, all: readonly Told[], largest: number): SimulatedRequest[] {
  const batchable = providers[provider].batched ? all.filter(({ type }) => type === 'json') : [];
  const single = all.filter(told => !batchable.includes(told));
  const batch = schemes[provider].batch ?? joinedArrays;
  return [
    ...chunks(batchable, largest).flatMap(chunk =>
      batch(chunk.map(({ body }) => body)).map(batched => ({ provider, type: 'json' as const, ...batched })),
    ),
    ...single.map(told => ({ provider, ...told, events: 1 })),
  ];
}

/** Arrays of JSON, or single values, as one array. The bytes stay as they are, because parsing would round long numbers. */
function joinedArrays(bodies: readonly Buffer[]): readonly Batch[] {
  const values = bodies.map(body =>
    body
      .toString()
      .trim()
      .replace(/^\[(.*)\]$/s, '$1'),
  );
  return [{ body: Buffer.from(`[${values.join(',')}]`), events: bodies.length }];
}
