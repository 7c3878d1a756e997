import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { publicKey } from '../../../shared/providers/signatures/public-keys.ts';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const bare = pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();

describe('a public key', () => {
  it.each([
    ['in base64', bare],
    ['in PEM', pem],
    ['in PEM with line breaks of Windows', pem.replaceAll('\n', '\r\n')],
    ['in PEM on one line', pem.replaceAll('\n', ' ')],
    ['in base64 with blanks around and in it', ` ${bare.slice(0, 20)}\n ${bare.slice(20)}\t`],
  ])('is read %s', (_, text) => {
    const key = publicKey(text)!;
    expect(verify('sha256', Buffer.from('text'), key, sign('sha256', Buffer.from('text'), pair.privateKey))).toBe(true);
  });

  it('is imported once', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' });
    expect(publicKey(other.toString())).toBe(publicKey(other.toString()));
  });

  it.each(['', 'secret', bare.slice(0, 40), pem.replaceAll('PUBLIC', 'public')])('is not there in %j', text => {
    expect(publicKey(text)).toBeNull();
    expect(publicKey(text)).toBeNull();
  });
});
