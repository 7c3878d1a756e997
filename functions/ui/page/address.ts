/** The state of the page in its address, so that links, reloads and the back button lead to the same emails. */

import { changed, type EmailFilter, filterNames } from '../elements/filter.ts';

export interface PageState {
  /** The account that support looks into; null for all accounts. */
  readonly account: string | null;
  readonly emailId: string | null;
  readonly filter: EmailFilter;
}

/**
 * The state in an address such as `/ui?account=acme&email=ID#recipient=jane@example.com`. Account and email stand in the
 * query, so that alerts can link to an email. The filter stands in the fragment: recipients reach no server's log.
 */
export function stateOf({ search, hash }: Pick<URL, 'search' | 'hash'>): PageState {
  const query = new URLSearchParams(search);
  const fragment = new URLSearchParams(hash.slice(1));
  return {
    account: query.get('account') || null,
    emailId: query.get('email') || null,
    filter: changed({}, Object.fromEntries(filterNames.map(name => [name, fragment.get(name) ?? '']))),
  };
}

/** The query and the fragment of a state; they begin with `?` and `#` unless they are empty. */
export function addressOf({ account, emailId, filter }: PageState): string {
  const query = new URLSearchParams({ ...(account && { account }), ...(emailId && { email: emailId }) });
  const fragment = new URLSearchParams(Object.entries(changed({}, filter)));
  return [query.size > 0 ? `?${query}` : '', fragment.size > 0 ? `#${fragment}` : ''].join('');
}
