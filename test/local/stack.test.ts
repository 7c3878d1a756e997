import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import document from '../../functions/query/openapi.json' with { type: 'json' };
import { functionNames } from '../../infra/compute/bundling.ts';
import { createToken } from '../../infra/local/cli/token.ts';
import { awsJson } from '../../infra/local/services/aws-json.ts';
import { apiClient, dataOf } from '../../infra/tools/client/client.ts';
import { fixture } from '../fixtures/fixtures.ts';
import { sharedAssembly } from '../rigs/assembly.ts';
import { eventually } from '../rigs/eventually.ts';
import { type StartedStack, startStack } from '../rigs/start-stack.ts';

const temporary = () => mkdtempSync(join(tmpdir(), 'mailtrail-test-'));
const dataDir = temporary();
let stack: StartedStack;
const start = async (port = 0) => {
  stack = await startStack({
    port,
    dataDir,
    assembly: null,
    secondsBetweenDigests: 1,
    maxVisibilityTimeoutSeconds: 3,
  });
};
beforeAll(() => Promise.all([start(), sharedAssembly()]));
afterAll(() => stack.stop());

/** The sending application tells of one email, again until it is acknowledged: a busy machine may answer 429 or 503. */
async function tell(status: string, messageId: string, data: object = {}): Promise<Response> {
  const secret = JSON.parse(readFileSync(stack.endpoints.signingKeysFile, 'utf8')).app;
  const at = new Date();
  const body = JSON.stringify({
    type: `email.${status}`,
    timestamp: at.toISOString(),
    data: { messageId, recipient: `${messageId}@example.com`, accountId: 'acme', ...data },
  });
  const headers = {
    'content-type': 'application/json',
    'webhook-id': `id-${messageId}-${status}`,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(`id-${messageId}-${status}`, at, body),
  };
  return eventually(async () => {
    const response = await fetch(`${stack.url}/webhooks/app`, { method: 'POST', headers, body });
    expect([429, 503]).not.toContain(response.status);
    return response;
  });
}

async function emailsOf(account: string): Promise<{ emailId: string; recipient: string; status: string }[]> {
  const token = await createToken(dataDir, { account });
  const response = await fetch(`${stack.url}/accounts/${account}/emails?limit=100`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { emails: Awaited<ReturnType<typeof emailsOf>> }).emails;
}

const published = async () => {
  const response = await fetch(`${stack.url}/_local/inbox`, { headers: { accept: 'application/json' } });
  return ((await response.json()) as { messages: { text: string; data: object; letters: object[] }[] }).messages;
};
/** The letters to people. */
const inbox = async () => (await published()).filter(({ letters }) => letters.length > 0);

test('it says what it does from the first second, and at the end where it is and what to try next', () => {
  expect(stack.output()).toMatch(
    new RegExp(`^Starting Mailtrail, with its data in ${dataDir}
Synthesizing the stack \\.\\.\\. [\\d.]+ s
Starting tables, queues and functions \\.\\.\\. [\\d.]+ s

Mailtrail is ready: ${stack.url}/ui .*
  DATA_DIR=${dataDir} npm run demo .*
  ${stack.url}/_local .*
  DATA_DIR=${dataDir} npm run -s token -- --account acme .*
`),
  );
  expect(JSON.parse(readFileSync(join(dataDir, 'endpoints.json'), 'utf8'))).toEqual(stack.endpoints);
});

test("a genuine callback is recorded, and the account's own people read it; a forged one is refused", async () => {
  expect((await tell('delivered', 'first')).status).toBe(200);
  await eventually(async () =>
    expect(await emailsOf('acme')).toMatchObject([{ recipient: 'first@example.com', status: 'delivered' }]),
  );
  expect(await emailsOf('other')).toEqual([]);
  const forged = await fetch(`${stack.url}/webhooks/app`, { method: 'POST', body: '{}' });
  expect(forged.status).toBe(401);
});

