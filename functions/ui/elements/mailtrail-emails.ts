import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult, unsafeCSS } from 'lit';
import { classMap } from 'lit/directives/class-map.js';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import type { EmailRow } from '../../../shared/http/response-schemas.ts';
import { accountName } from './account-name.ts';
import { catalogueOf, type Words } from './catalogue.ts';
import { chip } from './chip.ts';
import { type Fault, faultOf, isWithoutAccess, RequestFailed } from './connection.ts';
import emailsCss from './emails.css';
import { changed, type EmailFilter, isOtherFilter, parametersOf, searchFor } from './filter.ts';
import { isOpenAndYoung, Live } from './live.ts';
import { MailtrailElement } from './mailtrail-element.ts';
import { notice } from './notice.ts';
import type { EmailsProperties } from './properties.ts';
import { foreign, inert, type MessageKey } from './texts.ts';
import themeCss from './theme.css';
import { timeOf } from './time.ts';

/** A page of the API's list. */
interface EmailPage {
  readonly emails: readonly EmailRow[];
  readonly cursor?: string;
  readonly truncated?: true;
  readonly total?: Total;
}

/** How many emails need action; `more` if there are more than the API counts. */
interface Total {
  readonly count: number;
  readonly more: boolean;
}

const pageSize = 50;

/** More rows at once would hold up scrolling on a slow machine. */
const rowsPerFrame = 10;

/** The count of what needs action is refreshed so often at most. */
const totalMs = 30_000;

/** A list that is filtered may show an email as it was so long ago. */
const lagMs = 1_000;

/**
 * `<mailtrail-emails account="acme">`: the emails of an account, newest first, with filters, and the opened email in
 * place of the list or beside it.
 *
 * @fires mailtrail-filter-change with `{ filter }`, after a person has changed the filter
 * @fires mailtrail-email-open with `{ emailId, accountId }`; prevent it to show the email elsewhere
 * @fires mailtrail-email-close with `{}`, after a person has gone back to the list
 * @fires mailtrail-account-open with `{ accountId }`, when a person chooses an email's account; the host opens it
 * @fires mailtrail-handled with `{ emailId, accountId }`, once a person has marked the opened email as handled
 */
export class MailtrailEmails extends MailtrailElement implements EmailsProperties {
  static override styles = [unsafeCSS(themeCss), unsafeCSS(emailsCss)];

  static override properties: PropertyDeclarations = {
    filter: { attribute: false, hasChanged: isOtherFilter },
    emailId: { attribute: 'email-id' },
    resend: { type: Boolean },
    accounts: { type: Boolean },
    canHandle: { attribute: 'can-handle', type: Boolean },
    words: { state: true },
    rows: { state: true },
    cursor: { state: true },
    isTruncated: { state: true },
    total: { state: true },
    loading: { state: true },
    fault: { state: true },
    announcement: { state: true },
    exported: { state: true },
    activeId: { state: true },
  };

  declare filter: EmailFilter;
  declare emailId: string | null;
  declare resend: boolean;
  declare accounts: boolean;
  /** The person may mark emails as handled: the opened email has a button where it asks for attention. */
  declare canHandle: boolean;
  declare protected words: Words | null;
  declare protected rows: readonly EmailRow[];
  /** Where the list continues; null at its end. */
  declare protected cursor: string | null;
  declare protected isTruncated: boolean;
  declare protected total: Total | null;
  declare protected loading: 'first' | 'more' | null;
  declare protected fault: Fault | null;
  /** Words for the live region. */
  declare protected announcement: string;
  /** The emails in the file so far, while it is made. */
  declare protected exported: number | null;
  /** The row that is in the order of tab stops. */
  declare protected activeId: string | null;

