/** The filter of a list, in the words of the API. Every value is text, as in an address. */
export interface EmailFilter {
  /** One status or several, separated by commas. */
  readonly status?: string;
  /** One cause or several, separated by commas. */
  readonly cause?: string;
  readonly attention?: 'act' | 'late';
  readonly recipient?: string;
  readonly reference?: string;
  /** Plain dates or times. */
  readonly from?: string;
  readonly to?: string;
}

/** The values of a filter, in the order of an address. */
export const filterNames = [
  'status',
  'cause',
  'attention',
  'recipient',
  'reference',
  'from',
  'to',
] as const satisfies (keyof EmailFilter)[];

/** The parameters of a request for the filtered list. */
export function parametersOf(filter: EmailFilter): URLSearchParams {
  return new URLSearchParams(filterNames.flatMap(name => (filter[name] ? [[name, filter[name]]] : [])));
}

/** The search of a text: an address for a recipient, anything else for a reference. */
export function searchFor(text: string): Pick<EmailFilter, 'recipient' | 'reference'> {
  const words = text.trim();
  return words === '' ? {} : words.includes('@') ? { recipient: words } : { reference: words };
}

/** The filter with some values changed; an empty value takes a name out. */
export function changed(filter: EmailFilter, change: Partial<Record<keyof EmailFilter, string>>): EmailFilter {
  return Object.fromEntries(Object.entries({ ...filter, ...change }).filter(([, value]) => value));
}

/** Whether a host has set another filter, and not the same one again, as frameworks do at each rendering. */
export function isOtherFilter(filter: EmailFilter | null | undefined, before: EmailFilter | null | undefined): boolean {
  return !filter || !before || String(parametersOf(filter)) !== String(parametersOf(before));
}
