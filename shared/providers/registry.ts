import { ahasend } from './ahasend.ts';
import { app } from './app.ts';
import { azure } from './azure.ts';
import { brevo } from './brevo.ts';
import { elasticemail } from './elasticemail.ts';
import { emailit } from './emailit.ts';
import { loops } from './loops.ts';
import { mailersend } from './mailersend.ts';
import { mailgun } from './mailgun.ts';
import { mailjet } from './mailjet.ts';
import { mailomat } from './mailomat.ts';
import { mailtrap } from './mailtrap.ts';
import { mandrill } from './mandrill.ts';
import { postal } from './postal.ts';
import { postmark } from './postmark.ts';
import type { Provider } from './provider.ts';
import { resend } from './resend.ts';
import { scaleway } from './scaleway.ts';
import { sendgrid } from './sendgrid.ts';
import { ses } from './ses.ts';
import { smtp2go } from './smtp2go.ts';
import { sparkpost } from './sparkpost.ts';
import { sweego } from './sweego.ts';
import type { providerTitles } from './titles.ts';
import { unisendergo } from './unisendergo.ts';
import { usesend } from './usesend.ts';
import { zeptomail } from './zeptomail.ts';

/** Every provider that Mailtrail understands, by the name in its webhook URL. */
export const providers = {
  ses,
  sendgrid,
  mailgun,
  postmark,
  mandrill,
  sparkpost,
  resend,
  brevo,
  mailjet,
  mailersend,
  mailtrap,
  postal,
  unisendergo,
  azure,
  smtp2go,
  elasticemail,
  zeptomail,
  loops,
  usesend,
  emailit,
  scaleway,
  ahasend,
  sweego,
  mailomat,
  app,
} as const satisfies Record<keyof typeof providerTitles, Provider>;

export type ProviderName = keyof typeof providers;