test('a change of a status is an event on the bus, as its page shows', async () => {
  const page = (accept: string) => fetch(`${stack.url}/_local/events`, { headers: { accept } });
  await eventually(async () => {
    const { events } = (await (await page('application/json')).json()) as { events: { event: object }[] };
    const detail = { recipient: 'first@example.com', from: null, to: 'delivered' };
    expect(events.map(({ event }) => event)).toContainEqual(
      expect.objectContaining({ source: 'mailtrail', detail: expect.objectContaining(detail) }),
    );
  });
  expect(await (await page('text/html')).text()).toContain('>first@example.com</a>: <strong>delivered</strong>');
});

test('a hard bounce reaches support: as text, as data, and on the console', async () => {
  await tell('hard_bounced', 'second', { subject: 'Your invoice' });
  await eventually(async () => expect(await inbox()).toHaveLength(1));
  const [message] = await inbox();
  expect(message!.text).toContain('second@example.com');
  const forMachines = { kind: 'hard_bounce', emails: [{ subject: 'Your invoice' }] };
  expect((await published()).map(({ data }) => data)).toContainEqual(expect.objectContaining({ kind: 'hard_bounce' }));
  expect((await published()).find(({ letters }) => letters.length === 0)!.data).toMatchObject(forMachines);
  expect(await (await fetch(`${stack.url}/_local/inbox`)).text()).toContain(message!.text.trimEnd());
  const [, link] = new RegExp(`(${stack.url}/ui\\?email=[\\w-]{22})`).exec(message!.text) ?? [];
  const page = await fetch(`${stack.url}/_local/inbox`, { headers: { accept: 'text/html' } });
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(await page.text()).toContain(`<a href="${link}">${link}</a>`);
  await eventually(() =>
    expect(stack.output()).toContain('\nalert to support: Could not be delivered: second@example.com'),
  );
});

test('what was acknowledged survives SIGKILL, and so do keys, secrets, inbox and the place in the stream', async () => {
  const token = await createToken(dataDir, { account: 'acme' });
  const ids = Array.from({ length: 20 }, (_, index) => `many${index}`);
  const answers = await Promise.all(ids.map(id => tell(id === 'many7' ? 'marked_spam' : 'sent', id)));
  expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
  const { endpoints: before, url } = stack;
  await stack.kill();
  await eventually(() => expect(fetch(before.dynamodb)).rejects.toThrow());

  // The issuer of the token has the port in its name.
  await start(Number(new URL(url).port));
  expect(stack.endpoints.tableName).toBe(before.tableName);
  await eventually(async () => {
    const recipients = (await emailsOf('acme')).map(({ recipient }) => recipient);
    expect(recipients).toEqual(expect.arrayContaining(['first@example.com', ...ids.map(id => `${id}@example.com`)]));
  });
  expect((await tell('opened', 'first')).status).toBe(200);
  const again = await fetch(`${stack.url}/accounts/acme/emails`, { headers: { authorization: `Bearer ${token}` } });
  expect(again.status).toBe(200);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  // The mark was in the stream and in no invocation yet; the first alert is not sent again.
  await eventually(async () => expect(await inbox()).toHaveLength(2));
  expect((await inbox())[1]!.text).toContain('many7@example.com');
});

test('the registration in docs/api.md works as it stands there', async () => {
  const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
  const [, example] = /```js\n(import \{ Webhook \}[\s\S]*?)```/.exec(page)!;
  const secret = JSON.parse(readFileSync(stack.endpoints.signingKeysFile, 'utf8')).app;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', example!], {
    env: { ...process.env, API_URL: stack.url, APP_SECRET: secret },
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/(recorded|queued): 1/);
  await eventually(async () =>
    expect((await emailsOf('acme'))[0]).toMatchObject({ subject: 'Invoice 7', reference: 'INV-7', status: 'enqueued' }),
  );
});

