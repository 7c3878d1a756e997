import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get as httpsGet, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DescribeTableCommand, DynamoDBClient, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { exportJWK, generateKeyPair } from 'jose';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { chooseEngine } from '../../infra/local/services/dynamodb-engine.ts';
import { type LoopbackServer, startLoopbackServer } from '../../infra/local/services/loopback-server.ts';
import { awsAccount } from '../../infra/tools/deploy/account.ts';
import { checkDeployment, deploymentReport } from '../../infra/tools/deploy/checks.ts';
import { type Get, issuerFinding } from '../../infra/tools/deploy/issuer.ts';
import { createEmailTable } from '../rigs/email-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'mailtrail-deploy-'));
const caFile = join(folder, 'ca.pem');
let server: Server;
let origin: string;
/** The answers of the issuer, by path. */
let documents: Record<string, unknown> = {};
let ca: string;
let rsa: Record<string, unknown>;
let ec: Record<string, unknown>;

/** Reads a URL with trust in the issuer's own certificate, as a machine does that has it among its authorities. */
const get: Get = (url, signal) =>
  new Promise((resolve, reject) => {
    httpsGet(url, { ca, signal, agent: false }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', chunk => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: async () => text }));
    }).on('error', reject);
  });

beforeAll(async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  });
  ca = cert;
  writeFileSync(caFile, cert);
  server = createServer({ key, cert }, ({ url = '' }, response) => {
    const document = documents[url];
    if (document === undefined) return void response.writeHead(404).end();
    response.end(typeof document === 'string' ? document : JSON.stringify(document));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  const keyOf = async (algorithm: string) => {
    const { publicKey } = await generateKeyPair(algorithm, { extractable: true });
    return { ...(await exportJWK(publicKey)), kid: algorithm, alg: algorithm, use: 'sig' };
  };
  [rsa, ec] = [await keyOf('RS256'), await keyOf('ES256')];
});
afterAll(() => {
  server?.close().closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  documents = {
    '/.well-known/openid-configuration': { issuer: origin, jwks_uri: `${origin}/jwks` },
    '/jwks': { keys: [ec, rsa] },
  };
});

describe('before a deployment, the issuer', () => {
  it('is in order with an RSA key; one that only this machine reaches is said to be so', async () => {
    expect(await issuerFinding(origin, get)).toMatchObject({
      result: 'warning',
      says: expect.stringContaining('from an address that the internet does not reach'),
    });
  });

  it('is refused under another name than its own, since tokens carry that one', async () => {
    const finding = await issuerFinding(`${origin}/`, get);
    expect(finding).toMatchObject({ result: 'problem' });
    expect(finding.remedy).toContain(`Set oidcIssuer to ${origin}, exactly`);
  });

  it.each<[string, () => void, string]>([
    [
      'has no discovery document, as the domain of a sign-in page has none',
      () => {
        documents = {};
      },
      'answers 404',
    ],
    [
      'answers with a page',
      () => {
        documents['/.well-known/openid-configuration'] = '<html>';
      },
      'is not the document that it should be',
    ],
    [
      'names no keys',
      () => {
        documents['/.well-known/openid-configuration'] = { issuer: origin };
      },
      'has no https jwks_uri',
    ],
    [
      'signs with elliptic curves alone, so that API Gateway would answer everybody 401',
      () => {
        documents['/jwks'] = { keys: [ec] };
      },
      'has no RSA signing key with a kid (its keys: ES256)',
    ],
    [
      'has an RSA key for encryption alone',
      () => {
        documents['/jwks'] = { keys: [{ ...rsa, use: 'enc' }] };
      },
      'has no RSA signing key',
    ],
    [
      'has an RSA key without an id, which a token could not name',
      () => {
        documents['/jwks'] = { keys: [{ ...rsa, kid: undefined }] };
      },
      'has no RSA signing key',
    ],
  ])('is refused that %s', async (_, arrange, says) => {
    arrange();
    expect(await issuerFinding(origin, get)).toMatchObject({ result: 'problem', says: expect.stringContaining(says) });
  });

  it('is refused that cannot be reached, or whose certificate nobody knows', async () => {
    expect((await issuerFinding('https://localhost:1', get)).says).toContain('cannot be reached: connect ECONNREFUSED');
    expect((await issuerFinding(origin)).says).toMatch(/cannot be reached: .*self[- ]signed certificate/);
  });
});

/** The parts of AWS that the checks ask, which answer as SSM and Lambda do. */
interface AwsAnswers {
  readonly bootstrap: string | null;
  readonly concurrency: number;
}

