/** How each provider signs what it sends: for tests, the demo and the benchmarks. Keys are made here, never committed. */

import { createHmac, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { ProviderName } from '../shared/providers/registry.ts';

export interface Signed {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** What a provider holds to sign with, and what Mailtrail is given to verify with. */
export interface KeyPair {
  readonly signingKey: string;
  readonly secret: string;
}

interface Scheme {
  createKeys(): KeyPair;
  /** @param at epoch milliseconds */
  sign(body: Buffer, signingKey: string, at: number): Signed;
}

const json = { 'content-type': 'application/json' };
const seconds = (at: number) => String(Math.floor(at / 1000));
const sameKey = (key: string): KeyPair => ({ signingKey: key, secret: key });

export const schemes = {
  sendgrid: {
    createKeys() {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      return {
        signingKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
        secret: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      };
    },
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
    createKeys: () => sameKey(randomBytes(16).toString('hex')),
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
    createKeys: () => sameKey(`postmark:${randomBytes(16).toString('hex')}`),
    sign: (body, signingKey) => ({
      body,
      headers: { ...json, authorization: `Basic ${Buffer.from(signingKey).toString('base64')}` },
    }),
  },
  app: {
    createKeys: () => sameKey(`whsec_${randomBytes(32).toString('base64')}`),
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
  const { signingKey, secret } = scheme.createKeys();
  return { secret, sign: (body: Buffer, at: number) => scheme.sign(body, signingKey, at) };
}
