import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSigner } from '../../shared/aws/signature.ts';

/** The hash that the SDK's signer is built with. */
class Sha256 {
  private readonly hash;
  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = key === undefined ? createHash('sha256') : createHmac('sha256', key as string | Buffer);
  }
  update(data: string | Uint8Array) {
    this.hash.update(data);
  }
  async digest() {
    return new Uint8Array(this.hash.digest());
  }
  reset() {}
}

const text = (unit: fc.Arbitrary<string>, maxLength: number) => fc.string({ unit, minLength: 1, maxLength });
const alphanumeric = fc.constantFrom(...'ABCXYZabcxyz0189');
const secret = fc.constantFrom(...'ABCabc019+/=');

const calls = fc.record({
  host: text(fc.constantFrom(...'abc0-.'), 20).map(label => `h${label}.example:8000`),
  target: text(alphanumeric, 20).map(operation => `DynamoDB_20120810.${operation}`),
  contentType: fc.constant('application/x-amz-json-1.0'),
  body: fc.string({ unit: 'binary' }),
});
const credentials = fc.record({
  accessKeyId: text(alphanumeric, 20),
  secretAccessKey: text(secret, 40),
  sessionToken: fc.option(text(secret, 300), { nil: undefined }),
});
const times = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2099, 11) });

describe('a signature', () => {
  it("is the one of the SDK's own signer, for any call, credentials and time, in any order", async () => {
    const region = 'eu-central-1';
    const sign = createSigner({ region, service: 'dynamodb' });
    await fc.assert(
      fc.asyncProperty(calls, credentials, times, async (call, identity, now) => {
        const sdk = new SignatureV4({
          service: 'dynamodb',
          region,
          credentials: { ...identity, sessionToken: identity.sessionToken as string },
          sha256: Sha256,
          applyChecksum: false,
        });
        const { headers } = await sdk.sign(
          {
            method: 'POST',
            protocol: 'https:',
            hostname: call.host,
            path: '/',
            headers: { host: call.host, 'content-type': call.contentType, 'x-amz-target': call.target },
            body: call.body,
          },
          { signingDate: new Date(now) },
        );
        const ours = sign(call, identity, now);
        const pairs = Array.from({ length: ours.length / 2 }, (_, pair) => ours.slice(pair * 2, pair * 2 + 2));
        expect(Object.fromEntries(pairs)).toEqual({
          'x-amz-date': headers['x-amz-date'],
          ...(identity.sessionToken !== undefined && { 'x-amz-security-token': headers['x-amz-security-token'] }),
          authorization: headers.authorization,
        });
      }),
      { numRuns: 300 },
    );
  });

  it('uses new credentials and a new day at once', () => {
    const call = { host: 'h', target: 't', contentType: 'c', body: '{}' };
    const first = { accessKeyId: 'one', secretAccessKey: 'a' };
    const second = { accessKeyId: 'one', secretAccessKey: 'b' };
    const noon = Date.UTC(2026, 10, 24, 12);
    const warm = createSigner({ region: 'r', service: 's' });
    for (const [identity, now] of [
      [first, noon],
      [second, noon],
      [second, noon + 86_400_000],
      [first, noon + 86_400_000],
    ] as const) {
      expect(warm(call, identity, now)).toEqual(createSigner({ region: 'r', service: 's' })(call, identity, now));
    }
  });
});
