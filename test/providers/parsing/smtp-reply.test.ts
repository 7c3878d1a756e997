import { describe, expect, it } from 'vitest';
import { enhancedCodeAmong, enhancedCodeIn, replyCodeOf } from '../../../shared/providers/parsing/smtp-reply.ts';

describe("a mail server's reply", () => {
  it.each([
    ['smtp;550 5.1.1 no such user', '5.1.1'],
    ['550-5.7.26 This mail', '5.7.26'],
    ['#5.1.1', '5.1.1'],
    ['host 5.1.1.7 said', undefined],
    ['version 15.1.1', undefined],
    ['Exim 4.94.2', undefined],
    ['Postfix 2.6.1 said: 550 5.1.1 no such user', '5.1.1'],
    ['250 2.0.0 OK', undefined],
    ['port 25.4.1', undefined],
    ['no code', undefined],
    [null, undefined],
  ])('"%s" holds the enhanced code %s', (text, code) => {
    expect(enhancedCodeIn(text)).toBe(code);
  });

  it.each([
    [550, '550'],
    ['550', '550'],
    [0, undefined],
    ['0', undefined],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
  ])('has the reply code %j apart as %s', (code, text) => {
    expect(replyCodeOf(code)).toBe(text);
  });

  it('has its code wherever a code says more than its class', () => {
    expect(enhancedCodeAmong('5.0.0', '550 5.7.1 blocked')).toBe('5.7.1');
    expect(enhancedCodeAmong('5.0.0', 'blocked')).toBe('5.0.0');
    expect(enhancedCodeAmong('', undefined, 'no code')).toBeUndefined();
  });
});
