import type { Nonce, ParsedRequest, Provider, ReadingContext } from '../providers/provider.ts';
import type { QuarantinedRequest } from './quarantine-messages.ts';

/** A message as it came out of a queue. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  /** Epoch milliseconds. */
  readonly sentAt: number;
}

/** What a message holds: a request of a provider, or what is left of it, and what can be read in it. */
export interface QueuedRequest {
  readonly request: QuarantinedRequest;
  readonly parsed: ParsedRequest;
  /** To be looked up before anything is recorded. */
  readonly nonces: readonly Nonce[];
}

/** What messages are read with. */
export interface QueueServices {
  readonly providers: Readonly<Record<string, Provider>>;
  readonly context: ReadingContext;
}

/** Of what is read already there is no body. */
export const noBody = Buffer.alloc(0);
