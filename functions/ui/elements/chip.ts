import { html, nothing, svg, type TemplateResult } from 'lit';
import type { StatusEntry } from './catalogue.ts';
import type { Texts } from './texts.ts';

/** An icon for each tone, so that color is never alone. */
const icons = {
  waiting: svg`<circle cx="8" cy="8" r="6"/><path d="M8 5v3.5l2 1.2"/>`,
  good: svg`<path d="M3 8.5l3.5 3.5L13 4.5"/>`,
  warning: svg`<path d="M8 2.5L14 13.5H2zM8 7v3M8 12v.01"/>`,
  bad: svg`<circle cx="8" cy="8" r="6"/><path d="M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4"/>`,
} as const satisfies Record<StatusEntry['tone'], unknown>;

/** A status as a chip: icon, text and tone. An email with notes alone has no status. */
export function chip(status: StatusEntry | undefined, texts: Texts, isLate = false): TemplateResult {
  // A late email waits, and somebody must look after it.
  const tone = isLate ? 'warning' : (status?.tone ?? 'waiting');
  const label = status ? texts.ofApi(status.codes.label, status.label) : texts.say('noStatus');
  return html`<span class="chip ${tone}" part="chip chip-${tone}"><svg viewBox="0 0 16 16" aria-hidden="true">${icons[tone]}</svg>${label}${isLate ? html` · ${texts.say('late')}` : nothing}</span>`;
}
