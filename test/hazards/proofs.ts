import { createHmac, createPrivateKey, sign } from 'node:crypto';
import type { ProviderName } from '../../shared/providers/registry.ts';
import { schemes } from '../fixtures/signing.ts';
import type { Signed } from '../fixtures/signing-scheme.ts';

/** The place of the proof in the body, for providers without a header for it. */
const inBody: Partial<Record<ProviderName, { readonly name: string; readonly value: RegExp }>> = {
  ses: { name: '"Signature"', value: /(?<="Signature":")[^"]+/ },
  mailgun: { name: '"signature":"', value: /(?<="signature":")[^"]+/ },
  unisendergo: { name: '"auth"', value: /(?<="auth": ?")[^"]+/ },
};

const inUrl = /(?<=[?&]secret=)[^&]+/;

/** Returns the proof of a request: the value of a header, of a field in the body or of a URL parameter. */
export function proofOf(name: ProviderName, { headers, body, url }: Signed): string {
  const { header } = schemes[name];
  if (header !== null) return headers[header]!;
  const place = inBody[name];
  return (place === undefined ? inUrl.exec(url) : place.value.exec(body.toString('latin1')))![0];
}

/** Returns the request with another proof, or without one. */
export function withProof(name: ProviderName, signed: Signed, proof: string | undefined): Signed {
  const { header } = schemes[name];
  if (header !== null) {
    const { [header]: _, ...others } = signed.headers;
    return { ...signed, headers: proof === undefined ? others : { ...others, [header]: proof } };
  }
  const place = inBody[name];
  if (place === undefined) {
    const url = proof === undefined ? signed.url.split('?')[0]! : signed.url.replace(inUrl, encodeURIComponent(proof));
    return { ...signed, url };
  }
  const text = signed.body.toString('latin1');
  const changed =
    proof === undefined
      ? text.replace(place.name, place.name.replace('"', '"no-'))
      : text.replace(place.value, () => JSON.stringify(proof).slice(1, -1));
  return { ...signed, body: Buffer.from(changed, 'latin1') };
}

const hmac = (key: string | Buffer, ...parts: readonly (string | Buffer)[]) => {
  const made = createHmac('sha256', key);
  for (const part of parts) made.update(part);
  return made;
};

/** Decodes the key in a secret of Standard Webhooks, or in bare base64. */
export const standardKey = (secret: string): Buffer => Buffer.from(secret.replace('whsec_', ''), 'base64');

/** Signs any text as the time. The providers' schemes write well-formed times only. */
type Clock = (signed: Signed, time: string, key: string) => Signed;

const standard =
  (prefix: 'webhook' | 'svix', keyOf: (secret: string) => string | Buffer = standardKey, version = 'v1,'): Clock =>
  (signed, time, secret) => {
    const covered = [`${signed.headers[`${prefix}-id`]}.${time}.`, signed.body];
    const signature = `${version}${hmac(keyOf(secret), ...covered).digest('base64')}`;
    return withHeaders(signed, { [`${prefix}-timestamp`]: time, [`${prefix}-signature`]: signature });
  };

const clocks: Partial<Record<ProviderName, Clock>> = {
  sendgrid(signed, time, pkcs8) {
    const key = createPrivateKey({ key: Buffer.from(pkcs8, 'base64'), format: 'der', type: 'pkcs8' });
    return withHeaders(signed, {
      'x-twilio-email-event-webhook-timestamp': time,
      'x-twilio-email-event-webhook-signature': sign(
        'sha256',
        Buffer.concat([Buffer.from(time), signed.body]),
        key,
      ).toString('base64'),
    });
  },
  mailgun(signed, timestamp, key) {
    const { signature: triple, ...event } = JSON.parse(signed.body.toString());
    const signature = hmac(key, timestamp, triple.token).digest('hex');
    return {
      ...signed,
      body: Buffer.from(JSON.stringify({ signature: { ...triple, timestamp, signature }, ...event })),
    };
  },
  resend: standard('svix'),
  loops: standard('webhook'),
  app: standard('webhook'),
  ahasend: standard('webhook', secret => secret),
  sweego: standard('webhook', standardKey, ''),
  mailomat(signed, time, key) {
    const { 'x-mom-webhook-id': id, 'x-mom-webhook-event': event } = signed.headers;
    const signature = hmac(key, `${id}.${event}.${time}`).digest('hex');
    return withHeaders(signed, {
      'x-mom-webhook-timestamp': time,
      'x-mom-webhook-signature': `sha256=${signature}`,
    });
  },
  usesend: (signed, time, key) =>
    withHeaders(signed, {
      'x-usesend-timestamp': time,
      'x-usesend-signature': `v1=${hmac(key, `${time}.`, signed.body).digest('hex')}`,
    }),
  emailit: (signed, time, key) =>
    withHeaders(signed, {
      'x-emailit-timestamp': time,
      'x-emailit-signature': hmac(key, `${time}.`, signed.body).digest('hex'),
    }),
};

function withHeaders(signed: Signed, headers: Readonly<Record<string, string>>): Signed {
  return { ...signed, headers: { ...signed.headers, ...headers } };
}

/** Returns the request with another time, and with a good signature over that time and the body's exact bytes. */
export function signedAt(name: ProviderName, signed: Signed, time: string, key: string): Signed {
  return clocks[name]!(signed, time, key);
}
