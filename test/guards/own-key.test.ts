import { BatchGetCommand, type DynamoDBDocumentClient, type UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOwnKey } from '../../shared/guards/own-key.ts';
import { type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

describe('a key of the installation', () => {
  let emails: StoredEmails;
  beforeAll(async () => {
    emails = await startStoredEmails();
  });
  afterAll(() => emails?.stop());
  const keyOf = (name: 'canary' | 'cursor', client = emails.client) =>
    createOwnKey(client, emails.guardTableName, name);

  it('is made by whichever function asks first, and is the same for all', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => keyOf('canary')()));
    expect(new Set(keys).size).toBe(1);
    expect(Buffer.from(keys[0]!, 'base64')).toHaveLength(32);
    expect(await keyOf('canary')()).toBe(keys[0]);
  });

  it('is not the key of another name', async () => {
    expect(await keyOf('cursor')()).not.toBe(await keyOf('canary')());
  });

  it('never expires', async () => {
    await keyOf('cursor')();
    const { Responses } = await emails.client.send(
      new BatchGetCommand({ RequestItems: { [emails.guardTableName]: { Keys: [{ guardKey: 'key:cursor' }] } } }),
    );
    expect(Responses![emails.guardTableName]).toEqual([{ guardKey: 'key:cursor', generatedKey: expect.any(String) }]);
  });

  it('is looked up once for all requests of a process, and again after a failure', async () => {
    let calls = 0;
    let isDown = true;
    const send = async (command: UpdateCommand) => {
      calls += 1;
      if (isDown) throw new Error('throttled');
      return emails.client.send(command);
    };
    const key = keyOf('cursor', { send } as unknown as DynamoDBDocumentClient);
    await expect(Promise.all([key(), key()])).rejects.toThrow('throttled');
    expect(calls).toBe(1);
    isDown = false;
    await Promise.all([key(), key()]);
    await key();
    expect(calls).toBe(2);
  });
});
