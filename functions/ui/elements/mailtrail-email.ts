import { html, nothing, type PropertyDeclarations, type PropertyValues, svg, unsafeCSS } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { EmailAnswer } from '../../../shared/http/response-schemas.ts';
import { accountName } from './account-name.ts';
import { catalogueOf, type StatusEntry, type Words } from './catalogue.ts';
import { chip } from './chip.ts';
import { type Fault, faultOf, isWithoutAccess } from './connection.ts';
import emailCss from './email.css';
import { isOpenAndYoung, Live } from './live.ts';
import { MailtrailElement } from './mailtrail-element.ts';
import { type EnglishOfEmail, enEmail } from './messages/en-email.ts';
import type { MessageTable } from './messages/message.ts';
import { maxNote, noteKeyOf } from './notes.ts';
import { notice } from './notice.ts';
import type { EmailProperties } from './properties.ts';
import { foreign, inert, type MessageKey } from './texts.ts';
import themeCss from './theme.css';
import { timeOf } from './time.ts';
import { daysBetween, type Step, stepsOf, type TimelineEvent } from './timeline.ts';

type Part = unknown;

type EmailKey = keyof EnglishOfEmail;

// While an update is being deployed, the API may still be without the answer.
const canBeHandled = (email: EmailAnswer): boolean => email.canBeHandled ?? email.attention !== null;

const icons = {
  human: svg`<circle cx="8" cy="5" r="3"/><path d="M2.5 14.5c.5-7 10.5-7 11 0"/>`,
  machine: svg`<path d="M3 6h10v8H3zM8 6V2M6 9.5v.01M10 9.5v.01"/>`,
  unknown: svg`<path d="M5 5.5c0-4 6-4 6 0 0 2.5-3 2.5-3 4.5M8 13.5v.01"/>`,
} as const satisfies Record<TimelineEvent['evidence'], unknown>;

const evidenceKeys = {
  human: 'byHuman',
  machine: 'byMachine',
  unknown: 'byUnknown',
} as const satisfies Record<TimelineEvent['evidence'], EmailKey>;

/** Only a receipt leaves in doubt who caused it. */
const receipts: ReadonlySet<string | null> = new Set(['opened', 'link_clicked']);

/** Why an email could not be marked as handled; any other fault may be gone at the next try. */
const handleFaults: Partial<Record<Fault, MessageKey | EmailKey>> = {
  forbidden: 'handleForbidden',
  signed_out: 'signed_out',
};

/**
 * `<mailtrail-email account="acme" email-id="…">`: one email with its status, the reason for it, the next step, and its
 * timeline.
 *
 * @fires mailtrail-resend with `{ email }`, when a person asks to send the email again; the host sends it
 * @fires mailtrail-account-open with `{ accountId }`, when a person chooses the account; the host opens it
 * @fires mailtrail-email-open with `{ emailId, accountId }`, when a person opens an email that was sent in place of this one,
 * or the other way round. Prevent it to show that email elsewhere
 * @fires mailtrail-handled with `{ emailId, accountId }`, once a person has marked the email as handled
 * @csspart root everything
 * @csspart heading the recipient
 * @csspart section each part below the heading
 * @csspart timeline the list of events
 * @csspart event one of them
 * @csspart chip a status; also `chip-waiting`, `chip-good`, `chip-warning` and `chip-bad`
 * @csspart notice says why a request failed
 * @csspart button each button
 * @csspart account the button that opens the account
 * @csspart link each button that opens another email
 * @csspart field the field for a note
 */
export class MailtrailEmail extends MailtrailElement<EmailKey> implements EmailProperties {
  static override styles = [unsafeCSS(themeCss), unsafeCSS(emailCss)];

  static override properties: PropertyDeclarations = {
    emailId: { attribute: 'email-id' },
    resend: { type: Boolean },
    accounts: { type: Boolean },
    canHandle: { attribute: 'can-handle', type: Boolean },
    words: { state: true },
    email: { state: true },
    fault: { state: true },
    isHandling: { state: true },
    handleFault: { state: true },
    announcement: { state: true },
  };

