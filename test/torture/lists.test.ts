import { describe, expect, it } from 'vitest';
import { type ListedEmail, type ListPage, wrongLists } from './lists.ts';

const email = (emailId: string, changes: Partial<ListedEmail> = {}): ListedEmail => ({
  emailId,
  accountId: 'acme',
  status: 'hard_bounced',
  asks: true,
  isResolved: false,
  ...changes,
});
const emails = [
  email('one'),
  email('two', { accountId: 'globex' }),
  email('handled', { asks: false, isResolved: true }),
  email('delivered', { status: 'delivered', asks: false }),
];
const tokens = { support: 'support', of: (accountId: string) => accountId };

/** Reads the right lists, in pages of one email, with changes to the answers of one path. */
function compared(changed = '', change: (page: ListPage) => ListPage | null = page => page) {
  return wrongLists(emails, ['acme', 'globex'], tokens, async (token, path) => {
    const url = new URL(path, 'http://mailtrail.example');
    const status = url.searchParams.get('status');
    const right = emails
      .filter(({ accountId }) => token === 'support' || accountId === token)
      .filter(one => (status === null || token === 'support' ? one.asks : one.status === status));
    const at = Number(url.searchParams.get('cursor') ?? 0);
    const page: ListPage = {
      emails: right.slice(at, at + 1),
      ...(at + 1 < right.length && { cursor: String(at + 1) }),
      ...(status === null && { total: { count: right.length, more: false } }),
    };
    return path.startsWith(changed) ? change(page) : page;
  });
}

describe('the comparison of lists', () => {
  it('accepts the lists of attention with their totals, and lists of a status with handled emails in an account', async () => {
    expect(await compared()).toEqual({ compared: 6, wrong: [] });
  });

  it.each<[string, (page: ListPage) => ListPage, string]>([
    ['a missing email', page => ({ ...page, emails: [] }), 'left out'],
    ['a wrong email', page => ({ ...page, emails: [...page.emails, email('delivered')] }), 'none of it'],
    ['an email twice', page => ({ ...page, emails: [...page.emails, ...page.emails] }), 'in it twice'],
    ['a list that ends too early', ({ cursor: _, ...page }) => page, 'left out'],
    ['a wrong total', page => ({ ...page, total: { count: 7, more: false } }), 'the total'],
    ['a total that goes on', page => ({ ...page, total: { count: 2, more: true } }), 'the total'],
    ['no total', ({ total: _, ...page }) => page, 'the total'],
  ])('reports %s', async (_, change, what) => {
    const { wrong } = await compared('/emails?attention=act', change);
    expect(wrong.join()).toContain(what);
  });

  it('reports a list of a status without its handled emails, and one of all accounts with them', async () => {
    const withoutHandled = (page: ListPage) => ({
      ...page,
      emails: page.emails.filter(one => one.emailId !== 'handled'),
    });
    expect((await compared('/accounts/acme/emails?status=', withoutHandled)).wrong.join()).toContain('left out');
    const withHandled = (page: ListPage) => ({ ...page, emails: [...page.emails, email('handled')] });
    expect((await compared('/emails?status=', withHandled)).wrong.join()).toContain('none of it');
  });
});
