/** The providers' names for people. A file of its own, because who shows emails needs no adapter. */

import { ownValue } from '../runtime/own-property.ts';

/** By the name in the webhook URL. */
export const providerTitles = {
  ses: 'Amazon SES',
  sendgrid: 'SendGrid',
  mailgun: 'Mailgun',
  postmark: 'Postmark',
  mandrill: 'Mandrill',
  sparkpost: 'SparkPost',
  resend: 'Resend',
  brevo: 'Brevo',
  mailjet: 'Mailjet',
  mailersend: 'MailerSend',
  mailtrap: 'Mailtrap',
  postal: 'Postal',
  unisendergo: 'Unisender Go',
  azure: 'Azure Communication Services',
  smtp2go: 'SMTP2GO',
  elasticemail: 'Elastic Email',
  zeptomail: 'ZeptoMail',
  loops: 'Loops',
  usesend: 'useSend',
  emailit: 'Emailit',
  scaleway: 'Scaleway',
  ahasend: 'AhaSend',
  sweego: 'Sweego',
  mailomat: 'Mailomat',
  app: 'Your own application',
} as const satisfies Record<string, string>;

/** The provider in a sentence: its title, or else the name as it is, e.g. of a sender of your own. */
export function providerInWords(name: string): string {
  return ownValue<string>(providerTitles, name) ?? name;
}
