import type { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { sendMessages } from '../../shared/queues/send-messages.ts';

describe('messages for a queue', () => {
  interface Batch {
    readonly input: { readonly Entries: readonly { readonly Id: string; readonly MessageBody: string }[] };
  }
  const queueThat = (answer: (batch: Batch, index: number) => object) => {
    const batches: Batch[] = [];
    const client = {
      send: async (batch: Batch) => {
        batches.push(batch);
        return answer(batch, batches.length - 1);
      },
    } as unknown as Pick<SQSClient, 'send'>;
    return { client, batches };
  };

  it('are not kept where the queue refused one of a batch, though it answered 200 and took the others', async () => {
    const Failed = [{ Id: '7', Code: 'InternalError', SenderFault: false }];
    const { client } = queueThat((_, index) => (index === 1 ? { Failed } : {}));
    const messages = Array.from({ length: 25 }, (_, index) => `message ${index}`);
    // The name stands in the log.
    await expect(sendMessages(client, 'queue', messages)).rejects.toMatchObject({ name: 'InternalError' });
  });

  it('go in as few batches as they take: ten messages, or a mebibyte', async () => {
    const { client, batches } = queueThat(() => ({}));
    const large = 'x'.repeat(600 * 1024);
    const messages = [...Array.from({ length: 12 }, () => 'small'), large, large, 'small'];
    await sendMessages(client, 'queue', messages);
    expect(batches.map(({ input }) => input.Entries.length)).toEqual([10, 3, 2]);
    expect(batches.flatMap(({ input }) => input.Entries.map(({ MessageBody }) => MessageBody))).toEqual(messages);
  });
});
