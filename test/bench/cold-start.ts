import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { AlertEnv } from '../../functions/alert/env.ts';
import type { ChangesEnv } from '../../functions/changes/env.ts';
import type { DigestEnv } from '../../functions/digest/env.ts';
import type { IngestEnv } from '../../functions/ingest/env.ts';
import type { ManageEnv } from '../../functions/manage/env.ts';
import type { QueryEnv } from '../../functions/query/env.ts';
import type { UiEnv } from '../../functions/ui/env.ts';
import { modulesFolder } from '../../functions/ui/module-list.ts';
import type { WatchEnv } from '../../functions/watch/env.ts';
import { esbuildOptions, type FunctionName, functionNames } from '../../infra/compute/bundling.ts';
import { writeUiModules } from '../../infra/compute/ui-modules.ts';
import { digestMessages } from '../../shared/queues/digest-messages.ts';
import { signingKeys } from '../fixtures/signing.ts';
import type { Signed } from '../fixtures/signing-scheme.ts';
import { bearerOf, httpEvent } from '../rigs/http-event.ts';
import { type Figure, figure, median } from './figures.ts';
import { sendgridBatch } from './sendgrid-batch.ts';
import { startStubEndpoint } from './stub-endpoint-process.ts';

const runs = 15;
const aims: Partial<Record<FunctionName, string>> = { ingest: '≤ 80' };

/** The variables of each function. */
export const environments = {
  ingest: {
    TABLE_NAME: 'emails',
    WEBHOOK_SECRETS_ARN: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:webhooks',
    GUARD_TABLE_NAME: 'guards',
    QUARANTINE_QUEUE_URL: 'http://127.0.0.1/quarantine',
    RETRY_QUEUE_URL: 'http://127.0.0.1/retry',
    RETRY_QUEUE_ARN: 'arn:aws:sqs:us-east-1:000000000000:retry',
    SES_QUEUE_ARN: 'arn:aws:sqs:us-east-1:000000000000:ses',
    METRICS_NAMESPACE: 'Mailtrail/bench',
    RETENTION_DAYS: '400',
    METADATA_ACCOUNT_ID: 'account_id',
    METADATA_REFERENCE: 'reference',
    DEFAULT_ACCOUNT_ID: '',
    ACCEPTED_PROVIDERS: '',
    SENDER_NAMES: '',
  } satisfies IngestEnv,
  query: {
    TABLE_NAME: 'emails',
    GUARD_TABLE_NAME: 'guards',
    PROVIDERS: '',
    RETENTION_DAYS: '400',
    ACCOUNT_CLAIM: 'account_id',
    SUPPORT_SCOPE: 'mailtrail/support',
    ENQUEUED_OLD_AFTER_MINUTES: '15',
    SENT_OLD_AFTER_MINUTES: '1440',
    DEFERRED_OLD_AFTER_MINUTES: '4320',
  } satisfies QueryEnv,
  manage: {
    TABLE_NAME: 'emails',
    GUARD_TABLE_NAME: 'guards',
    ACCOUNT_CLAIM: 'account_id',
    SUPPORT_SCOPE: 'mailtrail/support',
    MANAGE_SCOPE: 'mailtrail/manage',
  } satisfies ManageEnv,
  alert: {
    TABLE_NAME: 'emails',
    GUARD_TABLE_NAME: 'guards',
    ALERT_EVENTS_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:alert-events',
    DIGEST_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/digests',
    EMAIL_PAGE_URL: '',
  } satisfies AlertEnv,
  digest: {
    TABLE_NAME: 'emails',
    GUARD_TABLE_NAME: 'guards',
    SUPPORT_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:support',
    DIGEST_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/digests',
    SECONDS_BETWEEN_DIGESTS: '60',
    EMAIL_PAGE_URL: '',
    API_URL: 'https://api.example.com',
  } satisfies DigestEnv,
  changes: { GUARD_TABLE_NAME: 'guards' } satisfies ChangesEnv,
  watch: {
    GUARD_TABLE_NAME: 'guards',
    API_URL: 'http://127.0.0.1:1',
    QUERY_FUNCTION_NAME: 'query',
    ACCOUNT_CLAIM: 'account_id',
    OPERATIONS_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:operations',
    TABLE_NAME: 'emails',
    QUARANTINE_QUEUE_URL: 'http://127.0.0.1:1/000000000000/quarantine',
    RETRY_DEAD_LETTERS_URL: 'http://127.0.0.1:1/000000000000/retry-dead-letters',
    SES_DEAD_LETTERS_URL: 'http://127.0.0.1:1/000000000000/ses-dead-letters',
    DIGEST_DEAD_LETTERS_URL: 'http://127.0.0.1:1/000000000000/digest-dead-letters',
    FAILURE_BUCKET_NAME: 'failures',
    SUPPORT_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:support',
    EVENT_SOURCE_MAPPINGS: 'alert=1,changes=2',
    METRICS_NAMESPACE: 'Mailtrail/bench',
    PROVIDERS: '',
    EXPECT_NEWS: '',
  } satisfies WatchEnv,
  ui: {
    UI_CLIENT_ID: 'mailtrail-page',
    UI_SCOPE: 'openid',
    UI_AUDIENCE: 'mailtrail',
    UI_CONNECT_ORIGINS: '',
    OIDC_ISSUER: 'https://login.example.com/',
    ACCOUNT_CLAIM: 'account_id',
    SUPPORT_SCOPE: 'mailtrail/support',
  } satisfies UiEnv,
} as const satisfies Record<FunctionName, Record<string, string>>;

