import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { AlertEnv } from '../../functions/alert/env.ts';
import type { ChangesEnv } from '../../functions/changes/env.ts';
import type { DailyEnv } from '../../functions/daily/env.ts';
import type { DigestEnv } from '../../functions/digest/env.ts';
import type { IngestEnv } from '../../functions/ingest/env.ts';
import type { ManageEnv } from '../../functions/manage/env.ts';
import type { QueryEnv } from '../../functions/query/env.ts';
import type { UiEnv } from '../../functions/ui/env.ts';
import { modulesFolder } from '../../functions/ui/module-list.ts';
import type { WatchEnv } from '../../functions/watch/env.ts';
import { esbuildOptions, type FunctionName, functionNames, projectRoot } from '../../infra/compute/bundling.ts';
import { writeUiModules } from '../../infra/compute/ui-modules.ts';
import { digestMessages } from '../../shared/queues/digest-messages.ts';
import { signingKeys } from '../fixtures/signing.ts';
import type { Signed } from '../fixtures/signing-scheme.ts';
import { bearerOf, httpEvent } from '../rigs/http-event.ts';
import { type Figure, figure, median } from './figures.ts';
import { sendgridBatch } from './sendgrid-batch.ts';
import { startStubEndpoint } from './stub-endpoint-process.ts';

const runs = 9;

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
    DIGEST_QUEUE_URL: 'http://127.0.0.1/000000000000/digests',
    EMAIL_PAGE_URL: '',
  } satisfies AlertEnv,
  digest: {
    TABLE_NAME: 'emails',
    GUARD_TABLE_NAME: 'guards',
    SUPPORT_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:support',
    DIGEST_QUEUE_URL: 'http://127.0.0.1/000000000000/digests',
    SECONDS_BETWEEN_DIGESTS: '60',
    EMAIL_PAGE_URL: '',
    API_URL: 'https://api.example.com',
  } satisfies DigestEnv,
  changes: { TABLE_NAME: 'emails', GUARD_TABLE_NAME: 'guards', EVENT_BUS_NAME: '' } satisfies ChangesEnv,
  watch: {
    GUARD_TABLE_NAME: 'guards',
    API_URL: 'http://127.0.0.1:1',
    QUERY_FUNCTION_NAME: 'query',
    ACCOUNT_CLAIM: 'account_id',
    OPERATIONS_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:operations',
    TABLE_NAME: 'emails',
    QUARANTINE_QUEUE_URL: 'http://127.0.0.1/000000000000/quarantine',
    RETRY_DEAD_LETTERS_URL: 'http://127.0.0.1/000000000000/retry-dead-letters',
    SES_DEAD_LETTERS_URL: 'http://127.0.0.1/000000000000/ses-dead-letters',
    DIGEST_DEAD_LETTERS_URL: 'http://127.0.0.1/000000000000/digest-dead-letters',
    FAILURE_BUCKET_NAME: 'failures',
    SUPPORT_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:support',
    EVENT_SOURCE_MAPPINGS: 'alert=1,changes=2',
    METRICS_NAMESPACE: 'Mailtrail/bench',
    PROVIDERS: '',
    EXPECT_NEWS: '',
    DIGEST_HOUR: '',
  } satisfies WatchEnv,
  daily: {
    TABLE_NAME: 'emails',
    GUARD_TABLE_NAME: 'guards',
    SUPPORT_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:support',
    ALERT_EVENTS_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:alert-events',
    EVENT_BUS_NAME: '',
    // It reads each day of the retention.
    RETENTION_DAYS: '1',
    DIGEST_HOUR: '7',
    ACCOUNT_DIGESTS: 'false',
    UI_URL: '',
    API_URL: 'https://api.example.com',
  } satisfies DailyEnv,
  ui: {
    UI_CLIENT_ID: 'mailtrail-page',
    UI_SCOPE: 'openid',
    UI_AUDIENCE: 'mailtrail',
    UI_CONNECT_ORIGINS: '',
    OIDC_ISSUER: 'https://login.example.com/',
    ACCOUNT_CLAIM: 'account_id',
    SUPPORT_SCOPE: 'mailtrail/support',
    MANAGE_SCOPE: 'mailtrail/manage',
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
    daily: {},
    ui: httpEvent('GET /ui/{file}', { file: 'mailtrail.js' }, { 'accept-encoding': 'gzip' }),
  };
}

