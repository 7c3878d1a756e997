/** `<mailtrail-providers>`: support's view of the providers, those first that are silent. */

import { html, LitElement, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import type { ProvidersAnswer } from '../../../shared/http/response-schemas.ts';
import { type Connection, createConnection } from '../elements/connection.ts';
import type { Messages } from './messages.ts';

type ProviderNews = ProvidersAnswer['providers'][number];

/** Silence is judged every five minutes. */
const refreshMs = 60_000;

class MailtrailProviders extends LitElement {
  static override properties: PropertyDeclarations = {
    messages: { attribute: false },
    getToken: { attribute: false },
    answer: { state: true },
    failed: { state: true },
  };

  declare messages: Messages;
  declare getToken: () => Promise<string | null>;
  declare protected answer: ProvidersAnswer | null;
  declare protected failed: boolean;
  #connection: Connection | null = null;
  #etag: string | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.answer = null;
    this.failed = false;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => {
      if (document.visibilityState === 'visible') void this.#load();
    }, refreshMs);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  protected override firstUpdated(): void {
    this.#connection = createConnection('', { token: null, getToken: () => this.getToken() });
    void this.#load();
  }

  async #load(): Promise<void> {
    try {
      const { body, etag } = await this.#connection!.request<ProvidersAnswer>('/providers', { etag: this.#etag });
      this.#etag = etag;
      if (body !== undefined) this.answer = body;
      this.failed = false;
    } catch {
      // An older answer stays in sight, with its times.
      this.failed = true;
    }
  }

  #say(key: keyof Messages, values: Readonly<Record<string, string | number>> = {}): string {
    return this.messages[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
  }

  protected override render(): TemplateResult | typeof nothing {
    const { answer } = this;
    if (answer === null) return this.failed ? html`<p class="soft">${this.#say('providersFailed')}</p>` : nothing;
    if (answer.providers.length === 0) return nothing;
    const silent = answer.providers.filter(({ silentSince }) => silentSince !== null);
    const others = answer.providers.filter(({ silentSince }) => silentSince === null);
    return html`<details class="providers">
      <summary>${this.#say('providers')}${silent.map(
        ({ title }) => html` <strong class="silent">${this.#say('isSilent', { provider: title })}</strong>`,
      )}</summary>
      ${this.failed ? html`<p class="soft">${this.#say('providersFailed')}</p>` : nothing}
      <ul>${[...silent, ...others].map(provider => this.#provider(provider))}</ul>
    </details>`;
  }

  #provider({ title, lastEventAt, lagSeconds, refused, quarantined, silentSince, noNews }: ProviderNews) {
    const facts = [
      lastEventAt === null
        ? this.#say('neverReported')
        : html`${this.#say('lastEvent')} ${this.#time(lastEventAt)}${
            lagSeconds === null ? nothing : ` (${this.#say('lag', { seconds: lagSeconds })})`
          }`,
      silentSince !== null && noNews !== null && noNews.waiting > 0 ? this.#say('noNews', noNews) : null,
      refused > 0 ? this.#say('refused', { count: refused }) : null,
      quarantined > 0 ? this.#say('quarantined', { count: quarantined }) : null,
    ].filter(fact => fact !== null);
    return html`<li>
      <strong>${title}</strong>
      ${silentSince === null ? nothing : html`<span class="silent">${this.#say('silentSince')} ${this.#time(silentSince)}</span>`}
      ${facts.map(fact => html`<span class="soft">${fact}</span>`)}
    </li>`;
  }

  #time(at: string): TemplateResult {
    const { lang } = document.documentElement;
    const text = new Intl.DateTimeFormat(lang || 'en', { dateStyle: 'medium', timeStyle: 'short' }).format(
      new Date(at),
    );
    return html`<time datetime=${at}>${text}</time>`;
  }
}

customElements.define('mailtrail-providers', MailtrailProviders);
