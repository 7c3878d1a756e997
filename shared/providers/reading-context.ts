import { lookUp } from '../look-up.ts';
import type { MetadataNames, Provider, ReadingContext } from './provider.ts';

/** What every adapter reads with: where the sender's ids are, and how the other providers write a message id. */
export function createReadingContext(
  providers: Readonly<Record<string, Provider>>,
  metadata: MetadataNames,
): ReadingContext {
  return {
    metadata,
    messageIdOf: (name, messageId) => lookUp(providers, name)?.messageIdOf?.(messageId) ?? messageId,
  };
}
