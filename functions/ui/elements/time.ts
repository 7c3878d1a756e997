import { html, type TemplateResult } from 'lit';
import type { Texts } from './texts.ts';

/** A time relative to now; the exact one stands beside it for screen readers, and shows on focus and hover. */
export function timeOf(at: string, texts: Texts): TemplateResult {
  return html`<time datetime=${at}><span aria-hidden="true">${texts.relative(at)}</span><span class="exact">${texts.exact(at)}</span></time>`;
}
