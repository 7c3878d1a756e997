import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noon } from '../rigs/arbitrary-events.ts';
import { queryFunction, tokenOf } from '../rigs/query-function.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const minute = 60_000;

describe('the attention list as a file', () => {
  let emails: StoredEmails;
  beforeAll(async () => {
    emails = await startStoredEmails();
    for (let index = 0; index < 7; index += 1) {
      const event = anEvent({
        accountId: 'acme',
        recipient: `jane${index}@example.com`,
        subject: `Invoice ${index}, "final"`,
        reference: `INV-${index}`,
        status: index % 2 === 0 ? 'invalid' : 'delivered',
        occurredAt: noon + index * minute,
        providerEvent: 'bounce',
        reason: { code: '550', enhancedCode: '5.1.1', text: 'no such user' },
      });
      await emails.record([event], noon + index * minute);
    }
  });
  afterAll(() => emails?.stop());

  /** Follows the links and returns all pages in order. */
  async function file(format: string, limit: number, accountId = 'acme', filters = '') {
    const pages: string[] = [];
    let query: string | undefined = `format=${format}&limit=${limit}${filters}`;
    while (query !== undefined) {
      const {
        statusCode,
        headers,
        text = '',
      } = await queryFunction(emails)('GET /accounts/{accountId}/attention-list', {
        path: { accountId },
        token: tokenOf(accountId),
        query,
      });
      expect(statusCode).toBe(200);
      pages.push(text);
      const link = headers.link;
      if (link !== undefined) expect(link).toMatch(/^<\/accounts\/[^/]+\/attention-list\?[^>]+>; rel="next"$/);
      query = link && new URL(link.slice(1, link.indexOf('>')), 'https://api').search.slice(1);
    }
    return { pages, text: pages.join('') };
  }

  it('is CSV with recipients and reasons, newest first, and its pages make one file with one header', async () => {
    const { pages, text } = await file('csv', 3);
    expect(pages).toHaveLength(2);
    const lines = text.split('\r\n');
    expect(lines[0]).toBe(
      'emailId,recipient,subject,reference,provider,status,label,statusAt,sentAt,cause,causeLabel,why,whatToDo,whatToDoForAccount,caveats',
    );
    expect(lines).toHaveLength(1 + 4 + 1);
    expect(lines[1]).toContain(
      ',jane6@example.com,"Invoice 6, ""final""",INV-6,sendgrid,invalid,Invalid,2026-01-02T12:06:00.000Z,2026-01-02T12:06:00.000Z,,,"SendGrid reported ""bounce"" at 2026-01-02 12:06 UTC: no such user (code 550, enhanced code 5.1.1)",Contact the recipient',
    );
    expect((await file('csv', 300)).text).toBe(text);
  });

  it('is JSON Lines without a header, and each line stands alone', async () => {
    const { pages, text } = await file('jsonl', 2);
    expect(pages).toHaveLength(2);
    const lines = text
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(lines.map(({ recipient }) => recipient)).toEqual([6, 4, 2, 0].map(index => `jane${index}@example.com`));
    expect(lines[0]).toMatchObject({
      status: 'invalid',
      label: 'Invalid',
      whatToDo: expect.stringContaining('Contact'),
      why: expect.stringContaining('no such user'),
    });
  });

  it('shows international domains in Unicode', async () => {
    const recipient = 'info@xn--mller-kva.de';
    await emails.record([anEvent({ accountId: 'idn', recipient, status: 'invalid' })], noon);
    for (const format of ['csv', 'jsonl']) expect((await file(format, 10, 'idn')).text).toContain('info@müller.de');
  });

  it.each([
    ['&status=delivered,invalid', [6, 5, 4, 3, 2, 1, 0]],
    ['&status=delivered', [5, 3, 1]],
    ['&attention=act&from=2026-01-02T12:03:00Z', [6, 4]],
    ['&reference=INV-3', [3]],
    ['&recipient=jane4@example.com', [4]],
    ['&cause=unspecified', []],
    ['&attention=late', []],
    ['&to=2026-01-01', []],
    ['&to=2026-01-02&status=delivered', [5, 3, 1]],
  ])('takes any filter of the list on all of its pages: %s', async (filters, expected) => {
    const { text } = await file('jsonl', 2, 'acme', filters);
    const lines = text.split('\n').slice(0, -1);
    expect(lines.map(line => JSON.parse(line).recipient)).toEqual(expected.map(index => `jane${index}@example.com`));
  });

  it('has an email with notes alone, without a status, if the filter selects it', async () => {
    await emails.record([anEvent({ accountId: 'noted', status: null, reference: 'INV-9' })], noon);
    const { text } = await file('jsonl', 10, 'noted', '&reference=INV-9');
    const nothing = { status: null, label: null, statusAt: null, cause: null, causeLabel: null, why: null };
    expect(JSON.parse(text)).toMatchObject({ ...nothing, whatToDo: null, reference: 'INV-9' });
    const csv = await file('csv', 10, 'noted', '&reference=INV-9');
    expect(csv.text.split('\r\n')[1]).toMatch(/,INV-9,sendgrid,,,,2026-01-02T12:00:00.000Z,,,,,,$/);
  });

  it('of an account without trouble has only the header, or nothing', async () => {
    expect((await file('csv', 10, 'happy')).text.split('\r\n')).toHaveLength(2);
    expect((await file('jsonl', 10, 'happy')).text).toBe('');
  });

  it.each([
    '=cmd|"/C calc"!A0',
    '+1+1',
    '-2+3',
    '@SUM(A1)',
    '\t=1',
    '\uff1d1+1',
    'a;=1+1;b',
    'x;\uff0b1',
    'x;"=HYPERLINK(1)',
  ])('has no formula for a spreadsheet: %j stays text', async hostile => {
    const accountId = `hostile-${Buffer.from(hostile).toString('hex')}`;
    const event = anEvent({
      accountId,
      subject: hostile,
      reference: hostile,
      recipient: `${hostile}@example.com`,
      status: 'rejected',
      providerEvent: hostile,
      reason: { text: hostile },
    });
    await emails.record([event], noon);
    const { text } = await file('csv', 10, accountId);
    const [, row = ''] = text.split('\r\n');
    const cells = row.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).map(cell => cell.replace(/^"|"$/g, ''));
    for (const cell of cells.flatMap(cell => cell.split(/;"*/)))
      expect(cell).not.toMatch(/^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/);
    expect(JSON.parse((await file('jsonl', 10, accountId)).text)).toMatchObject({ subject: hostile });
  });

  it.each([
    ['', 'format'],
    ['format=xlsx', 'format'],
    ['format=csv&limit=301', 'limit'],
    ['format=csv&status=lost', 'status'],
    ['format=csv&cursor=x', 'cursor'],
  ])('is refused with the query %j', async (query, field) => {
    const answer = await queryFunction(emails)('GET /accounts/{accountId}/attention-list', {
      path: { accountId: 'acme' },
      token: tokenOf('acme'),
      query,
    });
    expect(answer).toMatchObject({ statusCode: 400, json: { field } });
  });

  it('has headers for browsers: a file name, its content type without sniffing, and an ETag', async () => {
    const { headers } = await queryFunction(emails)('GET /accounts/{accountId}/attention-list', {
      path: { accountId: 'acme' },
      token: tokenOf('acme'),
      query: 'format=csv',
    });
    expect(headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="attention.csv"',
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-cache',
      etag: expect.stringMatching(/^W\/"/),
    });
  });
});
