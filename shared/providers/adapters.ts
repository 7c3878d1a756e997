import { ownValue } from '../runtime/own-property.ts';
import type { Provider } from './provider.ts';
import type { providerTitles } from './titles.ts';

/**
 * Every provider that Mailtrail understands, by the name in its webhook URL. Each adapter is loaded on demand, so that a
 * cold start waits only for that of its first request.
 */
export const adapters = {
  ses: async () => (await import('./ses.ts')).ses,
  sendgrid: async () => (await import('./sendgrid.ts')).sendgrid,
  mailgun: async () => (await import('./mailgun.ts')).mailgun,
  postmark: async () => (await import('./postmark.ts')).postmark,
  mandrill: async () => (await import('./mandrill.ts')).mandrill,
  sparkpost: async () => (await import('./sparkpost.ts')).sparkpost,
  resend: async () => (await import('./resend.ts')).resend,
  brevo: async () => (await import('./brevo.ts')).brevo,
  mailjet: async () => (await import('./mailjet.ts')).mailjet,
  mailersend: async () => (await import('./mailersend.ts')).mailersend,
  mailtrap: async () => (await import('./mailtrap.ts')).mailtrap,
  postal: async () => (await import('./postal.ts')).postal,
  unisendergo: async () => (await import('./unisendergo.ts')).unisendergo,
  azure: async () => (await import('./azure.ts')).azure,
  smtp2go: async () => (await import('./smtp2go.ts')).smtp2go,
  elasticemail: async () => (await import('./elasticemail.ts')).elasticemail,
  zeptomail: async () => (await import('./zeptomail.ts')).zeptomail,
  loops: async () => (await import('./loops.ts')).loops,
  usesend: async () => (await import('./usesend.ts')).usesend,
  emailit: async () => (await import('./emailit.ts')).emailit,
  scaleway: async () => (await import('./scaleway.ts')).scaleway,
  ahasend: async () => (await import('./ahasend.ts')).ahasend,
  sweego: async () => (await import('./sweego.ts')).sweego,
  mailomat: async () => (await import('./mailomat.ts')).mailomat,
  app: async () => (await import('./app.ts')).app,
} as const satisfies Record<keyof typeof providerTitles, () => Promise<Provider>>;

export type ProviderName = keyof typeof adapters;

/** The adapters that a process needed so far. */
export interface LoadedAdapters {
  /** Loads an adapter, and with that of registrations all those whose emails they name; undefined for an unknown name. */
  load(name: string | undefined): Promise<Provider | undefined>;
  /** Every provider's name, and its adapter once it is loaded. */
  readonly loaded: Readonly<Record<string, Provider | undefined>>;
}

export function createLoadedAdapters(): LoadedAdapters {
  const names = Object.keys(adapters) as ProviderName[];
  const loaded: Record<string, Provider | undefined> = Object.fromEntries(names.map(name => [name, undefined]));
  const add = async (name: ProviderName) => {
    loaded[name] ??= await adapters[name]();
  };
  return {
    loaded,
    async load(name) {
      if (ownValue(adapters, name) === undefined) return undefined;
      const needed = name === 'app' ? names : [name as ProviderName];
      await Promise.all(needed.map(add));
      return loaded[name!];
    },
  };
}
