import type { EmailFilter } from './filter.ts';

/** Each event of the elements with its detail. `Email` is an email as the API answers it. */
export interface EventDetails<Email> {
  /** A person has changed the filter of the list. */
  'mailtrail-filter-change': { readonly filter: EmailFilter };
  /** A person opens an email; prevent it to show the email elsewhere. */
  'mailtrail-email-open': { readonly emailId: string; readonly accountId: string | null };
  /** A person goes back to the list. */
  'mailtrail-email-close': Readonly<Record<string, never>>;
  /** A person asks to send the opened email again. */
  'mailtrail-resend': { readonly email: Email };
  /** A person has marked the email as handled. */
  'mailtrail-handled': { readonly emailId: string; readonly accountId: string | null };
  /** A person chooses the account of an email. */
  'mailtrail-account-open': { readonly accountId: string };
}