  declare emailId: string | null;
  declare resend: boolean;
  declare accounts: boolean;
  declare canHandle: boolean;
  declare protected words: Words | null;
  declare protected email: EmailAnswer | null;
  declare protected fault: Fault | null;
  /** The email is being marked as handled. */
  declare protected isHandling: boolean;
  declare protected handleFault: Fault | null;
  /** Words for the live region. */
  declare protected announcement: string;

  #etag: string | null = null;
  #load = new AbortController();
  #isOther = false;
  #isFocusDue = false;
  readonly #live = new Live(
    this,
    async () => {
      if (!isWithoutAccess(this.fault)) await this.#refresh();
    },
    () => ({
      fault: this.fault,
      isSoon: this.email !== null && isOpenAndYoung(this.email.sentAt, this.#entry?.final ?? false, Date.now()),
    }),
  );

  constructor() {
    super();
    this.emailId = null;
    this.resend = false;
    this.accounts = false;
    this.canHandle = false;
    this.words = null;
    this.email = null;
    this.fault = null;
    this.isHandling = false;
    this.handleFault = null;
    this.announcement = '';
  }

  protected override get english(): MessageTable {
    return { ...super.english, ...enEmail };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) void this.#refresh();
  }

  protected override connectionChanged(): void {
    this.#isOther = true;
  }

  protected override bearerChanged(): void {
    if (isWithoutAccess(this.fault)) void this.#refresh();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (!this.#isOther && !changed.has('emailId')) return;
    this.#isOther = false;
    this.#load.abort();
    this.#load = new AbortController();
    this.#etag = null;
    this.email = null;
    this.fault = null;
    this.isHandling = false;
    this.handleFault = null;
    this.announcement = '';
    this.#isFocusDue ||= this.hasAttribute('autofocus');
    void this.#refresh();
  }

  protected override updated(): void {
    if (!this.#isFocusDue || (this.email === null && this.fault === null)) return;
    this.#isFocusDue = false;
    this.#focusHeading();
  }

  /** The path of an email in the API. */
  #path(emailId: string): string {
    return `${this.emailsPath}/${encodeURIComponent(emailId)}`;
  }

  /** @param said is announced in place of the news in the answer */
  async #refresh(said = ''): Promise<void> {
    const { emailId } = this;
    const { signal } = this.#load;
    if (!emailId) return;
    try {
      const [words, { body, etag }] = await Promise.all([
        catalogueOf(this.base),
        this.connection.request<EmailAnswer>(this.#path(emailId), { etag: this.#etag, signal }),
      ]);
      if (signal.aborted) return;
      this.words = words;
      // The same words are announced again only if they were gone in between.
      this.announcement = said;
      if (body !== undefined) {
        if (said === '') this.#announce(body);
        this.#etag = etag;
        this.email = body;
      }
      this.fault = null;
    } catch (error) {
      if (signal.aborted) return;
      this.fault = faultOf(error);
      // After a sign-out, the next person at the screen must not read it.
      if (this.fault === 'not_found' || isWithoutAccess(this.fault)) {
        this.email = null;
        this.#etag = null;
      }
    }
    // Times relative to now go on.
    this.requestUpdate();
    this.#live.schedule();
  }

  #announce(email: EmailAnswer): void {
    const before = this.email;
    if (before === null) return;
    const count = email.timeline.length - before.timeline.length;
    if (email.status !== before.status) {
      const { recipient } = email;
      const status = this.texts.ofApi(email.codes.label, email.label) ?? this.texts.say('noStatus');
      this.announcement = this.texts.say('changed', { recipient: inert(recipient), status });
    } else if (count > 0) this.announcement = this.texts.say('newEvents', { count });
  }

  #onHandle = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (this.email === null || this.isHandling) return;
    const { emailId, accountId, recipient } = this.email;
    const { signal } = this.#load;
    const note = String(new FormData(event.target as HTMLFormElement).get('note')).trim();
    let said = '';
    let fault: Fault | null = null;
    this.isHandling = true;
    this.handleFault = null;
    try {
      const { body } = await this.connection.request<{ readonly attention: 'act' | null }>(
        `${this.#path(emailId)}/handled`,
        {
          body: note === '' ? {} : { note },
        },
      );
      // It may have failed again in the meantime.
      if (body?.attention === null) {
        said = this.texts.say('handleDone', { recipient: inert(recipient) });
        this.tell('mailtrail-handled', { emailId, accountId });
      }
    } catch (error) {
      fault = faultOf(error);
    }
    // Another email has taken its place.
    if (signal.aborted) return;
    // An answer from before must not come after this one. A request that failed may have been recorded.
    this.#load.abort();
    const load = new AbortController();
    this.#load = load;
    const hadFocus = this.shadowRoot?.activeElement?.closest('form') != null;
    await this.#refresh(said);
    if (load.signal.aborted) return;
    this.isHandling = false;
    this.handleFault = fault;
    await this.updateComplete;
    // The button that had the focus is gone.
    if (hadFocus && this.shadowRoot?.activeElement === null) this.#focusHeading();
  };

  #focusHeading(): void {
    this.renderRoot.querySelector<HTMLElement>('h2')?.focus();
  }

  get #entry(): StatusEntry | undefined {
    return this.#entryOf(this.email?.status ?? null);
  }

  #entryOf(status: EmailAnswer['status']): StatusEntry | undefined {
    return status === null ? undefined : this.words?.statuses.get(status);
  }

  // ---- Rendering

  protected override render(): Part {
    const { email, texts } = this;
    const isLoading = email === null && this.fault === null && this.emailId !== null;
    return html`<div class="root" part="root">
      <article aria-labelledby="heading" aria-busy=${isLoading ? 'true' : 'false'}>
        <h2 id="heading" part="heading" tabindex="-1">${email === null ? texts.say('email') : foreign(email.recipient)}</h2>
        ${notice(this.fault, texts, () => void this.#refresh())}
        ${isLoading ? html`<p class="soft" role="status">${texts.say('loadingEmail')}</p>` : nothing}
        ${email === null ? nothing : [this.#head(email), this.#status(email), this.#action(email), this.#why(email), this.#limits(email), this.#timeline(email), this.#details(email)]}
      </article>
      <div class="hidden" role="status" aria-live="polite">${this.announcement}</div>
    </div>`;
  }

  #head({ subject, reference, accountId, sentAt }: EmailAnswer): Part {
    const { texts } = this;
    return html`<p class="subject">${subject === null ? html`<span class="soft">${texts.say('noSubject')}</span>` : foreign(subject)}</p>
      <p class="soft facts">${reference === null ? nothing : html`<span>${texts.say('reference')}: ${foreign(reference)}</span>`}${
        this.account || accountId === null
          ? nothing
          : html`<span>${texts.say('account')}: ${accountName(accountId, texts, this.accounts ? () => this.tell('mailtrail-account-open', { accountId }) : null)}</span>`
      }<span>${texts.say('sent')}: ${timeOf(sentAt, texts)}</span></p>`;
  }

  // While an update is being deployed, the API may still be without what follows the codes.
  #status(email: EmailAnswer): Part {
    const { texts } = this;
    const { attention, meaning, sentAgain, codes, handled = null, resendOf = [], resentAs = [], timeline } = email;
    const isDelivered = (emailId: string) =>
      timeline.some(event => noteKeyOf(event) === 'successorDelivered' && event.relatedEmailId === emailId);
    return html`<div class="section status" part="section">
      <p>${chip(this.#entry, texts, attention === 'late')}</p>
      <p>${texts.ofApi(codes.meaning, meaning) ?? texts.say('onlyNotes')}</p>
      ${sentAgain === null ? nothing : html`<p>${texts.say('sentAgain')} ${texts.ofApi(codes.sentAgain, sentAgain)}</p>`}
      ${handled === null ? nothing : html`<p><strong>${this.#handledBy(handled.by)}</strong> <span class="soft">${timeOf(handled.at, texts)}</span></p>${this.#words(handled.note)}`}
      ${resentAs.map(emailId => html`<p>${this.#linked(isDelivered(emailId) ? 'resentDelivered' : 'resentAs', emailId)}</p>`)}
      ${resendOf.map(emailId => html`<p>${this.#linked('resendOf', emailId)}</p>`)}
    </div>`;
  }

  #handledBy(by: string | null): Part {
    return by === null ? this.texts.say('handled') : this.texts.sayForeign('handledBy', { by });
  }

  /** Somebody's own words. */
  #words(text: string | null): Part {
    return text === null ? nothing : html`<p>${foreign(text)}</p>`;
  }

  /** A message with a button in it that opens another email. */
  #linked(key: EmailKey, emailId: string): Part {
    const open = () => {
      if (!this.tell('mailtrail-email-open', { emailId, accountId: this.email?.accountId ?? null })) return;
      // The button that had the focus is gone.
      this.#isFocusDue = true;
      this.emailId = emailId;
    };
    const button = (id: string) =>
      html`<button class="link" part="link" type="button" aria-label="${this.texts.say('email')}: ${id}" @click=${open}>${foreign(id, 'code')}</button>`;
    return this.texts.sayForeign(key, { email: emailId }, button);
  }

  #action(email: EmailAnswer): Part {
    const { texts, account } = this;
    const { whatToDo, whatToDoForAccount, codes, attention, handled = null } = email;
    // Somebody handled it, or it arrived when it was sent again.
    const isResolved = !canBeHandled(email) && (handled !== null || this.#entry?.attention === 'yes');
    if (isResolved) return this.#section('whatToDo', html`<p>${texts.say('nothingToDo')}</p>`);
    const forAccount = texts.ofApi(codes.whatToDoForAccount, whatToDoForAccount);
    const own = account ? forAccount : texts.ofApi(codes.whatToDo, whatToDo);
    return this.#section(
      'whatToDo',
      html`<p>${own ?? texts.say(attention === 'late' ? 'askRecipient' : 'nothingToDo')}</p>
        ${account || forAccount === null || forAccount === own ? nothing : html`<p class="soft">${texts.say('forAccount')} ${forAccount}</p>`}
        ${this.#resendButton(email)} ${this.#handleForm(email)}`,
    );
  }

  /** A waiting email is on its way until it is late. */
  #isWaiting({ attention }: EmailAnswer): boolean {
    return this.#entry?.attention === 'when_old' && attention !== 'late';
  }

  #handleForm(email: EmailAnswer): Part {
    const { texts, handleFault } = this;
    if (!this.canHandle || !canBeHandled(email) || this.#isWaiting(email)) return nothing;
    return html`<form class="handle" @submit=${this.#onHandle}>
      <label for="note">${texts.say('handleNote')}</label>
      <input id="note" name="note" part="field" maxlength=${maxNote} autocomplete="off">
      <button class="button" part="button" aria-disabled=${this.isHandling ? 'true' : 'false'}>${texts.say('handle')}</button>
      ${handleFault === null ? nothing : html`<p class="notice" part="notice" role="alert">${texts.say(handleFaults[handleFault] ?? 'handleFailed')}</p>`}
    </form>`;
  }

  #resendButton(email: EmailAnswer): Part {
    const entry = this.#entry;
    if (!this.resend || entry === undefined || entry.resend === 'no' || this.#isWaiting(email)) return nothing;
    return html`<button class="button again" part="button" type="button" @click=${() => this.tell('mailtrail-resend', { email })}>${this.texts.say(entry.resend === 'after_fix' ? 'resendAfterFix' : 'resend')}</button>`;
  }

  #why({ because, cause }: EmailAnswer): Part {
    if (because === null) return nothing;
    const { texts } = this;
    const { at, provider, providerEvent, evidence, reply } = because;
    const values = { provider, event: providerEvent ?? '', time: texts.exact(at) };
    const reason = cause === null ? undefined : this.words?.causes.get(cause);
    return this.#section(
      'why',
      html`${reason === undefined ? nothing : html`<p><strong>${texts.ofApi(reason.codes.label, reason.label)}:</strong> ${texts.ofApi(reason.codes.text, reason.text)}</p>`}
        <p>${texts.sayForeign(providerEvent === null ? 'becauseUnnamed' : provider === 'app' ? 'becauseOfApp' : 'because', values)}</p>
        ${evidence === 'unknown' ? nothing : this.#evidence(evidence)}
        ${reply === null ? nothing : this.#folded('reply', reply)}`,
    );
  }

  #limits({ because, codes, caveats }: EmailAnswer): Part {
    const { texts } = this;
    return html`${because === null ? nothing : this.#section('doesNotProve', html`<p>${texts.ofApi(codes.doesNotProve, because.doesNotProve)}</p>`)}
      ${
        caveats.length === 0
          ? nothing
          : this.#section(
              'caveats',
              html`<ul>${caveats.map(({ code, text, at }) => html`<li>${texts.ofApi(`caveat.${code}`, text)}${at === null ? nothing : html` <span class="soft">(${timeOf(at, texts)})</span>`}</li>`)}</ul>`,
            )
      }`;
  }

  // While an update is being deployed, the API may still be without counts.
  #timeline({ timeline, repeats = [] }: EmailAnswer): Part {
    // Nobody reported Mailtrail's own notes.
    const last = timeline.findLast(event => noteKeyOf(event) === null);
    const isOpen = last !== undefined && !(this.#entry?.final ?? false);
    return this.#section(
      'timeline',
      html`<ol part="timeline">${repeat(
        stepsOf(timeline),
        ({ key }) => key,
        step => this.#step(step),
      )}${repeats.map(of => this.#repeats(of))}</ol>${isOpen ? this.#silence(daysBetween(last.at, Date.now()), 'silentSince') : nothing}`,
    );
  }

  #repeats({ status, evidence, attribution, atLeast, lastAt }: EmailAnswer['repeats'][number]): Part {
    const { texts } = this;
    const entry = this.#entryOf(status);
    return html`<li part="event" class=${entry === undefined || evidence === 'machine' ? 'note' : entry.tone}>
      <p class="event">${entry === undefined ? nothing : chip(entry, texts)} <span class="ordinal">${texts.say('atLeast', { count: atLeast })}</span></p>
      <p class="soft">${timeOf(lastAt, texts)}</p>
      ${this.#evidence(evidence)}${attribution === null ? nothing : html`<p>${texts.say(attribution)}</p>`}
    </li>`;
  }

  #silence(count: number, key: EmailKey): Part {
    return count < 1 ? nothing : html`<p class="silence soft">${this.texts.say(key, { count })}</p>`;
  }

  #step({ event, attempt, sending, silentDays }: Step): Part {
    const { texts } = this;
    const { at, providerTime, status, providerEvent, evidence, attribution, clickUrl, userAgent } = event;
    const entry = this.#entryOf(status);
    const note = this.#ownNote(event);
    const ordinals = [
      ...(attempt === null ? [] : [texts.say('attempt', { count: attempt })]),
      ...(sending === null ? [] : [texts.say('sending', { count: sending })]),
    ];
    return html`<li part="event" class=${entry === undefined || evidence === 'machine' ? 'note' : entry.tone}>
      ${this.#silence(silentDays, 'silent')}
      <p class="event">${note ?? html`${entry === undefined ? html`<strong>${texts.say('note')}</strong>` : chip(entry, texts)} ${foreign(providerEvent, 'code')}`}${ordinals.map(text => html` <span class="ordinal">${text}</span>`)}</p>
      <p class="soft">${timeOf(at, texts)}</p>
      ${providerTime === null ? nothing : html`<p class="soft">${texts.say('providerTime', { time: texts.exact(providerTime) })}</p>`}
      ${evidence === 'unknown' && !receipts.has(status) ? nothing : this.#evidence(evidence)}
      ${attribution === null ? nothing : html`<p>${texts.say(attribution)}</p>`}
      ${note === null ? this.#reason(event) : this.#words(event.reason?.text ?? null)}
      ${clickUrl === null ? nothing : html`<p>${texts.say('clickUrl')}: ${foreign(clickUrl, 'code')}</p>`}
      ${userAgent === null ? nothing : this.#folded('userAgent', userAgent)}
    </li>`;
  }

  /** A note of Mailtrail or of the sender in words; null for any other event. */
  #ownNote(event: TimelineEvent): Part | null {
    const key = noteKeyOf(event);
    if (key === null) return null;
    return html`<strong>${key === 'handledBy' ? this.#handledBy(event.by) : this.#linked(key, event.relatedEmailId ?? '')}</strong>`;
  }

  #evidence(evidence: TimelineEvent['evidence']): Part {
    return html`<p class="evidence ${evidence}"><svg viewBox="0 0 16 16" aria-hidden="true">${icons[evidence]}</svg>${this.texts.say(evidenceKeys[evidence])}</p>`;
  }

  #reason({ reason }: TimelineEvent): Part {
    if (reason === null) return nothing;
    const { cause, code, enhancedCode, text } = reason;
    const words = [code, enhancedCode].filter(part => part !== null && !text?.includes(part));
    const reply = [...words, text].filter(part => part !== null).join(' · ');
    const codes = cause === null ? undefined : this.words?.causes.get(cause.id)?.codes;
    return html`<p>${cause === null ? nothing : html`<strong>${this.texts.ofApi(codes?.label, cause.label)}${reply === '' ? nothing : ':'}</strong> `}${reply === '' ? nothing : foreign(reply, 'code')}</p>`;
  }

  #details({ emailId, messageId, provider, tags, updatedAt }: EmailAnswer): Part {
    const { texts } = this;
    return html`<details class="section" part="section"><summary>${texts.say('details')}</summary><dl>
      ${this.#id('emailId', emailId)} ${this.#id('messageId', messageId)}
      <dt>${texts.say('provider')}</dt><dd>${foreign(provider)}</dd>
      ${tags.length === 0 ? nothing : html`<dt>${texts.say('tags')}</dt><dd>${tags.map(tag => html`${foreign(tag, 'tag')} `)}</dd>`}
      <dt>${texts.say('updatedAt')}</dt><dd>${timeOf(updatedAt, texts)}</dd>
    </dl></details>`;
  }

  #id(key: 'emailId' | 'messageId', id: string): Part {
    const { texts } = this;
    const name = texts.say(key);
    const copy = async () => {
      await navigator.clipboard.writeText(id);
      this.announcement = texts.say('copied', { name });
    };
    // Browsers offer the clipboard to secure pages alone.
    const button = html`<button class="button" part="button" type="button" aria-label=${texts.say('copyName', { name })} @click=${copy}>${texts.say('copy')}</button>`;
    return html`<dt>${name}</dt><dd>${foreign(id, 'code id')} ${window.isSecureContext ? button : nothing}</dd>`;
  }

  #section(key: EmailKey, content: Part): Part {
    return html`<section class="section" part="section" aria-labelledby=${key}><h3 id=${key}>${this.texts.say(key)}</h3>${content}</section>`;
  }

  #folded(key: EmailKey, text: string): Part {
    return html`<details><summary>${this.texts.say(key)}</summary>${foreign(text, 'code')}</details>`;
  }
}

customElements.get('mailtrail-email') ?? customElements.define('mailtrail-email', MailtrailEmail);