const emailId = 'x'.repeat(22);

/** A bounced email as DynamoDB stores it. */
const bouncedItem = {
  emailId: { S: emailId },
  provider: { S: 'sendgrid' },
  messageId: { S: '14c5d75ce93' },
  recipient: { S: 'jane@example.com' },
  accountId: { S: 'acme' },
  subject: { S: 'Invoice 7' },
  status: { S: 'hard_bounced' },
  statusAt: { N: '1767355200000' },
  statusEventId: { S: 'b' },
  sentAt: { N: '1767355200000' },
  updatedAt: { N: '1767355200000' },
  history: {
    SS: [
      '[1767355100000,"delivered","a","delivered"]',
      '[1767355200000,"hard_bounced","b","bounce",0,0,0,"5.1.2","no such domain"]',
    ],
  },
};

/** The first event for each function, which makes it do its usual work. */
function firstEvents(sign: (body: Buffer, at: number) => Signed): Record<FunctionName, object> {
  const body = sendgridBatch(1, 'cold', Date.now());
  const emailKey = { accountId: 'acme', emailId };
  const claims = { account_id: 'acme', scope: 'mailtrail/manage' };
  const bearer = bearerOf(claims);
  const query = httpEvent('GET /accounts/{accountId}/emails/{emailId}', emailKey, bearer);
  const erasure = Buffer.from(JSON.stringify({ recipient: 'jane@example.com' }));
  const manage = httpEvent('POST /accounts/{accountId}/erasures', { accountId: 'acme' }, bearer, erasure);
  const authorizer = { jwt: { claims, scopes: [] } };
  return {
    ingest: httpEvent('POST /webhooks/{provider}', { provider: 'sendgrid' }, sign(body, Date.now()).headers, body),
    query: { ...query, requestContext: { ...query.requestContext, authorizer } },
    manage: { ...manage, requestContext: { ...manage.requestContext, authorizer } },
    alert: { Records: [{ eventName: 'INSERT', dynamodb: { SequenceNumber: '1', NewImage: bouncedItem } }] },
    digest: {
      Records: digestMessages([{ kind: 'hard_bounce', emailId }]).map(body => ({
        messageId: '1',
        receiptHandle: '1',
        body,
      })),
    },
    changes: { Records: [{ eventName: 'INSERT', dynamodb: { SequenceNumber: '1', NewImage: bouncedItem } }] },
    watch: {},
    ui: httpEvent('GET /ui/{file}', { file: 'mailtrail.js' }, { 'accept-encoding': 'gzip' }),
  };
}

