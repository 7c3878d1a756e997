import type { AlertKey } from './alert.ts';

/** Where a reader finds an email. */
export interface AlertLinks {
  /** Support's page of an email, with placeholders `{accountId}` and `{emailId}`; empty if there is none. */
  readonly emailPageUrl: string;
  readonly apiUrl: string;
}

/** The email that a link leads to. */
type Linked = Pick<AlertKey, 'emailId'> & { readonly accountId?: string | undefined };

/**
 * Support's page of an email; null if there is none, or if it needs an account that the email does not have.
 *
 * @param template a URL with placeholders `{accountId}` and `{emailId}`; empty if there is no page
 */
export function pageOf({ accountId, emailId }: Linked, template: string): string | null {
  if (template === '' || (accountId === undefined && template.includes('{accountId}'))) return null;
  const values = { '{accountId}': accountId ?? '', '{emailId}': emailId };
  return template.replace(/\{accountId\}|\{emailId\}/g, name => encoded(values[name as keyof typeof values]));
}

/** A command that shows the email. Its only parameter is a token in the variable TOKEN. */
export function lookUpCommand(email: Linked & { readonly recipient: string }, apiUrl: string): string {
  const { accountId, emailId, recipient } = email;
  const path =
    accountId === undefined
      ? `/emails?recipient=${encoded(recipient)}`
      : `/accounts/${encoded(accountId)}/emails/${encoded(emailId)}`;
  return `curl -H "authorization: Bearer $TOKEN" '${apiUrl}${path}'`;
}

/** A list of emails that ask somebody to act: of one account or of all, and of one cause or of all. */
export interface AttentionList {
  readonly accountId?: string | undefined;
  readonly cause?: string | null;
}

/**
 * The page with a list; null if there is no page.
 *
 * @param uiUrl the address of the page /ui; empty if there is none
 */
export function listPageOf({ accountId, cause }: AttentionList, uiUrl: string): string | null {
  if (uiUrl === '') return null;
  const account = accountId === undefined ? '' : `?account=${encoded(accountId)}`;
  return `${uiUrl}${account}#${cause ? `cause=${encoded(cause)}&` : ''}attention=act`;
}

/** A command that shows a list. Its only parameter is a token in the variable TOKEN. */
export function listCommand({ accountId, cause }: AttentionList, apiUrl: string): string {
  const path = accountId === undefined ? '/emails' : `/accounts/${encoded(accountId)}/emails`;
  const query = `attention=act${cause ? `&cause=${encoded(cause)}` : ''}`;
  return `curl -H "authorization: Bearer $TOKEN" '${apiUrl}${path}?${query}'`;
}

/** Percent-encoded, also the characters that mean something between quotes in a shell. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
