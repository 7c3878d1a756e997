// Written by `npm run docs` from infra/config.ts.

import type { providerTitles } from '../shared/providers/titles.ts';

/** The settings of an installation. Only the issuer and the audience of tokens are required. */
export interface MailtrailProps {
  /** The issuer of your users' tokens, e.g. https://login.example.com/ (exactly as in the claim `iss`). */
  readonly oidcIssuer: string;
  /** The audience (`aud`, or `client_id`) that a token for this API must carry. */
  readonly oidcAudience: string;
  /**
   * The claim of a token that names its account.
   * @default "account_id"
   */
  readonly accountClaim?: string | undefined;
  /**
   * The scope of a token that may read and change every account.
   * @default "mailtrail/support"
   */
  readonly supportScope?: string | undefined;
  /**
   * The scope with which a token may also erase and mark emails as handled in its account; supportScope includes it.
   * @default "mailtrail/manage"
   */
  readonly manageScope?: string | undefined;
  /** If set, a token needs this scope or supportScope to open the account API. */
  readonly apiScope?: string | undefined;
  /** The UTC hour, 0 to 23, of a daily digest of the emails that need action; without it there is none. */
  readonly dailyDigestHour?: number | undefined;
  /**
   * Whether machines get a daily digest of each account too. It needs dailyDigestHour, and `events` or a subscription to the topic of the output AlertEventsTopicArn.
   * @default false
   */
  readonly accountDigests?: boolean | undefined;
  /** The address for alerts about hard bounces and spam marks. */
  readonly supportEmail?: string | undefined;
  /** The address for alarms; supportEmail by default. */
  readonly operationsEmail?: string | undefined;
  /** Your SNS topic to which Amazon SES already publishes; the stack makes one by default. Every publisher to it is trusted. */
  readonly sesTopicArn?: string | undefined;
  /** Support's page of an email, with {accountId} and {emailId}; alerts link to it. */
  readonly emailPageUrl?: string | undefined;
  /**
   * Days until an email and its history are removed.
   * @default 400
   */
  readonly retentionDays?: number | undefined;
  /**
   * Table class of the emails: infrequentAccess has cheaper storage and dearer writes, and auto takes it where retentionDays makes it pay.
   * @default "auto"
   */
  readonly tableClass?: 'auto' | 'standard' | 'infrequentAccess' | undefined;
  /**
   * Days that logs are kept.
   * @default 90
   */
  readonly logRetentionDays?: 1 | 3 | 5 | 7 | 14 | 30 | 60 | 90 | 120 | 150 | 180 | 365 | 400 | 545 | 731 | 1096 | 1827 | 2192 | 2557 | 2922 | 3288 | 3653 | undefined;
  /**
   * Name under which the sender attaches the account to an email (custom argument, tag, metadata).
   * @default "account_id"
   */
  readonly metadataAccountId?: string | undefined;
  /**
   * Name under which the sender attaches its own reference to an email, e.g. an invoice's number.
   * @default "reference"
   */
  readonly metadataReference?: string | undefined;
  /** The account of emails that name none, for installations without accounts. */
  readonly defaultAccountId?: string | undefined;
  /**
   * Further names that a registration may give as `data.provider`, for senders of your own.
   * @default []
   */
  readonly senderNames?: readonly string[] | undefined;
  /**
   * The providers in use, by the names in their webhook URLs: each is watched for silence, and has alarms of its own.
   * @default []
   */
  readonly providers?: readonly (keyof typeof providerTitles)[] | undefined;
  /**
   * Whether webhooks of providers that `providers` does not list are answered 404.
   * @default false
   */
  readonly onlyListed?: boolean | undefined;
  /**
   * The minutes within which a listed provider is expected to report something, e.g. sendgrid=60.
   * @default []
   */
  readonly expectNews?: readonly { readonly provider: string; readonly minutes: number }[] | undefined;
  /**
   * Minutes without a report until `enqueued` is old.
   * @default 15
   */
  readonly enqueuedOldAfterMinutes?: number | undefined;
  /**
   * Minutes without a report until `sent` is old.
   * @default 1440
   */
  readonly sentOldAfterMinutes?: number | undefined;
  /**
   * Minutes without a report until `deferred` is old.
   * @default 4320
   */
  readonly deferredOldAfterMinutes?: number | undefined;
  /**
   * Origins whose web pages may call the API from the browser.
   * @default []
   */
  readonly corsOrigins?: readonly string[] | undefined;
  /**
   * Whether a bus of Amazon EventBridge gets an event for each change of a status.
   * @default false
   */
  readonly events?: boolean | undefined;
  /** The URL that gets every event of the bus by POST, with a key in the header x-api-key. On one machine it may be http://localhost. */
  readonly eventsUrl?: string | undefined;
  /** The id under which your issuer knows the page /ui; without it there is no page. */
  readonly uiClientId?: string | undefined;
  /** The scopes that the page asks for, separated by blanks; `openid` and apiScope by default. */
  readonly uiScope?: string | undefined;
  /** The audience that the page asks for, where your issuer wants it named; none by default. */
  readonly uiAudience?: string | undefined;
  /**
   * Origins of your issuer's endpoints, if it has some elsewhere.
   * @default []
   */
  readonly uiConnectOrigins?: readonly string[] | undefined;
  /** The domain of the API, with certificateArn; without it AWS gives the API an address. */
  readonly domainName?: string | undefined;
  /** The certificate of domainName, in the region of the stack. */
  readonly certificateArn?: string | undefined;
  /**
   * Whether the address that AWS gave answers beside domainName, while URLs are changed.
   * @default false
   */
  readonly keepDefaultAddress?: boolean | undefined;
  /** The ARN of the stream of a table that already has the emails, e.g. a restored one; by default the stack makes a table. */
  readonly existingTable?: string | undefined;
  /** The ARN of a secret that already has the webhook secrets; by default the stack makes one. */
  readonly existingWebhookSecret?: string | undefined;
  /**
   * Whether Lambda's own lines about each call (START, END, REPORT) are in the logs, and lines are plain text.
   * @default false
   */
  readonly platformLogs?: boolean | undefined;
  /**
   * Megabytes of memory of the ingest function, and with them its share of a CPU: 1769 are a whole one.
   * @default 512
   */
  readonly ingestMemory?: number | undefined;
  /** Concurrent executions that are set aside for the ingest function; by default it shares those of the account. */
  readonly ingestConcurrency?: number | undefined;
  /**
   * Batches of events of Amazon SES that are recorded at once.
   * @default 20
   */
  readonly sesConcurrency?: number | undefined;
  /**
   * Write units per second that each table takes at most, so that a flood has an upper cost.
   * @default 4000
   */
  readonly maxWriteUnits?: number | undefined;
  /**
   * Read units per second that each table takes at most.
   * @default 4000
   */
  readonly maxReadUnits?: number | undefined;
  /**
   * Requests per second on each of people's routes; further ones are answered 429. Callbacks have the account's limit alone.
   * @default 500
   */
  readonly requestsPerSecond?: number | undefined;
}