test('the typed client of the document reads lists, single emails, many at once and the attention list; support all of it', async () => {
  const people = apiClient(stack.url, await createToken(dataDir, { account: 'acme' }));
  const support = apiClient(stack.url, await createToken(dataDir, { support: true }));
  const path = { accountId: 'acme' };

  const first = dataOf(await people.GET('/accounts/{accountId}/emails', { params: { path, query: { limit: 5 } } }));
  expect(first.emails).toHaveLength(5);
  const { cursor = '' } = first;
  // Signed with a key that a restart keeps.
  const second = dataOf(
    await people.GET('/accounts/{accountId}/emails', { params: { path, query: { limit: 5, cursor } } }),
  );
  const both = [...first.emails, ...second.emails].map(({ emailId }) => emailId);
  expect(new Set(both).size).toBe(10);

  const query = { recipient: 'second@example.com' };
  const [bounced] = dataOf(await support.GET('/emails', { params: { query } })).emails;
  expect(bounced).toMatchObject({ accountId: 'acme', status: 'hard_bounced' });
  const several = { status: ['hard_bounced' as const, 'invalid' as const], attention: 'act' as const };
  const acting = dataOf(await people.GET('/accounts/{accountId}/emails', { params: { path, query: several } }));
  expect(acting.emails.map(({ attention }) => attention)).toEqual(acting.emails.map(() => 'act'));
  expect(acting.total).toEqual({ count: expect.any(Number), more: false });
  const { total } = dataOf(await support.GET('/emails', { params: { query: several } }));
  expect(total!.count).toBeGreaterThanOrEqual(acting.total!.count);

  const { emailId } = bounced!;
  const email = dataOf(
    await people.GET('/accounts/{accountId}/emails/{emailId}', { params: { path: { ...path, emailId } } }),
  );
  expect(email).toMatchObject({
    because: { doesNotProve: expect.any(String) },
    timeline: [{ status: 'hard_bounced' }],
  });

  const statuses = dataOf(
    await people.POST('/accounts/{accountId}/emails/statuses', { params: { path }, body: { references: ['INV-7'] } }),
  );
  expect(statuses.results).toMatchObject([{ asked: 'INV-7', emails: [{ subject: 'Invoice 7' }] }]);

  const { data: file } = await people.GET('/accounts/{accountId}/attention-list', {
    params: { path, query: { format: 'csv' } },
    parseAs: 'text',
  });
  expect(file).toContain('second@example.com');

  const { data, error, response } = await people.GET('/emails', { params: { query } });
  expect([data, response.status, error]).toMatchObject([undefined, 403, { type: '/problems/forbidden' }]);
  expect(dataOf(await people.GET('/openapi.json'))).toEqual(document);
});

