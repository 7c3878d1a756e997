import type { Nonce, ParsedRequest, Provider, ReadingContext } from '../providers/provider.ts';
import type { QuarantinedRequest } from './quarantine-messages.ts';

/** A message out of a queue. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  /** Epoch milliseconds. */
  readonly sentAt: number;
}

/** The content of a message: a provider's request, or the rest of one, with its parsed events. */
export interface QueuedRequest {
  readonly request: QuarantinedRequest;
  readonly parsed: ParsedRequest;
  /** Nonces to look up before anything is recorded. */
  readonly nonces: readonly Nonce[];
}

/** The services for parsing messages. */
export interface QueueServices {
  /** The adapters that the messages need. */
  readonly providers: Readonly<Record<string, Provider | undefined>>;
  readonly context: ReadingContext;
}

/** The body of a request whose events have been parsed. */
export const noBody = Buffer.alloc(0);
