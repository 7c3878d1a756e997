import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noon } from '../rigs/arbitrary-events.ts';
import { queryFunction, supportToken, tokenOf, tokenWith } from '../rigs/query-function.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const day = 24 * 60 * 60_000;

describe("support's routes across accounts", () => {
  let emails: StoredEmails;
  const ids: Record<string, string> = {};
  beforeAll(async () => {
    emails = await startStoredEmails();
    const tell = async (name: string, at: number, changes: Parameters<typeof anEvent>[0]) => {
      ids[name] = await emails.record([anEvent(changes)], at);
    };
    await tell('acme', noon - 3 * day, { accountId: 'acme', reference: 'INV-1', status: 'soft_bounced' });
    await tell('globex', noon - day, {
      accountId: 'globex',
      reference: 'INV-1',
      recipient: 'sam@example.com',
      status: 'marked_spam',
    });
    await tell('nobody', noon - 1, { status: 'invalid' });
    await tell('fine', noon, { accountId: 'acme' });
    await tell('idn', noon, { accountId: 'initech', recipient: 'info@xn--mller-kva.de' });
  });
  afterAll(() => emails?.stop());

  const list = (query: string, token = supportToken) => queryFunction(emails)('GET /emails', { query, token });
  const names = ({ json }: Awaited<ReturnType<typeof list>>) =>
    json.emails.map(({ emailId }: { emailId: string }) => Object.keys(ids).find(name => ids[name] === emailId));

  it('find the emails to an address, whoever sent them, in any spelling of the address', async () => {
    expect(names(await list('recipient=jane@example.com'))).toEqual(['fine', 'nobody', 'acme']);
    expect(names(await list('recipient=%20Jane@Example.COM'))).toEqual(['fine', 'nobody', 'acme']);
    expect(names(await list('recipient=jane@example.com&status=invalid'))).toEqual(['nobody']);
  });

  it.each([
    'info@müller.de',
    'Info@XN--Mller-Kva.DE.',
    '"info"@mu\u0308ller\u3002de',
    '\u200bmailto:info@müller.de (Müller)',
  ])('find an international domain in Unicode or ASCII, and show it in Unicode: %j', async spelled => {
    const query = new URLSearchParams({ recipient: spelled }).toString();
    const answers = [
      await list(query),
      await queryFunction(emails)('GET /accounts/{accountId}/emails', {
        path: { accountId: 'initech' },
        query,
        token: tokenOf('initech'),
      }),
    ];
    for (const answer of answers) {
      expect(names(answer)).toEqual(['idn']);
      expect(answer.json.emails).toMatchObject([{ recipient: 'info@müller.de' }]);
    }
  });

  it('find every email of a reference with its account', async () => {
    const answer = await list('reference=INV-1');
    expect(names(answer)).toEqual(['globex', 'acme']);
    expect(answer.json.emails.map(({ accountId }: { accountId: string }) => accountId)).toEqual(['globex', 'acme']);
  });

  it('find the emails with trouble of all accounts and of none, newest trouble first', async () => {
    expect(names(await list('attention=act'))).toEqual(['nobody', 'globex', 'acme']);
    const first = await list('attention=act&limit=2');
    expect(names(first)).toEqual(['nobody', 'globex']);
    expect(names(await list(`attention=act&limit=2&cursor=${first.json.cursor}`))).toEqual(['acme']);
  });

  it('count the emails with trouble on every page, without the other filters', async () => {
    const first = await list('attention=act&limit=2');
    for (const query of [
      'attention=act',
      `attention=act&limit=2&cursor=${first.json.cursor}`,
      'attention=act&recipient=nobody@example.com',
      'attention=act&status=sent',
    ])
      expect((await list(query)).json.total).toEqual({ count: 3, more: false });
    for (const query of ['status=invalid', 'attention=late&reference=INV-1', 'recipient=jane@example.com'])
      expect((await list(query)).json).not.toHaveProperty('total');
  });

  it('find the emails of all accounts by statuses that ask for action, newest trouble first', async () => {
    expect(names(await list('status=invalid'))).toEqual(['nobody']);
    expect(names(await list('status=soft_bounced,marked_spam'))).toEqual(['globex', 'acme']);
    expect(names(await list('status=hard_bounced,invalid,rejected,marked_spam,soft_bounced'))).toEqual([
      'nobody',
      'globex',
      'acme',
    ]);
    expect(names(await list('status=soft_bounced,marked_spam&from=2026-01-01'))).toEqual(['globex']);
  });

  it('find the late emails of a recipient or a reference', async () => {
    for (const query of ['recipient=jane@example.com&attention=late', 'reference=INV-1&attention=late'])
      expect(await list(query)).toMatchObject({ statusCode: 200, json: { emails: [] } });
  });

  it('show one email, also without a known account', async () => {
    const one = (emailId: string) =>
      queryFunction(emails)('GET /emails/{emailId}', { path: { emailId }, token: supportToken });
    expect((await one(ids.nobody!)).json).toMatchObject({ accountId: null, status: 'invalid', timeline: [{}] });
    expect((await one(ids.globex!)).json).toMatchObject({ accountId: 'globex' });
    expect(await one('A'.repeat(22))).toMatchObject({ statusCode: 404 });
  });

  it.each([
    '',
    'from=2026-01-01T00:00:00Z',
    'limit=5',
    'cause=mailbox_full',
    'attention=late',
    'attention=late&status=invalid',
    'status=delivered',
    'status=deferred',
    'status=invalid,delivered',
  ])(
    'refuse %j without a recipient, a reference, or a filter that takes only emails that ask for action',
    async query => {
      expect(await list(query)).toMatchObject({ statusCode: 400, json: { field: 'recipient' } });
    },
  );

  it.each(['status=lost', 'status=invalid,lost', 'status=invalid,invalid', 'status='])(
    'refuse the status and not the missing recipient for %j',
    async query => {
      expect(await list(query)).toMatchObject({ statusCode: 400, json: { field: 'status' } });
    },
  );

  it('refuse an invalid address', async () => {
    for (const recipient of ['jane', '', 'a@b@c', 'jane@', `${'x'.repeat(400)}@example.com`, 'jane@exa%00mple.com']) {
      expect(await list(`recipient=${recipient}`)).toMatchObject({ statusCode: 400, json: { field: 'recipient' } });
    }
  });

  it('refuse the token of an account, and name the scope that it lacks', async () => {
    for (const token of [tokenOf('acme'), tokenWith({ scope: 'mailtrail/supporter' })]) {
      for (const answer of [
        await list('recipient=jane@example.com', token),
        await queryFunction(emails)('GET /emails/{emailId}', { path: { emailId: ids.acme! }, token }),
      ]) {
        expect(answer).toMatchObject({
          statusCode: 403,
          json: { type: '/problems/forbidden', detail: 'The token lacks the scope mailtrail/support.' },
          headers: { 'www-authenticate': 'Bearer error="insufficient_scope", scope="mailtrail/support"' },
        });
      }
    }
  });
});
