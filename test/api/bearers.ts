import type { VerifiedToken } from '../../shared/http/access.ts';
import type { Route } from '../../shared/http/routes.ts';
import { managerToken, supportToken, tokenOf, tokenWith } from '../rigs/query-function.ts';
import type { AccountId } from './accounts.ts';

/** A caller of the API. */
export interface Bearer {
  /** Absent for a call without a token. */
  readonly token?: VerifiedToken;
  /** The account whose emails the caller may see. */
  readonly sees: AccountId | 'all' | null;
}

/** The callers that an account's routes admit. */
export const entitled = {
  itsOwn: accountId => ({ token: tokenOf(accountId), sees: accountId }),
  itsManager: accountId => ({ token: managerToken(accountId), sees: accountId }),
  support: () => ({ token: supportToken, sees: 'all' }),
} as const satisfies Record<string, (accountId: AccountId) => Bearer>;

/** The callers that a route admits. */
export function callersOf({ access, writes }: Route): readonly ((accountId: AccountId) => Bearer)[] {
  const { itsOwn, itsManager, support } = entitled;
  if (access === 'support') return [support];
  return writes ? [itsManager, support] : [itsOwn, itsManager, support];
}

const seesNothing = (claims: VerifiedToken['claims'], scopes: string[] | null = null): Bearer => ({
  token: tokenWith(claims, scopes),
  sees: null,
});

/** All callers of an account's routes, admitted or refused. */
export const bearers: Readonly<Record<string, (accountId: AccountId) => Bearer>> = {
  ...entitled,
  supportByGateway: () => ({ token: tokenWith({}, ['openid', 'mailtrail/support']), sees: 'all' }),
  supportInList: () => ({ token: tokenWith({ scp: '[openid mailtrail/support]' }), sees: 'all' }),
  nobody: () => ({ sees: null }),
  withoutClaims: () => seesNothing({}),
  managerOfNone: () => seesNothing({ scope: 'mailtrail/manage' }),
  withoutAccount: () => seesNothing({ sub: 'jane' }),
  emptyAccount: () => seesNothing({ account_id: '' }),
  undefinedAccount: () => seesNothing({ account_id: 'undefined' }),
  // An issuer may send a number, although the declared type has none.
  numberForAccount: () => seesNothing({ account_id: 7 }),
  listOfAccounts: accountId => seesNothing({ account_id: [accountId] }),
  listAsText: accountId => seesNothing({ account_id: `[${accountId}]` }),
  inOtherCase: accountId => seesNothing({ account_id: accountId.toUpperCase() }),
  withBlank: accountId => seesNothing({ account_id: `${accountId} ` }),
  otherClaim: accountId => seesNothing({ account: accountId, sub: accountId }),
  likeSupport: () => seesNothing({ scope: 'mailtrail/support2 xmailtrail/support mailtrail/support/' }),
  idToken: accountId => seesNothing({ account_id: accountId, token_use: 'id' }),
  idTokenOfSupport: accountId => seesNothing({ account_id: accountId, typ: 'ID', scope: 'mailtrail/support' }),
};