test('what Amazon SES publishes to the topic is recorded, through its queue', async () => {
  const sns = new SNSClient({
    endpoint: stack.endpoints.sqs,
    region: stack.endpoints.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  await sns.send(
    new PublishCommand({
      TopicArn: String(stack.endpoints.outputs.SesTopicArn),
      Message: fixture('ses', 'Delivery').toString().replaceAll('jane@example.com', 'by-topic@example.com'),
    }),
  );
  await eventually(async () =>
    expect(await emailsOf('acme')).toContainEqual(
      expect.objectContaining({ recipient: 'by-topic@example.com', status: 'delivered' }),
    ),
  );
});

test('an erased recipient stays erased: a late callback of the same message is acknowledged, and kept nowhere', async () => {
  const recipient = 'erased@example.com';
  const [reader, account, support] = await Promise.all([
    createToken(dataDir, { account: 'acme' }),
    createToken(dataDir, { account: 'acme', manage: true }),
    createToken(dataDir, { support: true }),
  ]);
  const ask = async (method: string, path: string, token: string, body?: object) => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(stack.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
  };
  const erase = (path: string, token: string) => ask('POST', `${path}/erasures`, token, { recipient });

  await tell('enqueued', 'to-be-erased', { recipient, subject: 'Invoice 8' });
  await eventually(async () => {
    expect((await emailsOf('acme')).map(({ recipient }) => recipient)).toContain(recipient);
  });
  const { emailId } = (await emailsOf('acme')).find(email => email.recipient === recipient)!;
  expect(await erase('/accounts/acme', reader)).toMatchObject({ status: 403 });
  expect(await erase('/accounts/acme', account)).toMatchObject({
    status: 200,
    json: { erased: { emails: 1 }, forgottenBy: { queues: expect.any(String), backups: expect.any(String) } },
  });
  expect((await ask('GET', `/accounts/acme/emails/${emailId}`, account)).status).toBe(404);

  const late = await tell('hard_bounced', 'to-be-erased', { recipient });
  expect([late.status, await late.json()]).toEqual([200, expect.objectContaining({ recorded: 0, erased: 1 })]);
  expect((await ask('GET', `/accounts/acme/emails/${emailId}`, account)).status).toBe(404);
  expect((await inbox()).map(({ text }) => text).join()).not.toContain(recipient);

  expect((await erase('', account)).status).toBe(403);
  expect(await erase('', support)).toMatchObject({ status: 200, json: { erased: { emails: 0 } } });
  await tell('delivered', 'a-new-message', { recipient });
  await eventually(async () => {
    expect((await emailsOf('acme')).map(({ recipient }) => recipient)).toContain(recipient);
  });
});

test('npm run replay says what waits in quarantine, and leaves there what still cannot be read', async () => {
  const replay = async (...args: string[]) => {
    const child = spawn(process.execPath, ['infra/tools/replay/replay.ts', ...args], {
      env: { ...process.env, DATA_DIR: dataDir },
    });
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => said.push(chunk));
    const code = await new Promise(resolve => child.once('close', resolve));
    return `${code} ${Buffer.concat(said)}`;
  };
  expect(await (await tell('invented', 'unknown')).json()).toMatchObject({ quarantined: 1 });
  expect(await replay('--queue', 'quarantine', '--dry-run')).toMatch(/^0 .*app +unknown_event.*nothing was changed/s);
  // A message that is given back is there again a second later.
  await delay(1_100);
  expect(await replay('--queue', 'quarantine')).toMatch(/^0 .*app +unknown_event.*1 message of 1 stays in the queue/s);
  const refused = [
    [['--queue', 'dead-letter'], '0'],
    [[], "1 error: required option '--queue <QUEUE>' not specified"],
    [
      ['--queue', 'quarantine', '--provider', 'sendgird'],
      "1 error: option '--provider <NAME>' argument 'sendgird' is invalid.",
    ],
    [['--queue', 'quarantine', '--since', 'yesterday'], '1 error: --since must be a date or a time'],
  ] as const;
  const answers = await Promise.all(refused.map(([args]) => replay(...args)));
  for (const [index, [, said]] of refused.entries()) expect(answers[index]).toContain(said);
  expect(answers[0]).toContain('There is nothing to feed back.');
  await delay(1_100);
  const { sqs, outputs } = stack.endpoints;
  await awsJson(sqs, 'AmazonSQS.SendMessage', { QueueUrl: outputs.QuarantineQueueUrl, MessageBody: 'whatever' });
  expect(await replay('--queue', 'quarantine')).toMatch(/^1 .*1 failed: no message that can be read/s);
});

test('npm run token prints a token that the API accepts', async () => {
  const print = (...args: string[]) =>
    spawnSync(process.execPath, ['infra/local/cli/token.ts', ...args], {
      env: { ...process.env, DATA_DIR: dataDir },
      encoding: 'utf8',
    });
  for (const args of [['--account', 'acme'], ['--account', 'acme', '--manage'], ['--support']]) {
    const authorization = `Bearer ${print(...args).stdout.trim()}`;
    const answer = await fetch(`${stack.url}/accounts/acme/emails`, { headers: { authorization } });
    expect([args, answer.status]).toEqual([args, 200]);
  }
  for (const args of [[], ['--account', '']]) {
    expect(print(...args)).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: [^\n]+\n\nUsage: npm run -s token/),
    });
  }
});

