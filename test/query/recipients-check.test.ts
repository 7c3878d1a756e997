import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canaryAccountId, noteNames } from '../../shared/email/event.ts';
import { createReader } from '../../shared/email/reader.ts';
import { chunks } from '../../shared/runtime/chunks.ts';
import { day, isoText } from '../../shared/runtime/time.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { type Status, statusIds } from '../../shared/status/catalogue.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { queryFunction, supportToken, tokenOf } from '../rigs/query-function.ts';
import { runs } from '../rigs/runs.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const ofAccount = 'POST /accounts/{accountId}/recipients/check';
const ofAll = 'POST /recipients/check';

describe('a question whether to send', () => {
  let emails: StoredEmails;
  /** The calls of the table, and the keys of each look-up. */
  const calls: string[] = [];
  let addresses = 0;
  beforeAll(async () => {
    emails = await startStoredEmails();
  });
  afterAll(() => emails?.stop());

  const call = () => {
    const client = {
      send: (command: Parameters<DynamoDBDocumentClient['send']>[0]) => {
        const keys =
          command instanceof BatchGetCommand ? command.input.RequestItems![emails.tableName]!.Keys!.length : '';
        calls.push(`${command.constructor.name.replace('Command', '')} ${keys}`.trim());
        return emails.client.send(command);
      },
    } as DynamoDBDocumentClient;
    const { tableName } = emails;
    const store = createReader({ client, tableName, retentionDays: 400, oldAfter: defaultOldAfter, now: () => noon });
    return queryFunction({ store });
  };
  const ask = (recipients: unknown, accountId = 'acme', token = tokenOf(accountId)) =>
    call()(ofAccount, { path: { accountId }, token, body: JSON.stringify({ recipients }) });
  const askAsSupport = (recipients: unknown) =>
    call()(ofAll, { token: supportToken, body: JSON.stringify({ recipients }) });
  const newAddress = () => {
    addresses += 1;
    return `recipient${addresses}@example.com`;
  };
  /** Records an email to the address. */
  const send = (recipient: string, status: Status, on = 0, accountId: string | null = 'acme') => {
    const occurredAt = noon + on * day;
    const account = accountId === null ? {} : { accountId };
    return emails.record([anEvent({ recipient, status, occurredAt, ...account })], occurredAt);
  };
  const verdictOf = async (recipient: string) => (await ask([recipient])).json.results[0];

  it('is answered in the order of the addresses, repeated ones and other spellings too, and never cached', async () => {
    const [good, bad] = [newAddress(), newAddress()];
    await send(good, 'delivered');
    const emailId = await send(bad, 'invalid', 1);
    const spelled = ` <${bad.toUpperCase()}> `;
    const { statusCode, headers, json } = await ask([good, spelled, 'nobody@müller.example', good]);
    expect([statusCode, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(headers).not.toHaveProperty('etag');
    const ok = { verdict: 'ok', why: [], complainedAt: null, softBouncesInARow: 0, asOf: isoText(noon) };
    expect(json.results).toEqual([
      { ...ok, asked: good, lastDelivered: isoText(noon), truncated: false, caveats: [] },
      {
        ...ok,
        asked: spelled,
        verdict: 'stop',
        why: [{ code: 'invalid', text: expect.any(String), emailId, at: isoText(noon + day) }],
        lastDelivered: null,
        truncated: false,
        caveats: [],
      },
      { ...ok, asked: 'nobody@müller.example', lastDelivered: null, truncated: false, caveats: [] },
      { ...ok, asked: good, lastDelivered: isoText(noon), truncated: false, caveats: [] },
    ]);
  });

  it('is answered ok again after a delivery', async () => {
    const address = newAddress();
    await send(address, 'hard_bounced');
    expect(await verdictOf(address)).toMatchObject({ verdict: 'stop', why: [{ code: 'hard_bounced' }] });
    await send(address, 'delivered', 1);
    expect(await verdictOf(address)).toMatchObject({ verdict: 'ok', why: [] });
  });

  it('is answered stop after a spam mark until somebody has handled that email', async () => {
    const address = newAddress();
    const mark = anEvent({ recipient: address, accountId: 'acme', status: 'marked_spam' });
    const emailId = await emails.record([mark]);
    await send(address, 'opened', 1);
    expect(await verdictOf(address)).toMatchObject({ verdict: 'stop', why: [{ code: 'marked_spam', emailId }] });
    const note = { eventId: 'handled', status: null, providerEvent: noteNames.handled, occurredAt: noon + 2 * day };
    await emails.record([{ ...mark, ...note }], noon + 2 * day);
    expect(await verdictOf(address)).toMatchObject({ verdict: 'ok', complainedAt: isoText(noon) });
  });

  it('is answered caution after three soft bounces in a row over a week', async () => {
    const address = newAddress();
    for (const on of [0, 3]) await send(address, 'soft_bounced', on);
    expect(await verdictOf(address)).toMatchObject({ verdict: 'ok', softBouncesInARow: 2 });
    const emailId = await send(address, 'soft_bounced', 7);
    expect(await verdictOf(address)).toMatchObject({ verdict: 'caution', why: [{ code: 'soft_bounces', emailId }] });
  });

  it('is answered from the newest 25 emails, and never better than caution if there are more', async () => {
    const address = newAddress();
    await send(address, 'invalid', 0);
    for (let on = 1; on <= 24; on += 1) await send(address, 'sent', on);
    expect(await verdictOf(address)).toMatchObject({ verdict: 'stop', truncated: false });
    await send(address, 'sent', 25);
    const why = [{ code: 'truncated', text: expect.any(String), emailId: null, at: null }];
    expect(await verdictOf(address)).toMatchObject({ verdict: 'caution', why, truncated: true });
  });

  it('is answered from the own emails, and caution if the emails of others leave no room for them', async () => {
    const address = newAddress();
    await send(address, 'delivered', 0);
    for (let on = 1; on <= 99; on += 1) await send(address, 'sent', on, 'globex');
    const { verdict, truncated, lastDelivered } = await verdictOf(address);
    expect([verdict, truncated, lastDelivered]).toEqual(['caution', true, isoText(noon)]);
    await send(address, 'sent', 100, 'globex');
    expect(await verdictOf(address)).toMatchObject({ verdict: 'caution', truncated: true, lastDelivered: null });
  });

  it('is answered the same whatever other accounts, or nobody, sent to the address', async () => {
    const history = fc.array(fc.tuple(fc.constantFrom(...statusIds), fc.integer({ min: 0, max: 9 })), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(history, history, async (own, others) => {
        const [address, alone] = [newAddress(), newAddress()];
        for (const [status, on] of own) {
          await send(address, status, on);
          await send(alone, status, on);
        }
        for (const [index, [status, on]] of others.entries())
          await send(address, status, on, index % 2 === 0 ? 'globex' : null);
        const [shared, unshared] = (await ask([address, alone])).json.results;
        const told = ({ asked: _, why, ...rest }: { asked: string; why: { emailId: string }[] }) => ({
          ...rest,
          why: why.map(({ emailId: __, ...ground }) => ground),
        });
        expect(told(shared)).toEqual(told(unshared));
      }),
      { numRuns: runs(15) },
    );
  });

  it('of support is answered from the emails of all accounts, and of none', async () => {
    const address = newAddress();
    const theirs = await send(address, 'invalid', 0, 'globex');
    expect((await ask([address])).json.results).toMatchObject([{ verdict: 'ok', lastDelivered: null }]);
    const { json, headers } = await askAsSupport([address]);
    expect(json.results).toMatchObject([{ verdict: 'stop', why: [{ emailId: theirs }] }]);
    expect(headers['cache-control']).toBe('no-store');
    await emails.record([anEvent({ recipient: address, status: 'delivered', occurredAt: noon + day })], noon + day);
    expect((await askAsSupport([address])).json.results).toMatchObject([{ verdict: 'ok' }]);
  });

  it('of an account about an erased address is answered like one about an unknown address', async () => {
    const address = newAddress();
    await send(address, 'marked_spam');
    await emails.erase(address);
    const [erased, unknown] = (await ask([address, newAddress()])).json.results;
    expect({ ...erased, asked: '' }).toEqual({ ...unknown, asked: '' });
  });

  it('is not answered from the test events of Mailtrail itself', async () => {
    const address = newAddress();
    const canary = { accountId: canaryAccountId, provenFor: canaryAccountId };
    await emails.record([anEvent({ recipient: address, status: 'invalid', ...canary })]);
    expect((await askAsSupport([address])).json.results).toMatchObject([{ verdict: 'ok', why: [] }]);
  });

  it('is answered by the attributes of the email itself, if it has become that of another account since', async () => {
    const address = newAddress();
    const own = anEvent({ recipient: address, accountId: 'acme', status: 'invalid' });
    const emailId = await emails.record([own]);
    const client = {
      send: async (command: Parameters<DynamoDBDocumentClient['send']>[0]) => {
        if (command instanceof BatchGetCommand) {
          await emails.remove(emailId);
          await emails.record([{ ...own, accountId: 'globex' }]);
        }
        return emails.client.send(command);
      },
    } as DynamoDBDocumentClient;
    const { tableName } = emails;
    const store = createReader({ client, tableName, retentionDays: 400, oldAfter: defaultOldAfter, now: () => noon });
    const { json } = await queryFunction({ store })(ofAccount, {
      path: { accountId: 'acme' },
      token: tokenOf('acme'),
      body: JSON.stringify({ recipients: [address] }),
    });
    expect(json.results).toMatchObject([{ verdict: 'ok', why: [] }]);
  });

  it('costs one Query an address, and look-ups of a hundred emails that all addresses share', async () => {
    const asked = Array.from({ length: 100 }, newAddress);
    for (const some of chunks(asked.slice(0, 60), 20)) {
      await Promise.all(some.flatMap(address => [0, 1, 2].map(on => send(address, 'delivered', on))));
    }
    calls.length = 0;
    const { json } = await ask([...asked.slice(1), ...asked.slice(0, 1)]);
    expect(json.results).toHaveLength(100);
    expect(calls.toSorted()).toEqual(['BatchGet 100', 'BatchGet 80', ...asked.map(() => 'Query')]);
    calls.length = 0;
    await ask(asked.map(() => asked[0]));
    expect(calls).toEqual(['Query', 'BatchGet 3']);
    calls.length = 0;
    await ask([newAddress()]);
    expect(calls).toEqual(['Query']);
  });

  it.each([
    ['{', 'body'],
    ['', 'body'],
    ['[]', 'body'],
    ['{}', 'recipients'],
    [{ recipients: [] }, 'recipients'],
    [{ recipients: 'jane@example.com' }, 'recipients'],
    [{ recipients: ['jane@example.com', 'jane'] }, 'recipients.1'],
    [{ recipients: [null] }, 'recipients.0'],
    [{ recipients: Array.from({ length: 101 }, () => 'a@b.c') }, 'recipients'],
    [{ recipients: ['jane@example.com'], accountId: 'globex' }, 'accountId'],
    ['{"recipients":["jane@example.com"],"__proto__":{}}', '__proto__'],
  ])('is refused as %j, with the name of the field', async (given, field) => {
    const body = typeof given === 'string' ? given : JSON.stringify(given);
    const refused = { statusCode: 400, json: { type: '/problems/invalid-request', field } };
    expect(await call()(ofAccount, { path: { accountId: 'acme' }, token: tokenOf('acme'), body })).toMatchObject(
      refused,
    );
    expect(await call()(ofAll, { token: supportToken, body })).toMatchObject(refused);
  });

  it('is refused with a query, and with a body larger than a hundred addresses need', async () => {
    const at = { path: { accountId: 'acme' }, token: tokenOf('acme') };
    const body = '{"recipients":["jane@example.com"]}';
    expect(await call()(ofAccount, { ...at, query: 'limit=5', body })).toMatchObject({
      statusCode: 400,
      json: { field: 'limit' },
    });
    const large = JSON.stringify({ recipients: [`${' '.repeat(300_000)}jane@example.com`] });
    expect(await call()(ofAccount, { ...at, body: large })).toMatchObject({ statusCode: 413 });
    const longest = Array.from({ length: 100 }, (_, index) => `${'ä'.repeat(153)}${index}@example.com`);
    const escaped = JSON.stringify({ recipients: longest }).replaceAll('ä', '\\u00e4');
    expect(await call()(ofAccount, { ...at, body: escaped })).toMatchObject({ statusCode: 200 });
  });

  it('of another account is answered as if there were none, and about all accounts to support alone', async () => {
    expect(await ask(['jane@example.com'], 'acme', tokenOf('globex'))).toMatchObject({ statusCode: 404 });
    const body = JSON.stringify({ recipients: ['jane@example.com'] });
    expect(await call()(ofAll, { token: tokenOf('acme'), body })).toMatchObject({ statusCode: 403 });
  });
});
