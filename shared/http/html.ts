/** Text that is HTML already. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** HTML from a template: every value in it is escaped, unless it is HTML itself. Lists are joined. */
export function html(parts: TemplateStringsArray, ...values: readonly unknown[]): Html {
  const inserted = values.map(value => [value].flat().map(asHtml).join(''));
  return new Html(parts.map((part, index) => part + (inserted[index] ?? '')).join(''));
}

function asHtml(value: unknown): string {
  return value instanceof Html ? value.text : String(value).replace(/[&<>"']/g, character => escapes[character]!);
}
