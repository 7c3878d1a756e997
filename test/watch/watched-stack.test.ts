import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createToken } from '../../infra/local/cli/token.ts';
import { canaryAccountId } from '../../shared/email/event.ts';
import { eventually } from '../rigs/eventually.ts';
import { type StartedStack, startStack } from '../rigs/start-stack.ts';

describe('a running stack with its schedules', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-test-'));
  let stack: StartedStack;
  beforeAll(async () => {
    stack = await startStack({ dataDir, schedules: true });
  });
  afterAll(() => stack?.stop());

  const logOf = (name: string) => readFileSync(join(stack.endpoints.logsDir, `${name}.log`), 'utf8');
  const lines = (name: string) =>
    logOf(name)
      .split('\n')
      .filter(line => line.startsWith('{'))
      .map(line => JSON.parse(line) as Record<string, unknown>);
  const lambda = () =>
    new LambdaClient({
      endpoint: stack.endpoints.lambda,
      region: stack.endpoints.region,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });

  async function register(accountId: string, messageId: string, data: object = {}): Promise<Response> {
    const secret = JSON.parse(readFileSync(stack.endpoints.signingKeysFile, 'utf8')).app;
    const at = new Date();
    const event = { messageId, recipient: `${messageId}@example.com`, accountId, provider: 'sendgrid', ...data };
    const body = JSON.stringify({ type: 'email.enqueued', timestamp: at.toISOString(), data: event });
    return fetch(`${stack.url}/webhooks/app`, {
      method: 'POST',
      headers: {
        'webhook-id': messageId,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new Webhook(secret).sign(messageId, at, body),
      },
      body,
    });
  }

  it("sends the canary over the gateway and reads it back by the query function's invocation", async () => {
    await eventually(() =>
      expect(lines('watch')).toContainEqual(expect.objectContaining({ message: 'canary.answered' })),
    );
    expect(lines('watch')).toContainEqual(expect.objectContaining({ service: 'mailtrail', CanaryFailed: 0 }));
    expect(logOf('watch')).not.toContain('"fault"');
    // Nobody reads of a callback that is no callback.
    expect(stack.output()).not.toMatch(/^app \d/m);
  });

  it('shows the canary in no list, and counts its events for no provider', async () => {
    const authorization = `Bearer ${await createToken(dataDir, { support: true })}`;
    const list = await fetch(`${stack.url}/accounts/${canaryAccountId}/emails`, { headers: { authorization } });
    expect(await list.json()).toMatchObject({ emails: [] });
    const providers = await fetch(`${stack.url}/providers`, { headers: { authorization } });
    expect(await providers.json()).toMatchObject({ providers: [] });
    expect(logOf('ingest')).not.toMatch(/"(?:Events|Lag)":/);
  });

  it('shows support when each provider last reported, and how many calls in its name were refused', async () => {
    expect((await register('acme', 'watched-1')).status).toBe(200);
    const forged = await fetch(`${stack.url}/webhooks/postmark`, { method: 'POST', body: '{}' });
    expect(forged.status).toBe(401);
    const authorization = `Bearer ${await createToken(dataDir, { support: true })}`;
    await eventually(async () => {
      const answer = await fetch(`${stack.url}/providers`, { headers: { authorization } });
      expect(await answer.json()).toMatchObject({
        providers: [
          { provider: 'postmark', refused: 1, lastEventAt: null },
          { provider: 'app', refused: 0, lastEventAt: expect.any(String) },
        ],
      });
    });
  });

  it("takes no event of the canary's account that another key signed", async () => {
    expect(await (await register(canaryAccountId, 'intruder')).json()).toMatchObject({ recorded: 0, quarantined: 1 });
  });

  it('invokes a function for the caller of its endpoint, and says where it fails or is not there', async () => {
    const Payload = JSON.stringify({ routeKey: 'GET /statuses', requestContext: { routeKey: 'GET /statuses' } });
    const query = Object.keys(stack.endpoints.functions).find(name => name.startsWith('Query'))!;
    const failed = await lambda().send(new InvokeCommand({ FunctionName: query, Payload: 'null' }));
    expect(failed.FunctionError).toBe('Unhandled');
    const answered = await lambda().send(new InvokeCommand({ FunctionName: query, Payload }));
    expect(answered.FunctionError).toBeUndefined();
    expect(JSON.parse(Buffer.from(answered.Payload!).toString())).toMatchObject({ statusCode: expect.any(Number) });
    await expect(lambda().send(new InvokeCommand({ FunctionName: 'nobody', Payload }))).rejects.toThrow('not found');
  });
});

describe('a running stack of which a part is down', () => {
  const nowhere = 'http://127.0.0.1:9';

  it.each([
    ['gateway', { Watch: { API_URL: nowhere } }],
    // A process that has the canary's key already names the table.
    ['ingest', { Ingest: { AWS_ENDPOINT_URL_DYNAMODB: nowhere } }],
    ['query', { Watch: { AWS_ENDPOINT_URL_LAMBDA: nowhere } }],
  ])('says with its first run that the canary failed, and at which leg: %s', async (leg, serviceEndpoints) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-test-'));
    const stack = await startStack({ dataDir, schedules: true, serviceEndpoints });
    try {
      const log = () => readFileSync(join(stack.endpoints.logsDir, 'watch.log'), 'utf8');
      await eventually(() => {
        expect(log()).toContain('"CanaryFailed":1');
        expect(log()).toContain(`"leg":"${leg}"`);
        expect(stack.output()).toContain(`the canary failed at ${leg}: `);
      });
    } finally {
      await stack.stop();
    }
  });
});
