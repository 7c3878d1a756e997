import { describe, expect, it } from 'vitest';
import { queryOf, verifyUrlSecret } from '../../../shared/providers/signatures/url-secret.ts';
import { noon } from '../../rigs/arbitrary-events.ts';

const secret = 'a+b c&d';
const address = 'https://api.example.com/webhooks/brevo';
const inUrl = (text: string) => `${address}?secret=${encodeURIComponent(text)}`;
const verify = (url: string, header?: string, secrets: readonly string[] = [secret]) =>
  verifyUrlSecret(
    {
      method: 'POST',
      url,
      headers: header === undefined ? {} : { 'x-webhook-secret': header },
      body: Buffer.alloc(0),
      receivedAt: noon,
    },
    secrets,
  );

describe('a secret of ours', () => {
  it.each([
    ['in the URL', inUrl(secret), undefined],
    ['in the URL among others', `${address}?a=b&secret=${encodeURIComponent(secret)}&c=d`, undefined],
    ['in the header', address, secret],
    ['in the header, which is looked at before the URL', inUrl('other'), secret],
  ])('is taken %s', (_, url, header) => {
    expect(verify(url, header)).toEqual([]);
    expect(verify(url, header, ['other secret', secret])).toEqual([]);
  });

  it.each([
    ['no secret is configured', inUrl(secret), undefined, [], 'no_secret_configured'],
    ['only blank secrets are configured', inUrl(' '), undefined, ['', ' '], 'no_secret_configured'],
    ['the URL has none', address, undefined, [secret], 'missing_signature'],
    ['the URL has another parameter', `${address}?secrets=x`, undefined, [secret], 'missing_signature'],
    ['the path has one', `${address}/secret=${secret}`, undefined, [secret], 'missing_signature'],
    ['it is empty', inUrl(''), undefined, [secret], 'missing_signature'],
    ['it is blank', inUrl(' '), undefined, [secret], 'missing_signature'],
    ['the header is blank', inUrl(secret), ' ', [secret], 'missing_signature'],
    ['the URL has two', `${inUrl(secret)}&secret=x`, undefined, [secret], 'malformed_signature'],
    ['the URL has two beside the header', `${inUrl(secret)}&secret=x`, secret, [secret], 'malformed_signature'],
    ['it is another', inUrl('other'), undefined, [secret], 'wrong_signature'],
    ['the header has another', inUrl(secret), 'other', [secret], 'wrong_signature'],
    ['a blank stands around it', inUrl(` ${secret}`), undefined, [secret], 'wrong_signature'],
  ])('is refused if %s', (_, url, header, secrets, refusal) => {
    expect(verify(url, header, secrets)).toBe(refusal);
  });

  it('is looked at up to 4,096 characters, and not beyond', () => {
    const longest = 'x'.repeat(4_096);
    expect(verify(inUrl(longest), undefined, [longest])).toEqual([]);
    expect(verify(inUrl(`${longest}x`), undefined, [`${longest}x`])).toBe('malformed_signature');
  });
});

describe('the parameters of a URL', () => {
  it.each([
    [
      'https://example.com/a?b=c&d=%20',
      [
        ['b', 'c'],
        ['d', ' '],
      ],
    ],
    ['https://example.com/a?b=c?d', [['b', 'c?d']]],
    ['?b=c', [['b', 'c']]],
    ['https://example.com/b=c', []],
    ['https://example.com/a?', []],
  ])('in %s are %j', (url, parameters) => {
    expect([...queryOf(url)]).toEqual(parameters);
  });
});
