import * as z from 'zod/mini';
import { commaList } from '../../shared/runtime/comma-list.ts';

const text = z.string().check(z.minLength(1));

/** The environment of the ui function. The construct that sets it is type-checked against this schema. */
export const uiEnv = z.object({
  /** The id under which the issuer knows the page; empty for an installation without a page. */
  UI_CLIENT_ID: z.string(),
  /** The scopes that the page asks for, separated by blanks. */
  UI_SCOPE: text,
  /** The audience that the page asks for; empty if it names none. */
  UI_AUDIENCE: z.string(),
  /** Origins that the page calls besides its own and the issuer's, separated by commas. */
  UI_CONNECT_ORIGINS: z.pipe(z.string(), z.transform(commaList)),
  /** The URL of the issuer of the page's tokens. */
  OIDC_ISSUER: text,
  /** The token's claim that names the account, e.g. `account_id`. */
  ACCOUNT_CLAIM: text,
  /** The scope that sees every account, e.g. `mailtrail/support`. */
  SUPPORT_SCOPE: text,
  /** The scope that changes data of its account, e.g. `mailtrail/manage`. */
  MANAGE_SCOPE: text,
  /** Links of the page for operators: JSON, a list of `{ label, href }`. Only the local runner sets it. */
  OPERATOR_LINKS: z._default(z.string(), ''),
});

type Name = keyof z.infer<typeof uiEnv>;

export type UiEnv = Record<Exclude<Name, 'OPERATOR_LINKS'>, string>;