test('a callback is a line on the terminal: whose, its answer, and what became of it or why not', async () => {
  const refused = await fetch(`${stack.url}/webhooks/sendgrid`, { method: 'POST', body: '[]' });
  expect(refused.status).toBe(401);
  await tell('sent', 'on-the-terminal');
  await fetch(`${stack.url}/webhooks/sendgird`, { method: 'POST', body: '[]' });
  await fetch(`${stack.url}/webhook/sendgrid`, { method: 'POST', body: '[]' });
  const lines = [
    'sendgrid 401 missing_signature',
    'app 200 recorded 1',
    '"sendgird" 404 no such provider, did you mean sendgrid?',
    'POST /webhook/sendgrid 404 no such route',
  ];
  await eventually(() => expect(stack.output()).toContain(`\n${lines.join('\n')}\n`));
});

test('its address leads to the page with the emails', async () => {
  const answer = await fetch(stack.url);
  expect([answer.url, answer.status]).toEqual([`${stack.url}/ui`, 200]);
  const text = await answer.text();
  expect(text).toContain(`<mailtrail-app issuer="${stack.url}/_local/issuer" client-id="mailtrail-ui"`);
  for (const path of ['inbox', 'queues', 'quarantine', 'health']) expect(text).toContain(`/_local/${path}&quot;`);
});

test('the address of the page with a slash at its end leads to the page, and keeps its query', async () => {
  const answer = await fetch(`${stack.url}/ui/?account=acme`);
  expect([answer.url, answer.status]).toEqual([`${stack.url}/ui?account=acme`, 200]);
});

test('a page of this machine leads to all of it, and has no secret', async () => {
  const page = await fetch(`${stack.url}/_local`);
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  const text = await page.text();
  expect(await (await fetch(`${stack.url}/_local/`)).text()).toBe(text);
  const { webhookSecretsFile, signingKeysFile, logsDir } = stack.endpoints;
  for (const place of [webhookSecretsFile, signingKeysFile, logsDir, 'npm run demo', 'npm run replay']) {
    expect(text).toContain(place);
  }
  for (const file of [webhookSecretsFile, signingKeysFile]) {
    const secrets = Object.values(JSON.parse(readFileSync(file, 'utf8'))).flat() as string[];
    for (const secret of secrets) expect(text).not.toContain(secret);
  }
  const links = [...text.matchAll(/href="([^"]+)"/g)].map(([, link]) => link!);
  expect(links).toEqual([
    `${stack.url}/ui`,
    ...['/_local/inbox', '/_local/queues', '/_local/quarantine', '/_local/events'],
    ...['/_local/alarms', '/_local/health'],
    ...['/statuses', '/openapi.json'],
  ]);
  for (const link of links) expect([link, (await fetch(new URL(link, stack.url))).status]).toEqual([link, 200]);
  expect(text).toContain('<code>ANY /webhooks/{provider}</code> (set-up calls)');
  expect(text).not.toMatch(/\b(?:src|https?:\/\/(?!127\.0\.0\.1))/);
  for (const path of ['', '/_local', '/_local/quarantine', '/_local/events', '/_local/alarms', '/_local/health'])
    expect((await fetch(stack.url + path, { method: 'POST' })).status).toBe(405);
});

