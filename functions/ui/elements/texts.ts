import { html, nothing, type TemplateResult } from 'lit';
import type { en } from './messages/en.ts';
import type { Message, MessageTable } from './messages/message.ts';

/** A message that every element has. */
export type MessageKey = keyof typeof en;

/** The tables besides English, each a module that is loaded when a page asks for the language. */
const tables: Readonly<Record<string, () => Promise<{ readonly table: MessageTable }>>> = {
  de: () => import('./messages/de.ts'),
};

const units = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** The texts of an element, in the language of its page. `Own` are the keys of the messages that it alone has. */
export class Texts<Own extends string = never> {
  readonly lang: string;
  readonly #tables: readonly MessageTable[];
  // Each takes longer to make than to use, and a long list uses them a thousand times.
  readonly #numbers: Intl.NumberFormat;
  readonly #plurals: Intl.PluralRules;
  readonly #relativeTimes: Intl.RelativeTimeFormat;
  readonly #times: Intl.DateTimeFormat;

  /** @param tables the first that has a message wins; the last has every one, in English */
  constructor(lang: string, ...tables: readonly MessageTable[]) {
    this.lang = lang;
    this.#tables = tables;
    this.#numbers = new Intl.NumberFormat(lang);
    this.#plurals = new Intl.PluralRules(lang);
    this.#relativeTimes = new Intl.RelativeTimeFormat(lang, { numeric: 'auto' });
    this.#times = new Intl.DateTimeFormat(lang, {
      year: 'numeric',
      month: 'short',
      day: 'numeric',
      hour: 'numeric',
      minute: '2-digit',
      timeZoneName: 'short',
    });
  }

  /** A message, with `{name}` replaced by the value of that name. A number `count` chooses the plural. */
  say(key: MessageKey | Own, values: Readonly<Record<string, string | number>> = {}): string {
    const message = this.#find(key)!;
    const { count } = values;
    const form =
      typeof message === 'string'
        ? message
        : ((typeof count === 'number' ? message[this.#plurals.select(count)] : undefined) ?? message.other ?? '');
    return form.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = values[name] ?? '';
      return typeof value === 'number' ? this.number(value) : value;
    });
  }

  /** A message with texts from outside in it, each with a direction of its own. `show` makes them parts of the page. */
  sayForeign(
    key: MessageKey | Own,
    values: Readonly<Record<string, string>>,
    show: (text: string) => unknown = text => foreign(text),
  ): unknown {
    const isolated = Object.entries(values).map(([name, text]) => [name, `\u2068${inert(text)}\u2069`]);
    const parts = this.say(key, Object.fromEntries(isolated)).split(/[\u2068\u2069]/);
    return parts.map((part, index) => (index % 2 === 1 ? show(part) : part));
  }

  /** A text of the API: translated if a table has its code. */
  ofApi(code: string | null | undefined, text: string | null): string | null {
    const translated = code ? this.#find(code) : undefined;
    return typeof translated === 'string' ? translated : text;
  }

  number(value: number): string {
    return this.#numbers.format(value);
  }

  /** A time relative to now, e.g. `2 hours ago`. */
  relative(at: string, now = Date.now()): string {
    const seconds = (Date.parse(at) - now) / 1000;
    const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
    if (unit === 'second') return this.say('justNow');
    return this.#relativeTimes.format(Math.trunc(seconds / size), unit);
  }

  /** The time to the minute, in the reader's time zone. */
  exact(at: string): string {
    return this.#times.format(new Date(at));
  }

  #find(key: string): Message | undefined {
    return this.#tables.find(table => Object.hasOwn(table, key))?.[key];
  }
}

/** The texts of a language, e.g. `de-AT`. English stands in for a language without a table. */
export async function textsIn(lang: string, own: MessageTable, english: MessageTable): Promise<Texts<string>> {
  const [language = ''] = lang.toLowerCase().split('-');
  const table = await tables[language]?.().catch(() => undefined);
  return new Texts(lang, own, table?.table ?? {}, english);
}

/** The language of the nearest element that declares one, across shadow roots; else the browser's. */
export function langOf(element: Element): string {
  for (let node: Node | null = element; node !== null; node = node.parentNode ?? (node as ShadowRoot).host ?? null) {
    if (node instanceof Element && node.hasAttribute('lang')) {
      return usable(node.getAttribute('lang')!);
    }
  }
  return usable(navigator.language);
}

/** The language if the browser knows it, else English. Neither hosts nor browsers keep to well-formed tags. */
function usable(lang: string): string {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(lang)[0] ?? 'en';
  } catch {
    return 'en';
  }
}

const bidiControls = /[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/g;

/** A text from outside, without the characters that would turn around the text beside it. */
export function inert(text: string): string {
  return text.replace(bidiControls, '');
}

/** A text from outside, whose direction is its own. */
export function foreign(text: string, className?: string): TemplateResult {
  return html`<bdi class=${className ?? nothing}>${inert(text)}</bdi>`;
}
