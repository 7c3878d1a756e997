import { app } from './app.ts';
import { mailgun } from './mailgun.ts';
import { postmark } from './postmark.ts';
import type { Provider } from './provider.ts';
import { sendgrid } from './sendgrid.ts';
import { ses } from './ses.ts';

/** Every provider that Mailtrail understands, by the name in its webhook URL. */
export const providers = { ses, sendgrid, mailgun, postmark, app } as const satisfies Record<string, Provider>;

export type ProviderName = keyof typeof providers;
