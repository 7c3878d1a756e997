import { isAccountId } from '../../../shared/email/event.ts';
import { type Endpoints, environmentWith } from '../endpoints.ts';
import { StartError } from '../start-error.ts';

/** Somebody to whom the local issuer gives tokens. */
export interface Person {
  /** The account whose emails the person reads. */
  readonly account?: string | undefined;
  /** The person reads and changes every account. */
  readonly support?: boolean | undefined;
  /** The person may erase and mark emails as handled in the account, too. */
  readonly manage?: boolean | undefined;
}

/** The names by which the stack's functions know accounts and scopes in a token. */
export interface ClaimNames {
  readonly accountClaim: string;
  readonly supportScope: string;
  readonly manageScope: string;
}

/** @throws StartError where no function of the stack has one of the settings */
export function claimNamesIn(functions: Endpoints['functions']): ClaimNames {
  const setting = (name: string): string => {
    const found = environmentWith(functions, name)?.[name];
    if (found === undefined) throw new StartError(`no function of the stack has a setting ${name}`);
    return found;
  };
  return {
    accountClaim: setting('ACCOUNT_CLAIM'),
    supportScope: setting('SUPPORT_SCOPE'),
    manageScope: setting('MANAGE_SCOPE'),
  };
}

/** The account claim and the scopes of a person's access token. */
export function claimsOf({ account, support, manage }: Person, names: ClaimNames): Record<string, string> {
  const scopes = [...(support ? [names.supportScope] : []), ...(manage ? [names.manageScope] : [])];
  return {
    ...(account !== undefined && { [names.accountClaim]: account }),
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
  };
}

const supportSubject = 'support';
const prefixes = { reads: 'user-of-', manages: 'manager-of-' } as const;

/** The `sub` of a person's tokens. */
export function subjectOf({ account, support, manage }: Person): string {
  return support ? supportSubject : `${manage ? prefixes.manages : prefixes.reads}${account}`;
}

/** The person of a subject; null where there can be none. */
export function personOf(subject: string): Person | null {
  if (subject === supportSubject) return { support: true };
  for (const [what, prefix] of Object.entries(prefixes)) {
    const account = subject.slice(prefix.length);
    if (subject.startsWith(prefix) && isAccountId(account)) return { account, manage: what === 'manages' };
  }
  return null;
}
