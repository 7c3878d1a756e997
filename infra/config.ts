/**
 * The deployment's configuration: the object `mailtrail` in the context of cdk.json. An environment variable
 * (`MAILTRAIL_OIDC_ISSUER`) overrides a field; `-c oidcIssuer=...` overrides both. An empty text means not set. Unknown
 * names and values out of range are errors.
 */

import * as z from 'zod';
import { accountIdShape, canaryAccountId } from '../shared/email/event.ts';
import { providerTitles } from '../shared/providers/titles.ts';

const text = z.string().trim();
const optionalText = text.optional();
/** Concurrent batches of the retry queue. Two vCPUs write about as much as the table takes. */
export const retryConcurrency = 2;

const positive = z.coerce.number().int().positive();

/** An override of a list is one text, separated by commas. */
const listed = (value: unknown) => (typeof value === 'string' ? value.split(',') : value);

const providerName = text.pipe(
  z.enum(
    Object.keys(providerTitles) as (keyof typeof providerTitles)[],
    'must be the name of a provider in its webhook URL',
  ),
);

const gapShape = /^([a-z0-9]+)=([1-9][0-9]{0,4})$/;

/** A provider and minutes; an override is a text such as `sendgrid=60`. */
const expectedGap = z.preprocess(
  value => {
    const [, provider, minutes] = (typeof value === 'string' && gapShape.exec(value.trim())) || [];
    return provider === undefined ? value : { provider, minutes: Number(minutes) };
  },
  z.strictObject(
    { provider: z.string(), minutes: z.int().min(1).max(99_999) },
    'must be a provider and minutes such as sendgrid=60',
  ),
);

const notAnHour = 'must be a whole number from 0 to 23, the UTC hour';

/** An override of a truth value is a text. */
const truth = z.preprocess(
  value => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean('must be true or false'),
);

/** The retentions that CloudWatch Logs accepts; any other would fail only during deployment. */
const logRetentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

