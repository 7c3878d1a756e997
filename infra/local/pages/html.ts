import { Html, html } from '../../../shared/http/html.ts';
import type { HttpAnswer } from '../api-gateway/http-payload.ts';

export { type Html, html };

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
a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.wide { overflow-x: auto; }
dt { margin-top: .7rem; } dd { margin: 0; color: var(--soft); }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; color: var(--soft); padding-bottom: .5rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem 1rem .4rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; white-space: nowrap; } .number { text-align: right; font-variant-numeric: tabular-nums; }
code { font: .9em ui-monospace, monospace; background: var(--code); padding: .1em .35em; border-radius: .3em;
  overflow-wrap: anywhere; }
`;

/** A page of the runner. It loads nothing, and nothing may frame it. */
export function htmlPage(title: string, body: Html): HttpAnswer {
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
</body>
</html>
`;
  return {
    statusCode: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
      'referrer-policy': 'no-referrer',
    },
    body: Buffer.from(page.text),
  };
}
