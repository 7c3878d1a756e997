/** `<mailtrail-app>`: the whole page `/ui`. It signs a person in, and shows the emails that the person may see. */

import { html, LitElement, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import '../elements/mailtrail-emails.ts';
import type { EmailFilter } from '../elements/filter.ts';
import type { Person } from './access-token.ts';
import { addressOf, type PageState, stateOf } from './address.ts';
import { english, type Messages, messagesIn } from './messages.ts';
import pageCss from './page.css';
import './providers.ts';
import { Session, type SignIn, type SignInFault } from './session.ts';

/** A link for operators, e.g. to the queues of the local stack. */
interface OperatorLink {
  readonly label: string;
  readonly href: string;
}

/** The emails of a person, or the reason why the page cannot show any. */
type Stage =
  | { readonly name: 'leaving' | 'signed_out' | 'ended' }
  | { readonly name: 'failed'; readonly fault: SignInFault }
  | { readonly name: 'signed_in'; readonly person: Person };

class MailtrailApp extends LitElement {
  static override properties: PropertyDeclarations = {
    issuer: {},
    clientId: { attribute: 'client-id' },
    scope: {},
    audience: {},
    accountClaim: { attribute: 'account-claim' },
    supportScope: { attribute: 'support-scope' },
    manageScope: { attribute: 'manage-scope' },
    operatorLinks: { attribute: 'operator-links', type: Array },
    stage: { state: true },
    view: { state: true },
    messages: { state: true },
  };

  declare issuer: string;
  declare clientId: string;
  declare scope: string;
  declare audience: string;
  declare accountClaim: string;
  declare supportScope: string;
  declare manageScope: string;
  declare operatorLinks: readonly OperatorLink[];
  declare protected stage: Stage;
  declare protected view: PageState;
  declare protected messages: Messages;
  #session!: Session;

  constructor() {
    super();
    this.scope = 'openid';
    this.audience = '';
    this.accountClaim = 'account_id';
    this.supportScope = 'mailtrail/support';
    this.manageScope = 'mailtrail/manage';
    this.operatorLinks = [];
    this.stage = { name: 'leaving' };
    this.view = stateOf(location);
    this.messages = english;
  }

  /** The page is its own host: a skip link and landmarks need no shadow root. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('popstate', this.#onPopState);
    window.addEventListener('pageshow', this.#onPageShow);
    void this.#begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('popstate', this.#onPopState);
    window.removeEventListener('pageshow', this.#onPageShow);
  }

  async #begin(): Promise<void> {
    // One address for the issuer to know, whichever way the page was opened.
    const page = `${location.origin}${location.pathname.replace(/\/$/, '')}`;
    this.#session = new Session(this, page);
    const [{ lang, messages }, result] = await Promise.all([
      messagesIn(navigator.languages),
      this.#session.begin(location),
    ]);
    this.messages = messages;
    // The elements take their language from here.
    document.documentElement.lang = lang;
    this.#take(result);
  }

  #take(result: SignIn): void {
    if ('address' in result && result.address !== null) {
      history.replaceState(null, '', `${location.pathname}${result.address}`);
    } else if (new URLSearchParams(location.search).has('state')) {
      // An answer of the issuer serves once: a reload or a bookmark must not try it again.
      history.replaceState(null, '', location.pathname);
    }
    this.view = stateOf(location);
    if (result.state === 'signed_in') this.stage = { name: 'signed_in', person: result.person };
    else if (result.state === 'failed') this.stage = { name: 'failed', fault: result.fault };
    else this.stage = { name: result.state };
  }

  #signIn = async (): Promise<void> => {
    this.stage = { name: 'leaving' };
    this.#take(await this.#session.signIn(addressOf(this.view)));
  };

  #signOut = async (): Promise<void> => {
    const result = await this.#session.signOut();
    this.#go({ account: null, emailId: null, filter: {} });
    this.#take(result);
  };

  #getToken = async (): Promise<string | null> => {
    const token = await this.#session.getToken();
    if (token === null) await this.#signInAgain();
    return token;
  };

  /** Without a refresh token the issuer's session gives a new token; without a session the person has to sign in. */
  async #signInAgain(): Promise<void> {
    if (this.stage.name !== 'signed_in') return;
    const result = await this.#session.resume(addressOf(this.view));
    if (result.state !== 'leaving') this.stage = { name: 'ended' };
  }

  /** A browser may keep the page as it was when a sign-out left it. */
  #onPageShow = ({ persisted }: PageTransitionEvent): void => {
    if (!persisted) return;
    this.stage = { name: 'leaving' };
    location.reload();
  };

  #onPopState = (): void => {
    this.view = stateOf(location);
  };

  /** Shows a view, and makes its address an entry of the history. */
  #go(view: PageState): void {
    const address = addressOf(view);
    if (address !== addressOf(this.view)) history.pushState(null, '', `${location.pathname}${address}`);
    this.view = view;
  }

  #onFilter = ({ detail }: CustomEvent<{ filter: EmailFilter }>): void => {
    this.#go({ ...this.view, filter: detail.filter });
  };

  #onOpen = ({ detail }: CustomEvent<{ emailId: string }>): void => {
    this.#go({ ...this.view, emailId: detail.emailId });
  };

  #onClose = (): void => {
    this.#go({ ...this.view, emailId: null });
  };

  #onAccount = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const account = String(new FormData(form).get('account')).trim();
    if (account !== '') this.#go({ account, emailId: null, filter: {} });
  };

  #onAccountOpen = async ({ detail }: CustomEvent<{ accountId: string }>): Promise<void> => {
    this.#go({ account: detail.accountId, emailId: null, filter: {} });
    await this.updateComplete;
    // The button that had the focus is gone.
    this.querySelector('main')?.focus();
  };

  #onAllAccounts = (event: MouseEvent): void => {
    event.preventDefault();
    this.#go({ account: null, emailId: null, filter: {} });
  };

  #onSkip = (event: MouseEvent): void => {
    // Its fragment would take the filter's place in the address.
    event.preventDefault();
    this.querySelector('main')?.focus();
  };

  #say(key: keyof Messages, value = ''): string {
    return this.messages[key].replace(/\{\w+\}/, () => value);
  }

  protected override render(): TemplateResult {
    const { stage } = this;
    const person = stage.name === 'signed_in' ? stage.person : null;
    return html`<a class="skip" href="#main" @click=${this.#onSkip}>${this.#say('skip')}</a>
      <header class="top"><div class="bar">
        <span class="product">${this.#say('product')}</span>
        ${this.#operators()} ${person === null ? nothing : this.#who(person)}
      </div></header>
      <main id="main" tabindex="-1">${person === null ? this.#gate() : this.#emails(person)}</main>`;
  }

  #operators(): TemplateResult | typeof nothing {
    if (this.operatorLinks.length === 0) return nothing;
    return html`<nav aria-label=${this.#say('machine')}><ul class="links">
      ${this.operatorLinks.map(({ label, href }) => html`<li><a href=${href}>${label}</a></li>`)}
    </ul></nav>`;
  }

  #nameOf({ account, isSupport }: Person): string {
    return isSupport || account === null ? this.#say('support') : account;
  }

  #who(person: Person): TemplateResult {
    const hasName = person.isSupport || person.account !== null;
    return html`<div class="person">
      ${hasName ? html`<bdi class="soft">${this.#say('signedInAs', this.#nameOf(person))}</bdi>` : nothing}
      <button type="button" @click=${this.#signOut}>${this.#say('signOut')}</button>
    </div>`;
  }

  /** The page for somebody who is not signed in. */
  #gate(): TemplateResult {
    const { stage } = this;
    if (stage.name === 'leaving') return html`<p class="soft" role="status">${this.#say('leaving')}</p>`;
    const problem = stage.name === 'failed' ? stage.fault : stage.name === 'ended' ? 'ended' : null;
    return html`<div class="gate">
      <h1>${this.#say('product')}</h1>
      <p class="soft">${this.#say('tagline')}</p>
      ${problem === null ? html`<p>${this.#say('signedOut')}</p>` : html`<p role="alert">${this.#say(problem)}</p>`}
      <p><button class="first" type="button" @click=${this.#signIn}>${this.#say('signIn')}</button></p>
    </div>`;
  }

  #emails(person: Person): TemplateResult {
    const { isSupport, canHandle } = person;
    const account = isSupport ? this.view.account : person.account;
    if (!isSupport && account === null)
      return html`<h1>${this.#say('product')}</h1><p role="alert">${this.#say('noAccount')}</p>`;
    return html`<h1><bdi>${account === null ? this.#say('allEmails') : this.#say('emailsOf', account)}</bdi></h1>
      ${isSupport ? this.#views(account) : nothing}
      ${isSupport && account === null ? this.#providers() : nothing}
      <mailtrail-emails accounts .canHandle=${canHandle} .account=${account} .getToken=${this.#getToken} .filter=${this.view.filter} .emailId=${this.view.emailId}
        @mailtrail-filter-change=${this.#onFilter} @mailtrail-email-open=${this.#onOpen} @mailtrail-email-close=${this.#onClose}
        @mailtrail-account-open=${this.#onAccountOpen}></mailtrail-emails>`;
  }

  #providers(): TemplateResult {
    return html`<mailtrail-providers .messages=${this.messages} .getToken=${this.#getToken}></mailtrail-providers>`;
  }

  /** Support's choice between all accounts and one. */
  #views(account: string | null): TemplateResult {
    return html`<nav class="views" aria-label=${this.#say('view')}>
      <a href=${location.pathname} aria-current=${account === null ? 'page' : nothing} @click=${this.#onAllAccounts}>${this.#say('allAccounts')}</a>
      <form @submit=${this.#onAccount}>
        <label for="account">${this.#say('accountId')}</label>
        <input id="account" name="account" required maxlength="128" autocomplete="off" spellcheck="false" .value=${account ?? ''}>
        <button>${this.#say('open')}</button>
      </form>
    </nav>`;
  }
}

/** The policy of the page allows no style elements: its style sheet is made here. */
const sheet = new CSSStyleSheet();
sheet.replaceSync(pageCss);
document.adoptedStyleSheets.push(sheet);
customElements.define('mailtrail-app', MailtrailApp);