test('the quarantine is shown piece by piece, redacted, and stays as it is', async () => {
  await tell('invented', 'in-quarantine', { subject: '<b>Secret subject</b>' });
  const before = await quarantined();
  const page = await (await fetch(`${stack.url}/_local/quarantine`)).text();
  expect(page).toMatch(/<h2>unknown_event<\/h2>\n<pre tabindex="0">[\d-]+T[\d:.]+Z {2}app {2}unknown_event {2}field -/);
  expect(page).toContain('&quot;email.invented&quot;');
  expect(page).not.toMatch(/Secret subject|in-quarantine/);
  expect(await quarantined()).toEqual(before);
});

test('a burst suspends the subscription of support, and a POST to the page of the alerts confirms it anew', async () => {
  const { sns: endpoint, region, topics } = stack.endpoints;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const sns = new SNSClient({ endpoint, region, credentials });
  const [TopicArn] = Object.entries(topics)
    .find(([id]) => id.startsWith('Operations'))!
    .slice(1);
  const subscriptions = async (path: string, method = 'GET') => {
    const answer = await fetch(stack.url + path, { method, headers: { accept: 'application/json' } });
    const { subscriptions } = (await answer.json()) as { subscriptions: { topicArn: string; state: string }[] };
    return subscriptions.filter(({ topicArn }) => topicArn === TopicArn).map(({ state }) => state);
  };
  expect(await subscriptions('/_local/health')).toEqual(['Confirmed']);
  await eventually(async () => {
    await Promise.all(
      Array.from({ length: 11 }, () =>
        sns.send(new PublishCommand({ TopicArn, Subject: 'ALARM', Message: 'An alarm' })),
      ),
    );
    expect(await subscriptions('/_local/health')).toEqual(['PendingConfirmation']);
  });
  expect(stack.output()).toMatch(/the subscription of support@example\.com to operations is suspended/);
  const confirm = (query: string) => fetch(`${stack.url}/_local/inbox${query}`, { method: 'POST' });
  expect((await confirm('?authenticateOnUnsubscribe=maybe')).status).toBe(400);
  expect(await (await confirm('')).text()).toContain(
    'support@example.com is subscribed to operations: its links end it.',
  );
  expect(await subscriptions('/_local/inbox', 'POST')).toEqual(['Confirmed']);
});

/** The contents in quarantine, as programs read them. */
async function quarantined() {
  const answer = await fetch(`${stack.url}/_local/quarantine`, { headers: { accept: 'application/json' } });
  return (await answer.json()) as { total: number; contents: { reason: string; lines: string[] }[] };
}

test('health names database, functions, queues and the last alert', async () => {
  const answer = await fetch(`${stack.url}/_local/health`, { headers: { accept: 'application/json' } });
  expect(await answer.json()).toMatchObject({
    engine: { name: stack.endpoints.dynamodbEngine, running: true },
    functions: expect.arrayContaining([{ name: 'ingest', processes: expect.any(Number) }]),
    queues: expect.arrayContaining([{ name: 'retry', waiting: expect.any(Number), inWork: expect.any(Number) }]),
    lastAlert: { subject: expect.any(String), receivedAt: expect.any(String) },
  });
  const page = await (await fetch(`${stack.url}/_local/health`)).text();
  for (const name of [stack.endpoints.dynamodbEngine, 'ingest', 'quarantine']) expect(page).toContain(name);
});

test('the queues are listed with what each is for and how full it is', async () => {
  const accept = { headers: { accept: 'application/json' } };
  const { queues } = (await (await fetch(`${stack.url}/_local/queues`, accept)).json()) as {
    queues: { name: string; waiting: number; inWork: number; purpose: string }[];
  };
  expect(queues.map(({ name }) => name).sort()).toEqual([
    'digests',
    'digests-dead-letters',
    'quarantine',
    'retry',
    'retry-dead-letters',
    'ses-events-queue',
    'ses-events-queue-dead-letters',
  ]);
  for (const { purpose } of queues) expect(purpose).not.toBe('');
  // A replay holds the messages that it has looked at for some time.
  const { waiting, inWork } = queues.find(({ name }) => name === 'quarantine')!;
  expect(waiting + inWork).toBeGreaterThan(0);
  const page = await (await fetch(`${stack.url}/_local/queues`)).text();
  for (const queue of ['quarantine', 'dead-letter']) expect(page).toContain(`npm run replay -- --queue ${queue}<`);
  expect(page).toMatch(/<th scope="row">quarantine<\/th><td class="number">\d+<\/td>/);
});