/**
 * Measures the cold start of each function's deployed bundle, beside an empty handler in the same run. The figures are
 * the size, the time to load, and the time to load and answer a first call. The endpoint answers at once.
 */
export async function coldStart(): Promise<Figure[]> {
  const keys = signingKeys('sendgrid');
  const stub = await startStubEndpoint({
    GetSecretValue: { SecretString: JSON.stringify({ sendgrid: [keys.secret] }) },
    GetItem: { Item: bouncedItem },
    UpdateItem: { Attributes: { generatedKey: { S: keys.secret } } },
    BatchGetItem: { Responses: { emails: [bouncedItem] }, UnprocessedKeys: {} },
  });
  const directory = await mkdtemp(join(tmpdir(), 'mailtrail-cold-start-'));
  try {
    await writeUiModules(join(directory, modulesFolder));
    const empty = join(directory, 'empty.mjs');
    await writeFile(empty, 'export const handler = async () => ({});\n');
    const events = firstEvents(keys.sign);
    const subjects = [{ name: 'empty', bundle: empty, env: {} as Record<string, string>, event: {} }];
    for (const name of functionNames) {
      const bundle = join(directory, `${name}.mjs`);
      await build({ ...esbuildOptions(name), outfile: bundle, logLevel: 'error' });
      subjects.push({ name, bundle, env: leadingTo(stub.endpoint, environments[name]), event: events[name] });
    }

    const times = new Map(subjects.map(({ name }) => [name, { init: [] as number[], total: [] as number[] }]));
    for (let run = 0; run < runs; run += 1) {
      for (const { name, bundle, env, event } of subjects) {
        const child = fork(
          new URL('cold-start-child.mjs', import.meta.url),
          [pathToFileURL(bundle).href, JSON.stringify(event)],
          {
            env: { ...awsEnvironment(stub.endpoint), ...env },
            stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
          },
        );
        const [{ init, total }] = (await Promise.race([once(child, 'message'), failure(child, name)])) as [
          { init: number; total: number },
        ];
        times.get(name)?.init.push(init);
        times.get(name)?.total.push(total);
      }
    }
    const middle = (name: string) => ({ init: median(times.get(name)!.init), total: median(times.get(name)!.total) });
    const base = middle('empty');
    const figures = [figure('cold start, empty handler: init', base.init, 'ms')];
    for (const name of functionNames) {
      const { init, total } = middle(name);
      const { size } = await stat(join(directory, `${name}.mjs`));
      figures.push(
        figure(`cold start, ${name}: bundle`, size / 1024, 'KB'),
        figure(`cold start, ${name}: init`, init, 'ms'),
        figure(`cold start, ${name}: init + first invoke`, total, 'ms'),
        figure(`cold start, ${name}: init / empty`, init / base.init, '×', aims[name]),
        figure(`cold start, ${name}: init + first invoke / empty`, total / base.total, '×'),
      );
    }
    return figures;
  } finally {
    stub.stop();
    await rm(directory, { recursive: true });
  }
}

/** Puts the endpoint into the URLs of queues, because the AWS SDK follows such a URL rather than its endpoint. */
export function leadingTo(endpoint: string, environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, value.replace('http://127.0.0.1', endpoint)]),
  );
}

async function failure(child: ChildProcess, name: string): Promise<never> {
  const [code] = await once(child, 'exit');
  throw new Error(`the bundle ${name} ended with ${code} instead of an answer`);
}

/** The variables of AWS, which lead every client to that endpoint. */
export function awsEnvironment(endpoint: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL: endpoint,
  };
}
