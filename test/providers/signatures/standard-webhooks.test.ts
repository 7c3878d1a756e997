import { createHmac, randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { type Variant, verifyStandardWebhook } from '../../../shared/providers/signatures/standard-webhooks.ts';
import { noon } from '../../rigs/arbitrary-events.ts';

const minute = 60_000;
const key = randomBytes(32).toString('base64');
const secret = `whsec_${key}`;
const body = Buffer.from('{"type":"email.delivered"}');

interface Given {
  readonly secrets?: readonly string[];
  readonly receivedAt?: number;
  readonly prefix?: 'webhook' | 'svix';
  readonly variant?: Variant;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: Buffer;
  readonly id?: string;
  readonly signature?: (standard: string) => string;
}

/** A request as the standard's own library signs it, and what is made of it. */
function verify(given: Given = {}) {
  const { id = 'msg_1', prefix = 'webhook', signature = standard => standard } = given;
  const made = new Webhook(secret).sign(id, new Date(noon), body.toString());
  const headers = {
    [`${prefix}-id`]: id,
    [`${prefix}-timestamp`]: String(noon / 1000),
    [`${prefix}-signature`]: signature(made),
    ...given.headers,
  };
  const request = { method: 'POST', url: '/', headers, body: given.body ?? body, receivedAt: given.receivedAt ?? noon };
  const { secrets = [secret], variant } = given;
  return variant === undefined && given.prefix === undefined
    ? verifyStandardWebhook(request, secrets)
    : verifyStandardWebhook(request, secrets, prefix, variant);
}

/** A signature that is no good, of the same length. */
const wrong = `v1,${Buffer.alloc(32).toString('base64')}`;

describe('a request by Standard Webhooks', () => {
  it.each<[string, Given]>([
    ['as the library of the standard signs it', {}],
    ['with the headers of Svix', { prefix: 'svix' }],
    ['under a secret without its prefix', { secrets: [key] }],
    ['under a secret with blanks around', { secrets: [` ${secret}\n`] }],
    ['under one of two secrets', { secrets: [`whsec_${Buffer.alloc(24).toString('base64')}`, secret] }],
    ['with a second signature behind it', { signature: good => `${good} ${wrong}` }],
    ['with another signature in front', { signature: good => `${wrong} ${good}` }],
    ['with a signature of another version in front', { signature: good => `v1a,AAAA ${good}` }],
    ['five minutes old', { receivedAt: noon + 5 * minute }],
    ['five minutes ahead of our clock', { receivedAt: noon - 5 * minute }],
  ])('is genuine %s', (_, given) => {
    expect(verify(given)).toEqual([]);
  });

  it.each<[string, Given, string]>([
    ['no secret is configured', { secrets: [] }, 'no_secret_configured'],
    ['only a blank secret is configured', { secrets: [' '] }, 'no_secret_configured'],
    ['the secret has no key', { secrets: ['whsec_'] }, 'no_secret_configured'],
    ['the secret is no base64', { secrets: ['whsec_%%%'] }, 'no_secret_configured'],
    ['the prefix stands within the secret', { secrets: [`AAAA${secret}`] }, 'no_secret_configured'],
    ['it has no id', { headers: { 'webhook-id': undefined } }, 'missing_signature'],
    ['its id is blank', { headers: { 'webhook-id': ' ' } }, 'missing_signature'],
    ['it has no time', { headers: { 'webhook-timestamp': undefined } }, 'missing_signature'],
    ['its time is blank', { headers: { 'webhook-timestamp': ' ' } }, 'missing_signature'],
    ['it has no signature', { headers: { 'webhook-signature': undefined } }, 'missing_signature'],
    ['its signature is blank', { signature: () => ' ' }, 'missing_signature'],
    [
      'its headers are those of Svix',
      { prefix: 'svix', variant: {}, headers: { 'svix-id': undefined } },
      'missing_signature',
    ],
    ['its time is no number', { headers: { 'webhook-timestamp': 'noon' } }, 'malformed_signature'],
    ['its signature has no version', { signature: good => good.slice(3) }, 'malformed_signature'],
    ['its signature is of another version', { signature: good => good.replace('v1,', 'v2,') }, 'malformed_signature'],
    ['its signature is too short', { signature: () => 'v1,AAAA' }, 'malformed_signature'],
    ['its signature is no base64', { signature: good => good.slice(0, -1) }, 'malformed_signature'],
    ['its signatures are joined by a comma', { signature: good => `${good},${good}` }, 'malformed_signature'],
    ['it is older than five minutes', { receivedAt: noon + 5 * minute + 1 }, 'stale_timestamp'],
    ['it is more than five minutes ahead', { receivedAt: noon - 5 * minute - 1 }, 'stale_timestamp'],
    ['its signature is another', { signature: () => wrong }, 'wrong_signature'],
    ['its body is another', { body: Buffer.from('{}') }, 'wrong_signature'],
    ['its id is another', { headers: { 'webhook-id': 'msg_2' } }, 'wrong_signature'],
    ['its time is another', { headers: { 'webhook-timestamp': String(noon / 1000 + 1) } }, 'wrong_signature'],
    ['the secret is another', { secrets: [`whsec_${Buffer.alloc(32).toString('base64')}`] }, 'wrong_signature'],
  ])('is refused if %s', (_, given, refusal) => {
    expect(verify(given)).toBe(refusal);
  });

  it('is looked at if id and signatures have 4,096 characters together, and not beyond', () => {
    const padded = (length: number) => ({
      signature: (good: string) => `${good} ${'x'.repeat(length - 'msg_1'.length - good.length - 1)}`,
    });
    expect(verify(padded(4_096))).toEqual([]);
    expect(verify(padded(4_097))).toBe('malformed_signature');
  });
});

describe('a sender that departs from Standard Webhooks', () => {
  const made = (hmacKey: string | Buffer) =>
    createHmac('sha256', hmacKey)
      .update(`msg_1.${noon / 1000}.`)
      .update(body)
      .digest();

  it('may have keys of its own', () => {
    const variant: Variant = { keyOf: text => (text === 'none' ? null : text) };
    const signature = () => `v1,${made('plain').toString('base64')}`;
    expect(verify({ variant, signature, secrets: ['plain'] })).toEqual([]);
    expect(verify({ variant, signature, secrets: ['none', 'plain'] })).toEqual([]);
    expect(verify({ variant, signature, secrets: ['other'] })).toBe('wrong_signature');
    expect(verify({ variant, signature, secrets: ['none'] })).toBe('no_secret_configured');
  });

  it('may write its signatures in a way of its own', () => {
    const variant: Variant = { signaturesIn: header => [null, Buffer.from(header, 'hex')] };
    const signature = () => made(Buffer.from(key, 'base64')).toString('hex');
    expect(verify({ variant, signature })).toEqual([]);
    expect(verify({ variant, signature: () => 'ff' })).toBe('malformed_signature');
  });

  it.each([
    [60, 10],
    [5, 5],
    [2, 2],
  ])('may send a request for %d minutes, and is believed %d minutes ahead at most', (age, ahead) => {
    const variant: Variant = { oldest: age * minute };
    for (const receivedAt of [noon + age * minute, noon - ahead * minute])
      expect(verify({ variant, receivedAt })).toEqual([]);
    for (const receivedAt of [noon + age * minute + 1, noon - ahead * minute - 1]) {
      expect(verify({ variant, receivedAt })).toBe('stale_timestamp');
    }
  });
});
