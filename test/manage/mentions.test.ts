import { describe, expect, it } from 'vitest';
import { createMentions } from '../../functions/manage/mentions.ts';

const recipient = 'jane+bills@example.com';
const everywhere = createMentions({ recipient, accountId: null }, 'account_id');
const ofAcme = createMentions({ recipient, accountId: 'acme' }, 'account_id');

describe('raw text mentions an address', () => {
  it.each([
    ['as it is', 'to: jane+bills@example.com'],
    ['in another case', 'Jane+Bills@Example.COM'],
    ['with a display name', '"Jane" <jane+bills@example.com>'],
    ['at the end of a sentence', 'no mailbox of jane+bills@example.com.'],
    ['in JSON', '{"email":"jane+bills@example.com"}'],
    ['after a line break in JSON', JSON.stringify({ text: 'unknown:\njane+bills@example.com' })],
    ['escaped as in JSON', '{"email":"jane\\u002bbills\\u0040example.com"}'],
    ['in JSON within JSON', JSON.stringify({ Message: JSON.stringify({ to: '\u00a0\njane+bills@example.com' }) })],
    ['in a form', 'recipient=jane%2Bbills%40example.com&event=failed'],
    ['after a blank in a form', 'to=Jane+Doe%2C+jane%2Bbills%40example.com'],
    [
      'in the URL of a click',
      'https://example.org/?u=https%3A%2F%2Fshop.example%2F%3Femail%3Djane%252Bbills%2540example.com',
    ],
  ])('%s', (_, text) => {
    expect(everywhere.inText(text)).toBe(true);
  });

  it.each([
    ['of somebody whose address ends like it', 'mary.jane+bills@example.com'],
    ['in a domain that begins like it', 'jane+bills@example.com.au'],
    ['without its tag', 'jane@example.com'],
    ['with an apostrophe in it', "o'jane+bills@example.com"],
    ['with another character where a pattern would take any', 'jane+bills@exampleXcom'],
  ])('but not one %s', (_, text) => {
    expect(everywhere.inText(text)).toBe(false);
  });
});

describe('raw text mentions an address of a domain that is written in letters or in ASCII', () => {
  const ofMueller = createMentions({ recipient: 'info@xn--mller-kva.de', accountId: null }, 'account_id');
  it.each([
    ['in ASCII', 'to: info@XN--mller-kva.de'],
    ['in letters', 'to: Info@MÜLLER.de'],
    ['in letters that are taken apart', 'to: info@mu\u0308ller.de'],
    ['with other dots', 'to: info@müller\u3002de\uff61'],
    ['in wide letters', 'to: info@ｍüller.de'],
    ['with what has no width', 'to: in\u200bfo@mül\u00adler.de'],
    ['with quotes that say nothing', 'to: "info"@müller.de'],
    ['escaped as in JSON', '{"email":"\\"info\\"@m\\u00fcller.de"}'],
    ['in a form', 'to=info%40m%C3%BCller.de'],
  ])('%s', (_, text) => {
    expect(ofMueller.inText(text)).toBe(true);
  });

  it.each(['info@muller.de', 'info@müller.dev', 'xinfo@müller.de', '"x info"@müller.de', 'info@amüller.de'])(
    'but not %s',
    text => {
      expect(ofMueller.inText(text)).toBe(false);
    },
  );

  it('in Greek, whichever of its two forms a letter has', () => {
    const recipient = 'info@xn--mxa0b.gr';
    const { inText } = createMentions({ recipient, accountId: null }, 'account_id');
    expect([inText('info@ΑΣ.gr'), inText('info@ασ.gr')]).toEqual([true, true]);
  });
});

describe("a piece is an account's", () => {
  it.each([
    ['in a member', { email: recipient, account_id: 'acme' }],
    ['as one of a list', { email: recipient, tags: { account_id: ['acme'] } }],
    ['in JSON within JSON', { Message: JSON.stringify({ to: recipient, vars: '{"account_id":"acme"}' }) }],
    ['in names and values', { email: recipient, tag: 'account_id:acme|reference:INV-7' }],
    ['in a form', 'email=jane%2Bbills%40example.com&account_id=acme'],
    [
      'in a form that holds JSON',
      `events=${encodeURIComponent(JSON.stringify([{ email: recipient, account_id: 'acme' }]))}`,
    ],
    ['in a list of names and values', { email: recipient, tags: [{ name: 'account_id', value: 'acme' }] }],
    ['in a header', { email: recipient, headers: [{ key: 'X-Account-Id', value: 'acme' }] }],
    ['in another case', { email: recipient, Metadata: { Account_Id: 'acme' } }],
    [
      'in a header of tags',
      { to: recipient, headers: [{ name: 'X-SES-MESSAGE-TAGS', value: 'a=b, account_id=acme' }] },
    ],
    ['in a registration', { type: 'email.sent', data: { recipient, accountId: 'acme' } }],
  ])('where it is named as an account is: %s', (_, piece) => {
    expect(ofAcme.inPiece(piece)).toBe(true);
  });

  it.each([
    ['it is only part of a text', { email: recipient, subject: 'Your acme invoice' }],
    ['it is only the name of a value', { email: recipient, acme: true }],
    ['it is a value of something else', { email: recipient, event: 'acme', reason: { code: 'acme' } }],
    ['another account is named', { email: recipient, account_id: 'initech' }],
    ['another account is named as well', { email: recipient, account_id: 'acme', data: { accountId: 'initech' } }],
    ['somebody wrote so', { email: recipient, subject: 'account_id:acme', useragent: 'account_id:acme' }],
    ['a link says so', { email: recipient, url: 'https://pay.example.com/?x=1&account_id=acme' }],
    ['somebody else is meant', { email: 'joe@example.com', account_id: 'acme' }],
    ['nobody can take it apart', JSON.stringify({ account_id: 'acme', email: recipient }).slice(0, -1)],
  ])('but not where %s', (_, piece) => {
    expect(ofAcme.inPiece(piece)).toBe(false);
  });

  it('where its own secret proved it, and it names no other', () => {
    expect(ofAcme.inPiece({ email: recipient }, 'acme')).toBe(true);
    expect(ofAcme.inPiece({ email: recipient }, 'initech')).toBe(false);
    expect(ofAcme.inPiece({ email: recipient, account_id: 'initech' }, 'acme')).toBe(false);
    expect(ofAcme.inPiece({ email: recipient, account_id: 'acme' }, 'initech')).toBe(false);
  });

  it('whose id is a number, as an attempt or a code may be, where it is named as an account', () => {
    const ofOne = createMentions({ recipient, accountId: '1' }, 'account_id');
    expect(ofOne.inPiece({ email: recipient, account_id: 1, attempt: 2 })).toBe(true);
    expect(ofOne.inPiece({ email: recipient, account_id: 'initech', attempt: 1 })).toBe(false);
  });

  it('never text that may tell of several, in which others have something as well', () => {
    const text = JSON.stringify([{ email: recipient, account_id: 'acme' }]);
    expect([ofAcme.inText(text), everywhere.inText(text)]).toEqual([false, true]);
  });
});
