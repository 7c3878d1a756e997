import { en } from './messages/en.ts';

export type Messages = Readonly<Record<keyof typeof en, string>>;

/** The messages in English, which the page's module holds. */
export const english: Messages = en;

/** The tables besides English, each loaded only for readers of that language. */
const tables: Readonly<Record<string, () => Promise<{ readonly table: Messages }>>> = {
  de: () => import('./messages/de.ts'),
};

/** The messages in the first of the languages that has a table, and that language, e.g. `de-AT`. */
export async function messagesIn(languages: readonly string[]): Promise<{ lang: string; messages: Messages }> {
  for (const language of languages) {
    const [lang = ''] = language.toLowerCase().split('-');
    if (lang === 'en') return { lang: language, messages: en };
    const loaded = await tables[lang]?.().catch(() => undefined);
    if (loaded !== undefined) return { lang: language, messages: loaded.table };
  }
  return { lang: 'en', messages: en };
}