test('each function has a log of its name, and the API has one of its answers', async () => {
  const logs = ['access.log', ...functionNames.map(name => `${name}.log`)];
  expect(readdirSync(stack.endpoints.logsDir).sort()).toEqual(logs.sort());
  const { headers } = await fetch(`${stack.url}/accounts/acme/emails`, { headers: { authorization: 'Bearer x' } });
  const accessLog = () => readFileSync(join(stack.endpoints.logsDir, 'access.log'), 'utf8').trimEnd().split('\n');
  await eventually(() =>
    expect(accessLog().map(line => JSON.parse(line))).toContainEqual({
      requestId: headers.get('apigw-requestid'),
      route: 'GET /accounts/{accountId}/emails',
      status: '401',
      integration: '-',
      latency: expect.any(String),
      tokenError: 'invalid_token',
    }),
  );
});

test('a browser gets the loader of the elements, and every module that it names, compressed', async () => {
  const loader = await fetch(`${stack.url}/ui/mailtrail.js`, { headers: { 'accept-encoding': 'gzip' } });
  expect(loader.status).toBe(200);
  expect(loader.headers.get('content-encoding')).toBe('gzip');
  const modules = [...(await loader.text()).matchAll(/import\("(\.\/[^"]+)"\)/g)].map(([, name]) => name!);
  expect(modules.length).toBeGreaterThan(0);
  for (const name of modules) {
    const module = await fetch(new URL(name, loader.url), { headers: { 'accept-encoding': 'br' } });
    expect([module.status, module.headers.get('content-type')], name).toEqual([200, 'text/javascript; charset=utf-8']);
    expect(module.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await module.text()).length, name).toBeGreaterThan(100);
  }
  const etag = loader.headers.get('etag')!;
  expect((await fetch(loader.url, { headers: { 'if-none-match': etag } })).status).toBe(304);
  for (const name of ['mailtrail-emails-AAAAAAAA.js', 'list.json', '..%2findex.mjs', '%2e%2e%2findex.mjs'])
    expect((await fetch(`${stack.url}/ui/${name}`)).status, name).toBe(404);
});

test('a caller that is cut off in the middle of a call takes nothing down', async () => {
  const { hostname, port } = new URL(stack.endpoints.secretsManager);
  const socket = connect(Number(port), hostname);
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"Sec');
  await delay(50);
  socket.destroy();
  await delay(50);
  expect((await tell('delivered', 'after-the-cut')).status).toBe(200);
});

