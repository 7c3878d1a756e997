import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReader } from '../../shared/email/reader.ts';
import type { RouteKey } from '../../shared/http/routes.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { queryFunction, tokenOf } from '../rigs/query-function.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const list: RouteKey = 'GET /accounts/{accountId}/emails';
const attentionList: RouteKey = 'GET /accounts/{accountId}/attention-list';

describe("an email that becomes another account's before its look-up", () => {
  let stored: StoredEmails;
  let beforeLookUp = async () => {};
  beforeAll(async () => {
    stored = await startStoredEmails();
  });
  afterAll(() => stored?.stop());

  const client = {
    send: async (command: Parameters<DynamoDBDocumentClient['send']>[0]) => {
      if (command instanceof BatchGetCommand) await beforeLookUp();
      return stored.client.send(command);
    },
  } as DynamoDBDocumentClient;
  const call = (routeKey: RouteKey, query: string) => {
    const reader = createReader({
      client,
      tableName: stored.tableName,
      retentionDays: 400,
      oldAfter: defaultOldAfter,
      now: () => noon,
    });
    const get = queryFunction({ store: reader });
    return get(routeKey, { path: { accountId: 'acme' }, query, token: tokenOf('acme') });
  };

  it.each([
    ['of all emails', list, 'limit=10'],
    ['by recipient', list, 'recipient=joe@example.com'],
    ['by reference', list, 'reference=INV-7'],
    ['by status', list, 'status=hard_bounced'],
    ['by time', list, 'from=2026-01-01T00:00:00Z'],
    ['by attention', list, 'attention=act'],
    ['by attention, for a spreadsheet', attentionList, 'format=csv'],
  ])('is not in the list %s', async (_, routeKey, query) => {
    const own = anEvent({
      recipient: 'joe@example.com',
      status: 'hard_bounced',
      accountId: 'acme',
      reference: 'INV-7',
      subject: 'Ours',
    });
    const emailId = await stored.record([own]);
    beforeLookUp = async () => {};
    expect((await call(routeKey, query)).text).toContain(emailId);

    // The index still has the email. Meanwhile it is removed, and another account's email has the same id.
    beforeLookUp = async () => {
      await stored.remove(emailId);
      await stored.record([{ ...own, accountId: 'globex', subject: 'Theirs' }]);
    };
    const answer = await call(routeKey, query);
    expect(answer.statusCode).toBe(200);
    expect(answer.text).not.toContain(emailId);
    expect(answer.text).not.toContain('Theirs');
    await stored.remove(emailId);
  });
});
