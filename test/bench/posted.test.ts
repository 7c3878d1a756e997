import { Agent, createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { receiverUrl } from './against.ts';
import { acknowledged, posted, queuedIn } from './posted.ts';
import { sendgridBatch } from './sendgrid-batch.ts';

describe('a request of the benchmarks', () => {
  let server: Server;
  let url: string;
  let answer: (response: ServerResponse) => void;
  const agent = new Agent();
  const request = { headers: {}, body: Buffer.from('[]') };

  beforeEach(async () => {
    server = createServer((incoming, response) => {
      incoming.resume().once('end', () => answer(response));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('fails where nobody answers', async () => {
    answer = () => {};
    await expect(posted(agent, url, request, 50)).rejects.toThrow('was silent for 0.05 s');
  });

  it('is sent again after 429, and the whole time counts', async () => {
    let requests = 0;
    answer = response => {
      requests += 1;
      response.writeHead(requests < 3 ? 429 : 202).end('{"queued":2}');
    };
    const acknowledgement = await acknowledged(agent, url, request);
    expect(acknowledgement).toMatchObject({ again: 2, text: '{"queued":2}' });
    expect(acknowledgement.ms).toBeGreaterThanOrEqual(190);
    expect(queuedIn(acknowledgement)).toBe(2);
  });

  it('fails after any other refusal', async () => {
    answer = response => response.writeHead(500).end();
    await expect(acknowledged(agent, url, request)).rejects.toThrow('answered 500');
  });
});

describe('batches of SendGrid', () => {
  it.each(['sg_message_id', 'sg_event_id', 'email', 'smtp-id'])('with different names share no %s', name => {
    const values = ['batch1', 'batch11', 'batch'].flatMap(batch =>
      (JSON.parse(sendgridBatch(200, batch, 0).toString()) as Record<string, string>[]).map(event => event[name]),
    );
    expect(new Set(values).size).toBe(600);
  });
});

describe('the address of a receiver', () => {
  it.each(['http://127.0.0.1:8000/webhook', 'https://example.com'])('may be %s', url => {
    expect(receiverUrl(url)).toBe(url);
  });

  it.each(['127.0.0.1:8000', 'localhost:8000/webhook', 'ftp://example.com', 'http://'])('is not %s', url => {
    expect(() => receiverUrl(url)).toThrow('--against takes the URL of a receiver');
  });
});
