import { html, type TemplateResult } from 'lit';
import { foreign, inert, type Texts } from './texts.ts';

/** The account of an email: a button where the host opens accounts, else text. */
export function accountName(
  accountId: string,
  texts: Texts,
  open: (() => void) | null,
  tabIndex: 0 | -1 = 0,
): TemplateResult {
  if (open === null) return foreign(accountId);
  const label = `${texts.say('account')}: ${inert(accountId)}`;
  return html`<button class="link" part="account" type="button" aria-label=${label} tabindex=${tabIndex} @click=${open}>${foreign(accountId)}</button>`;
}
