import { html, nothing, type TemplateResult } from 'lit';
import type { Fault } from './connection.ts';
import type { Texts } from './texts.ts';

/** Says why nothing, or nothing new, is shown, and offers to try again. */
export function notice(fault: Fault | null, texts: Texts, retry: () => void): TemplateResult | typeof nothing {
  if (fault === null) return nothing;
  return html`<p class="notice" part="notice" role="alert">${texts.say(fault)}
    <button class="button" part="button" type="button" @click=${retry}>${texts.say('retry')}</button></p>`;
}
