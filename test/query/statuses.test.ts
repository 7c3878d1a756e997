import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noon } from '../rigs/arbitrary-events.ts';
import { queryFunction, supportToken, tokenOf } from '../rigs/query-function.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const route = 'POST /accounts/{accountId}/emails/statuses';

describe('a call for the statuses of many emails', () => {
  let emails: StoredEmails;
  const ids: string[] = [];
  beforeAll(async () => {
    emails = await startStoredEmails();
    for (const [index, status] of (['delivered', 'invalid', 'sent'] as const).entries()) {
      const event = anEvent({ accountId: 'acme', reference: `INV-${index}`, status });
      ids.push(await emails.record([event], noon + index));
    }
  });
  afterAll(() => emails?.stop());

  const ask = (body: unknown, accountId = 'acme', token = tokenOf(accountId)) =>
    queryFunction(emails)(route, {
      path: { accountId },
      token,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  it('answers ids in the order of the request, with no email for unknown ones', async () => {
    const unknown = 'A'.repeat(22);
    const { statusCode, json, headers } = await ask({
      emailIds: [` ${ids[1]} `, unknown, ids[0], ids[1], 'no id at all'],
    });
    expect(statusCode).toBe(200);
    expect(headers['cache-control']).toBe('no-store');
    expect(json.results).toMatchObject([
      {
        asked: ids[1],
        emails: [{ emailId: ids[1], status: 'invalid', label: 'Invalid', attention: 'act' }],
        more: false,
      },
      { asked: unknown, emails: [], more: false },
      { asked: ids[0], emails: [{ status: 'delivered', reference: 'INV-0', attention: null }] },
      { asked: ids[1], emails: [{ emailId: ids[1] }] },
      { asked: 'no id at all', emails: [], more: false },
    ]);
  });

  it('answers a reference with all of its emails, newest first', async () => {
    const invoice = await emails.record([anEvent({ accountId: 'acme', reference: 'INV-9' })], noon);
    const reminder = await emails.record(
      [anEvent({ accountId: 'acme', reference: 'INV-9', status: 'sent', occurredAt: noon + 1 })],
      noon + 1,
    );
    const { json } = await ask({ references: ['INV-9', 'INV-404', '\u0000', 'x'.repeat(5000), 'INV-1'] });
    expect(
      json.results.map((result: { emails: { emailId: string }[] }) => result.emails.map(({ emailId }) => emailId)),
    ).toEqual([[reminder, invoice], [], [], [], [ids[1]]]);
  });

  it('says if a reference has more emails than it reads', async () => {
    for (let index = 0; index < 30; index += 1) {
      await emails.record([anEvent({ accountId: 'acme', reference: 'monthly' })], noon + index);
    }
    const { json } = await ask({ references: ['monthly', 'INV-0'] });
    expect(json.results).toMatchObject([{ more: true }, { more: false }]);
    expect(json.results[0].emails).toHaveLength(15);
  });

  it('finds the own email of a reference that many accounts use', async () => {
    const own = await emails.record([anEvent({ accountId: 'acme', reference: '1' })], noon);
    for (let index = 1; index <= 130; index += 1) {
      await emails.record([anEvent({ accountId: `other-${index}`, reference: '1' })], noon + index);
    }
    expect((await ask({ references: ['1'] })).json.results).toMatchObject([
      { asked: '1', emails: [{ emailId: own }], more: false },
    ]);
  });

  it('answers a hundred references at once', async () => {
    const asked = Array.from({ length: 100 }, (_, index) => `INV-${index}`);
    const { json } = await ask({ references: asked });
    expect(json.results.map(({ asked }: { asked: string }) => asked)).toEqual(asked);
  });

  it("answers another account's ids and references like unknown ones, and shows support an account's own", async () => {
    for (const [accountId, token] of [
      ['globex', tokenOf('globex')],
      ['globex', supportToken],
    ] as const) {
      const byId = await ask({ emailIds: ids }, accountId, token);
      const byReference = await ask({ references: ['INV-0'] }, accountId, token);
      for (const { json } of [byId, byReference]) {
        expect(json.results.flatMap((result: { emails: unknown[] }) => result.emails)).toEqual([]);
      }
    }
    expect((await ask({ emailIds: ids }, 'acme', supportToken)).json.results[0].emails).toHaveLength(1);
    expect(await ask({ emailIds: ids }, 'acme', tokenOf('globex'))).toMatchObject({ statusCode: 404 });
  });

  it.each([
    ['{', 'body'],
    ['', 'body'],
    ['[]', 'body'],
    ['null', 'body'],
    ['{}', 'emailIds'],
    [{ emailIds: [] }, 'emailIds'],
    [{ emailIds: ['a'], references: ['b'] }, 'emailIds'],
    [{ emailIds: 'a' }, 'emailIds'],
    [{ emailIds: ['a', 7] }, 'emailIds.1'],
    [{ references: Array.from({ length: 101 }, () => 'a') }, 'references'],
    [{ references: ['a'], limit: 5 }, 'limit'],
    ['{"references":["a"],"__proto__":{}}', '__proto__'],
  ])('refuses %j and names the field', async (body, field) => {
    expect(await ask(body)).toMatchObject({ statusCode: 400, json: { type: '/problems/invalid-request', field } });
  });

  it('refuses a query, and a body larger than that of a hundred references', async () => {
    const call = queryFunction(emails);
    const at = { path: { accountId: 'acme' }, token: tokenOf('acme') };
    expect(await call(route, { ...at, query: 'limit=5', body: '{"references":["a"]}' })).toMatchObject({
      statusCode: 400,
      json: { field: 'limit' },
    });
    const body = JSON.stringify({ references: Array.from({ length: 99 }, () => 'x'.repeat(3000)) });
    expect(await call(route, { ...at, body })).toMatchObject({
      statusCode: 413,
      json: { type: '/problems/too-large' },
    });
  });
});
