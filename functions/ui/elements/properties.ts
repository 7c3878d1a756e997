/** The properties of the elements, for the elements themselves and for host pages. */

import type { EmailFilter } from './filter.ts';
import type { MessageTable } from './messages/message.ts';

/** The properties that all elements have. */
export interface ElementProperties {
  /** The base address of the API; by default the one that serves this module. */
  api: string | null;
  /** The account whose emails are shown. Without it, support's routes across all accounts are asked. */
  account: string | null;
  /** An access token; `getToken` goes before it. */
  token: string | null;
  /** Gives an access token, and is called again when that one has ended; null for nobody signed in. */
  getToken: (() => Promise<string | null>) | null;
  /** Messages in place of the element's own, by key, and texts of the API by code. */
  messages: MessageTable | null;
}

/** The properties of `<mailtrail-email>`. */
export interface EmailProperties extends ElementProperties {
  /** The shown email. */
  emailId: string | null;
  /** The host listens to `mailtrail-resend`: a button appears where sending the email again makes sense. */
  resend: boolean;
  /** The host listens to `mailtrail-account-open`: without `account`, the account of each email is a button. */
  accounts: boolean;
  /** The person may mark emails as handled: a button appears where an email asks for attention. */
  canHandle: boolean;
}

/** The properties of `<mailtrail-emails>`. The shown email is the opened one. */
export interface EmailsProperties extends EmailProperties {
  filter: EmailFilter;
}

/** The properties of `<mailtrail-status>`. */
export interface StatusProperties extends ElementProperties {
  /** The sender's own reference, e.g. an invoice number. */
  reference: string | null;
  /** The email, in place of a reference. */
  emailId: string | null;
}
