/** Builds the OpenAPI document from the validating schemas, the table of routes and that of problems. */

import * as z from 'zod/mini';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiResponsesObject } from 'zod-openapi';
import {
  erasedAnswer,
  erasureBody,
  handledAnswer,
  handledBody,
  notErasedMembers,
} from '../../../functions/manage/schemas.ts';
import {
  attentionListParameters,
  listParameters,
  recipientsBody,
  statusesBody,
  supportListParameters,
} from '../../../functions/query/parameters.ts';
import { accountIdShape } from '../../../shared/email/event.ts';
import { problems } from '../../../shared/http/problems.ts';
import { noParameters } from '../../../shared/http/request-parsing.ts';
import * as answers from '../../../shared/http/response-schemas.ts';
import { type Route, type RouteKey, type RouteOf, routes } from '../../../shared/http/routes.ts';
import { providers } from '../../../shared/providers/registry.ts';
import type { Counts } from '../../../shared/runtime/counts.ts';
import { countMeanings } from './count-meanings.ts';
import { curl } from './curl.ts';
import { type Example, recordExamples } from './openapi-examples.ts';
import { localAddress, tryIt } from './try-it.ts';

/** Set-up calls are for providers alone. */
export type DescribedRoute = Exclude<RouteKey, `ANY ${string}` | RouteOf<'ui'>>;

type ProblemName = keyof typeof problems;

/** The groups of operations, in the order in which a reader needs them. */
const tags = {
  Emails: 'The emails of one account: for its own people, and for support.',
  Catalogue: 'The texts of all statuses, causes and caveats, and this document.',
  Support: 'The emails of all accounts, and those without an account; the news of each provider.',
  Erasures: 'Erases the data about a recipient.',
  Webhooks: 'Callbacks of providers, and registrations by the sending application.',
} as const satisfies Record<string, string>;

