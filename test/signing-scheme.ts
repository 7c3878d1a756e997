import { createHmac, hash } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

/** How the bytes of a fixture travel; the extension of its file. A `query` is the query string of a GET. */
export const bodyTypes = {
  json: 'application/json',
  jsonl: 'application/jsonl',
  form: 'application/x-www-form-urlencoded',
  query: null,
} as const satisfies Record<string, string | null>;

export type BodyType = keyof typeof bodyTypes;

/** A request as the provider would send it. */
export interface Signed {
  readonly method: 'POST' | 'GET';
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** What is to be signed. */
export interface Unsigned {
  readonly body: Buffer;
  readonly type: BodyType;
  /** The webhook's URL as the provider was given it, but for a secret in it. */
  readonly url: string;
}

/** How a provider signs what it sends, and what that proves: `signing.ts` in the folder of its fixtures. */
export interface Scheme {
  /** The header that proves the request genuine; null where the proof is in the body or the URL. */
  readonly header: string | null;
  /** The header that holds a signed time; null where there is none. */
  readonly timestamp: string | null;
  /** Whether no byte of the body can be changed so that it reads otherwise. */
  readonly bodyIsCovered: boolean;
  /** Where a proof in a body that it does not cover ends. */
  readonly proofEnds?: RegExp;
  /** How old a request may be; null where nothing tells. */
  readonly oldestMinutes: number | null;
  /** What in a fixture is the event's own id, as the first group; null where the body has none. */
  readonly eventId: RegExp | null;
  /** @param at epoch milliseconds */
  sign(unsigned: Unsigned, signingKey: string, at: number): Partial<Signed>;
  /** As few bodies as can be made out of several of one event each; where it is not stated, arrays of JSON are joined. */
  batch?(bodies: readonly Buffer[]): readonly Batch[];
}

/** A body of several events. */
export interface Batch {
  readonly body: Buffer;
  readonly events: number;
}

/** The time in whole seconds. */
export const seconds = (at: number) => String(Math.floor(at / 1000));

/** HTTP basic authentication: nothing is signed. */
export const basicAuth = (eventId: Scheme['eventId'] = null): Scheme => ({
  header: 'authorization',
  timestamp: null,
  bodyIsCovered: false,
  oldestMinutes: null,
  eventId,
  sign: (_, signingKey) => ({
    headers: { authorization: `Basic ${Buffer.from(signingKey).toString('base64')}` },
  }),
});

/** A secret in the webhook's URL: nothing is signed. */
export const urlSecret = (eventId: Scheme['eventId'] = null): Scheme => ({
  header: null,
  timestamp: null,
  bodyIsCovered: false,
  oldestMinutes: null,
  eventId,
  sign: ({ url }, signingKey) => ({ url: `${url}${url.includes('?') ? '&' : '?'}secret=${signingKey}` }),
});

/** A header with the hex HMAC-SHA256 of the body. */
export const hexOfBody = (header: string, eventId: Scheme['eventId'] = null): Scheme => ({
  header,
  timestamp: null,
  bodyIsCovered: true,
  oldestMinutes: null,
  eventId,
  sign: ({ body }, signingKey) => ({
    headers: { [header]: createHmac('sha256', signingKey).update(body).digest('hex') },
  }),
});

/** Standard Webhooks, by the specification's own library, so that ours is not measured by itself. */
export const standardWebhooks = (prefix: 'webhook' | 'svix'): Scheme => ({
  header: `${prefix}-signature`,
  timestamp: `${prefix}-timestamp`,
  bodyIsCovered: true,
  oldestMinutes: 5,
  eventId: null,
  sign({ body }, signingKey, at) {
    // The same for the same event: it is kept over all tries.
    const id = `msg_${hash('sha256', body).slice(0, 24)}`;
    const signature = new Webhook(signingKey).sign(id, new Date(at), body.toString());
    return {
      headers: { [`${prefix}-id`]: id, [`${prefix}-timestamp`]: seconds(at), [`${prefix}-signature`]: signature },
    };
  },
});