export const config = z.strictObject({
  stackName: text
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,127}$/)
    .default('Mailtrail')
    .describe('Name of the CloudFormation stack; a second installation in one account and region needs another.'),
  oidcIssuer: text
    .regex(/^https:\/\/[^\s;,]+$/, 'must be an https URL')
    .optional()
    .describe("The issuer of your users' tokens, e.g. https://login.example.com/ (exactly as in the claim `iss`)."),
  oidcAudience: optionalText.describe('The audience (`aud`, or `client_id`) that a token for this API must carry.'),
  accountClaim: text.default('account_id').describe('The claim of a token that names its account.'),
  supportScope: text
    .default('mailtrail/support')
    .describe('The scope of a token that may read and change every account.'),
  manageScope: text
    .default('mailtrail/manage')
    .describe(
      'The scope with which a token may also erase and mark emails as handled in its account; supportScope includes it.',
    ),
  apiScope: optionalText.describe('If set, a token needs this scope or supportScope to open the account API.'),
  dailyDigestHour: z
    // Any other value that is no number would be hour 0.
    .preprocess(
      value => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value),
      z.int(notAnHour).min(0, notAnHour).max(23, notAnHour),
    )
    .optional()
    .describe('The UTC hour, 0 to 23, of a daily digest of the emails that need action; without it there is none.'),
  accountDigests: truth
    .default(false)
    .describe(
      'Whether machines get a daily digest of each account too. It needs dailyDigestHour, and `events` or a subscription to the topic of the output AlertEventsTopicArn.',
    ),
  supportEmail: z.email().optional().describe('The address for alerts about hard bounces and spam marks.'),
  operationsEmail: z.email().optional().describe('The address for alarms; supportEmail by default.'),
  sesTopicArn: text
    .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/, 'must be the ARN of an SNS topic')
    .optional()
    .describe(
      'Your SNS topic to which Amazon SES already publishes; the stack makes one by default. Every publisher to it is trusted.',
    ),
  emailPageUrl: z
    .url({ protocol: /^https?$/ })
    .refine(url => url.includes('{emailId}'), 'must contain {emailId}')
    .optional()
    .describe("Support's page of an email, with {accountId} and {emailId}; alerts link to it."),
  retentionDays: positive.default(400).describe('Days until an email and its history are removed.'),
  tableClass: text
    .pipe(z.enum(['auto', 'standard', 'infrequentAccess'], 'must be auto, standard or infrequentAccess'))
    .default('auto')
    .describe(
      'Table class of the emails: infrequentAccess has cheaper storage and dearer writes, and auto takes it where retentionDays makes it pay.',
    ),
  logRetentionDays: z.coerce.number().pipe(z.literal(logRetentions)).default(90).describe('Days that logs are kept.'),
  metadataAccountId: text
    .default('account_id')
    .describe('Name under which the sender attaches the account to an email (custom argument, tag, metadata).'),
  metadataReference: text
    .default('reference')
    .describe("Name under which the sender attaches its own reference to an email, e.g. an invoice's number."),
  defaultAccountId: text
    .regex(accountIdShape, 'must be 1 to 128 of the characters A-Z a-z 0-9 . _ ~ : @ = + -')
    .refine(accountId => accountId !== canaryAccountId, `must not be ${canaryAccountId}, which is Mailtrail's own`)
    .optional()
    .describe('The account of emails that name none, for installations without accounts.'),
  senderNames: z
    .preprocess(
      listed,
      z.array(text.regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, 'must be a name of a-z, 0-9, hyphen and underscore')),
    )
    .default([])
    .describe(
      'Further names that a registration may give as `data.provider`, for senders of your own (in an override, separated by commas).',
    ),
  providers: z
    .preprocess(listed, z.array(providerName))
    .default([])
    .describe(
      'The providers in use, by the names in their webhook URLs: each is watched for silence, and has alarms of its own (in an override, separated by commas).',
    ),
  onlyListed: truth
    .default(false)
    .describe('Whether webhooks of providers that `providers` does not list are answered 404.'),
  expectNews: z
    .preprocess(listed, z.array(expectedGap))
    .default([])
    .describe(
      'The minutes within which a listed provider is expected to report something, e.g. sendgrid=60 (in an override, separated by commas).',
    ),
  enqueuedOldAfterMinutes: positive.default(15).describe('Minutes without a report until `enqueued` is old.'),
  sentOldAfterMinutes: positive.default(24 * 60).describe('Minutes without a report until `sent` is old.'),
  deferredOldAfterMinutes: positive.default(72 * 60).describe('Minutes without a report until `deferred` is old.'),
  corsOrigins: z
    .preprocess(listed, z.array(text.regex(/^https?:\/\/[^/*]+$/, 'must be an origin such as https://app.example.com')))
    .default([])
    .describe('Origins whose web pages may call the API from the browser (in an override, separated by commas).'),
  events: truth
    .default(false)
    .describe('Whether a bus of Amazon EventBridge gets an event for each change of a status.'),
  eventsUrl: text
    .regex(
      /^(?:https:\/\/[^\s/?#]+|http:\/\/(?:localhost|127\.0\.0\.1)(?::\d+)?(?![^/?#]))\S*$/,
      'must be an https URL',
    )
    // Others fail only during deployment: EventBridge wants a value for `*`, and takes no fragment.
    .regex(/^(?:%[\da-f]{2}|[\w().!~';/?:@&=+$,-])+$/i, 'must consist of characters that EventBridge takes')
    .max(2048)
    .optional()
    .describe(
      'The URL that gets every event of the bus by POST, with a key in the header x-api-key. On one machine it may be http://localhost.',
    ),
  uiClientId: optionalText.describe('The id under which your issuer knows the page /ui; without it there is no page.'),
  uiScope: optionalText.describe(
    'The scopes that the page asks for, separated by blanks; `openid` and apiScope by default.',
  ),
  uiAudience: optionalText.describe(
    'The audience that the page asks for, where your issuer wants it named; none by default.',
  ),
  uiConnectOrigins: z
    .preprocess(
      listed,
      z.array(text.regex(/^https:\/\/[^/*;,\s]+$/, 'must be an origin such as https://login.example.com')),
    )
    .default([])
    .describe("Origins of your issuer's endpoints, if it has some elsewhere (in an override, separated by commas)."),
  domainName: text
    .regex(
      /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/,
      'must be a domain such as mail.example.com',
    )
    .optional()
    .describe('The domain of the API, with certificateArn; without it AWS gives the API an address.'),
  certificateArn: text
    .regex(/^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/, 'must be the ARN of a certificate in ACM')
    .optional()
    .describe('The certificate of domainName, in the region of the stack.'),
  keepDefaultAddress: truth
    .default(false)
    .describe('Whether the address that AWS gave answers beside domainName, while URLs are changed.'),
  existingTable: text
    .regex(
      /^arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:\d{12}:table\/[\w.-]{3,255}\/stream\/[\d:T.-]+$/,
      "must be the ARN of the table's stream, arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/TIME",
    )
    .optional()
    .describe(
      'The ARN of the stream of a table that already has the emails, e.g. a restored one; by default the stack makes a table.',
    ),
  existingWebhookSecret: text
    .regex(
      /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/,
      'must be the whole ARN of a secret, with the six characters at its end',
    )
    .optional()
    .describe('The ARN of a secret that already has the webhook secrets; by default the stack makes one.'),
  platformLogs: truth
    .default(false)
    .describe(
      "Whether Lambda's own lines about each call (START, END, REPORT) are in the logs, and lines are plain text.",
    ),
  ingestMemory: z.coerce
    .number()
    .int()
    .min(512)
    .max(3008)
    .default(512)
    .describe('Megabytes of memory of the ingest function, and with them its share of a CPU: 1769 are a whole one.'),
  ingestConcurrency: positive
    .optional()
    .describe(
      'Concurrent executions that are set aside for the ingest function; by default it shares those of the account.',
    ),
  sesConcurrency: z.coerce
    .number()
    .int()
    .min(2)
    .max(1000)
    .default(20)
    .describe('Batches of events of Amazon SES that are recorded at once.'),
  maxWriteUnits: positive
    .default(4000)
    .describe('Write units per second that each table takes at most, so that a flood has an upper cost.'),
  maxReadUnits: positive.default(4000).describe('Read units per second that each table takes at most.'),
  requestsPerSecond: positive
    .default(500)
    .describe(
      "Requests per second on each of people's routes; further ones are answered 429. Callbacks have the account's limit alone.",
    ),
});

export type Config = z.infer<typeof config>;

/** Settings that make sense only together, each with what is wrong; null where they agree. */
const combinations: readonly ((given: Config) => readonly [field: Field, message: string] | null)[] = [
  ({ domainName, certificateArn }) =>
    domainName !== undefined && certificateArn === undefined
      ? ['certificateArn', 'is missing: domainName needs the ARN of its certificate']
      : null,
  ({ domainName, certificateArn }) =>
    certificateArn !== undefined && domainName === undefined
      ? ['domainName', 'is missing: certificateArn is of no use without the domain']
      : null,
  ({ ingestConcurrency, sesConcurrency }) =>
    ingestConcurrency !== undefined && ingestConcurrency <= sesConcurrency + retryConcurrency
      ? [
          'ingestConcurrency',
          `must be above ${sesConcurrency + retryConcurrency}, because sesConcurrency (${sesConcurrency}) and retries (${retryConcurrency}) share it with the webhooks`,
        ]
      : null,
  ({ keepDefaultAddress, domainName }) =>
    keepDefaultAddress && domainName === undefined
      ? ['keepDefaultAddress', 'is of no use without domainName: that address is the only one']
      : null,
  ({ accountDigests, dailyDigestHour }) =>
    accountDigests && dailyDigestHour === undefined
      ? ['accountDigests', 'needs the setting dailyDigestHour: there is no digest without it']
      : null,
  ({ onlyListed, providers }) =>
    onlyListed && providers.length === 0 ? ['onlyListed', 'needs the setting providers'] : null,
  ({ events, eventsUrl }) =>
    eventsUrl !== undefined && !events ? ['events', 'must be true: eventsUrl gets the events of the bus'] : null,
  ({ providers, expectNews }) => {
    const unlisted = expectNews.find(({ provider }) => !providers.some(listed => listed === provider));
    return unlisted === undefined ? null : ['expectNews', `the setting providers does not list ${unlisted.provider}`];
  },
];

export type Field = keyof Config;
const fields = Object.keys(config.shape) as readonly Field[];

const prefix = 'MAILTRAIL_';

/** The environment variable that overrides a field: `oidcIssuer` → `MAILTRAIL_OIDC_ISSUER`. */
export function environmentVariable(field: Field): string {
  return `${prefix}${field.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase()}`;
}

const variables = new Set(fields.map(environmentVariable));

/** An invalid configuration; the message has one line per field. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the configuration.
 *
 * @param context the CDK context: `mailtrail` is the object of cdk.json; any other field name overrides it
 * @throws ConfigError
 */
export function readConfig(
  context: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Config {
  const unknown = [
    ...Object.keys(environment).filter(name => name.startsWith(prefix) && !variables.has(name)),
    // The CDK's own names all contain a hyphen, a colon or a slash.
    ...Object.keys(context).filter(name => /^\w*$/.test(name) && name !== 'mailtrail' && !(name in config.shape)),
  ];
  if (unknown.length > 0) throw new ConfigError(`Unknown setting: ${unknown.join(', ')}.`);
  const given: Record<string, unknown> = { ...(context.mailtrail as object | undefined) };
  for (const field of fields) {
    const override = context[field] ?? environment[environmentVariable(field)];
    if (override !== undefined) given[field] = override;
    if (given[field] === '') delete given[field];
  }
  return checkedConfig(given, null, 'The configuration is not valid ("mailtrail" in cdk.json, MAILTRAIL_..., -c ...):');
}

/**
 * The settings with their defaults. A checked configuration passes unchanged.
 *
 * @param known settings that need no check of their shape
 * @param heading begins the error's message
 * @throws ConfigError
 */
export function checkedConfig(given: unknown, known: Partial<Config> | null, heading: string): Config {
  const parsed = config.safeParse(given);
  const checked = parsed.success ? { ...parsed.data, ...known } : null;
  const problems =
    checked === null
      ? parsed.error!.issues.flatMap(issue =>
          issue.code === 'unrecognized_keys' && issue.path.length === 0
            ? issue.keys.map(name => [name, 'is no setting'] as const)
            : [[issue.path.join('.') || 'mailtrail', issue.message] as const],
        )
      : combinations.map(check => check(checked)).filter(problem => problem !== null);
  if (checked !== null && problems.length === 0) return checked;
  throw new ConfigError([heading, ...problems.map(([field, message]) => `  ${field}: ${message}`)].join('\n'));
}

/** Settings without which Mailtrail cannot be deployed. */
export const required = ['oidcIssuer', 'oidcAudience'] as const satisfies readonly Field[];

/** A text that names the settings missing for a deployment and how to set them; null if none is missing. */
export function missingForDeployment(given: Config): string | null {
  const missing = required.filter(field => given[field] === undefined);
  if (missing.length === 0) return null;
  return [
    'Mailtrail cannot be deployed yet: it needs the issuer of the tokens that open the account API. Set',
    '',
    ...missing.map(field => `  ${field.padEnd(13)} ${config.shape[field].description}`),
    '',
    'in cdk.json ("context": { "mailtrail": { ... } }), or for one run:',
    '',
    `  npm run deploy -- ${missing.map(field => `-c ${field}=...`).join(' ')}`,
    `  ${missing.map(field => `${environmentVariable(field)}=...`).join(' ')} npm run deploy`,
  ].join('\n');
}
