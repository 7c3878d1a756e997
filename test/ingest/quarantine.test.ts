import { GetQueueUrlCommand, PurgeQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createQuarantine, type QuarantineMessage } from '../../functions/ingest/quarantine.ts';
import { noon } from '../arbitrary-events.ts';

describe('the quarantine', () => {
  let server: FauxqsServer;
  let client: SQSClient;
  let queueUrl: string;

  beforeAll(async () => {
    server = await startFauxqs({ port: 0, logger: false });
    server.createQueue('quarantine');
    client = new SQSClient({
      endpoint: `http://127.0.0.1:${server.port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    queueUrl = (await client.send(new GetQueueUrlCommand({ QueueName: 'quarantine' }))).QueueUrl!;
  });
  afterAll(() => server.stop());
  beforeEach(() => client.send(new PurgeQueueCommand({ QueueUrl: queueUrl })));

  const request = (body: Buffer) => ({ requestId: 'r1', provider: 'sendgrid', receivedAt: noon, body });
  async function kept(): Promise<QuarantineMessage[]> {
    const messages: QuarantineMessage[] = [];
    for (;;) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
      );
      if (Messages.length === 0) return messages;
      messages.push(...Messages.map(({ Body }) => JSON.parse(Body!) as QuarantineMessage));
    }
  }

  it('keeps the pieces of one request that share a reason in one message', async () => {
    await createQuarantine(client, queueUrl)(request(Buffer.from('[]')), [
      { reason: 'unknown_event', piece: { event: 'new' } },
      { reason: 'missing_recipient', piece: { event: 'open' } },
      { reason: 'unknown_event', piece: { event: 'newer' } },
    ]);
    const envelope = { requestId: 'r1', provider: 'sendgrid', receivedAt: '2026-01-02T12:00:00.000Z' };
    expect(new Set(await kept())).toEqual(
      new Set([
        { ...envelope, reason: 'unknown_event', pieces: [{ event: 'new' }, { event: 'newer' }] },
        { ...envelope, reason: 'missing_recipient', pieces: [{ event: 'open' }] },
      ]),
    );
  });

  it('keeps a body of 6 MB byte for byte, in parts', async () => {
    const body = Buffer.alloc(6 * 1024 * 1024, '\u0000\u00ff{"', 'latin1');
    await createQuarantine(client, queueUrl)(request(body), [{ reason: 'not_utf8', piece: null }]);
    const parts = (await kept())
      .map(message => ('base64' in message ? message : expect.fail('a part')))
      .toSorted((a, b) => a.part - b.part);
    expect(parts.map(({ part, parts }) => `${part}/${parts}`).at(-1)).toBe(`${parts.length}/${parts.length}`);
    expect(Buffer.concat(parts.map(({ base64 }) => Buffer.from(base64, 'base64'))).equals(body)).toBe(true);
  });

  it('keeps a hundred thousand pieces in few messages', async () => {
    const pieces = Array.from({ length: 100_000 }, (_, index) => ({ event: `new ${index}` }));
    await createQuarantine(client, queueUrl)(
      request(Buffer.alloc(0)),
      pieces.map(piece => ({ reason: 'unknown_event', piece })),
    );
    const messages = await kept();
    expect(messages.length).toBeLessThan(10);
    expect(new Set(messages.flatMap(message => ('pieces' in message ? message.pieces : [])))).toHaveLength(100_000);
  });

  it('says so when the queue does not take it', async () => {
    await expect(
      createQuarantine(client, `${queueUrl}-that-is-not-there`)(request(Buffer.alloc(1)), [
        { reason: 'not_json', piece: null },
      ]),
    ).rejects.toThrow();
  });
});
