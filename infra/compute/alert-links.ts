import type { AlertLinks } from '../../shared/alerts/links.ts';
import type { Config } from '../config.ts';

/** Alerts lead to the page that was set, else to the stack's own page if it has one. */
export function alertLinks({ emailPageUrl, uiClientId }: Config, apiUrl: string): AlertLinks {
  const ownPage = uiClientId === undefined ? '' : `${apiUrl}/ui?email={emailId}`;
  return { emailPageUrl: emailPageUrl ?? ownPage, apiUrl };
}
