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

/** Percent-encoded, also the characters that mean something between quotes in a shell. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
