import type { Config } from '../config.ts';

/** The addresses to which alerts lead. */
export interface AlertLinks {
  /** Support's page of an email, with placeholders `{accountId}` and `{emailId}`; empty if there is none. */
  readonly emailPageUrl: string;
  readonly apiUrl: string;
}

/** Alerts lead to the page that was set, else to the stack's own page if it has one. */
export function alertLinks({ emailPageUrl, uiClientId }: Config, apiUrl: string): AlertLinks {
  const ownPage = uiClientId === undefined ? '' : `${apiUrl}/ui?email={emailId}`;
  return { emailPageUrl: emailPageUrl ?? ownPage, apiUrl };
}
