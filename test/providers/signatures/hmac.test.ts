import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hexSha256, strictBase64 } from '../../../shared/providers/signatures/encodings.ts';
import { isHmacOf, verifyHexHmac } from '../../../shared/providers/signatures/hmac.ts';

/** https://www.rfc-editor.org/rfc/rfc4231#section-4.3 and https://www.rfc-editor.org/rfc/rfc2202#section-3 */
const key = 'Jefe';
const text = 'what do ya want for nothing?';
const sha256 = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
const sha1 = 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79';
const bytes = (hex: string) => Buffer.from(hex, 'hex');

describe('an HMAC', () => {
  it('is the one of the standard, by either algorithm', () => {
    expect(isHmacOf(bytes(sha256), 'sha256', [key], text)).toBe(true);
    expect(isHmacOf(bytes(sha1), 'sha1', [key], text)).toBe(true);
  });

  it('covers all parts, one after the other', () => {
    expect(isHmacOf(bytes(sha256), 'sha256', [key], 'what do ya ', Buffer.from('want for '), 'nothing?')).toBe(true);
    expect(isHmacOf(bytes(sha256), 'sha256', [key], 'what do ya ', 'nothing?')).toBe(false);
    expect(isHmacOf(bytes(sha256), 'sha256', [key], 'want for ', 'what do ya ', 'nothing?')).toBe(false);
  });

  it('is enough under one of several keys, or as one of several signatures', () => {
    expect(isHmacOf(bytes(sha256), 'sha256', ['other', key], text)).toBe(true);
    expect(isHmacOf(bytes(sha256), 'sha256', [key, 'other'], text)).toBe(true);
    expect(isHmacOf([Buffer.alloc(32), bytes(sha256)], 'sha256', [key], text)).toBe(true);
    expect(isHmacOf([bytes(sha256), Buffer.alloc(32)], 'sha256', [key], text)).toBe(true);
  });

  it('is not there under another key, without one, without a signature or with one of another length', () => {
    expect(isHmacOf(bytes(sha256), 'sha256', ['other'], text)).toBe(false);
    expect(isHmacOf(bytes(sha256), 'sha256', [], text)).toBe(false);
    expect(isHmacOf([], 'sha256', [key], text)).toBe(false);
    expect(isHmacOf(bytes(sha256).subarray(1), 'sha256', [key], text)).toBe(false);
    expect(isHmacOf(bytes(sha1), 'sha256', [key], text)).toBe(false);
  });
});

describe('a header with a hex HMAC', () => {
  const secret = 'a key as it is';
  const good = createHmac('sha256', secret).update('signed text').digest('hex');
  const verify = (header: string | undefined, secrets: readonly string[] = [secret]) =>
    verifyHexHmac(header, secrets, 'signed ', Buffer.from('text'));

  it('is genuine under one of the secrets, with blanks around it', () => {
    expect(verify(good)).toEqual([]);
    expect(verify(` ${good}\t`, ['other', secret])).toEqual([]);
  });

  it.each([
    ['no secret is configured', good, [], 'no_secret_configured'],
    [
      'only blank secrets are configured',
      createHmac('sha256', '').update('signed text').digest('hex'),
      ['', ' '],
      'no_secret_configured',
    ],
    ['it is missing', undefined, [secret], 'missing_signature'],
    ['it is empty', '', [secret], 'missing_signature'],
    ['it is blank', '  ', [secret], 'missing_signature'],
    ['it is no hex', 'x'.repeat(64), [secret], 'malformed_signature'],
    ['it is in capitals', good.toUpperCase(), [secret], 'malformed_signature'],
    ['it is too short', good.slice(2), [secret], 'malformed_signature'],
    ['it is too long', `${good}00`, [secret], 'malformed_signature'],
    ['more stands in front', `sha256=${good}`, [secret], 'malformed_signature'],
    ['another key made it', good, ['another key'], 'wrong_signature'],
  ])('is refused if %s', (_, header, secrets, refusal) => {
    expect(verify(header, secrets)).toBe(refusal);
  });
});

describe('a signature as text', () => {
  it('is a SHA-256 only as 64 digits of hex in lower case', () => {
    expect(hexSha256(sha256)).toEqual(bytes(sha256));
    for (const other of ['', `${sha256}\n`, ` ${sha256}`, `${sha256}0`, sha256.slice(1), sha256.toUpperCase(), sha1]) {
      expect(hexSha256(other), other).toBeNull();
    }
  });

  it('is base64 in its one canonical form only', () => {
    expect(strictBase64('AAE=')).toEqual(Buffer.from([0, 1]));
    for (const other of ['', 'AAE', 'AAF=', 'AAE= ', 'A AE=', 'AAE=AAE=', '-_-_', '%%%%']) {
      expect(strictBase64(other), other).toBeNull();
    }
  });
});
