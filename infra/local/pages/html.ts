import { createHash } from 'node:crypto';
import { Html, html } from '../../../shared/http/html.ts';
import type { HttpAnswer } from '../api-gateway/http-payload.ts';

export { type Html, html };

/** Text that is HTML already, and holds nothing that a stranger wrote. */
export function trustedHtml(text: string): Html {
  return new Html(text);
}

const style = `
:root { color-scheme: light dark; --ink: light-dark(#1c2330, #e6e9ef); --paper: light-dark(#fff, #14181f);
  --soft: light-dark(#5a6475, #9aa4b5); --line: light-dark(#dfe3ea, #2b323e); --link: light-dark(#0b57d0, #8ab4f8);
  --code: light-dark(#f3f5f9, #1e242e); }
* { box-sizing: border-box; }
body { margin: 0; padding: 2.5rem 1.25rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; }
main { max-width: 46rem; margin: auto; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.05rem; margin: 2.25rem 0 .5rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); }
a { color: var(--link); text-underline-offset: .15em; }
a:focus-visible, .wide:focus-visible, pre:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.wide { overflow-x: auto; }
dt { margin-top: .7rem; } dd { margin: 0; color: var(--soft); }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; color: var(--soft); padding-bottom: .5rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem 1rem .4rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; white-space: nowrap; } .number { text-align: right; font-variant-numeric: tabular-nums; }
button, input { font: inherit; color: inherit; padding: .35em .75em; border: 1px solid var(--soft); border-radius: .35em;
  background: var(--code); } button { cursor: pointer; margin: .15em 0; } input { background: var(--paper); max-width: 100%; }
button:focus-visible, input:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
[role=alert] { color: light-dark(#b3261e, #f2b8b5); }
pre { font: .9em/1.45 ui-monospace, monospace; background: var(--code); padding: .75em 1em; border-radius: .3em;
  overflow-x: auto; }
.letter { white-space: pre-wrap; overflow-wrap: anywhere; }
code { font: .9em ui-monospace, monospace; background: var(--code); padding: .1em .35em; border-radius: .3em;
  overflow-wrap: anywhere; }
`;

/**
 * A page of the runner. It loads nothing, and nothing may frame it.
 *
 * @param script runs at the end of the page; the policy names it by its hash
 */
export function htmlPage(title: string, body: Html, script?: string): HttpAnswer {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
${body}
</main>
${script === undefined ? '' : html`<script>${new Html(script)}</script>`}
</body>
</html>
`;
  return {
    statusCode: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': [
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
        ...(script === undefined
          ? []
          : [`script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`]),
      ].join('; '),
      'referrer-policy': 'no-referrer',
    },
    body: Buffer.from(page.text),
  };
}

/** Text for terminals. */
export function textPage(text: string): HttpAnswer {
  return { statusCode: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from(text) };
}

/** The same facts for programs. */
export function jsonPage(content: object): HttpAnswer {
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(content)),
  };
}