  #etag: string | null = null;
  #totalAt = 0;
  #load = new AbortController();
  #export: AbortController | null = null;
  #returnFocus = false;
  /** The first email of each page after the first. */
  readonly #pageStarts = new Set<string>();
  readonly #live = new Live(
    this,
    () => this.#refresh(),
    () => ({ fault: this.fault, isSoon: this.rows.some(row => this.#isOpenAndYoung(row)) }),
  );
  readonly #observer = new IntersectionObserver(
    entries => {
      if (entries.some(entry => entry.isIntersecting)) void this.#more();
    },
    { rootMargin: '600px' },
  );

  constructor() {
    super();
    this.filter = {};
    this.emailId = null;
    this.resend = false;
    this.accounts = false;
    this.canHandle = false;
    this.words = null;
    this.announcement = '';
    this.exported = null;
    this.total = null;
    this.#reset();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (!this.hasUpdated) return;
    // The element was moved, and its requests ended with its old place.
    if (this.rows.length === 0) return void this.#first();
    this.#load = new AbortController();
    this.loading = null;
    void this.#refresh();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#load.abort();
    this.#export?.abort();
    this.#observer.disconnect();
  }

  protected override connectionChanged(): void {
    this.words = null;
    this.total = null;
    this.#totalAt = 0;
    const { base } = this;
    void catalogueOf(base).then(
      words => {
        if (base === this.base) this.words = words;
      },
      error => {
        this.fault ??= faultOf(error);
      },
    );
    void this.#first();
  }

  protected override bearerChanged(): void {
    if (isWithoutAccess(this.fault)) this.#onRetry();
  }

  protected override willUpdate(changedProperties: PropertyValues<this>): void {
    const isFirst = !this.hasUpdated;
    // Frameworks take a property away by null or undefined, and an attribute by an empty text.
    this.filter ??= {};
    this.emailId ||= null;
    super.willUpdate(changedProperties);
    if (changedProperties.has('filter') && !isFirst) void this.#first();
    if (changedProperties.has('emailId') && this.emailId !== null) {
      if (this.rows.some(({ emailId }) => emailId === this.emailId)) this.activeId = this.emailId;
      void import('./mailtrail-email.ts');
    }
    // The host may close an email, e.g. by the browser's back button, and the focus would go with it.
    this.#returnFocus ||= this.emailId === null && this.shadowRoot?.activeElement?.closest('.detail') != null;
  }

  protected override updated(): void {
    const sentinel = this.renderRoot.querySelector('.more');
    this.#observer.disconnect();
    if (sentinel !== null) this.#observer.observe(sentinel);
    if (this.#returnFocus && this.emailId === null) {
      this.#returnFocus = false;
      this.renderRoot.querySelector<HTMLElement>('.open[tabindex="0"]')?.focus();
    }
  }

  // ---- Requests

  /** The filter of the requests: the API lists all accounts' emails narrowed, at first to what needs action. */
  get #asked(): EmailFilter {
    const { filter } = this;
    const { status, attention, recipient, reference } = filter;
    return this.account || recipient || reference || status || attention ? filter : { ...filter, attention: 'act' };
  }

