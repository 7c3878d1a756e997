/** `npm run token -- --account acme`: prints a token that the running stack's API accepts. */

import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { isAccountId } from '../../../shared/email/event.ts';
import { dataDirOf, readEndpoints } from '../endpoints.ts';
import { issuerPath } from '../issuer/oidc-issuer.ts';
import { claimNamesIn, claimsOf, type Person, subjectOf } from '../issuer/person.ts';
import { openTokenIssuer } from '../issuer/token-issuer.ts';
import { StartError } from '../start-error.ts';
import { runCommand, UsageError } from './command.ts';

export interface TokenOptions extends Person {
  readonly expiresInSeconds?: number;
  /** Claims besides the usual ones, or in their place. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

const usualSeconds = 12 * 60 * 60;

/** A token that the stack on this data directory accepts. */
export async function createToken(dataDir: string, options: TokenOptions): Promise<string> {
  const { expiresInSeconds = usualSeconds, claims = {}, ...person } = options;
  const { url, tokens, functions } = readEndpoints(dataDir);
  if (tokens === null) throw new StartError('the API takes no tokens');
  if (tokens.issuer !== `${url}${issuerPath}`) {
    throw new StartError(`this stack takes the tokens of ${tokens.issuer} alone: sign in there`);
  }
  const now = Math.floor(Date.now() / 1000);
  const issuer = await openTokenIssuer(dataDir);
  return issuer.sign({
    iss: tokens.issuer,
    aud: tokens.audience,
    sub: subjectOf(person),
    jti: randomUUID(),
    iat: now,
    exp: now + expiresInSeconds,
    ...claimsOf(person, claimNamesIn(functions)),
    ...claims,
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runCommand({
    call: 'npm run -s token',
    does: 'Prints a token that the API of the stack on this machine accepts for 12 hours.',
    options: {
      account: { value: 'ID', help: 'reads the emails of this account, e.g. acme' },
      manage: { help: 'may erase and mark emails as handled in the account, too' },
      support: { help: 'reads the emails of every account, and may do the same in each' },
    },
    environment: { DATA_DIR: 'the data directory of the running stack, as npm start was given it (.mailtrail)' },
    async run({ account, manage, support }) {
      if (account === undefined && !support) {
        throw new UsageError(
          'Say whose emails the token reads: --account ID, or --support for those of every account.',
        );
      }
      if (account !== undefined && !isAccountId(account)) {
        throw new UsageError(
          `No account can have the id "${account}". It has 1 to 128 of the characters A-Z a-z 0-9 . _ ~ : @ = + -`,
        );
      }
      console.log(await createToken(dataDirOf(), { account, manage, support }));
    },
  });
}
