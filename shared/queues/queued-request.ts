import type { Nonce, ParsedRequest, Provider, ReadingContext } from '../providers/provider.ts';
import type { QuarantinedRequest } from './quarantine-messages.ts';

/** A message as it came out of a queue. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  /** Epoch milliseconds. */
  readonly sentAt: number;
}

/** The content of a message: a request of a provider, or the rest of one, and everything that can be read in it. */
export interface QueuedRequest {
  readonly request: QuarantinedRequest;
  readonly parsed: ParsedRequest;
  /** To be looked up before anything is recorded. */
  readonly nonces: readonly Nonce[];
}

/** The services with which messages are read. */
export interface QueueServices {
  readonly providers: Readonly<Record<string, Provider>>;
  readonly context: ReadingContext;
}

/** The body of a request whose events are read already. */
export const noBody = Buffer.alloc(0);
