import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createQuarantine, type Quarantine } from '../../shared/queues/quarantine-messages.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { startQuarantineQueue } from './quarantine-queue.ts';

describe('the quarantine', () => {
  let queue: Awaited<ReturnType<typeof startQuarantineQueue>>;
  beforeAll(async () => {
    queue = await startQuarantineQueue();
  });
  afterAll(() => queue?.stop());
  beforeEach(() => queue.empty());

  // The message has the headers that say how to read the body, and no other: none that proves it genuine.
  const headers = { 'content-type': 'application/json', authorization: 'Basic c2VjcmV0', 'svix-id': undefined };
  const request = (body: Buffer) => ({ requestId: 'r1', provider: 'sendgrid', receivedAt: noon, headers, body });
  const quarantine: Quarantine = (...given) => createQuarantine(queue.client, queue.queueUrl)(...given);

  it('keeps the pieces of one request that share a reason in one message', async () => {
    await quarantine(request(Buffer.from('[]')), [
      { reason: 'unknown_event', piece: { event: 'new' } },
      { reason: 'missing_recipient', piece: { event: 'open' } },
      { reason: 'unknown_event', piece: { event: 'newer' } },
    ]);
    const envelope = {
      requestId: 'r1',
      provider: 'sendgrid',
      receivedAt: '2026-01-02T12:00:00.000Z',
      headers: { 'content-type': 'application/json' },
    };
    expect(new Set(await queue.kept())).toEqual(
      new Set([
        { ...envelope, reason: 'unknown_event', pieces: [{ event: 'new' }, { event: 'newer' }] },
        { ...envelope, reason: 'missing_recipient', pieces: [{ event: 'open' }] },
      ]),
    );
  });

  it.each(['Rechnung 🎉', '\ufffe\uffff', '\ud800', '\u0000\u007f\u2028'])(
    'keeps a piece with %j in it, which not every queue would take as it is',
    async subject => {
      await quarantine(request(Buffer.from('[]')), [{ reason: 'unknown_event', piece: { subject } }]);
      expect(await queue.kept()).toMatchObject([{ pieces: [{ subject }] }]);
    },
  );

  it('keeps pieces whose letters grow in the writing within what a message takes', async () => {
    const pieces = Array.from({ length: 40 }, (_, index) => ({ index, subject: 'ü'.repeat(50_000) }));
    await quarantine(
      request(Buffer.alloc(0)),
      pieces.map(piece => ({ reason: 'unknown_event', piece })),
    );
    const kept = (await queue.kept()).flatMap(message => ('pieces' in message ? message.pieces : []));
    expect(new Set(kept)).toEqual(new Set(pieces));
  });

  it('keeps a piece that tells of many emails once', async () => {
    const piece = { event: 'registered', to: Array.from({ length: 2_000 }, (_, index) => `${index}@example.com`) };
    await quarantine(
      request(Buffer.from('[]')),
      piece.to.map(() => ({ reason: 'unreadable_time', piece }) as const),
    );
    expect(await queue.kept()).toMatchObject([{ reason: 'unreadable_time', pieces: [piece] }]);
  });

  it('keeps a body of 6 MB byte for byte, in parts', async () => {
    const body = Buffer.alloc(6 * 1024 * 1024, '\u0000\u00ff{"', 'latin1');
    await quarantine(request(body), [{ reason: 'not_utf8', piece: null }]);
    const parts = (await queue.kept())
      .map(message => ('base64' in message ? message : expect.fail('a part')))
      .toSorted((a, b) => a.part - b.part);
    expect(parts.map(({ part, parts }) => `${part}/${parts}`).at(-1)).toBe(`${parts.length}/${parts.length}`);
    expect(Buffer.concat(parts.map(({ base64 }) => Buffer.from(base64, 'base64'))).equals(body)).toBe(true);
  });

  it('keeps a hundred thousand pieces in few messages', async () => {
    const pieces = Array.from({ length: 100_000 }, (_, index) => ({ event: `new ${index}` }));
    await quarantine(
      request(Buffer.alloc(0)),
      pieces.map(piece => ({ reason: 'unknown_event', piece })),
    );
    const messages = await queue.kept();
    expect(messages.length).toBeLessThan(10);
    expect(new Set(messages.flatMap(message => ('pieces' in message ? message.pieces : [])))).toHaveLength(100_000);
  });

  it('says so when the queue does not take it', async () => {
    await expect(
      createQuarantine(queue.client, `${queue.queueUrl}-that-is-not-there`)(request(Buffer.alloc(1)), [
        { reason: 'not_json', piece: null },
      ]),
    ).rejects.toThrow();
  });
});
