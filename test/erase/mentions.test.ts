import { describe, expect, it } from 'vitest';
import { createMentions } from '../../functions/erase/mentions.ts';

const recipient = 'jane+bills@example.com';
const everywhere = createMentions({ recipient, accountId: null });
const ofAcme = createMentions({ recipient, accountId: 'acme' });

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
    expect(everywhere(text)).toBe(true);
  });

  it.each([
    ['of somebody whose address ends like it', 'mary.jane+bills@example.com'],
    ['in a domain that begins like it', 'jane+bills@example.com.au'],
    ['without its tag', 'jane@example.com'],
    ['with another character where a pattern would take any', 'jane+bills@exampleXcom'],
  ])('but not one %s', (_, text) => {
    expect(everywhere(text)).toBe(false);
  });
});

describe("raw text is an account's", () => {
  it.each([
    ['a member', { email: recipient, account_id: 'acme' }],
    ['one of a list', { email: recipient, tags: { account_id: ['acme'] } }],
    ['in JSON within JSON', { Message: JSON.stringify({ to: recipient, vars: '{"account_id":"acme"}' }) }],
    ['in names and values', { email: recipient, tag: 'account_id:acme|reference:INV-7' }],
    ['in JSON that is cut off', JSON.stringify({ account_id: 'acme', email: recipient }).slice(0, -1)],
    ['in a form', 'email=jane%2Bbills%40example.com&account_id=acme'],
    ['in a form that holds JSON', `events=${encodeURIComponent(JSON.stringify([{ email: recipient, id: 'acme' }]))}`],
  ])('where the account is a value of its own: %s', (_, sent) => {
    expect(ofAcme(typeof sent === 'string' ? sent : JSON.stringify(sent))).toBe(true);
  });

  it.each([
    ['the account is only part of a text', { email: recipient, subject: 'Your acme invoice' }],
    ['the account is only the name of a value', { email: recipient, acme: true }],
    ['another account is named', { email: recipient, account_id: 'initech' }],
    ['somebody else is meant', { email: 'joe@example.com', account_id: 'acme' }],
  ])('but not where %s', (_, sent) => {
    expect(ofAcme(JSON.stringify(sent))).toBe(false);
  });
});
