/** How each provider signs what it sends: for tests, the demo and the benchmarks. Keys are made here, never committed. */

import { createHmac, createPrivateKey, randomBytes, sign } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { createSecretPair } from '../infra/local/webhook-secrets.ts';
import type { ProviderName } from '../shared/providers/registry.ts';

export interface Signed {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

interface Scheme {
  /** @param at epoch milliseconds */
  sign(body: Buffer, signingKey: string, at: number): Signed;
}

const json = { 'content-type': 'application/json' };
const seconds = (at: number) => String(Math.floor(at / 1000));

export const schemes = {
  sendgrid: {
    sign(body, signingKey, at) {
      const key = createPrivateKey({ key: Buffer.from(signingKey, 'base64'), format: 'der', type: 'pkcs8' });
      const signature = sign('sha256', Buffer.concat([Buffer.from(seconds(at)), body]), key);
      return {
        body,
        headers: {
          ...json,
          'x-twilio-email-event-webhook-signature': signature.toString('base64'),
          'x-twilio-email-event-webhook-timestamp': seconds(at),
        },
      };
    },
  },
  mailgun: {
    // The signature goes into the body, in front of the event: `body` is the value of "event-data".
    sign(body, signingKey, at) {
      const token = randomBytes(25).toString('hex');
      const timestamp = seconds(at);
      const signature = createHmac('sha256', signingKey).update(`${timestamp}${token}`).digest('hex');
      const head = `{"signature":${JSON.stringify({ timestamp, token, signature })},"event-data":`;
      return { body: Buffer.concat([Buffer.from(head), body, Buffer.from('}')]), headers: json };
    },
  },
  postmark: {
    sign: (body, signingKey) => ({
      body,
      headers: { ...json, authorization: `Basic ${Buffer.from(signingKey).toString('base64')}` },
    }),
  },
  app: {
    // The signature of the specification's own library, so that ours is not measured by itself.
    sign(body, signingKey, at) {
      const id = `msg_${randomBytes(12).toString('hex')}`;
      const signature = new Webhook(signingKey).sign(id, new Date(at), body.toString());
      return {
        body,
        headers: {
          ...json,
          'webhook-id': id,
          'webhook-timestamp': seconds(at),
          'webhook-signature': signature,
        },
      };
    },
  },
} as const satisfies Record<ProviderName, Scheme>;

/** Fresh keys of a provider, and its signature with them. */
export function signingKeys(provider: ProviderName) {
  const scheme: Scheme = schemes[provider];
  const { verifies, signs } = createSecretPair(provider);
  return { secret: verifies, sign: (body: Buffer, at: number) => scheme.sign(body, signs, at) };
}
