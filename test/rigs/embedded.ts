import type { UiStack } from './ui-stack.ts';

/**
 * An application's page with an element in it: a script, the element, and the application's way to get a token.
 *
 * @param markup e.g. `<mailtrail-emails account="acme"></mailtrail-emails>`
 * @returns its address
 */
export async function embedded(
  { url, host, token }: UiStack,
  markup: string,
  { path = '/emails', account, manage = false, head = '', headers = {}, forgotten = ':not(*)' }: EmbedOptions = {},
): Promise<string> {
  const named = account === undefined ? /account="([^"]+)"/.exec(markup)?.[1] : account;
  const bearer = await token(named ? { account: named, manage } : { support: true });
  host.serve('/token.js', {
    html: `for (const element of document.querySelectorAll('mailtrail-emails, mailtrail-email, mailtrail-status')) {
  if (!element.matches(${JSON.stringify(forgotten)})) element.getToken = () => Promise.resolve(${JSON.stringify(bearer)});
}`,
  });
  return host.serve(path, {
    headers,
    html: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Billing of Acme</title><link rel="icon" href="data:,">
<script type="module" src="${url}/ui/mailtrail.js"></script>${head}</head>
<body><main><h1>Emails</h1>${markup}</main><script src="/token.js"></script></body></html>`,
  });
}

export interface EmbedOptions {
  readonly path?: string;
  /** The account of the token: by default the one that the markup names; null for support's. */
  readonly account?: string | null;
  /** Whether the token may change data of its account. */
  readonly manage?: boolean;
  readonly head?: string;
  /** A selector of elements that the application gives no token: by default of none. */
  readonly forgotten?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
