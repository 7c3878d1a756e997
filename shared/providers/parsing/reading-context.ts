import { ownValue } from '../../runtime/own-property.ts';
import type { MetadataNames, Provider, ReadingContext } from '../provider.ts';

/**
 * The context of every adapter: where the sender's ids are, who sends, and how the other providers write a message id.
 *
 * @param providers every provider by name; the adapter may be loaded later
 * @param senderNames of the sender's own that are no provider's
 */
export function createReadingContext(
  providers: Readonly<Record<string, Provider | undefined>>,
  metadata: MetadataNames,
  senderNames: readonly string[] = [],
): ReadingContext {
  return {
    metadata,
    senders: [...Object.keys(providers), ...senderNames],
    messageIdOf: (name, messageId) => ownValue(providers, name)?.messageIdOf?.(messageId) ?? messageId,
  };
}
