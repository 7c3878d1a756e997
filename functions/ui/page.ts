/** The page's HTML, and the security policy under which a browser runs it. */

import { type Html, html } from '../../shared/http/html.ts';

export interface PageSettings {
  /** The URL of the OIDC issuer. */
  readonly issuer: string;
  /** The id under which the issuer knows the page. */
  readonly clientId: string;
  /** The scopes that the page asks for, separated by blanks. */
  readonly scope: string;
  readonly audience: string;
  /** The claim of a token that names its account. */
  readonly accountClaim: string;
  /** The scope that opens every account. */
  readonly supportScope: string;
  /** The scope that changes data of its account. */
  readonly manageScope: string;
  /** Origins that the page calls besides its own and the issuer's. */
  readonly connectOrigins: readonly string[];
  /** Links for operators: JSON, a list of `{ label, href }`; empty for none. */
  readonly operatorLinks: string;
}

/**
 * The whole page is one element.
 *
 * @param modules the URLs of its module and of the modules that this one imports
 */
export function pageHtml(settings: PageSettings, [entry, ...imported]: readonly string[]): string {
  const { issuer, clientId, scope, audience, accountClaim, supportScope, manageScope, operatorLinks } = settings;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Mailtrail</title>
${imported.map(module => html`<link rel="modulepreload" href="${module}">\n`)}<script type="module" src="${entry}"></script>
</head>
<body>
<mailtrail-app issuer="${issuer}" client-id="${clientId}" scope="${scope}" audience="${audience}" account-claim="${accountClaim}" support-scope="${supportScope}" manage-scope="${manageScope}"${attribute('operator-links', operatorLinks)}></mailtrail-app>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
`.text;
}

function attribute(name: string, value: string): Html | '' {
  return value === '' ? '' : html` ${name}="${value}"`;
}

/** Lit's styles are constructed in scripts, which needs no `style-src`. Its templates pass through this policy. */
const trustedTypes = 'lit-html';

const unusedFeatures = ['camera', 'display-capture', 'geolocation', 'microphone', 'payment', 'usb'];

/** The headers that confine the page to its own code, to the API and to the issuer. */
export function pageHeaders({ issuer, connectOrigins }: PageSettings): Record<string, string> {
  const policy = {
    'default-src': "'none'",
    'script-src': "'self'",
    'connect-src': ["'self'", new URL(issuer).origin, ...connectOrigins].join(' '),
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    'require-trusted-types-for': "'script'",
    'trusted-types': trustedTypes,
  };
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'content-security-policy': Object.entries(policy)
      .map(([directive, value]) => `${directive} ${value}`)
      .join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': unusedFeatures.map(feature => `${feature}=()`).join(', '),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
}
