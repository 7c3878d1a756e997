import { html, nothing, type PropertyDeclarations, type PropertyValues, unsafeCSS } from 'lit';
import type { Words } from './catalogue.ts';
import { chip } from './chip.ts';
import { type Fault, isWithoutAccess } from './connection.ts';
import { MailtrailElement } from './mailtrail-element.ts';
import type { StatusProperties } from './properties.ts';
import statusCss from './status.css';
import { batchOf, type StatusBatch, type StatusQuestion, type StatusResult } from './status-batch.ts';
import themeCss from './theme.css';

/**
 * `<mailtrail-status account="acme" reference="INV-7">`: the status of the newest email with a reference, as a chip. All
 * of a page share one request per 100 references.
 *
 * @csspart root everything
 * @csspart chip the status; also `chip-waiting`, `chip-good`, `chip-warning` and `chip-bad`
 * @csspart quiet the text in place of a chip, and the number of emails beside it
 */
export class MailtrailStatus extends MailtrailElement implements StatusProperties {
  static override styles = [unsafeCSS(themeCss), unsafeCSS(statusCss)];

  static override properties: PropertyDeclarations = {
    reference: {},
    emailId: { attribute: 'email-id' },
    words: { state: true },
    result: { state: true },
    fault: { state: true },
  };

  declare reference: string | null;
  declare emailId: string | null;
  declare protected words: Words | null;
  declare protected result: StatusResult | null;
  declare protected fault: Fault | null;

  #question: StatusQuestion | null = null;
  #batch: StatusBatch | null = null;
  #isOther = false;

  constructor() {
    super();
    this.reference = null;
    this.emailId = null;
    this.words = null;
    this.result = null;
    this.fault = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#join();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#leave();
  }

  protected override connectionChanged(): void {
    this.#isOther = true;
  }

  protected override bearerChanged(): void {
    if (isWithoutAccess(this.fault)) this.#join();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (!this.#isOther && !changed.has('reference') && !changed.has('emailId')) return;
    this.#isOther = false;
    this.result = null;
    this.fault = null;
    this.#join();
  }

  #leave(): void {
    if (this.#question !== null) this.#batch?.leave(this.#question);
    this.#question = null;
  }

  #join(): void {
    this.#leave();
    const asked = (this.emailId ?? this.reference ?? '').trim();
    if (asked === '' || !this.account || !this.isConnected) return;
    const element = this;
    this.#question = {
      kind: this.emailId === null ? 'references' : 'emailIds',
      asked,
      get connection() {
        return element.connection;
      },
      get bearer() {
        return element.getToken ?? element.token;
      },
      answer: (result, words) => {
        this.words = words;
        this.result = result;
        this.fault = null;
      },
      fail: fault => {
        this.fault = fault;
        // The next person at the screen must not read what the one before could.
        if (isWithoutAccess(fault)) this.result = null;
      },
    };
    this.#batch = batchOf(this.base, this.account);
    this.#batch.join(this.#question);
  }

  protected override render(): unknown {
    return html`<span class="root" part="root">${this.#content()}</span>`;
  }

  #content(): unknown {
    const { texts, result, fault, words } = this;
    if (this.#question === null) return nothing;
    // The last answer stays while a request fails.
    if (result === null) {
      return fault === null
        ? this.#quiet('…', texts.say('loading'))
        : this.#quiet(texts.say('unknownStatus'), texts.say(fault));
    }
    const [newest] = result.emails;
    if (newest === undefined) return this.#quiet(texts.say('noEmail'));
    const { status, cause, attention } = newest;
    const reason = cause === null ? undefined : words?.causes.get(cause);
    const why =
      reason && `${texts.ofApi(reason.codes.label, reason.label)}: ${texts.ofApi(reason.codes.text, reason.text)}`;
    const count = result.emails.length;
    return html`<span title=${why ?? nothing}>${chip(status === null ? undefined : words?.statuses.get(status), texts, attention === 'late')}${why ? html`<span class="hidden"> (${why})</span>` : nothing}</span>${
      count > 1 ? this.#quiet(texts.say(result.more ? 'newestOfMore' : 'newestOf', { count })) : nothing
    }`;
  }

  #quiet(text: string, more?: string): unknown {
    return html`<span class="soft quiet" part="quiet" title=${more ?? nothing}>${text}${more ? html`<span class="hidden"> ${more}</span>` : nothing}</span>`;
  }
}

customElements.get('mailtrail-status') ?? customElements.define('mailtrail-status', MailtrailStatus);
