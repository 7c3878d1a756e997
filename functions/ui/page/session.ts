/** The sign-in: OpenID Connect's code flow with PKCE. Tokens stay in memory, so that no other script can find them. */

import {
  ErrorResponse,
  InMemoryWebStorage,
  type SigninRedirectArgs,
  type User,
  UserManager,
  type UserManagerSettings,
  WebStorageStateStore,
} from 'oidc-client-ts';
import { type Person, personOf, type TokenNames } from './access-token.ts';

export interface SessionSettings extends TokenNames {
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
  /** The audience to ask for; empty where the issuer wants none named. */
  readonly audience: string;
}

/** Why there is no sign-in, as far as a person can do something about it. */
export type SignInFault = 'unreachable' | 'cancelled' | 'failed';

export type SignIn =
  | { readonly state: 'signed_in'; readonly person: Person; readonly address: string | null }
  | { readonly state: 'signed_out'; readonly address: string | null }
  /** The issuer has ended the session of this tab. */
  | { readonly state: 'ended'; readonly address: string | null }
  /** The browser is about to leave for the issuer. */
  | { readonly state: 'leaving' }
  | { readonly state: 'failed'; readonly fault: SignInFault; readonly address: string | null };

/** Says in this tab that somebody was signed in, so that a reload signs in again. */
const signedInKey = 'mailtrail.signed-in';

/** Errors of an issuer that has no session any more, or that must ask its user something. */
const sessionIsOver = ['login_required', 'interaction_required', 'consent_required', 'account_selection_required'];

/** A token is renewed so many seconds before it ends. */
const leadSeconds = 30;

export class Session {
  readonly #settings: SessionSettings;
  readonly #users: UserManager;
  #renewal: Promise<string | null> | null = null;

  /** @param page the address of the page, without query and fragment */
  constructor(settings: SessionSettings, page: string) {
    const { issuer, clientId, scope, audience } = settings;
    this.#settings = settings;
    this.#users = new UserManager({
      authority: issuer,
      client_id: clientId,
      redirect_uri: page,
      post_logout_redirect_uri: page,
      scope,
      ...audienceParameters(audience),
      userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
      // The state of a sign-in under way outlives the redirect. It holds no token.
      stateStore: new WebStorageStateStore({ store: sessionStorage }),
      // The back button must not lead to the issuer's pages of a sign-in that is done.
      redirectMethod: 'replace',
      automaticSilentRenew: false,
      monitorSession: false,
    });
  }

  /**
   * Takes up the sign-in: from the issuer's answer in the address, or without a click where this tab was signed in.
   *
   * @param address the query and the fragment, to which a new sign-in returns
   */
  async begin({ search, hash }: Pick<URL, 'search' | 'hash'>): Promise<SignIn> {
    const query = new URLSearchParams(search);
    if (query.has('state') && (query.has('code') || query.has('error'))) return this.#takeAnswer();
    if (sessionStorage.getItem(signedInKey) === null) return { state: 'signed_out', address: null };
    return this.resume(search + hash);
  }

  /** Leaves for the issuer, which comes back at once: with a token if it still knows the person. */
  resume(address: string): Promise<SignIn> {
    return this.#leave({ prompt: 'none' }, address);
  }

  /** Leaves for the issuer, which comes back to the address. */
  signIn(address: string): Promise<SignIn> {
    return this.#leave({}, address);
  }

  /** Signs out here and at the issuer, where it offers that. */
  async signOut(): Promise<SignIn> {
    sessionStorage.removeItem(signedInKey);
    try {
      await this.#users.signoutRedirect();
      return { state: 'leaving' };
    } catch {
      await this.#users.removeUser();
      return { state: 'signed_out', address: null };
    }
  }

  /**
   * An access token that is valid for 30 s at least, renewed if it has to be. Null if only a new sign-in can give one.
   * Without a connection it is the old token, so that the request tells that the connection is gone.
   */
  async getToken(): Promise<string | null> {
    const user = await this.#users.getUser();
    if (user === null) return null;
    if ((user.expires_in ?? Number.POSITIVE_INFINITY) > leadSeconds) return user.access_token;
    if (user.refresh_token === undefined) return null;
    // Elements ask side by side, and a refresh token serves once.
    this.#renewal ??= this.#renewed()
      .catch(error => (error instanceof ErrorResponse ? null : user.access_token))
      .finally(() => {
        this.#renewal = null;
      });
    return this.#renewal;
  }

  async #renewed(): Promise<string | null> {
    const user = await this.#users.signinSilent();
    return user?.access_token ?? null;
  }

  async #takeAnswer(): Promise<SignIn> {
    try {
      const user = await this.#users.signinRedirectCallback();
      sessionStorage.setItem(signedInKey, 'yes');
      return { state: 'signed_in', person: personOf(user.access_token, this.#settings), address: addressIn(user) };
    } catch (error) {
      sessionStorage.removeItem(signedInKey);
      const address = error instanceof ErrorResponse ? addressIn(error) : null;
      if (error instanceof ErrorResponse && sessionIsOver.includes(error.error ?? ''))
        return { state: 'ended', address };
      return { state: 'failed', fault: faultOf(error), address };
    }
  }

  async #leave(args: SigninRedirectArgs, address: string): Promise<SignIn> {
    try {
      await this.#users.signinRedirect({ ...args, state: { address } });
      return { state: 'leaving' };
    } catch (error) {
      return { state: 'failed', fault: faultOf(error), address };
    }
  }
}

/**
 * An audience as issuers take it: some as `audience`, others as `resource`, which must be a URI (RFC 8707, section 2). An
 * issuer ignores the parameter that it does not know (RFC 6749, section 3.1).
 */
export function audienceParameters(audience: string): Pick<UserManagerSettings, 'resource' | 'extraQueryParams'> {
  if (audience === '') return {};
  const isResource = URL.canParse(audience) && !audience.includes('#');
  return { extraQueryParams: { audience }, ...(isResource && { resource: audience }) };
}

function addressIn({ state }: Pick<User, 'state'> | ErrorResponse): string | null {
  const address = (state as { address?: unknown } | null)?.address;
  return typeof address === 'string' ? address : null;
}

function faultOf(error: unknown): SignInFault {
  if (error instanceof ErrorResponse) return error.error === 'access_denied' ? 'cancelled' : 'failed';
  // Fetch throws a TypeError where nothing answers.
  return error instanceof TypeError ? 'unreachable' : 'failed';
}