test('nothing of it can be reached from another machine', async () => {
  const outside = Object.values(networkInterfaces())
    .flatMap(addresses => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4');
  if (outside === undefined) return;
  const { url, sqs, sns, secretsManager, dynamodb, dynamodbEngine } = stack.endpoints;
  // DynamoDB Local takes no address to listen on.
  const all = [url, sqs, sns, secretsManager, ...(dynamodbEngine === 'dynoxide' ? [dynamodb] : [])];
  for (const endpoint of all) {
    await expect(fetch(endpoint.replace('127.0.0.1', outside.address)), endpoint).rejects.toThrow();
  }
});

describe('what cannot be started says so in one line', () => {
  const failing = async (options: Partial<Parameters<typeof startStack>[0]>) => {
    const error = await startStack({ dataDir: temporary(), ...options }).then(
      () => null,
      (reason: Error) => reason,
    );
    expect(error?.message.split('\n')).toHaveLength(1);
    return error?.message;
  };

  test('on a data directory that is in use', async () => {
    expect(await failing({ dataDir })).toContain(
      `another Mailtrail (process ${stack.endpoints.pid}) runs on ${dataDir}`,
    );
  });

  test('on a data directory that cannot be one', async () => {
    const file = join(temporary(), 'file');
    writeFileSync(file, '');
    expect(await failing({ dataDir: file })).toContain(`cannot use ${file} as the data directory`);
    const damaged = temporary();
    writeFileSync(join(damaged, 'lock.db'), 'x'.repeat(5_000));
    expect(await failing({ dataDir: damaged })).toContain(`cannot use ${damaged} as the data directory`);
  });

  test('on a file of an earlier run that is damaged', async () => {
    const damaged = temporary();
    const file = join(damaged, 'token-key.json');
    writeFileSync(file, '');
    expect(await failing({ dataDir: damaged })).toContain(
      `${file} is damaged (Unexpected end of JSON input): remove it, and`,
    );
  });

  test('on a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    expect(await failing({ port })).toBe(
      `port ${port} is taken by another program: stop it, or set PORT (0 takes a free one)`,
    );
    other.close();
  });

  test('with webhook secrets that cannot be read', async () => {
    const startedWith = (content: string) => {
      const file = join(temporary(), 'secrets.json');
      writeFileSync(file, content);
      return failing({ webhookSecretsFile: file });
    };
    const [missing, noList, list, unknown] = await Promise.all([
      failing({ webhookSecretsFile: '/nowhere.json' }),
      startedWith('{ "sendgrid": 5 }'),
      startedWith('[]'),
      startedWith('{ "sendgird": ["x"] }'),
    ]);
    expect(missing).toContain('the webhook secrets in /nowhere.json');
    expect(noList).toContain('sendgrid: must be a list of secrets');
    expect(list).toContain('provider → list of secrets');
    expect(unknown).toMatch(
      /^WEBHOOK_SECRETS: there is no provider sendgird, which .* names; did you mean sendgrid\?$/,
    );
  });

  test('when a token is asked for before the first start', async () => {
    await expect(createToken(temporary(), { account: 'acme' })).rejects.toThrow('not started yet');
  });
});

test("Secrets Manager gives the user's own secrets before the generated ones, read again on each call", async () => {
  const file = join(temporary(), 'secrets.json');
  writeFileSync(file, '{ "sendgrid": ["one"] }');
  const own = await startStack({ dataDir: temporary(), webhookSecretsFile: file });
  const { secretsManager, outputs } = own.endpoints;
  const secret = () =>
    awsJson<{ SecretString: string }>(secretsManager, 'secretsmanager.GetSecretValue', {
      SecretId: outputs.WebhookSecretsArn,
    }).then(({ SecretString }) => JSON.parse(SecretString));
  const { sendgrid, ...generated } = JSON.parse(readFileSync(own.endpoints.webhookSecretsFile, 'utf8'));
  try {
    expect(await secret()).toEqual({ ...generated, sendgrid: ['one', ...sendgrid] });
    writeFileSync(file, '{ "sendgrid": ["two", "one"] }');
    expect(await secret()).toEqual({ ...generated, sendgrid: ['two', 'one', ...sendgrid] });
  } finally {
    await own.stop();
  }
});

test('it stops at once, also while clients keep asking', async () => {
  const own = await startStack({ dataDir: temporary() });
  let asking = true;
  const clients = Array.from({ length: 4 }, async () => {
    while (asking)
      await fetch(`${own.url}/statuses`).then(
        answer => answer.text(),
        () => delay(10),
      );
  });
  await delay(300);
  expect(own.output()).not.toContain('Synthesizing');
  const begun = performance.now();
  await own.stop();
  expect(own.output()).toMatch(/\nStopping \.\.\.\nStopped\.\n$/);
  expect(performance.now() - begun).toBeLessThan(5_000);
  asking = false;
  await Promise.all(clients);
});
