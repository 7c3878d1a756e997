import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportToStack } from '../rigs/application.ts';
import { eventually } from '../rigs/eventually.ts';
import { type StartedStack, startStack } from '../rigs/start-stack.ts';

interface InboxMessage {
  readonly topicArn: string;
  readonly subject: string;
  readonly text: string;
}

describe('the daily digest of a running stack', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-test-'));
  let stack: StartedStack;
  let lambda: LambdaClient;

  beforeAll(async () => {
    stack = await startStack({ dataDir });
    const { lambda: endpoint, region } = stack.endpoints;
    lambda = new LambdaClient({ endpoint, region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } });
  });
  afterAll(async () => {
    lambda?.destroy();
    await stack?.stop();
  });

  async function invoke(event: object = {}): Promise<{ readonly subject: string; readonly body: string } | null> {
    const FunctionName = Object.keys(stack.endpoints.functions).find(name => name.startsWith('Daily'))!;
    const { FunctionError, Payload } = await lambda.send(
      new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }),
    );
    expect(FunctionError).toBeUndefined();
    return JSON.parse(Buffer.from(Payload ?? []).toString());
  }

  /** The letters and messages of the digest so far. */
  async function told(topic: RegExp): Promise<readonly InboxMessage[]> {
    const answer = await fetch(`${stack.url}/_local/inbox`, { headers: { accept: 'application/json' } });
    const { messages } = (await answer.json()) as { messages: readonly InboxMessage[] };
    const arn = Object.entries(stack.endpoints.topics).find(([name]) => topic.test(name))![1];
    return messages.filter(({ topicArn, text }) => topicArn === arn && /daily_digest|next digest/.test(text));
  }

  it('comes once, with a letter to support and a message to machines, and links to the page', async () => {
    const timestamp = new Date().toISOString();
    const data = {
      messageId: 'daily-1',
      recipient: 'jane@example.com',
      accountId: 'acme',
      reason: { text: '550 5.1.1 no such user' },
    };
    expect(await reportToStack(stack.endpoints, 'daily-1', { type: 'email.hard_bounced', timestamp, data })).toBe(200);
    await eventually(async () =>
      expect((await invoke({ preview: true }))!.subject).toBe(
        '1 email needs action, 1 new in the last 24 hours (account acme)',
      ),
    );
    expect(await told(/^Support/)).toEqual([]);
    expect(await invoke()).toBeNull();
    expect(await invoke()).toBeNull();
    const [letter, ...others] = await told(/^Support/);
    expect(others).toEqual([]);
    expect(letter!.text).toContain(`All of them: ${stack.url}/ui#attention=act\n`);
    const messages = (await told(/^AlertEvents/)).map(({ text }) => JSON.parse(text));
    expect(messages).toMatchObject([
      { kind: 'daily_digest', accountId: null, emails: 1, accounts: [{ accountId: 'acme' }] },
    ]);
  });
});
