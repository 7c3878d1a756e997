/**
 * An email provider, as Mailtrail sees it: a table of its events, the proof of a request over its raw bytes, and a
 * parser. A new provider is one file, a folder of fixtures, a line in `adapters.ts` and one in `titles.ts`.
 */

import type { CanonicalEvent, Defect } from '../email/event.ts';
import type { Status } from '../status/catalogue.ts';
import type { Cause, Failure } from '../status/causes.ts';

/** One HTTP call, as it came. */
export interface ProviderRequest {
  readonly method: string;
  /** The URL of the call, e.g. `https://api.example.com/webhooks/mandrill?a=b`. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The bytes as they arrived. */
  readonly body: Buffer;
  /** Epoch milliseconds of arrival. */
  readonly receivedAt: number;
  /** Quarantined pieces of an earlier request, which are parsed in place of the body. */
  readonly pieces?: readonly unknown[];
}

/** Why a request is not genuine. It is counted and logged, and the caller never learns it. */
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
  /** The hash of the content. */
  readonly content: string;
}

/**
 * Why a request is refused; or the nonces that prove a genuine one, which are none if its signature covers all of it.
 */
export type Verification = Refusal | readonly Nonce[];

/** Names under which the sender attached our two ids to the email. */
export interface MetadataNames {
  readonly accountId: string;
  readonly reference: string;
}

export interface ReadingContext {
  readonly metadata: MetadataNames;
  /**
   * Every name that `data.provider` of a registration may have: the providers' and those of the sender's own senders.
   */
  readonly senders: readonly string[];
  /** A message id in the form of the named provider's events; unchanged for an unknown name. */
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
  | 'unknown_provider'
  | 'unusable_resend_of';

export interface Quarantined {
  readonly reason: UnparsableReason;
  /** The piece that could not be read, the same for each event in it; null where it is the whole body. */
  readonly piece: unknown;
  /**
   * The field at fault, where one is: a path of names that our schemas spell, such as `events[3].sg_message_id`, or a member
   * of the canonical event. It is logged, so it holds nothing that came in the request.
   */
  readonly field?: string | undefined;
  /** The known name that was most likely meant. The answer tells it to the caller. */
  readonly nearest?: string | null;
}

/** The outcome of one request. Together its parts are all that the provider sent. */
export interface ParsedRequest {
  readonly events: readonly CanonicalEvent[];
  readonly quarantined: readonly Quarantined[];
  /** The number of pieces about no email, such as a changed contact or a test. */
  readonly unrelated: number;
}

/** The meaning of an event name of a provider. */
export interface EventMeaning<Piece = never> {
  /**
   * Every status that it can become; null is a note, which changes none. Empty: it is not about an email, and nothing
   * is kept.
   */
  readonly statuses: readonly (Status | null)[];
  /** The deciding members in words, where there are several statuses. */
  readonly by?: string;
  /** Decides among several statuses. Gives a status, or a failure with its cause. */
  decide?(piece: Piece): Status | null | Failure;
  /** The cause, if it is always the same. */
  readonly cause?: Cause;
  /** The cause of a delay or refusal, where `decide` gives none; null if the piece does not name it. */
  causeOf?(piece: Piece): Cause | null;
}

/** The answer to a call that brings no events, such as a dashboard's test of a URL. */
export interface SetUpAnswer {
  readonly statusCode: 200 | 204;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Counts the call as refused, because it may be an event that lost its signature. */
  readonly refusal?: Refusal;
}

/**
 * Gets the text at a URL, null if there is none. Adapters build the URL themselves and never take it from a message. It
 * rejects if the URL is out of reach: the provider is then asked to send the request again.
 */
export type HttpGet = (url: string) => Promise<string | null>;

export interface Provider {
  readonly name: string;
  /** The proof of a request, in a few words for the page. */
  readonly authentication: string;
  /** The secret in words, for whoever configures it. */
  readonly secret: string;
  /** The kind of secret, for the code that makes one: `infra/local/services/webhook-secrets.ts`. */
  readonly secretKind: 'ec-p256' | 'rsa' | 'sns-topic' | 'basic-auth' | 'standard-webhooks' | 'base64' | 'text';
  /** The provider's event names and their meanings. A name that ends in `*` stands for all that begin so. */
  readonly events: Readonly<Record<string, EventMeaning>>;
  /** Whether one request may hold many events. */
  readonly batched: boolean;
  /** The methods by which events come; only POST by default. */
  readonly methods?: readonly ('POST' | 'GET' | 'OPTIONS')[];
  /** Answers to other methods, where they differ from the usual ones. Dashboards probe a URL before they accept it. */
  readonly probes?: Readonly<Partial<Record<'GET', (request: ProviderRequest) => SetUpAnswer>>>;
  /** The answer if the event cannot be stored; 429 by default. Only SNS does not retry after a 4xx. */
  readonly retryStatus?: 429 | 503;
  /** Gives a message id, of an event or a registration, in the one form in which both are stored. */
  messageIdOf?(messageId: string): string;
  /**
   * Answers a request that sets the webhook up and brings no events. It gives null for any other request, which is
   * verified next. If a set-up request must be genuine, this verifies it.
   */
  handshake?(
    request: ProviderRequest,
    secrets: readonly string[],
    get: HttpGet,
  ): SetUpAnswer | null | Promise<SetUpAnswer | null>;
  /**
   * Verifies the request with `secrets`; an empty secret verifies nothing. It never throws, and rejects only if `get`
   * does.
   */
  verify(request: ProviderRequest, secrets: readonly string[], get: HttpGet): Verification | Promise<Verification>;
  /** Parses all events of a genuine request. It never throws: an unreadable piece is an explicit outcome. */
  parse(request: ProviderRequest, context: ReadingContext): ParsedRequest;
}

/**
 * The way to connect a provider, for people, in Markdown. Every adapter exports one as `guide`, and `npm run docs`
 * writes the pages in `docs/providers` from it. It never enters a bundle.
 */
export interface Guide {
  /** The steps in its dashboard. `{url}` stands for the webhook's URL. */
  readonly setUp: readonly string[];
  /** How to attach account and reference to an email on send. */
  readonly attach: string;
  /** The value of the send call to register as `data.messageId`; null if the call returns none. */
  readonly register: string | null;
  /** The events that bring the subject of the email. */
  readonly subject:
    | 'always'
    | 'on bounces and complaints'
    | 'except on opens and clicks'
    | 'only on opens and clicks'
    | 'never';
  /** The number and duration of its tries of a request that we do not acknowledge. */
  readonly retries: string;
  /** The fate of a call that is answered 401. It matters before the secret is in force. */
  readonly refusedCalls: 'sent again' | 'lost' | 'not documented';
  /** The sign by which its events tell machines from people; null if there is none. */
  readonly machines: string | null;
  /** Further notes. */
  readonly notes: readonly string[];
}
