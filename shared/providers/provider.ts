/**
 * An email provider, as Mailtrail sees it: one file with its table of events, how to prove a request genuine over its
 * raw bytes, and how to read its events. Adding one is that file, a folder of fixtures and a line in `registry.ts`.
 */

import type { CanonicalEvent, Defect } from '../email/event.ts';
import type { Status } from '../status/catalogue.ts';
import type { Cause, Failure } from '../status/causes.ts';

/** One HTTP call, as it came. */
export interface ProviderRequest {
  readonly method: string;
  /** As the gateway was called, e.g. `https://api.example.com/webhooks/mandrill?a=b`. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The bytes received, before anything touched them. */
  readonly body: Buffer;
  /** Epoch milliseconds of arrival. */
  readonly receivedAt: number;
  /** Pieces that could not be read when their request came, to be read once more in place of its body. */
  readonly pieces?: readonly unknown[];
}

/** Why a request is not taken for genuine. Counted, never told to the caller. */
export type Refusal =
  | 'no_secret_configured'
  | 'missing_signature'
  | 'malformed_signature'
  | 'stale_timestamp'
  | 'wrong_signature'
  | 'reused_nonce';

/** A value that proves one content genuine and no other, where the signature does not cover the content. */
export interface Nonce {
  readonly value: string;
  /** The content, as a fingerprint. */
  readonly content: string;
}

/** Why a request is refused; or, of a genuine one, the nonces that prove it: none where its signature covers all of it. */
export type Verification = Refusal | readonly Nonce[];

/** Names under which the sender attached our two ids to the email. */
export interface MetadataNames {
  readonly accountId: string;
  readonly reference: string;
}

export interface ReadingContext {
  readonly metadata: MetadataNames;
  /** Every name that may send: the providers', and those of the sender's own senders. */
  readonly senders: readonly string[];
  /** A message id in the form in which the named provider's events give it; as it is for a name that is not known. */
  readonly messageIdOf: (provider: string, messageId: string) => string;
}

/** Why a genuine request, or one event of it, could not be read. */
export type UnparsableReason =
  | Defect
  | 'not_utf8'
  | 'not_json'
  | 'too_deep'
  | 'too_many'
  | 'unexpected_shape'
  | 'confirm_by_hand'
  | 'unknown_event'
  | 'unknown_provider';

export interface Quarantined {
  readonly reason: UnparsableReason;
  /** The piece that could not be read, the same for each event in it; null where it is the whole body. */
  readonly piece: unknown;
  /**
   * The field at fault, where one is: a path of names that our schemas spell, such as `events[3].sg_message_id`, or a member
   * of the canonical event. It is logged, so it holds nothing that came in the request.
   */
  readonly field?: string | undefined;
  /** The name that was most likely meant, of those known here; the caller is told. */
  readonly nearest?: string | null;
}

/** Everything in one request: together they are all that the provider sent. */
export interface ParsedRequest {
  readonly events: readonly CanonicalEvent[];
  readonly quarantined: readonly Quarantined[];
  /** How many pieces were news of no email, such as a changed contact or a test. */
  readonly unrelated: number;
}

/** The meaning of an event name of a provider. */
export interface EventMeaning<Piece = never> {
  /** Every status that it can become; null: news that changes none. Empty: it is not about an email, and nothing is kept. */
  readonly statuses: readonly (Status | null)[];
  /** In words, what decides where there are several. */
  readonly by?: string;
  /** Decides where there are several: a status, or a failure with its cause. */
  decide?(piece: Piece): Status | null | Failure;
  /** The cause where it is always the same. */
  readonly cause?: Cause;
  /** Why the delivery was put off or refused, where `decide` does not say; null where the piece does not tell. */
  causeOf?(piece: Piece): Cause | null;
}

/** The answer to a call that brings no events, such as a dashboard's test of a URL. */
export interface SetUpAnswer {
  readonly statusCode: 200 | 204;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Counted as a refused call, where it may be one that lost its signature. */
  readonly refusal?: Refusal;
}

/**
 * The text at a URL that an adapter has made itself, never one found in a message; null where there is none. Rejects where
 * it is out of reach: the provider is then asked to send the request again.
 */
export type HttpGet = (url: string) => Promise<string | null>;

export interface Provider {
  readonly name: string;
  readonly title: string;
  /** How a request is proved genuine, in a few words for the README. */
  readonly authentication: string;
  /** One secret, in words for whoever configures it. */
  readonly secret: string;
  /** The same for whoever makes one; see `infra/local/services/webhook-secrets.ts`. */
  readonly secretKind: 'ec-p256' | 'rsa' | 'sns-topic' | 'basic-auth' | 'standard-webhooks' | 'base64' | 'text';
  /** The provider's event names and what each becomes. A name that ends in `*` stands for all that begin so. */
  readonly events: Readonly<Record<string, EventMeaning>>;
  /** Whether one request may hold many events. */
  readonly batched: boolean;
  /** The methods by which events come; POST alone if not stated. */
  readonly methods?: readonly ('POST' | 'GET' | 'OPTIONS')[];
  /** Answers to other methods, where they differ from every provider's: dashboards probe a URL before they take it. */
  readonly probes?: Readonly<Partial<Record<'GET', (request: ProviderRequest) => SetUpAnswer>>>;
  /** The answer when nothing can be kept; 429 if not stated, which every provider but those of SNS sends again. */
  readonly retryStatus?: 429 | 503;
  /** A message id, of an event or as it is registered, in the one form by which both are known here. */
  messageIdOf?(messageId: string): string;
  /**
   * The answer to a request that sets the webhook up and brings no events; null for every other, which is verified next.
   * Where such a request needs to be genuine, it is verified here.
   */
  handshake?(
    request: ProviderRequest,
    secrets: readonly string[],
    get: HttpGet,
  ): SetUpAnswer | null | Promise<SetUpAnswer | null>;
  /**
   * Whether the request is genuine under one of `secrets`; an empty secret verifies nothing. Never throws, and rejects only
   * with what `get` rejects.
   */
  verify(request: ProviderRequest, secrets: readonly string[], get: HttpGet): Verification | Promise<Verification>;
  /** All events of a genuine request. Never throws: what cannot be read is an explicit outcome. */
  parse(request: ProviderRequest, context: ReadingContext): ParsedRequest;
}

/**
 * The way to connect a provider, for people: every adapter exports one as `guide`, the pages in `docs/providers` are
 * written from it, and it never enters a bundle. Markdown, one line a sentence or two.
 */
export interface Guide {
  /** Where in its dashboard, and what to do there, step by step. `{url}` stands for the webhook's URL. */
  readonly setUp: readonly string[];
  /** How to attach account and reference to an email on send. */
  readonly attach: string;
  /** Which value of the send call to register as `data.messageId`; null where it returns none. */
  readonly register: string | null;
  /** Which of its events bring the subject of the email. */
  readonly subject:
    | 'always'
    | 'on bounces and complaints'
    | 'except on opens and clicks'
    | 'only on opens and clicks'
    | 'never';
  /** How often and how long it tries a request that we do not acknowledge. */
  readonly retries: string;
  /** The fate of a call that is answered 401: it must be known before the secret is in force. */
  readonly refusedCalls: 'sent again' | 'lost' | 'not documented';
  /** How its events tell machines from people; null where they do not. */
  readonly machines: string | null;
  /** Anything else that is worth knowing. */
  readonly notes: readonly string[];
}
