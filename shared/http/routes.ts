/** Every route of the HTTP API. The gateway is built from this table; functions key their operations by it. */

export interface Route {
  readonly function: 'ingest' | 'query' | 'manage' | 'ui';
  /**
   * `provider`: the provider's signature proves the call. `public`: anybody may call. `account`: a token of the account
   * or of support. `support`: a token of support only.
   */
  readonly access: 'provider' | 'public' | 'account' | 'support';
  /** The route changes data: an account's token also needs the scope to manage. */
  readonly writes?: true;
  readonly description: string;
}

export const routes = {
  'POST /webhooks/{provider}': {
    function: 'ingest',
    access: 'provider',
    description: "A provider's callback, or a registration by the sending application (provider `app`).",
  },
  'ANY /webhooks/{provider}': {
    function: 'ingest',
    access: 'provider',
    description: "A provider's set-up calls; other methods are answered 405.",
  },
  'GET /statuses': {
    function: 'query',
    access: 'public',
    description: 'The catalogue of statuses, causes and caveats, cacheable.',
  },
  'GET /openapi.json': {
    function: 'query',
    access: 'public',
    description: 'This document.',
  },
  'GET /accounts/{accountId}/emails': {
    function: 'query',
    access: 'account',
    description: "An account's emails that match all filters, newest first.",
  },
  'GET /accounts/{accountId}/emails/{emailId}': {
    function: 'query',
    access: 'account',
    description: 'One email: its status, meaning, cause, what to do, timeline and caveats.',
  },
  'POST /accounts/{accountId}/emails/statuses': {
    function: 'query',
    access: 'account',
    description: 'The statuses of emails by up to 100 ids or 100 references.',
  },
  'GET /accounts/{accountId}/attention-list': {
    function: 'query',
    access: 'account',
    description:
      'The emails that ask somebody to act, or those of any filter, for spreadsheets and programs. The header `link` leads to the next page; all pages joined are one file.',
  },
  'POST /accounts/{accountId}/recipients/check': {
    function: 'query',
    access: 'account',
    description:
      "Whether to send up to 100 addresses another email, by the account's newest 25 emails to each. Nothing is stored.",
  },
  'GET /emails': {
    function: 'query',
    access: 'support',
    description: 'Emails of all accounts, newest first: by recipient, by reference, or those that ask somebody to act.',
  },
  'GET /emails/{emailId}': {
    function: 'query',
    access: 'support',
    description: 'One email of any account, or without an account.',
  },
  'POST /recipients/check': {
    function: 'query',
    access: 'support',
    description: 'Whether to send up to 100 addresses another email, by the newest 25 emails of all accounts to each.',
  },
  'GET /providers': {
    function: 'query',
    access: 'support',
    description:
      'The news of each provider: its last event, refused calls, quarantined pieces, and whether it is silent.',
  },
  'POST /accounts/{accountId}/emails/{emailId}/handled': {
    function: 'manage',
    access: 'account',
    writes: true,
    description: 'Says that somebody handled an email: it asks nobody to act any more, until it fails again.',
  },
  'POST /emails/{emailId}/handled': {
    function: 'manage',
    access: 'support',
    writes: true,
    description: 'The same for an email of any account, or without an account.',
  },
  'POST /accounts/{accountId}/erasures': {
    function: 'manage',
    access: 'account',
    writes: true,
    description: "Erases an account's data about a recipient.",
  },
  'POST /erasures': {
    function: 'manage',
    access: 'support',
    writes: true,
    description: 'Erases the data of all accounts about a recipient.',
  },
  'GET /ui': {
    function: 'ui',
    access: 'public',
    description: 'The page that shows emails, if `uiClientId` is set.',
  },
  'GET /ui/{file}': {
    function: 'ui',
    access: 'public',
    description: 'The elements for your pages: the loader `mailtrail.js` and its modules.',
  },
} as const satisfies Record<string, Route>;

export type RouteKey = keyof typeof routes;

/** The routes that a function answers. */
export type RouteOf<Function extends Route['function']> = {
  [Key in RouteKey]: (typeof routes)[Key]['function'] extends Function ? Key : never;
}[RouteKey];
