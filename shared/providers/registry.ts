import { app } from './app.ts';
import { brevo } from './brevo.ts';
import { emailit } from './emailit.ts';
import { loops } from './loops.ts';
import { mailersend } from './mailersend.ts';
import { mailgun } from './mailgun.ts';
import { mailjet } from './mailjet.ts';
import { postmark } from './postmark.ts';
import type { Provider } from './provider.ts';
import { resend } from './resend.ts';
import { sendgrid } from './sendgrid.ts';
import { ses } from './ses.ts';
import { usesend } from './usesend.ts';

/** Every provider that Mailtrail understands, by the name in its webhook URL. */
export const providers = {
  ses,
  sendgrid,
  mailgun,
  postmark,
  resend,
  brevo,
  mailjet,
  mailersend,
  loops,
  usesend,
  emailit,
  app,
} as const satisfies Record<string, Provider>;

export type ProviderName = keyof typeof providers;
