import { LitElement, type PropertyDeclarations, type PropertyValues } from 'lit';
import type { EmailAnswer } from '../../../shared/http/response-schemas.ts';
import { type Connection, createConnection } from './connection.ts';
import type { EventDetails } from './events.ts';
import { en } from './messages/en.ts';
import type { MessageTable } from './messages/message.ts';
import type { ElementProperties } from './properties.ts';
import { langOf, Texts, textsIn } from './texts.ts';

/** The API beside which these modules are served: `https://api.example.com/ui/x.js` → `https://api.example.com`. */
const ownApi = new URL('..', import.meta.url).href.replace(/\/$/, '');

/**
 * The attributes and properties that all elements have. `Own` are the keys of the messages that one element alone has.
 *
 * @cssprop --mailtrail-font the font; `--mailtrail-font-size` its size
 * @cssprop --mailtrail-text texts; `--mailtrail-soft` those of less weight
 * @cssprop --mailtrail-background behind everything but chips; by default the surface
 * @cssprop --mailtrail-surface of rows and buttons; `--mailtrail-hover` under the pointer
 * @cssprop --mailtrail-border lines; `--mailtrail-control` the borders of controls
 * @cssprop --mailtrail-accent focus and choice
 * @cssprop --mailtrail-waiting a chip's text; also `-good`, `-warning` and `-bad`
 * @cssprop --mailtrail-waiting-surface a chip's background; also `-good-surface`, `-warning-surface`, `-bad-surface`
 * @cssprop --mailtrail-radius corners of boxes and buttons
 */
export abstract class MailtrailElement<Own extends string = never> extends LitElement implements ElementProperties {
  static override properties: PropertyDeclarations = {
    api: { type: String },
    account: { type: String },
    token: { type: String },
    getToken: { attribute: false },
    messages: { attribute: false },
    texts: { state: true },
  };

  declare api: string | null;
  declare account: string | null;
  declare token: string | null;
  declare getToken: (() => Promise<string | null>) | null;
  declare messages: MessageTable | null;
  /** The messages in use. */
  declare protected texts: Texts<Own>;
  #connection: Connection | undefined;
  /** A page may change its language while it is open. */
  readonly #languages = new MutationObserver(() => void this.#loadTexts());
  #asked: Promise<Texts<string>> | undefined;

  constructor() {
    super();
    this.api = null;
    this.account = null;
    this.token = null;
    this.getToken = null;
    this.messages = null;
    this.texts = new Texts('en', this.english);
  }

  static override get observedAttributes(): string[] {
    // biome-ignore lint/complexity/noThisInStatic: Lit collects the attributes of the class that is asked.
    return [...super.observedAttributes, 'lang'];
  }

  override attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    super.attributeChangedCallback(name, before, after);
    if (name === 'lang' && this.isConnected) void this.#loadTexts();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#languages.observe(document, { attributeFilter: ['lang'], subtree: true });
    void this.#loadTexts();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#languages.disconnect();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('messages') && (this.messages !== null || this.hasUpdated)) void this.#loadTexts();
    const isBearerNew = changed.has('token') || changed.has('getToken');
    const isPlaceNew = changed.has('api') || changed.has('account');
    if (isBearerNew || isPlaceNew) this.#connection = undefined;
    if (isPlaceNew) this.connectionChanged();
    else if (isBearerNew) this.bearerChanged();
  }

  /** Called before an update whenever the API or the account has changed, and once at first. */
  protected connectionChanged(): void {}

  /**
   * Called before an update whenever the token or its callback has changed. Frameworks pass a new callback at each of
   * their renderings, so that only an element without access asks the API at once.
   */
  protected bearerChanged(): void {}

  /** All messages of the element in English. */
  protected get english(): MessageTable {
    return en;
  }

  /** The base address of the API, without a slash at its end. */
  protected get base(): string {
    return (this.api ?? ownApi).replace(/\/+$/, '');
  }

  protected get connection(): Connection {
    this.#connection ??= createConnection(this.base, this);
    return this.#connection;
  }

  /** The path of the account's emails, or of all accounts' for support. */
  protected get emailsPath(): string {
    return this.account ? `/accounts/${encodeURIComponent(this.account)}/emails` : '/emails';
  }

  /** Tells the host page; false if the host prevents the element's own reaction. */
  protected tell<Name extends keyof EventDetails<EmailAnswer>>(
    name: Name,
    detail: EventDetails<EmailAnswer>[Name],
  ): boolean {
    return this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true }));
  }

  async #loadTexts(): Promise<void> {
    const asked = textsIn(langOf(this), this.messages ?? {}, this.english);
    this.#asked = asked;
    const texts = await asked;
    // A table that came late must not replace that of a language chosen since.
    if (asked === this.#asked) this.texts = texts;
  }
}
