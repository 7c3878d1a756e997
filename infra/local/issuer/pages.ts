import type { HttpAnswer } from '../api-gateway/http-payload.ts';
import { html, htmlPage, trustedHtml } from '../pages/html.ts';

/** Accounts that the demo and the simulator send emails of. */
export const knownAccounts = ['acme', 'globex', 'initech'] as const;

const name = 'Mailtrail on this machine';

const manage = html`<p><label><input type="checkbox" name="manage"> may also erase recipients, and mark emails as handled</label></p>`;

/**
 * The choice of a person; no password is asked for.
 *
 * @param unusable an account that was entered and can be none
 */
export function choicePage(unusable?: string): HttpAnswer {
  const problem =
    unusable === undefined
      ? ''
      : html`<p id="problem" role="alert">No account can have the id “${unusable}”. It has 1 to 128 of the characters A-Z a-z 0-9 . _ ~ : @ = + -</p>`;
  return htmlPage(
    `Sign in: ${name}`,
    html`<h1>Sign in</h1>
<p class="soft">Choose a person. This stack runs on this machine alone, and asks for no password.</p>
<h2>Support</h2>
<p class="soft">Sees the emails of every account.</p>
<form method="post"><p><button name="support" value="yes">Sign in as support</button></p></form>
<h2>Somebody at an account</h2>
<p class="soft">Sees the emails of one account.</p>
<form method="post">
<p>${knownAccounts.map(account => html`<button name="account" value="${account}">Sign in as ${account}</button> `)}</p>
${manage}
</form>
<h2>Another account</h2>
<form method="post">
${problem}
<p><label for="account">Account id</label>
<input id="account" name="account" value="${unusable ?? ''}" required autocomplete="off" spellcheck="false" maxlength="128"${problem === '' ? '' : trustedHtml(' aria-invalid="true" aria-describedby="problem"')}>
<button>Sign in</button></p>
${manage}
</form>`,
  );
}

const pressing = "document.querySelector('button').click()";

/**
 * Asks whether to sign out.
 *
 * @param form the library's form, without a button
 * @param isAsked the person has asked for it already: the page presses its button by itself
 */
export function signOutPage(form: string, isAsked: boolean): HttpAnswer {
  const body = html`<h1>Sign out</h1>
${trustedHtml(form)}
<p><button form="op.logoutForm" name="logout" value="yes">Sign out</button></p>`;
  return htmlPage(`Sign out: ${name}`, body, isAsked ? pressing : undefined);
}

export function signedOutPage(): HttpAnswer {
  return htmlPage(`Signed out: ${name}`, html`<h1>Signed out</h1>\n<p><a href="/ui">Sign in again</a></p>`);
}

/** @param text says what went wrong */
export function failurePage(text: string): HttpAnswer {
  const page = htmlPage(
    `No sign-in: ${name}`,
    html`<h1>No sign-in</h1>\n<p>${text}</p>\n<p><a href="/ui">Open the page again</a></p>`,
  );
  return { ...page, statusCode: 400 };
}