interface Description {
  /** The operation's title in a list of operations. */
  readonly summary: string;
  readonly tag: keyof typeof tags;
  /** The operation's name in a generated client. */
  readonly operationId: string;
  readonly query?: z.ZodMiniObject;
  readonly body?: { readonly contentType: string; readonly schema: z.ZodMiniType; readonly required: boolean };
  readonly answer: {
    readonly description: string;
    readonly content: Readonly<Record<string, z.ZodMiniType>>;
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** Why an answer may have no body. */
  readonly withoutBody?: string;
  /** The route answers 304 if the client already has the answer. */
  readonly hasEtag?: true;
  /** Problems besides those of every route with a token. */
  readonly problems: readonly ProblemName[];
}

const count = (name: keyof Counts) =>
  z.int().check(z.nonnegative()).register(z.globalRegistry, { description: countMeanings[name] });

const counts = z
  .object({
    received: count('received'),
    recorded: count('recorded'),
    duplicate: count('duplicate'),
    dropped: count('dropped'),
    erased: count('erased'),
    expired: count('expired'),
    queued: count('queued'),
    quarantined: count('quarantined'),
    unrelated: count('unrelated'),
    didYouMean: z.optional(z.array(z.string())).register(z.globalRegistry, {
      description: 'Likely names for an unknown provider in a registration.',
    }),
  } satisfies Record<keyof Counts | 'didYouMean', unknown>)
  .register(z.globalRegistry, {
    id: 'Counts',
    description: "Outcomes of a request's events. Each event counts in `received` and in exactly one other.",
  });

/** Event Grid validates the endpoint before it delivers. */
const validation = z
  .object({ validationResponse: z.string() })
  .register(z.globalRegistry, { id: 'Validation', description: 'The validation code, returned.' });

const problem = z
  .object({
    type: z
      .enum(Object.keys(problems).map(name => `/problems/${name}`) as [string, ...string[]])
      .register(z.globalRegistry, { description: 'Stable: programs can rely on it.' }),
    title: z.string(),
    status: z.int(),
    detail: z.optional(z.string()),
    field: z.optional(z.string()).register(z.globalRegistry, { description: 'The invalid parameter or field.' }),
    ...z.partial(notErasedMembers).shape,
  })
  .register(z.globalRegistry, { id: 'Problem', description: 'RFC 9457 problem details.' });

const gatewayMessage = z
  .object({ message: z.string() })
  .register(z.globalRegistry, { id: 'GatewayMessage', description: "API Gateway's own answer." });

const pathParameters = {
  accountId: z
    .string()
    .check(z.regex(accountIdShape))
    .register(z.globalRegistry, { description: "The sender's id of the account." }),
  emailId: z.string().register(z.globalRegistry, { description: 'The id of an email, from a list.' }),
  provider: z
    .enum(Object.keys(providers) as [string, ...string[]])
    .register(z.globalRegistry, { description: 'The provider that calls.' }),
} as const satisfies Record<string, z.ZodMiniType>;

const json = (schema: z.ZodMiniType) => ({ 'application/json': schema });

/** Text of which each line is JSON of one schema. */
const jsonLines = (line: z.ZodMiniType) =>
  z.array(line).register(z.globalRegistry, {
    description: 'One AttentionLine as JSON per line.',
    override: ({ jsonSchema }) => {
      jsonSchema.contentSchema = { type: jsonSchema.type, items: jsonSchema.items };
      Object.assign(jsonSchema, { type: 'string', contentMediaType: 'application/jsonl' });
      delete jsonSchema.items;
    },
  });

const erasing = {
  query: noParameters,
  body: { contentType: 'application/json', schema: erasureBody, required: true },
  answer: { description: 'No email remains, and none returns.', content: json(erasedAnswer) },
} as const;

const checking = {
  query: noParameters,
  body: { contentType: 'application/json', schema: recipientsBody, required: true },
  answer: { description: 'One result per address, in their order.', content: json(answers.recipientsAnswer) },
} as const;

const handling = {
  query: noParameters,
  body: { contentType: 'application/json', schema: handledBody, required: false },
  answer: { description: 'Nobody needs to act, unless it has failed again.', content: json(handledAnswer) },
  problems: ['invalid-request', 'forbidden', 'not-found'],
} as const;

const descriptions = {
  'GET /accounts/{accountId}/emails': {
    summary: "List an account's emails",
    tag: 'Emails',
    operationId: 'listEmails',
    query: listParameters,
    answer: { description: 'A page.', content: json(answers.emailList) },
    hasEtag: true,
    problems: ['invalid-request', 'not-found'],
  },
  'GET /accounts/{accountId}/emails/{emailId}': {
    summary: 'Read one email of an account',
    tag: 'Emails',
    operationId: 'getEmail',
    query: noParameters,
    answer: { description: 'The email.', content: json(answers.email) },
    hasEtag: true,
    problems: ['invalid-request', 'not-found'],
  },
  'POST /accounts/{accountId}/emails/statuses': {
    summary: 'Read the statuses of many emails',
    tag: 'Emails',
    operationId: 'getStatuses',
    query: noParameters,
    body: { contentType: 'application/json', schema: statusesBody, required: true },
    answer: { description: 'One result per id or reference, in their order.', content: json(answers.statusesAnswer) },
    problems: ['invalid-request', 'not-found', 'too-large'],
  },
  'POST /accounts/{accountId}/recipients/check': {
    summary: 'Ask whether to send to addresses',
    tag: 'Emails',
    operationId: 'checkRecipients',
    ...checking,
    problems: ['invalid-request', 'not-found', 'too-large'],
  },
  'GET /accounts/{accountId}/attention-list': {
    summary: "Export an account's emails",
    tag: 'Emails',
    operationId: 'exportAttentionList',
    query: attentionListParameters,
    answer: {
      description: 'A page of the file.',
      content: {
        'text/csv; charset=utf-8': z.string().register(z.globalRegistry, {
          description:
            'The first page begins with the column names. An apostrophe precedes text that a spreadsheet would take for a formula.',
        }),
        'application/jsonl; charset=utf-8': jsonLines(answers.attentionLine),
      },
      headers: { link: 'The next page, as `<...>; rel="next"`; absent on the last page.' },
    },
    hasEtag: true,
    problems: ['invalid-request', 'not-found'],
  },
  'GET /statuses': {
    summary: 'Read the catalogue',
    tag: 'Catalogue',
    operationId: 'listStatuses',
    query: noParameters,
    answer: { description: 'The statuses, causes and caveats.', content: json(answers.catalogue) },
    hasEtag: true,
    problems: ['invalid-request'],
  },
  'GET /openapi.json': {
    summary: 'Read this document',
    tag: 'Catalogue',
    operationId: 'getDocument',
    query: noParameters,
    answer: { description: 'OpenAPI 3.1.', content: json(z.record(z.string(), z.unknown())) },
    hasEtag: true,
    problems: ['invalid-request'],
  },
  'GET /emails': {
    summary: 'List emails of all accounts',
    tag: 'Support',
    operationId: 'listEmailsOfAll',
    query: supportListParameters,
    answer: { description: 'A page.', content: json(answers.emailList) },
    hasEtag: true,
    problems: ['invalid-request'],
  },
  'GET /emails/{emailId}': {
    summary: 'Read one email of any account',
    tag: 'Support',
    operationId: 'getEmailOfAny',
    query: noParameters,
    answer: { description: 'The email.', content: json(answers.email) },
    hasEtag: true,
    problems: ['invalid-request', 'not-found'],
  },
  'POST /recipients/check': {
    summary: 'Ask whether to send to addresses, by the emails of all accounts',
    tag: 'Support',
    operationId: 'checkRecipientsOfAll',
    ...checking,
    problems: ['invalid-request', 'too-large'],
  },
  'GET /providers': {
    summary: 'Read the news of each provider',
    tag: 'Support',
    operationId: 'listProviders',
    query: noParameters,
    answer: {
      description: 'The providers in use, then those of which something came.',
      content: json(answers.providersAnswer),
    },
    hasEtag: true,
    problems: ['invalid-request'],
  },
  'POST /accounts/{accountId}/emails/{emailId}/handled': {
    summary: 'Say that an email was handled',
    tag: 'Emails',
    operationId: 'handleEmail',
    ...handling,
  },
  'POST /emails/{emailId}/handled': {
    summary: 'Say that an email of any account was handled',
    tag: 'Support',
    operationId: 'handleEmailOfAny',
    ...handling,
    problems: ['invalid-request', 'not-found'],
  },
  'POST /accounts/{accountId}/erasures': {
    summary: 'Erase a recipient in an account',
    tag: 'Erasures',
    operationId: 'eraseRecipient',
    ...erasing,
    problems: ['invalid-request', 'forbidden', 'not-found', 'not-erased'],
  },
  'POST /erasures': {
    summary: 'Erase a recipient in all accounts',
    tag: 'Erasures',
    operationId: 'eraseRecipientOfAll',
    ...erasing,
    problems: ['invalid-request', 'not-erased'],
  },
  'POST /webhooks/{provider}': {
    summary: "Take a provider's callback",
    tag: 'Webhooks',
    operationId: 'takeCallback',
    body: { contentType: '*/*', schema: z.unknown(), required: false },
    answer: {
      description: 'Every event is stored; or the answer to a test call of the provider.',
      content: json(z.union([counts, validation])),
    },
    withoutBody: 'A test call of a provider is answered as it expects, usually with a status alone.',
    problems: ['unauthorized', 'not-found', 'too-large', 'unsupported-encoding', 'try-again', 'unavailable'],
  },
} as const satisfies Record<DescribedRoute, Description>;

/** Further problems by kind of access. */
const byAccess = {
  provider: [],
  public: [],
  account: ['unauthorized', 'forbidden'],
  support: ['unauthorized', 'forbidden'],
} as const satisfies Record<Route['access'], readonly ProblemName[]>;

const header = (description: string) => ({ description, schema: { type: 'string' as const } });
const constantHeader = (description: string) => ({ ...header(description), required: true });
const requestId = { 'x-request-id': constantHeader('Identifies this request in our logs.') };
const ownRequestId = { 'x-request-id': header('Identifies this request in our logs; absent if the gateway refuses.') };
const etag = {
  etag: constantHeader('For If-None-Match.'),
  'cache-control': constantHeader('How long it may be cached.'),
};

/** Further headers by problem. */
const problemHeaders: Partial<Record<ProblemName, Record<string, object>>> = {
  unauthorized: { 'www-authenticate': header('How to authenticate, if there is a standard way.') },
  forbidden: { 'www-authenticate': constantHeader('The fault of the token, e.g. a missing scope.') },
  'unsupported-encoding': { 'accept-encoding': constantHeader('The accepted encoding: `identity`.') },
  'try-again': { 'retry-after': constantHeader('Seconds to wait.') },
  'not-erased': { 'retry-after': constantHeader('Seconds to wait.') },
  unavailable: { 'retry-after': constantHeader('Seconds to wait.') },
};

const gatewayContent = { 'application/json': { schema: gatewayMessage } };
const byGateway = {
  id: 'by-gateway',
  description: "API Gateway's own errors, such as 413, 500 or 503.",
  content: gatewayContent,
};
const throttled = { id: 'throttled', description: 'Too many requests: try again later.', content: gatewayContent };

/** Responses by id: the document contains each once, for all its routes. */
const problemResponses = new Map<string, object>();

function problemResponse(named: readonly ProblemName[], gatewayToo: boolean): object {
  const id = [...named, ...(gatewayToo ? ['by-token'] : [])].join('.');
  const response = problemResponses.get(id) ?? {
    id,
    description: named.map(name => `\`/problems/${name}\`: ${problems[name].title}`).join('; '),
    headers: Object.assign({}, gatewayToo ? ownRequestId : requestId, ...named.map(name => problemHeaders[name])),
    content: { 'application/problem+json': { schema: problem }, ...(gatewayToo && gatewayContent) },
  };
  problemResponses.set(id, response);
  return response;
}

function operationOf(key: DescribedRoute, example: Example | undefined): ZodOpenApiOperationObject {
  const {
    summary,
    tag,
    operationId,
    query,
    body,
    answer,
    withoutBody,
    hasEtag,
    problems: own,
  }: Description = descriptions[key];
  const { access, description }: Route = routes[key];
  const names = [...key.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as keyof typeof pathParameters);
  const { contentType = '', answer: answered } = example ?? {};
  const responses: Record<string, unknown> = {
    200: {
      description: answer.description,
      ...(withoutBody && { 'x-without-body': withoutBody }),
      headers: {
        ...requestId,
        ...(hasEtag && etag),
        ...Object.fromEntries(Object.entries(answer.headers ?? {}).map(([name, what]) => [name, header(what)])),
      },
      content: Object.fromEntries(
        Object.entries(answer.content).map(([type, schema]) => [
          type,
          { schema, ...(type === contentType && { examples: { recorded: { value: answered } } }) },
        ]),
      ),
    },
    ...(hasEtag && { 304: { description: 'The client already has this answer.', headers: { ...requestId, ...etag } } }),
  };
  for (const [status, named] of Map.groupBy([...byAccess[access], ...own, 'fault' as const], statusOf)) {
    // API Gateway's authorizer and throttle answer these statuses too.
    responses[status] = problemResponse(named, status === 401 && access !== 'provider');
  }
  if (access !== 'provider') responses[429] = throttled;
  responses.default = byGateway;
  return {
    operationId,
    tags: [tag],
    summary,
    description,
    'x-codeSamples': [{ lang: 'Shell', label: 'curl', source: sampleOf(key, example) }],
    ...(access === 'account' || access === 'support' ? { security: [{ token: [] }] } : { security: [] }),
    requestParams: {
      ...(names.length > 0 && {
        path: z.object(Object.fromEntries(names.map(name => [name, pathParameters[name]]))),
      }),
      ...(query && Object.keys(query.shape).length > 0 && { query }),
    },
    ...(body && {
      requestBody: {
        required: body.required,
        content: {
          [body.contentType]: {
            schema: body.schema,
            ...(example?.call.body && { examples: { recorded: { value: JSON.parse(example.call.body) } } }),
          },
        },
      },
    }),
    responses: responses as ZodOpenApiResponsesObject,
  } as ZodOpenApiOperationObject;
}

/** Options of `npm run token` for a token that may call a route. */
const tokenOptions = {
  provider: () => null,
  public: () => null,
  account: ({ writes }) => `--account acme${writes ? ' --manage' : ''}`,
  support: () => '--support',
} as const satisfies Record<Route['access'], (route: Route) => string | null>;

/** The command that makes the recorded call of a route. A callback needs a signature, as only a provider's page shows. */
function sampleOf(key: DescribedRoute, example: Example | undefined): string {
  const route: Route = routes[key];
  return route.access === 'provider' ? tryIt('app') : curl(key, example?.call ?? {}, tokenOptions[route.access](route));
}

/** Moves the description of each parameter out of its schema, where many tools do not look for it. */
function withDescriptions({ parameters, ...operation }: OperationWithParameters): OperationWithParameters {
  return {
    ...operation,
    ...(parameters && {
      parameters: parameters.map(({ schema: { description, ...schema }, ...parameter }) => ({
        description,
        ...parameter,
        schema,
      })),
    }),
  };
}

interface OperationWithParameters {
  readonly parameters?: readonly { readonly schema: Readonly<Record<string, unknown>> }[];
}

function statusOf(name: ProblemName): number {
  return problems[name].status;
}

/** The whole document, as JSON text. */
export async function openApiDocument(): Promise<string> {
  const examples = await recordExamples();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const key of Object.keys(descriptions) as DescribedRoute[]) {
    const [method = '', path = ''] = key.split(' ');
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(key, examples[key]) };
  }
  const document = createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Mailtrail',
      version: '1',
      description:
        "The status of each email, one of eleven, with its meaning and what to do. A token opens the emails of the account in its account claim; the support scope opens all. To change data takes the scope to manage or support's. Another account's data looks as if it did not exist.",
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      { url: localAddress, description: 'One machine: `npm start`.' },
      {
        url: 'https://{host}',
        description: 'A deployment.',
        variables: { host: { default: 'YOUR-API', description: "The host in the stack's output `ApiUrl`." } },
      },
    ],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths: paths as never,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            'An access token of the configured OIDC issuer, not an ID token. If `apiScope` is set, it needs that scope or the support scope.',
        },
      },
    },
  });
  for (const path of Object.values(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(path)) {
      Object.assign(path, { [method]: withDescriptions(operation as OperationWithParameters) });
    }
  }
  return `${JSON.stringify(document, null, 2)}\n`;
}
