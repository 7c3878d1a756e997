import { html, type TemplateResult } from 'lit';
import type { Texts } from './texts.ts';

/**
 * A time relative to now; the exact one stands beside it for screen readers, and shows on focus and hover.
 *
 * @param key the message that says what happened then
 */
export function timeOf(at: string, texts: Texts, key?: 'reported'): TemplateResult {
  const say = (time: string) => (key === undefined ? time : texts.say(key, { time }));
  return html`<time datetime=${at}><span aria-hidden="true">${say(texts.relative(at))}</span><span class="exact">${say(texts.exact(at))}</span></time>`;
}
