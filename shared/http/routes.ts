/** Every route of the HTTP API. The gateway is built from this table; functions key their operations by it. */

export interface Route {
  readonly function: 'ingest' | 'query' | 'manage';
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
    description: "Set-up calls and wrong methods: answered as the provider's contract says, else 405.",
  },
  'GET /statuses': {
    function: 'query',
    access: 'public',
    description: 'The catalogue of statuses and of causes, cacheable.',
  },
  'GET /openapi.json': {
    function: 'query',
    access: 'public',
    description: 'This document.',
  },
  'GET /accounts/{accountId}/emails': {
    function: 'query',
    access: 'account',
    description: "An account's emails, newest first, as far as the filters take them.",
  },
  'GET /accounts/{accountId}/emails/{emailId}': {
    function: 'query',
    access: 'account',
    description: 'One email: status, meaning, cause, what to do, why this status, timeline, caveats.',
  },
  'POST /accounts/{accountId}/emails/statuses': {
    function: 'query',
    access: 'account',
    description: 'The status of up to a hundred emails, by their ids or by references.',
  },
  'GET /accounts/{accountId}/attention-list': {
    function: 'query',
    access: 'account',
    description:
      'The emails that somebody must act on, for spreadsheets and programs: who, and why. The pages one after the other, each by the `link` of the one before, are one file.',
  },
  'GET /emails': {
    function: 'query',
    access: 'support',
    description:
      'Emails of all accounts, newest first: of a recipient, of a reference, or those that somebody must act on.',
  },
  'GET /emails/{emailId}': {
    function: 'query',
    access: 'support',
    description: 'One email of any account, or of none that is known yet.',
  },
  'POST /accounts/{accountId}/erasures': {
    function: 'manage',
    access: 'account',
    writes: true,
    description: "Erases what is kept of a recipient in an account's name.",
  },
  'POST /erasures': {
    function: 'manage',
    access: 'support',
    writes: true,
    description: 'Erases what is kept of a recipient, whoever sent to them.',
  },
} as const satisfies Record<string, Route>;

export type RouteKey = keyof typeof routes;

/** The routes that a function answers. */
export type RouteOf<Function extends Route['function']> = {
  [Key in RouteKey]: (typeof routes)[Key]['function'] extends Function ? Key : never;
}[RouteKey];
