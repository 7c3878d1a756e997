import type { VerifiedToken } from '../../shared/http/access.ts';
import type { Route } from '../../shared/http/routes.ts';
import { managerToken, supportToken, tokenOf, tokenWith } from '../rigs/query-function.ts';
import type { AccountId } from './accounts.ts';

/** Who calls. */
export interface Bearer {
  /** Absent where the route is called without one. */
  readonly token?: VerifiedToken;
  /** Whose emails it may see. */
  readonly sees: AccountId | 'all' | null;
}

/** Those who may call the routes of an account. */
export const entitled = {
  itsOwn: accountId => ({ token: tokenOf(accountId), sees: accountId }),
  itsManager: accountId => ({ token: managerToken(accountId), sees: accountId }),
  support: () => ({ token: supportToken, sees: 'all' }),
} as const satisfies Record<string, (accountId: AccountId) => Bearer>;

/** Those who may call a route. */
export function callersOf({ access, writes }: Route): readonly ((accountId: AccountId) => Bearer)[] {
  const { itsOwn, itsManager, support } = entitled;
  if (access === 'support') return [support];
  return writes ? [itsManager, support] : [itsOwn, itsManager, support];
}

const seesNothing = (claims: VerifiedToken['claims'], scopes: string[] | null = null): Bearer => ({
  token: tokenWith(claims, scopes),
  sees: null,
});

/** Everybody who may call a route of an account, or tries to. */
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
  // The declared type has no number, and an issuer may.
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
