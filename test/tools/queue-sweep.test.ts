import type { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { createQueueSweep } from '../../infra/tools/replay/queue-sweep.ts';

interface Command {
  readonly constructor: { readonly name: string };
  readonly input: Readonly<Record<string, unknown>>;
}

/** A queue that answers so, in turn, and then has nothing more; SQS alone gives a message again while it is held. */
function queueThat(receives: readonly (readonly string[])[], answer: (command: Command) => unknown = () => ({})) {
  const commands: Command[] = [];
  const left = [...receives];
  let handles = 0;
  const client = {
    send: async (command: Command) => {
      commands.push(command);
      if (command.constructor.name !== 'ReceiveMessageCommand') return answer(command);
      return {
        Messages: left.shift()?.map(MessageId => {
          handles += 1;
          return { MessageId, ReceiptHandle: `${MessageId}-${handles}`, Body: '{}' };
        }),
      };
    },
  } as unknown as Pick<SQSClient, 'send'>;
  return { queue: createQueueSweep(client, 'queue', 0), commands };
}

async function idsIn(queue: ReturnType<typeof createQueueSweep>) {
  const ids: string[] = [];
  for await (const { messageId } of queue.messages()) ids.push(messageId);
  return ids;
}

describe('a queue that is gone through', () => {
  it('ends with two empty answers, not where messages come that were seen', async () => {
    const { queue } = queueThat([['a', 'b'], [], ['a'], ['b'], ['c'], [], []]);
    expect(await idsIn(queue)).toEqual(['a', 'b', 'c']);
  });

  it('deletes a message by its newest receipt handle: with an older one nothing would be deleted', async () => {
    const { queue, commands } = queueThat([['a'], ['b'], ['a']]);
    await idsIn(queue);
    await queue.delete({ messageId: 'a', body: '', sentAt: 0 });
    expect(commands.at(-1)?.input).toMatchObject({ ReceiptHandle: 'a-3' });
    await queue.release();
    expect(commands.at(-1)?.input).toMatchObject({ Entries: [{ ReceiptHandle: 'b-2' }] });
  });

  it('deletes once more what comes again though it was deleted', async () => {
    const { queue, commands } = queueThat([['a'], ['a']]);
    for await (const message of queue.messages()) await queue.delete(message);
    const deletions = commands.filter(command => command.constructor.name === 'DeleteMessageCommand');
    expect(deletions.map(({ input }) => input.ReceiptHandle)).toEqual(['a-1', 'a-2']);
    expect(await queue.release()).toBe(0);
  });

  it('gives back all that it holds, also what nobody looked at any more', async () => {
    const { queue, commands } = queueThat([['a', 'b', 'c']]);
    for await (const _ of queue.messages()) break;
    await queue.release();
    expect(commands.at(-1)?.input).toMatchObject({
      Entries: [{ ReceiptHandle: 'a-1' }, { ReceiptHandle: 'b-2' }, { ReceiptHandle: 'c-3' }],
    });
  });

  it('says how many messages could not be given back', async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `m${index}`);
    const refusing = queueThat([ids.slice(0, 10), ids.slice(10)], ({ input }) => {
      if ((input.Entries as unknown[]).length === 2) throw new Error('throttled');
      return { Failed: [{ Id: '3' }] };
    });
    await idsIn(refusing.queue);
    expect(await refusing.queue.release()).toBe(3);
  });
});
