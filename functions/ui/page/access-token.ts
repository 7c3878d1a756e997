/** The person of an access token, as the API will see them. */
export interface Person {
  /** The account whose emails the person reads; null where the token names none. */
  readonly account: string | null;
  /** Whether the person reads every account. */
  readonly isSupport: boolean;
  /** Whether the person may mark emails as handled. */
  readonly canHandle: boolean;
}

export interface TokenNames {
  /** The claim that names the account. */
  readonly accountClaim: string;
  /** The scope that reads every account. */
  readonly supportScope: string;
  /** The scope that changes data of its account. */
  readonly manageScope: string;
}

/** The person of a token. Somebody without rights comes out of a token that is no JWT. */
export function personOf(token: string, { accountClaim, supportScope, manageScope }: TokenNames): Person {
  const claims = claimsOf(token);
  const account = claims[accountClaim];
  const scopes = [claims.scope ?? claims.scp]
    .flat()
    .flatMap(words => (typeof words === 'string' ? words.split(' ') : []));
  const isSupport = scopes.includes(supportScope);
  return {
    account: typeof account === 'string' && account !== '' ? account : null,
    isSupport,
    canHandle: isSupport || scopes.includes(manageScope),
  };
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const base64 = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(base64), character => character.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) ?? {};
  } catch {
    return {};
  }
}
