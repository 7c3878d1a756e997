/** `npm run token -- --account acme`: prints a token that the running stack's API accepts. */

import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { isAccountId } from '../../../shared/email/event.ts';
import { openTokenIssuer } from '../api-gateway/jwt-authorizer.ts';
import { dataDirOf, readEndpoints } from '../endpoints.ts';
import { StartError } from '../start-error.ts';

export interface TokenOptions {
  /** The account whose emails it opens. */
  readonly account?: string | undefined;
  /** Opens every account. */
  readonly support?: boolean | undefined;
  /** May erase in its account, too. */
  readonly manage?: boolean | undefined;
  readonly expiresInSeconds?: number;
  /** Instead of the usual claims, or besides them. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

const aWorkingDay = 12 * 60 * 60;

/** A token as the stack on this data directory accepts it. */
export async function createToken(dataDir: string, options: TokenOptions): Promise<string> {
  const { account, support, manage, expiresInSeconds = aWorkingDay, claims = {} } = options;
  const { tokens, functions } = readEndpoints(dataDir);
  if (tokens === null) throw new StartError('the API takes no tokens');
  const setting = (name: string): string => {
    const found = Object.values(functions).find(({ environment }) => name in environment)?.environment[name];
    if (found === undefined) throw new StartError(`no function of the stack has a setting ${name}`);
    return found;
  };
  const scopes = [...(support ? [setting('SUPPORT_SCOPE')] : []), ...(manage ? [setting('MANAGE_SCOPE')] : [])];
  const now = Math.floor(Date.now() / 1000);
  const issuer = await openTokenIssuer(dataDir);
  return issuer.sign({
    iss: tokens.issuer,
    aud: tokens.audience,
    sub: support ? 'support' : `user-of-${account}`,
    jti: randomUUID(),
    iat: now,
    exp: now + expiresInSeconds,
    ...(account !== undefined && { [setting('ACCOUNT_CLAIM')]: account }),
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    ...claims,
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const { values } = parseArgs({
      options: { account: { type: 'string' }, support: { type: 'boolean' }, manage: { type: 'boolean' } },
    });
    if (!values.account && !values.support) {
      throw new StartError(
        'say for whom: npm run token -- --account acme, with --manage if it may erase, or npm run token -- --support',
      );
    }
    if (values.account !== undefined && !isAccountId(values.account)) {
      throw new StartError(`no account can have the id "${values.account}"`);
    }
    console.log(await createToken(dataDirOf(), values));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
