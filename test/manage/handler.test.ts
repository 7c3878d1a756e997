import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createErase } from '../../functions/manage/erase.ts';
import { erasedAnswer, notErasedMembers } from '../../functions/manage/schemas.ts';
import type { EraseEmails } from '../../shared/email/eraser.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { erasing, type ManageAnswer, type ManageCall, manageFunction } from '../rigs/manage-function.ts';
import { managerToken, supportToken, tokenOf, tokenWith } from '../rigs/query-function.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const ofAccount = 'POST /accounts/{accountId}/erasures';
const everywhere = 'POST /erasures';
const recipient = 'jane@example.com';
const day = 24 * 60 * 60_000;

describe('the manage function', () => {
  let emails: StoredEmails;
  let lines: unknown[][] = [];
  const log = (...line: unknown[]) => lines.push(line);
  beforeAll(async () => {
    emails = await startStoredEmails();
  });
  afterAll(() => emails?.stop());
  beforeEach(() => {
    lines = [];
  });

  const call = (routeKey: typeof ofAccount | typeof everywhere, request: ManageCall, erase?: EraseEmails) =>
    manageFunction({ erase: erase ?? createErase(emails.erasureRecords, emails.eraseEmails), log })(routeKey, request);
  const erase = (recipient: string, accountId: string | null = null) => erasing(emails, { log })(recipient, accountId);
  const bodyOf = (value: unknown) => JSON.stringify(value);
  /** Checks that so many emails were erased, and that the answer dates the expiry of queues and backups. */
  const erased = ({ statusCode, headers, json }: ManageAnswer, count: number) => {
    const at = (days: number) => new Date(noon + days * day).toISOString();
    expect([statusCode, json]).toEqual([
      200,
      { erased: { emails: count }, forgottenBy: { queues: at(14), backups: at(35) } },
    ]);
    expect(headers['cache-control']).toBe('no-store');
    expect(erasedAnswer.safeParse(json).success).toBe(true);
  };

  describe('is', () => {
    const theirs = { accountId: 'acme', body: bodyOf({ recipient: 'nobody@example.com' }) };

    it.each([
      ['an account whose token may manage', ofAccount, managerToken('acme')],
      [
        'an account whose issuer lists scopes',
        ofAccount,
        tokenWith({ account_id: 'acme', scp: '[x mailtrail/manage]' }),
      ],
      ['support in the name of an account', ofAccount, supportToken],
      ['support for all accounts', everywhere, supportToken],
    ] as const)('open to %s', async (_, route, token) => {
      erased(await call(route, { ...theirs, token }), 0);
    });

    it.each([
      ['a caller without a token', ofAccount, undefined, 401, 'invalid_token'],
      ['a caller without a token for all accounts', everywhere, undefined, 401, 'invalid_token'],
      ['an account that may only read', ofAccount, tokenOf('acme'), 403, 'scope="mailtrail/manage"'],
      [
        'an account with a scope that only begins in the same way',
        ofAccount,
        tokenWith({ account_id: 'acme', scope: 'mailtrail/managed' }),
        403,
      ],
      ['an account for all accounts', everywhere, managerToken('acme'), 403, 'scope="mailtrail/support"'],
      ['another account', ofAccount, managerToken('initech'), 404],
      ['another account that may only read', ofAccount, tokenOf('initech'), 404],
      ['a token that may manage and names no account', ofAccount, tokenWith({ scope: 'mailtrail/manage' }), 404],
    ] as const)('closed to %s, whatever the body is', async (_, route, token, status, challenge?: string) => {
      await emails.record([anEvent({ recipient: 'kept@example.com', accountId: 'acme' })]);
      for (const body of [bodyOf({ recipient: 'kept@example.com' }), '{']) {
        const { statusCode, headers } = await call(route, { accountId: 'acme', body, ...(token && { token }) });
        expect([statusCode, headers['www-authenticate'] ?? '']).toEqual([
          status,
          expect.stringContaining(challenge ?? ''),
        ]);
      }
      erased(await erase('kept@example.com'), 1);
    });
  });

  describe('refuses', () => {
    const invalid = async (request: ManageCall, field: string, detail: string) => {
      const { statusCode, json } = await call(everywhere, { token: supportToken, ...request });
      expect([statusCode, json]).toEqual([
        400,
        expect.objectContaining({ type: '/problems/invalid-request', field, detail }),
      ]);
    };

    it.each([
      '',
      ' ',
      'jane',
      'Jane <jane@example.com>',
      'jane@example.com,joe@example.com',
      `${'x'.repeat(320)}@example.com`,
      null,
      ['jane@example.com'],
      undefined,
    ])('the recipient %j, and says what a recipient has to be', async given => {
      await invalid({ body: bodyOf({ recipient: given }) }, 'recipient', 'must be an email address');
    });

    it('an invalid body', async () => {
      for (const body of [undefined, '', '{', 'recipient=jane@example.com'])
        await invalid({ body }, 'body', 'must be JSON');
      for (const body of ['null', '[]', '"jane@example.com"']) await invalid({ body }, 'body', 'must be a JSON object');
    });

    it('unknown members, because an unknown filter would erase too much', async () => {
      const body = bodyOf({ recipient, before: '2026-01-01' });
      await invalid({ body }, 'before', 'is not a field of this request');
      await invalid(
        { body: bodyOf({ recipient }), query: 'before=2026-01-01' },
        'before',
        'is not a parameter of this route',
      );
    });
  });

  describe('erases emails', () => {
    it('to an address in any letter case, once, and answers as if they never existed', async () => {
      const event = anEvent({ recipient: 'once@example.com', accountId: 'acme' });
      const emailId = await emails.record([event]);
      erased(await erase(' Once@Example.COM ', 'acme'), 1);
      expect(await emails.store.email(emailId)).toBeNull();
      erased(await erase('once@example.com', 'acme'), 0);
      expect(await emails.store.record([{ ...event, eventId: 'late' }], noon)).toMatchObject({ erased: 1 });
    });

    it.each(['info@müller.de', 'INFO@xn--mller-kva.de.', '"info"@mu\u0308ller\u3002de', 'mailto:info@müller.de'])(
      'to an address in any spelling: %s',
      async spelled => {
        await emails.record([anEvent({ recipient: 'info@xn--mller-kva.de' })]);
        erased(await erase(spelled), 1);
      },
    );

    it.each(['cust/dept@example.com', 'what?@example.com', '100%@example.com', '#1@example.com'])(
      'to an address that does not fit into a path: %s',
      async address => {
        await emails.record([anEvent({ recipient: address, accountId: 'acme' })]);
        erased(await erase(address, 'acme'), 1);
      },
    );

    it('of the own account alone, and for support of every account and of none', async () => {
      const events = ['acme', 'initech', undefined].map(accountId =>
        anEvent({ recipient: 'several@example.com', accountId }),
      );
      await emails.record(events);
      erased(await erase('several@example.com', 'acme'), 1);
      const inItsName = { accountId: 'acme', token: supportToken, body: bodyOf({ recipient: 'several@example.com' }) };
      erased(await call(ofAccount, inItsName), 0);
      erased(await erase('several@example.com'), 2);
    });

    it('for a body in base64 too', async () => {
      const body = Buffer.from(bodyOf({ recipient })).toString('base64');
      erased(await call(everywhere, { token: supportToken, body, isBase64Encoded: true }), 0);
    });

    it('with the same answer for an unknown address and for one that only another account knows', async () => {
      await emails.record([anEvent({ recipient: 'theirs@example.com', accountId: 'initech' })]);
      erased(await erase('theirs@example.com', 'acme'), 0);
      erased(await erase('nobody@example.com', 'acme'), 0);
    });

    it('with a log line that has a count, and neither address nor account', async () => {
      await emails.record([anEvent({ recipient: 'logged@example.com', accountId: 'acme' })]);
      await erase('logged@example.com', 'acme');
      expect(lines).toEqual([
        ['manage.answered', { requestId: expect.any(String), route: ofAccount, answer: 200, emails: 1 }],
      ]);
    });
  });

  describe('says that an erasure is not done', () => {
    const outOfTime: EraseEmails = (erasure, now) => emails.eraseEmails(erasure, now, AbortSignal.abort());
    const notErased = async (answer: ManageAnswer, count: number) => {
      expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '60']);
      expect(answer.json).toMatchObject({ type: '/problems/not-erased', erased: { emails: count } });
      expect(notErasedMembers.safeParse(answer.json).success).toBe(true);
      expect(JSON.stringify([answer.json, lines])).not.toContain(recipient);
      expect(lines).toMatchObject([
        ['fault', { where: everywhere, error: expect.any(String) }],
        ['manage.answered', { answer: 503, emails: count }],
      ]);
    };

    it('if the time does not suffice, and counts the emails erased so far', async () => {
      await emails.record([anEvent({ recipient })]);
      const late: EraseEmails = async (...given) => {
        const { erased } = await emails.eraseEmails(...given);
        return { ...(await outOfTime(...given)), erased };
      };
      await notErased(await call(everywhere, { token: supportToken, body: bodyOf({ recipient }) }, late), 1);
    });

    it('if it cannot be recorded, and leaves every email untouched', async () => {
      const event = anEvent({ recipient });
      const emailId = await emails.record([event]);
      const write = () => Promise.reject(new Error('throttled'));
      const erase = createErase({ write }, emails.eraseEmails);
      await notErased(await call(everywhere, { token: supportToken, body: bodyOf({ recipient }) }, erase), 0);
      expect(await emails.store.email(emailId)).not.toBeNull();
    });
  });
});