  /** Whether the API orders the list by when each problem was recorded, in place of `sentAt`. */
  get #isByProblem(): boolean {
    const { attention, recipient, reference } = this.#asked;
    return !recipient && !reference && (attention === 'act' || (!this.account && !attention));
  }

  #reset(): void {
    this.#load.abort();
    this.#load = new AbortController();
    this.loading = null;
    this.fault = null;
    this.#forgetRows();
  }

  #forgetRows(): void {
    this.#etag = null;
    this.#pageStarts.clear();
    this.rows = [];
    this.cursor = null;
    this.isTruncated = false;
    this.activeId = null;
  }

  #forget(): void {
    this.#forgetRows();
    this.total = null;
    this.#totalAt = 0;
  }

  async #page(cursor: string | null): Promise<EmailPage | undefined> {
    const parameters = parametersOf(this.#asked);
    parameters.set('limit', String(pageSize));
    if (cursor !== null) parameters.set('cursor', cursor);
    const { signal } = this.#load;
    const known = cursor === null ? this.#etag : null;
    const { body, etag } = await this.connection.request<EmailPage>(`${this.emailsPath}?${parameters}`, {
      etag: known,
      signal,
    });
    signal.throwIfAborted();
    if (cursor === null) this.#etag = etag;
    if (body?.total) this.total = body.total;
    return body;
  }

  /** Runs a request of the list; one that another has replaced leaves no trace. `null`: it is no loading to people. */
  async #request(loading: 'first' | 'more' | null, run: () => Promise<void>): Promise<void> {
    const { signal } = this.#load;
    if (loading !== null) this.loading = loading;
    try {
      await run();
      this.fault = null;
    } catch (error) {
      if (signal.aborted) return;
      this.fault = this.#faultOf(error);
      // The next person at the screen must not read what the one before could.
      if (isWithoutAccess(this.fault) || this.fault === 'no_account') this.#forget();
    } finally {
      // A refresh may end while the next page is loading.
      if (!signal.aborted && loading !== null) this.loading = null;
    }
  }

  /** The fault in the words of a list: it may lack its account, or have a filter that nobody typed into the search. */
  #faultOf(error: unknown): Fault {
    const fault = faultOf(error);
    if (fault === 'not_found') return 'no_account';
    if (fault !== 'invalid') return fault;
    const field = error instanceof RequestFailed ? error.field : null;
    const isSearch = (field === 'recipient' || field === 'reference') && this.filter[field];
    return isSearch ? 'invalid' : 'invalid_filter';
  }

  async #first(): Promise<void> {
    this.#reset();
    void this.#count();
    await this.#request('first', async () => this.#show(await this.#page(null)));
    this.#live.schedule();
  }

  #show(page: EmailPage | undefined): void {
    if (page === undefined) return;
    this.#pageStarts.clear();
    this.#setRows(page.emails);
    this.cursor = page.cursor ?? null;
    this.isTruncated = page.truncated === true;
  }

  /** Sets the rows. The row in the order of tab stops stays; if it is gone, the one in its place follows it. */
  #setRows(rows: readonly EmailRow[]): void {
    const isActive = ({ emailId }: EmailRow) => emailId === this.activeId;
    const place = Math.max(0, this.rows.findIndex(isActive));
    this.rows = rows;
    if (rows.some(isActive)) return;
    const opened = rows.find(({ emailId }) => emailId === this.emailId);
    this.activeId = (opened ?? rows[place] ?? rows.at(-1))?.emailId ?? null;
    this.#returnFocus ||= this.shadowRoot?.activeElement?.className === 'open';
  }

  async #more(): Promise<void> {
    const { cursor } = this;
    if (cursor === null || this.loading !== null || this.fault !== null) return;
    await this.#request('more', async () => {
      const page = await this.#page(cursor);
      // A refresh may have begun the list anew.
      if (page === undefined || cursor !== this.cursor) return;
      const known = new Set(this.rows.map(row => row.emailId));
      const unknown = page.emails.filter(row => !known.has(row.emailId));
      const { signal } = this.#load;
      if (unknown[0] !== undefined) this.#pageStarts.add(unknown[0].emailId);
      for (let start = 0; start < unknown.length; start += rowsPerFrame) {
        this.rows = [...this.rows, ...unknown.slice(start, start + rowsPerFrame)];
        await new Promise(requestAnimationFrame);
        signal.throwIfAborted();
      }
      this.cursor = page.cursor ?? null;
      this.activeId ??= this.rows[0]?.emailId ?? null;
    });
  }

  /** Asks for the first page again. It replaces its part of the list, and keeps the pages after it. */
  async #refresh(): Promise<void> {
    if (this.loading !== null || isWithoutAccess(this.fault)) return;
    void this.#count();
    // Times relative to now go on.
    this.requestUpdate();
    await this.#request(null, async () => {
      if (this.words === null) this.words = await catalogueOf(this.base);
      const page = await this.#page(null);
      // The same words are announced again only if they were gone in between.
      this.announcement = '';
      if (page === undefined) return;
      this.#announce(page.emails);
      const ids = new Set(page.emails.map(row => row.emailId));
      const end = this.rows.findLastIndex(row => ids.has(row.emailId));
      // Without a common row, emails are missing between the page and the rows.
      if (page.cursor === undefined || end === -1) return this.#show(page);
      this.#setRows([...page.emails, ...this.rows.slice(end + 1)]);
    });
  }

  async #count(): Promise<void> {
    if (this.#asked.attention === 'act' || Date.now() - this.#totalAt < totalMs) return;
    this.#totalAt = Date.now();
    const { base, emailsPath } = this;
    try {
      const { body } = await this.connection.request<EmailPage>(`${emailsPath}?attention=act&limit=1`);
      // Another account's count may come late.
      if (base === this.base && emailsPath === this.emailsPath) this.total = body?.total ?? null;
    } catch {
      // The list itself says what is wrong.
    }
  }

  #isOpenAndYoung({ status, sentAt }: EmailRow): boolean {
    const isFinal = status !== null && (this.words?.statuses.get(status)?.final ?? false);
    return isOpenAndYoung(sentAt, isFinal, Date.now());
  }

  #announce(emails: readonly EmailRow[]): void {
    const before = new Map(this.rows.map(row => [row.emailId, row.status]));
    // The opened email announces its own changes.
    const news = emails.filter(
      ({ emailId, status }) => emailId !== this.emailId && before.has(emailId) && before.get(emailId) !== status,
    );
    const [only] = news;
    if (only === undefined) return;
    this.announcement =
      news.length === 1
        ? this.texts.say('changed', { recipient: inert(only.recipient), status: this.#labelOf(only) })
        : this.texts.say('changedMany', { count: news.length });
  }

  #labelOf({ status, label }: EmailRow): string {
    const code = status === null ? null : this.words?.statuses.get(status)?.codes.label;
    return this.texts.ofApi(code, label) ?? this.texts.say('noStatus');
  }

  // ---- Actions

  #choose(change: Partial<Record<keyof EmailFilter, string>>): void {
    this.filter = changed(this.filter, change);
    this.tell('mailtrail-filter-change', { filter: this.filter });
  }

  #onSearch(event: SubmitEvent): void {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    this.#choose({ recipient: '', reference: '', ...searchFor(String(data.get('search'))) });
  }

  #onStatus(event: Event): void {
    const boxes = (event.currentTarget as HTMLElement).querySelectorAll<HTMLInputElement>('input:checked');
    this.#choose({ status: [...boxes].map(box => box.value).join(',') });
  }

  #onRetry(): void {
    this.fault = null;
    void (this.rows.length > 0 ? this.#live.now() : this.connectionChanged());
  }

  #open({ emailId, accountId }: EmailRow): void {
    this.activeId = emailId;
    if (this.tell('mailtrail-email-open', { emailId, accountId })) this.emailId = emailId;
  }

  /** The opened email leads to another one, of which the host hears as of a row. */
  #onLink(event: CustomEvent<Pick<EmailRow, 'emailId' | 'accountId'>>): void {
    event.stopPropagation();
    event.preventDefault();
    if (this.tell('mailtrail-email-open', event.detail)) this.emailId = event.detail.emailId;
  }

  #onHandled({ detail }: CustomEvent<Pick<EmailRow, 'emailId'>>): void {
    // The API's list may lag behind by a second.
    if (this.#asked.attention) this.#setRows(this.rows.filter(({ emailId }) => emailId !== detail.emailId));
    this.#totalAt = 0;
    setTimeout(() => void this.#live.now(), lagMs);
  }

  #close(): void {
    this.#returnFocus = true;
    this.emailId = null;
    this.tell('mailtrail-email-close', {});
  }

  /** Escape goes back to the list. */
  #onDetailKey(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    // A dialog of the host around the list stays open.
    event.stopPropagation();
    this.#close();
  }

  /** Arrow keys, Home and End go from row to row. */
  #onKey(event: KeyboardEvent): void {
    const index = this.rows.findIndex(row => row.emailId === this.activeId);
    const targets: Readonly<Record<string, number>> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      Home: 0,
      End: this.rows.length - 1,
    };
    const target = this.rows[targets[event.key] ?? -1];
    if (target === undefined) return;
    event.preventDefault();
    this.activeId = target.emailId;
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector<HTMLElement>('.open[tabindex="0"]')?.focus({ preventScroll: false }),
    );
  }

  async #onCsv(): Promise<void> {
    if (this.#export !== null) return this.#export.abort();
    const exporting = new AbortController();
    this.#export = exporting;
    this.exported = 0;
    try {
      const { downloadCsv } = await import('./csv.ts');
      const count = await downloadCsv(this.connection, this.account ?? '', this.filter, {
        signal: exporting.signal,
        onProgress: lines => {
          this.exported = lines;
        },
      });
      this.announcement = this.texts.say('csvDone', { count });
    } catch {
      if (!exporting.signal.aborted) this.announcement = this.texts.say('csvFailed');
    } finally {
      this.#export = null;
      this.exported = null;
    }
  }

  // ---- Rendering

  protected override render(): TemplateResult {
    return html`<div class="root" part="root">
      <div class=${classMap({ layout: true, opened: this.emailId !== null })}>
        <section class="list" aria-label=${this.texts.say('emails')} aria-busy=${this.loading === 'first'}>
          ${this.#filters()} ${notice(this.fault, this.texts, () => this.#onRetry())} ${this.#list()} ${this.#foot()}
        </section>
        ${this.emailId === null ? nothing : this.#detail(this.emailId)}
      </div>
      <div class="hidden" role="status" aria-live="polite">${this.announcement}</div>
    </div>`;
  }

  #filters(): TemplateResult {
    const { texts, filter, total } = this;
    const { recipient, reference, attention, status = '', from = '', to = '' } = this.#asked;
    const chosen = status === '' ? [] : status.split(',');
    const hasFilter = Object.keys(filter).length > 0;
    const act =
      total === null
        ? texts.say('needsAction')
        : texts.say(total.more ? 'needsActionMany' : 'needsActionCount', { count: total.count });
    const toggle = (one: 'act' | 'late', label: string, hint?: string) =>
      html`<button class="button" part="button" type="button" aria-pressed=${attention === one ? 'true' : 'false'} title=${hint ?? nothing}
        @click=${() => this.#choose({ attention: attention === one ? '' : one })}>${label}</button>`;
    const date = (name: 'from' | 'to', value: string) =>
      html`<label>${texts.say(name)} <input type="date" .value=${value.slice(0, 10)}
        @change=${(event: Event) => this.#choose({ [name]: (event.target as HTMLInputElement).value })}></label>`;
    return html`<div class="filters" part="filters">
      <form role="search" @submit=${this.#onSearch}>
        <label class="hidden" for="search">${texts.say('search')}</label>
        <input id="search" name="search" type="search" maxlength="320" autocomplete="off" spellcheck="false" aria-describedby="hint"
          placeholder=${texts.say('search')} .value=${recipient ?? reference ?? ''}
          @search=${(event: Event) => (event.target as HTMLInputElement).value === '' && this.#choose({ recipient: '', reference: '' })}>
        <span id="hint" class="hidden">${texts.say('searchHint')}</span>
        <button class="button" part="button">${texts.say('find')}</button>
      </form>
      <div class="chips" @keydown=${closeOnEscape} @focusout=${closeOnLeave}>
        ${toggle('act', act)}
        ${this.account || recipient || reference ? toggle('late', texts.say('late'), texts.say('lateHint')) : nothing}
        <details class="menu">
          <summary class="button" part="button">${chosen.length === 0 ? texts.say('status') : texts.say('statusCount', { count: chosen.length })}</summary>
          <fieldset @change=${this.#onStatus}>
            <legend class="hidden">${texts.say('status')}</legend>
            ${[...(this.words?.statuses.values() ?? [])]
              .filter(entry => this.account || recipient || reference || entry.attention === 'yes')
              .map(
                entry =>
                  html`<label><input type="checkbox" value=${entry.id} .checked=${chosen.includes(entry.id)}> ${chip(entry, texts)}</label>`,
              )}
          </fieldset>
        </details>
        <details class="menu">
          <summary class="button" part="button">${texts.say('period')}${from || to ? ' ✓' : ''}</summary>
          <fieldset><legend class="hidden">${texts.say('period')}</legend>${date('from', from)} ${date('to', to)}</fieldset>
        </details>
        ${hasFilter ? html`<button class="button" part="button" type="button" @click=${this.#clear}>${texts.say('clear')}</button>` : nothing}
        ${
          this.account
            ? html`<button class="button csv" part="button" type="button" @click=${this.#onCsv}>${this.exported === null ? texts.say('csv') : texts.say('csvProgress', { count: this.exported })}</button>`
            : nothing
        }
      </div>
    </div>`;
  }

  #clear(): void {
    this.filter = {};
    this.tell('mailtrail-filter-change', { filter: this.filter });
  }

  #list(): TemplateResult | typeof nothing {
    if (this.rows.length === 0 || this.words === null) return nothing;
    const { texts, words, activeId, accounts } = this;
    const isByProblem = this.#isByProblem;
    const minute = Math.floor(Date.now() / 60_000);
    // Of a thousand rows, only those that changed are rendered again.
    return html`<div role="list" class="rows" part="rows" @keydown=${this.#onKey}>${this.#blocks().map(
      block =>
        html`<div role="presentation" class="block">${repeat(
          block,
          row => row.emailId,
          row =>
            html`${guard([row, row.emailId === this.emailId, row.emailId === activeId, texts, words, accounts, isByProblem, minute], () => this.#row(row, isByProblem))}`,
        )}</div>`,
    )}</div>`;
  }

  /** The rows by the page that brought them: the browser skips the rendering of whole blocks far away. */
  #blocks(): EmailRow[][] {
    const blocks: EmailRow[][] = [];
    for (const row of this.rows) {
      if (blocks.length === 0 || this.#pageStarts.has(row.emailId)) blocks.push([]);
      blocks.at(-1)!.push(row);
    }
    return blocks;
  }

  #row(row: EmailRow, isByProblem: boolean): TemplateResult {
    const { texts, words } = this;
    const { emailId, recipient, subject, reference, status, cause, attention, sentAt, statusAt, accountId } = row;
    const reason = cause === null ? undefined : words?.causes.get(cause);
    const isOpened = this.emailId === emailId;
    const tabIndex = emailId === this.activeId ? 0 : -1;
    const openAccount =
      this.accounts && accountId !== null ? () => this.tell('mailtrail-account-open', { accountId }) : null;
    const names = [
      ...(reference === null ? [] : [foreign(reference)]),
      ...(this.account || accountId === null ? [] : [accountName(accountId, texts, openAccount, tabIndex)]),
    ];
    const isProblem = isByProblem && attention === 'act' && statusAt !== null;
    return html`<div role="listitem" part="row" class=${isOpened ? 'row opened' : 'row'}>
      <button class="open" type="button" aria-describedby="state-${emailId}" aria-current=${isOpened ? 'true' : 'false'} tabindex=${tabIndex}
        @click=${() => this.#open(row)} @focus=${() => {
          this.activeId = emailId;
        }}>
        <bdi class="recipient">${inert(recipient)}</bdi>
        <bdi class=${subject === null ? 'subject soft' : 'subject'}>${subject === null ? texts.say('noSubject') : inert(subject)}</bdi>
      </button>
      <span class="state" id="state-${emailId}">${chip(status === null ? undefined : words?.statuses.get(status), texts, attention === 'late')}
        ${reason ? html`<span class="cause">${texts.ofApi(reason.codes.label, reason.label)}</span>` : nothing}</span>
      <span class="facts soft">${names.length === 0 ? nothing : html`<span class="names">${names.map((name, index) => (index === 0 ? name : html` · ${name}`))}</span>`}${isProblem ? timeOf(statusAt, texts, 'reported') : timeOf(sentAt, texts)}</span>
    </div>`;
  }

  #foot(): TemplateResult | typeof nothing {
    const { texts, rows, cursor, loading } = this;
    if (this.fault !== null) return nothing;
    if (loading === 'first' || this.words === null) {
      return html`<p class="soft foot" role="status">${texts.say('loading')}</p>`;
    }
    if (cursor !== null) {
      return html`<p class="foot more">${rows.length === 0 ? html`<span class="soft">${texts.say('searchedPart')}</span>` : nothing}
        <button class="button" part="button" type="button" aria-disabled=${loading === 'more' ? 'true' : 'false'} @click=${this.#more}>${loading === 'more' ? texts.say('loading') : texts.say('more')}</button></p>`;
    }
    const key = rows.length === 0 ? this.#emptyKey() : this.isTruncated ? 'truncated' : this.#endKey;
    const { reference = '', recipient = '' } = this.#asked;
    return html`<p class="soft foot" role="status">${texts.say(key, { reference: inert(reference), recipient: inert(recipient) })}</p>`;
  }

  get #endKey(): MessageKey {
    return Object.keys(this.#asked).length > 0 ? 'endFiltered' : 'end';
  }

  /** The message for an empty list. */
  #emptyKey(): MessageKey {
    const filter = this.#asked;
    const count = Object.keys(filter).length;
    if (count === 0) return 'empty';
    if (count > 1) return 'emptyFiltered';
    if (filter.reference) return 'emptyReference';
    if (filter.recipient) return 'emptyRecipient';
    return filter.attention === 'act' ? 'emptyAct' : 'emptyFiltered';
  }

  #detail(emailId: string): TemplateResult {
    return html`<div class="detail" @keydown=${this.#onDetailKey} @mailtrail-email-open=${this.#onLink} @mailtrail-handled=${this.#onHandled}>
      <button class="button back" part="button" type="button" @click=${this.#close}>${this.texts.say('back')}</button>
      <mailtrail-email part="email" exportparts="account, link, field, chip, chip-waiting, chip-good, chip-warning, chip-bad, button, heading, section, timeline, event, notice" .api=${this.api} .account=${this.account} .token=${this.token} .getToken=${this.getToken}
        .messages=${this.messages} .resend=${this.resend} .accounts=${this.accounts} .canHandle=${this.canHandle} lang=${this.texts.lang} email-id=${emailId} autofocus></mailtrail-email>
    </div>`;
  }
}

/** Escape closes the menu that has the focus. */
function closeOnEscape(event: KeyboardEvent): void {
  const menu = (event.target as Element).closest<HTMLDetailsElement>('details[open]');
  if (event.key !== 'Escape' || menu === null) return;
  event.stopPropagation();
  menu.open = false;
  menu.querySelector('summary')?.focus();
}

/** A menu closes when the focus leaves it for something else on the page. */
function closeOnLeave({ target, relatedTarget }: FocusEvent): void {
  const menu = (target as Element).closest('details');
  if (menu !== null && relatedTarget !== null && !menu.contains(relatedTarget as Node)) menu.open = false;
}

declare global {
  interface HTMLElementTagNameMap {
    'mailtrail-emails': MailtrailEmails;
  }
}

customElements.get('mailtrail-emails') ?? customElements.define('mailtrail-emails', MailtrailEmails);