describe('before a deployment, the account', () => {
  let ssm: LoopbackServer;
  let lambda: LoopbackServer;
  let answers: AwsAnswers;

  beforeAll(async () => {
    const json = (status: number, body: object) => ({
      status,
      contentType: 'application/x-amz-json-1.1',
      body: JSON.stringify(body),
    });
    ssm = await startLoopbackServer(async (request, body) => {
      expect(request.headers['x-amz-target']).toBe('AmazonSSM.GetParameter');
      const { Name } = JSON.parse(body);
      if (answers.bootstrap === null || Name !== '/cdk-bootstrap/hnb659fds/version') {
        return json(400, { __type: 'ParameterNotFound', message: '' });
      }
      return json(200, { Parameter: { Name, Type: 'String', Value: answers.bootstrap, Version: 1 } });
    });
    lambda = await startLoopbackServer(async request => {
      expect(`${request.method} ${request.url}`).toBe('GET /2016-08-19/account-settings');
      const { concurrency } = answers;
      return json(200, {
        AccountLimit: { ConcurrentExecutions: concurrency, UnreservedConcurrentExecutions: concurrency },
        AccountUsage: { FunctionCount: 0, TotalCodeSize: 0 },
      });
    });
  });
  afterAll(() => {
    ssm?.stop();
    lambda?.stop();
  });
  beforeEach(() => {
    answers = { bootstrap: '28', concurrency: 1_000 };
    const environment = {
      AWS_ENDPOINT_URL_SSM: ssm.endpoint,
      AWS_ENDPOINT_URL_LAMBDA: lambda.endpoint,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_REGION: 'eu-west-1',
      AWS_CONFIG_FILE: join(folder, 'none'),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  });

  const settings = () => ['-c', `oidcIssuer=${origin}`, '-c', 'oidcAudience=mailtrail'];
  const checked = async (args: readonly string[] = [], { isTerminal = true } = {}) => {
    const all = await checkDeployment({ args: [...settings(), ...args], isTerminal, get });
    return Object.fromEntries(all.map(({ check, ...finding }) => [check, finding]));
  };

  it('is in order once it is bootstrapped and has executions to spare', async () => {
    expect(await checked()).toMatchObject({
      access: { result: 'ok' },
      settings: { result: 'ok' },
      approval: { result: 'ok' },
      bootstrap: { result: 'ok', says: 'version 28' },
      concurrency: { result: 'ok' },
    });
  });

  it.each([
    ['never was bootstrapped', null],
    ['was bootstrapped with too old a version', '5'],
  ])('is refused that %s, with the command to run', async (_, bootstrap) => {
    answers = { ...answers, bootstrap };
    expect((await checked()).bootstrap).toMatchObject({
      result: 'problem',
      remedy: 'Once for each account and region: npx cdk bootstrap',
    });
  });

  it('is looked up under the qualifier that the context names', async () => {
    expect((await checked(['-c', '@aws-cdk/core:bootstrapQualifier=own'])).bootstrap?.says).toContain(
      'has no /cdk-bootstrap/own/version',
    );
  });

  it('gets a warning with 10 concurrent executions, as a new one has, and the advice to request 1,000', async () => {
    answers = { ...answers, concurrency: 10 };
    const { concurrency } = await checked();
    expect(concurrency).toMatchObject({ result: 'warning', says: expect.stringContaining('10 concurrent executions') });
    expect(concurrency?.remedy).toContain('--quota-code L-B99A9384 --desired-value 1000');
  });

  it('is refused if ingestConcurrency leaves less than Lambda keeps unreserved', async () => {
    answers = { ...answers, concurrency: 150 };
    expect((await checked(['-c', 'ingestConcurrency=51'])).concurrency?.result).toBe('problem');
    expect((await checked(['-c', 'ingestConcurrency=50'])).concurrency?.result).toBe('ok');
  });

  it('without credentials or region is refused with the way to get them', async () => {
    vi.stubEnv('AWS_REGION', undefined);
    expect((await checked()).access).toMatchObject({
      result: 'problem',
      remedy: expect.stringContaining('AWS_REGION'),
    });
    vi.stubEnv('AWS_REGION', 'eu-west-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    const { access, bootstrap } = await checked();
    expect(access).toMatchObject({ result: 'problem', remedy: expect.stringContaining('AWS_PROFILE') });
    // Nothing more can be asked then.
    expect(bootstrap).toBeUndefined();
  });

  it('is refused for a certificate of another region, which API Gateway would not take', async () => {
    const certificate = 'arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222';
    const domain = ['-c', 'domainName=mail.example.com', '-c', `certificateArn=${certificate}`];
    expect((await checked(domain)).regions).toMatchObject({
      result: 'problem',
      says: 'certificateArn: not in eu-west-1',
    });
  });

  it('is refused for a URL of events on this machine, which EventBridge could not reach', async () => {
    const url = (eventsUrl: string) => checked(['-c', 'events=true', '-c', `eventsUrl=${eventsUrl}`]);
    expect((await url('http://localhost:4000/'))['events URL']?.result).toBe('problem');
    expect((await url('https://billing.example.com/'))['events URL']).toBeUndefined();
  });

  it('is not asked by cdk where there is no terminal, so that somebody has to approve before', async () => {
    const none = { isTerminal: false };
    const { approval } = await checked([], none);
    expect(approval).toMatchObject({ result: 'problem' });
    expect(approval?.remedy).toContain('npm run deploy -- --require-approval never');
    for (const args of [['--require-approval', 'never'], ['--require-approval=never'], ['--yes'], ['-y']])
      expect((await checked(args, none)).approval?.result, args.join(' ')).toBe('ok');
    expect((await checked(['--require-approval', 'broadening'], none)).approval?.result).toBe('problem');
  });

  it('and everything else are checked at once, in one table with the remedies below it', async () => {
    answers = { bootstrap: null, concurrency: 10 };
    documents['/jwks'] = { keys: [ec] };
    const report = deploymentReport(
      await checkDeployment({ args: [...settings(), '-c', 'oidcAudience='], isTerminal: false, get }),
    );
    const lines = report.split('\n');
    for (const line of [
      /^access +ok/,
      /^settings +problem/,
      /^approval +problem/,
      /^issuer +problem/,
      /^bootstrap +problem/,
      /^concurrency +warning/,
    ])
      expect(lines.filter(text => line.test(text))).toHaveLength(1);
    expect(report).toContain('npm run deploy -- -c oidcAudience=...');
    expect(report).toContain('bootstrap: Once for each account and region');
  });

  it('is checked by the command alone with --check, which ends with 0 where nothing is in the way', async () => {
    const run = async (...args: string[]) => {
      const file = fileURLToPath(new URL('../../infra/tools/deploy/deploy.ts', import.meta.url));
      const child = spawn(process.execPath, [file, '--check', ...settings(), ...args], {
        env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile },
      });
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', chunk => {
          said += chunk;
        });
      const code = await new Promise(resolve => child.once('close', resolve));
      return { code, said };
    };
    const approved = await run('--require-approval', 'never');
    expect(approved).toMatchObject({ code: 0, said: expect.stringMatching(/^bootstrap +ok +version 28$/m) });
    const refused = await run();
    expect(refused).toMatchObject({ code: 1, said: expect.stringContaining('Nothing was deployed.') });
    expect(refused.said).not.toContain('    at ');
  });

  describe('with an existing table', () => {
    let engine: Awaited<ReturnType<Awaited<ReturnType<typeof chooseEngine>>>>;
    let client: DynamoDBClient;
    const streamOf = async (TableName: string) =>
      (await client.send(new DescribeTableCommand({ TableName }))).Table?.LatestStreamArn ?? '';

    beforeAll(async () => {
      engine = await (await chooseEngine())({ dataDir: join(folder, 'dynamodb') });
      const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
      client = new DynamoDBClient({ endpoint: engine.endpoint, region: 'eu-west-1', credentials });
      await createEmailTable(client, 'restored');
    });
    afterAll(() => engine?.stop());
    beforeEach(() => void vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', engine.endpoint));

    const finding = (streamArn: string) => awsAccount().existingTable(streamArn);

    it('is in order if that has the stream and all indexes', async () => {
      expect(await finding(await streamOf('restored'))).toMatchObject({ result: 'ok' });
    });

    it('is refused if there is no such table, or the stream is another one', async () => {
      const stream = await streamOf('restored');
      expect((await finding(stream.replace('restored', 'unknown'))).says).toContain('there is no table unknown');
      expect((await finding(`${stream}1`)).says).toContain('its stream is now ');
    });

    it('is refused if the stream is off, as it is after a restore', async () => {
      await createEmailTable(client, 'without-stream');
      const stream = await streamOf('without-stream');
      const off = { TableName: 'without-stream', StreamSpecification: { StreamEnabled: false } };
      await client.send(new UpdateTableCommand(off));
      expect((await finding(stream)).says).toContain('its stream is off');
    });
  });
});