/**
 * The ingest function as it is bundled without care: classic zod, none of our aliases, one file, and all of it evaluated
 * at the start.
 */
function bundlePlainly(outfile: string) {
  return build({
    absWorkingDir: projectRoot,
    entryPoints: ['test/bench/plain-ingest.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    minify: true,
    alias: { 'zod/mini': fileURLToPath(new URL('plain-zod.mjs', import.meta.url)) },
    logLevel: 'error',
  });
}

interface ColdStart {
  /** Milliseconds until the bundle is loaded. */
  readonly init: number;
  /** Milliseconds until the first call is answered. */
  readonly total: number;
  /** CPU milliseconds until then. */
  readonly cpu: number;
}

/**
 * Measures the cold start of each function's deployed bundle, beside an empty handler and the plainly bundled ingest
 * function in the same run. The endpoint answers at once.
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
    const empty = join(directory, 'empty.mjs');
    await writeFile(empty, 'export const handler = async () => ({});\n');
    const plain = join(directory, 'plain.mjs');
    await bundlePlainly(plain);
    const events = firstEvents(keys.sign);
    const env = (name: FunctionName) => leadingTo(stub.endpoint, environments[name]);
    const subjects = [
      { name: 'empty handler', bundle: empty, env: {} as Record<string, string>, event: {} },
      { name: 'ingest, bundled plainly', bundle: plain, env: env('ingest'), event: events.ingest },
    ];
    for (const name of functionNames) {
      const folder = join(directory, name);
      await build({ ...esbuildOptions(name, folder), logLevel: 'error' });
      subjects.push({ name, bundle: join(folder, 'index.mjs'), env: env(name), event: events[name] });
    }
    await writeUiModules(join(directory, 'ui', modulesFolder));

    const starts = new Map(subjects.map(({ name }) => [name, [] as ColdStart[]]));
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
        const [start] = (await Promise.race([once(child, 'message'), failure(child, name)])) as [ColdStart];
        starts.get(name)!.push(start);
      }
    }
    const middle = (name: string, time: keyof ColdStart) => median(starts.get(name)!.map(start => start[time]));
    const ratio = (name: string, to: string, time: keyof ColdStart) => middle(name, time) / middle(to, time);
    return [
      ...subjects.flatMap(({ name }) => [
        figure(`cold start, ${name}: init`, middle(name, 'init'), 'ms'),
        figure(`cold start, ${name}: init + first invoke`, middle(name, 'total'), 'ms'),
        figure(`cold start, ${name}: init + first invoke`, middle(name, 'cpu'), 'CPU ms'),
      ]),
      figure(
        'cold start, ingest / bundled plainly',
        ratio('ingest', 'ingest, bundled plainly', 'total'),
        '×',
        '≤ 0.65',
      ),
      figure(
        'cold start, ingest / bundled plainly: CPU',
        ratio('ingest', 'ingest, bundled plainly', 'cpu'),
        '×',
        '≤ 0.65',
      ),
      // By CPU time: the watch function waits 5 s for the second try of its canary, which nobody answers here.
      ...functionNames
        // Nobody waits for the daily function.
        .filter(name => name !== 'ingest' && name !== 'daily')
        .map(name => figure(`cold start, ${name} / ingest: CPU`, ratio(name, 'ingest', 'cpu'), '×', '≤ 1')),
    ];
  } finally {
    stub.stop();
    await rm(directory, { recursive: true });
  }
}

/** Puts the endpoint into the URLs of queues, because the AWS SDK follows such a URL rather than its endpoint. */
export function leadingTo(endpoint: string, environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, value.replace(/^http:\/\/127\.0\.0\.1(?=\/)/, endpoint)]),
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
