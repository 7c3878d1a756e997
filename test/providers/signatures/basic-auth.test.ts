import { describe, expect, it } from 'vitest';
import { verifyBasicAuth } from '../../../shared/providers/signatures/basic-auth.ts';
import { noon } from '../../rigs/arbitrary-events.ts';

const base64 = (text: string, encoding: BufferEncoding = 'utf8') => Buffer.from(text, encoding).toString('base64');
const secret = 'mailtrail:pass:word';
const verify = (authorization: string | undefined, secrets: readonly string[] = [secret]) =>
  verifyBasicAuth(
    { method: 'POST', url: '/', headers: { authorization }, body: Buffer.alloc(0), receivedAt: noon },
    secrets,
  );

describe('basic authentication', () => {
  it.each([
    ['the secret', `Basic ${base64(secret)}`, [secret]],
    ['a scheme in any case', `BASIC ${base64(secret)}`, [secret]],
    ['several blanks after the scheme', `basic   ${base64(secret)}`, [secret]],
    ['blanks around the header', `\t Basic ${base64(secret)} `, [secret]],
    ['either secret while they are rotated', `Basic ${base64(secret)}`, ['mailtrail:new', secret]],
    ['letters beyond ASCII', `Basic ${base64('mailtrail:pässwörd')}`, ['mailtrail:pässwörd']],
    ['a user and a password of one letter each', `Basic ${base64('a:b')}`, ['a:b']],
    ['a password that begins with a line break', `Basic ${base64('a:\nb')}`, ['a:\nb']],
  ])('takes %s', (_, header, secrets) => {
    expect(verify(header, secrets)).toEqual([]);
  });

  it.each([
    ['none', []],
    ['a blank one', ['', ' \t']],
    ['one without a colon', ['password']],
    ['one without a user', [':password']],
    ['one without a user, its password with a colon', [':pass:word']],
    ['one without a password', ['user:']],
    ['one whose first line has no colon', ['line\n']],
  ])('verifies nothing if the only secret is %s', (_, secrets) => {
    for (const pair of ['', ':', 'password', ':password', ':pass:word', 'user:', 'line\n', ' \t']) {
      expect(verify(`Basic ${base64(pair)}`, secrets)).toBe('no_secret_configured');
    }
  });

  it.each([undefined, '', '   '])('misses the header %j', header => {
    expect(verify(header)).toBe('missing_signature');
  });

  it.each([
    ['only a scheme', 'Basic'],
    ['another scheme', `Bearer ${base64(secret)}`],
    ['a scheme that only ends so', `NotBasic ${base64(secret)}`],
    ['a scheme that only begins so', `Basically ${base64(secret)}`],
    ['no blank after the scheme', `Basic${base64(secret)}`],
    ['more after the credentials', `Basic ${base64(secret)} realm=x`],
    ['credentials that are no base64', 'Basic !!!!'],
    ['credentials with a blank in them', `Basic ${base64(secret).slice(0, 4)} ${base64(secret).slice(4)}`],
    ['credentials without a colon', `Basic ${base64('password')}`],
    ['credentials that are not UTF-8', `Basic ${base64('user:pässword', 'latin1')}`],
  ])('calls %s malformed', (_, header) => {
    expect(verify(header, [secret, 'user:p\ufffdssword'])).toBe('malformed_signature');
  });

  it.each([
    ['another password', 'mailtrail:password'],
    ['another user', 'nobody:pass:word'],
    ['the beginning of the password', secret.slice(0, -1)],
    ['the password and more', `${secret}x`],
    ['the password in other letters', secret.toUpperCase()],
    ['no password', 'mailtrail:'],
  ])('refuses %s', (_, pair) => {
    expect(verify(`Basic ${base64(pair)}`)).toBe('wrong_signature');
  });

  it('looks at a header of 4,096 characters, and at none that is longer', () => {
    const pairOf = (length: number) => `u:${'x'.repeat(length)}`;
    const longest = pairOf(3_064);
    const header = `Basic   ${base64(longest)}`;
    expect(header).toHaveLength(4_096);
    expect(verify(header, [longest])).toEqual([]);
    expect(verify(header.replace(' ', '  '), [longest])).toBe('malformed_signature');
  });
});
