import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VerifiedToken } from '../../shared/http/access.ts';
import type { RouteKey } from '../../shared/http/routes.ts';
import { shortHash } from '../../shared/runtime/hash.ts';
import { statuses, statusIds } from '../../shared/status/catalogue.ts';
import { caveatTexts } from '../../shared/status/caveats.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import {
  type Call,
  type CallAnswer,
  queryFunction,
  supportToken as support,
  tokenWith as token,
  tokenOf,
} from '../rigs/query-function.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const minute = 60_000;
const list = 'GET /accounts/{accountId}/emails';
const one = 'GET /accounts/{accountId}/emails/{emailId}';

describe('the query function', () => {
  let emails: StoredEmails;
  let now = noon;
  const lines: unknown[][] = [];
  beforeAll(async () => {
    emails = await startStoredEmails();
  });
  afterAll(() => emails?.stop());

  async function call(routeKey: RouteKey, given: Call = {}): Promise<CallAnswer> {
    const answer = await queryFunction(emails, { now: () => now, log: (...line) => lines.push(line) })(routeKey, given);
    expect(answer.headers['x-request-id']).toEqual(expect.any(String));
    return answer;
  }
  const get = (accountId: string, emailId: string, headers = {}) =>
    call(one, { path: { accountId, emailId }, token: tokenOf(accountId), headers });
  const listOf = (accountId: string, query = '') =>
    call(list, { path: { accountId }, token: tokenOf(accountId), query });
  const idsOf = ({ json }: { json: { emails: { emailId: string }[] } }) => json.emails.map(({ emailId }) => emailId);

  /** Records five emails of an account, one per minute, oldest first. */
  async function fiveEmails(accountId: string) {
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const status = index % 2 === 0 ? 'hard_bounced' : 'delivered';
      const event = anEvent({ accountId, status, occurredAt: noon + index * minute });
      ids.push(await emails.record([event], noon + index * minute));
    }
    return ids;
  }

  describe('answers the catalogue of statuses', () => {
    it('with the meaning and the resolution of all eleven, without a token', async () => {
      const { statusCode, json, headers } = await call('GET /statuses');
      expect(statusCode).toBe(200);
      expect(json.statuses.map(({ id }: { id: string }) => id)).toEqual(statusIds);
      const { label, meaning, resolution, sentAgain, doesNotProve, attention } = statuses.hard_bounced;
      expect(json.statuses).toContainEqual({
        id: 'hard_bounced',
        label,
        meaning,
        resolution,
        resolutionForAccount: resolution,
        sentAgain,
        doesNotProve,
        attention,
        tone: 'bad',
        order: 6,
        final: true,
        resend: 'after_fix',
        codes: {
          label: 'status.hard_bounced.label',
          meaning: 'status.hard_bounced.meaning',
          resolution: 'status.hard_bounced.resolution',
          resolutionForAccount: 'status.hard_bounced.resolutionForAccount',
          sentAgain: 'status.hard_bounced.sentAgain',
          doesNotProve: 'status.hard_bounced.doesNotProve',
        },
      });
      expect(json.caveats).toContainEqual({ code: 'no_news_since', text: caveatTexts.no_news_since });
      expect(headers['cache-control']).toMatch(/^public, max-age=\d+$/);
    });

    it('with one code for each text, and null for each text that is null', async () => {
      const { json } = await call('GET /statuses');
      const members: { codes: Record<string, string | null> }[] = [...json.statuses, ...json.causes];
      const codes: string[] = json.caveats.map(({ code }: { code: string }) => `caveat.${code}`);
      for (const { codes: own, ...member } of members) {
        for (const [name, code] of Object.entries(own)) {
          expect([name, code === null]).toEqual([name, (member as Record<string, unknown>)[name] === null]);
          if (code !== null) codes.push(code);
        }
      }
      expect(new Set(codes).size).toBe(codes.length);
      for (const code of codes) expect(code).toMatch(/^(?:status|cause|caveat)\.\w+(?:\.\w+)?$/);
    });

    it('with 304 to a caller who has it', async () => {
      const { headers } = await call('GET /statuses');
      const again = await call('GET /statuses', { headers: { 'if-none-match': `"other", ${headers.etag}` } });
      expect(again).toMatchObject({ statusCode: 304, json: undefined, headers: { etag: headers.etag } });
    });
  });

  describe('shows one email', () => {
    it("that was sent again, once for each other email, and none that another account's report names", async () => {
      const [successor, foreign] = ['S'.repeat(22), 'F'.repeat(22)];
      const sent = anEvent({ accountId: 'acme', status: 'hard_bounced' });
      const resent = (minutes: number, relatedEmailId: string, accountId: string) => ({
        ...sent,
        status: null,
        providerEvent: 'app.resent',
        eventId: `app.resent@${relatedEmailId}`,
        occurredAt: noon + minutes * minute,
        relatedEmailId,
        accountId,
      });
      const emailId = await emails.record([
        sent,
        resent(1, successor, 'acme'),
        resent(2, successor, 'acme'),
        resent(3, foreign, 'initech'),
      ]);
      const path = { accountId: 'acme', emailId };
      const { json } = await call('GET /accounts/{accountId}/emails/{emailId}', { path, token: tokenOf('acme') });
      expect(json).toMatchObject({ resentAs: [successor], resendOf: [], caveats: [{ code: 'account_conflict' }] });
      expect(json.timeline.map((event: { relatedEmailId: unknown }) => event.relatedEmailId)).toEqual([
        null,
        successor,
      ]);
    });

    it('with its status, its reason, what to do, and all events in order of time', async () => {
      now = noon + 10 * minute;
      const sent = anEvent({
        accountId: 'acme',
        subject: 'Invoice 7 <script>',
        reference: 'INV-7',
        status: 'sent',
        providerEvent: 'processed',
      });
      const bounce = {
        ...sent,
        eventId: 'bounce-1',
        status: 'invalid',
        providerEvent: 'bounce',
        occurredAt: noon + minute,
        reason: { code: '550', enhancedCode: '5.1.1', text: '550 no such user' },
      } as const;
      const click = {
        ...sent,
        eventId: 'click-1',
        status: 'link_clicked',
        providerEvent: 'click',
        evidence: 'human',
        occurredAt: noon + 2 * minute,
        clickUrl: 'https://pay.example.com/7',
        userAgent: 'Firefox',
      } as const;
      const emailId = await emails.record([click, bounce, sent], noon + 3 * minute);

      const { statusCode, json, headers } = await get('acme', emailId);
      expect(statusCode).toBe(200);
      expect(headers['content-type']).toBe('application/json');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(json).toEqual({
        emailId,
        accountId: 'acme',
        provider: 'sendgrid',
        messageId: sent.messageId,
        recipient: 'jane@example.com',
        subject: 'Invoice 7 <script>',
        reference: 'INV-7',
        status: 'invalid',
        label: 'Invalid',
        meaning: statuses.invalid.meaning,
        resolution: statuses.invalid.resolution,
        whatToDo: statuses.invalid.resolution,
        whatToDoForAccount: statuses.invalid.resolution,
        sentAgain: statuses.invalid.sentAgain,
        attention: 'act',
        cause: null,
        tags: [],
        statusAt: '2026-01-02T12:01:00.000Z',
        sentAt: '2026-01-02T12:00:00.000Z',
        updatedAt: '2026-01-02T12:03:00.000Z',
        because: {
          eventId: 'bounce-1',
          at: '2026-01-02T12:01:00.000Z',
          provider: 'sendgrid',
          providerEvent: 'bounce',
          evidence: 'unknown',
          cause: null,
          causeLabel: null,
          reply: '550 no such user (enhanced code 5.1.1)',
          text: 'SendGrid reported "bounce" at 2026-01-02 12:01 UTC: 550 no such user (enhanced code 5.1.1)',
          doesNotProve: statuses.invalid.doesNotProve,
        },
        handled: null,
        canBeHandled: true,
        resendOf: [],
        resentAs: [],
        timeline: [
          {
            eventId: sent.eventId,
            at: '2026-01-02T12:00:00.000Z',
            providerTime: null,
            status: 'sent',
            label: 'Sent',
            providerEvent: 'processed',
            evidence: 'unknown',
            attribution: null,
            reason: null,
            clickUrl: null,
            userAgent: null,
            relatedEmailId: null,
            by: null,
          },
          {
            eventId: 'bounce-1',
            at: '2026-01-02T12:01:00.000Z',
            providerTime: null,
            status: 'invalid',
            label: 'Invalid',
            providerEvent: 'bounce',
            evidence: 'unknown',
            attribution: null,
            reason: { code: '550', enhancedCode: '5.1.1', text: '550 no such user', cause: null },
            clickUrl: null,
            userAgent: null,
            relatedEmailId: null,
            by: null,
          },
          {
            eventId: 'click-1',
            at: '2026-01-02T12:02:00.000Z',
            providerTime: null,
            status: 'link_clicked',
            label: 'Link Clicked',
            providerEvent: 'click',
            evidence: 'human',
            attribution: null,
            reason: null,
            clickUrl: 'https://pay.example.com/7',
            userAgent: 'Firefox',
            relatedEmailId: null,
            by: null,
          },
        ],
        repeats: [],
        caveats: [
          {
            code: 'receipt_after_failure',
            text: expect.stringContaining('forwarding'),
            at: '2026-01-02T12:02:00.000Z',
          },
        ],
        codes: {
          label: 'status.invalid.label',
          meaning: 'status.invalid.meaning',
          resolution: 'status.invalid.resolution',
          whatToDo: 'status.invalid.resolution',
          whatToDoForAccount: 'status.invalid.resolutionForAccount',
          sentAgain: 'status.invalid.sentAgain',
          doesNotProve: 'status.invalid.doesNotProve',
        },
      });
    });

    it('with your application as the reporter of its own reports', async () => {
      const emailId = await emails.record([
        anEvent({ accountId: 'acme', provider: 'ses', status: 'sent', providerEvent: 'app.sent', occurredAt: noon }),
      ]);
      const { json } = await get('acme', emailId);
      expect(json.provider).toBe('ses');
      expect(json.because).toMatchObject({
        provider: 'app',
        text: 'Your application reported "app.sent" at 2026-01-02 12:00 UTC',
      });
    });

    it.each([
      ['ses', 'Amazon SES'],
      ['a-sender-of-ours', 'a-sender-of-ours'],
      ['toString', 'toString'],
    ])('with the provider %s as people call it: %s', async (provider, title) => {
      const emailId = await emails.record([
        anEvent({ accountId: 'acme', provider, status: 'delivered', providerEvent: 'Delivery', occurredAt: noon }),
      ]);
      const { because } = (await get('acme', emailId)).json;
      expect(because).toMatchObject({ provider, text: `${title} reported "Delivery" at 2026-01-02 12:00 UTC` });
    });

    it('with the status null if it has only notes', async () => {
      const emailId = await emails.record([anEvent({ accountId: 'acme', status: null, providerEvent: 'unsubscribe' })]);
      const { json } = await get('acme', emailId);
      expect(json).toMatchObject({ status: null, label: null, statusAt: null, because: null, attention: null });
      expect(json.timeline).toHaveLength(1);
      expect(new Set(Object.values(json.codes))).toEqual(new Set([null]));
    });

    it('with counts of opens and clicks beyond the first three of a kind', async () => {
      const opens = Array.from({ length: 9 }, (_, index) =>
        anEvent({
          accountId: 'acme',
          messageId: 'm-hot',
          status: 'opened',
          eventId: `o${index}`,
          occurredAt: noon + index * minute,
        }),
      );
      const emailId = await emails.record([
        ...opens,
        anEvent({ accountId: 'acme', messageId: 'm-hot', status: 'link_clicked', eventId: 'c' }),
      ]);
      const { json } = await get('acme', emailId);
      expect(json.timeline).toHaveLength(4);
      expect(json.repeats).toEqual([
        {
          status: 'opened',
          label: 'Opened',
          evidence: 'unknown',
          attribution: null,
          atLeast: 9,
          lastAt: '2026-01-02T12:08:00.000Z',
        },
      ]);
    });

    it('with a caveat about a counted open after a failure', async () => {
      const opens = Array.from({ length: 5 }, (_, index) =>
        anEvent({
          accountId: 'acme',
          messageId: 'm-failed',
          status: 'opened',
          eventId: `o${index}`,
          occurredAt: noon + index * minute,
        }),
      );
      const bounce = anEvent({
        accountId: 'acme',
        messageId: 'm-failed',
        status: 'hard_bounced',
        eventId: 'b',
        occurredAt: noon + 3.5 * minute,
      });
      const emailId = await emails.record([...opens, bounce]);
      expect((await get('acme', emailId)).json.caveats).toMatchObject([
        { code: 'receipt_after_failure', at: '2026-01-02T12:04:00.000Z' },
      ]);
    });

    it('with no milliseconds in any sentence, whenever its events happened', async () => {
      const accountId = 'to-the-minute';
      const bounce = anEvent({ accountId, status: 'hard_bounced', occurredAt: noon + 34_567 });
      const late = { ...bounce, eventId: 'o', status: 'opened', evidence: 'human', occurredAt: noon + 78_912 } as const;
      const emailId = await emails.record([bounce, late], noon + minute);
      const { json } = await get(accountId, emailId);
      expect(json.because.at).toBe('2026-01-02T12:00:34.567Z');
      const export_ = await call('GET /accounts/{accountId}/attention-list', {
        path: { accountId },
        token: tokenOf(accountId),
        query: 'format=jsonl',
      });
      const line = JSON.parse(export_.text!);
      const sentences = [json.because.text, line.why, ...[...json.caveats, ...line.caveats].map(({ text }) => text)];
      expect(sentences).toHaveLength(4);
      expect(json.because.text).toContain('2026-01-02 12:00 UTC');
      for (const sentence of sentences) expect(sentence).not.toMatch(/:\d\d:\d\d|\.\d{3}Z/);
    });

    it('with attention once it has waited too long, and with a new ETag then', async () => {
      const emailId = await emails.record([anEvent({ accountId: 'acme', status: 'sent' })]);
      now = noon + 24 * 60 * minute;
      const fresh = await get('acme', emailId);
      expect(fresh.json).toMatchObject({ attention: null, caveats: [] });
      now += 1;
      const old = await get('acme', emailId, { 'if-none-match': fresh.headers.etag });
      expect(old.statusCode).toBe(200);
      expect(old.json).toMatchObject({
        attention: 'late',
        caveats: [{ code: 'no_news_since', at: '2026-01-02T12:00:00.000Z' }],
      });
    });

    it('again only after a change, and lets only the browser cache it', async () => {
      const delivered = anEvent({ accountId: 'acme' });
      const emailId = await emails.record([delivered]);
      const { headers } = await get('acme', emailId);
      expect(headers['cache-control']).toBe('private, no-cache');
      const again = await get('acme', emailId, { 'if-none-match': headers.etag });
      expect(again).toMatchObject({ statusCode: 304, json: undefined });
      await emails.record([{ ...delivered, eventId: 'o1', status: 'opened' }]);
      expect(await get('acme', emailId, { 'if-none-match': headers.etag })).toMatchObject({ statusCode: 200 });
    });

    it('without the second account that its events named', async () => {
      const event = anEvent({ accountId: 'acme' });
      const emailId = await emails.record([event]);
      await emails.record([{ ...event, eventId: 'e2', accountId: 'globex' }]);
      const { body, json } = await get('acme', emailId);
      expect(json.caveats).toMatchObject([{ code: 'account_conflict', at: null }]);
      expect(body).not.toContain('globex');
    });

    it('even with the time of a clock that is far ahead', async () => {
      const emailId = await emails.record([anEvent({ accountId: 'acme', providerTime: 8.64e15 })]);
      expect((await get('acme', emailId)).json.timeline[0].providerTime).toBe('+275760-09-13T00:00:00.000Z');
    });
  });

  describe('controls access:', () => {
    let emailId: string;
    const foreign = (routeKey: RouteKey, accountId: string, jwt: VerifiedToken, id = emailId) =>
      call(routeKey, { path: { accountId, emailId: id }, token: jwt });
    beforeAll(async () => {
      emailId = await emails.record([anEvent({ accountId: 'acme', subject: 'Invoice 7' })]);
    });
    /** Returns an answer's status, headers and body without its request id. */
    const told = ({ statusCode, body, headers }: Awaited<ReturnType<typeof call>>) => {
      const { 'x-request-id': _, ...rest } = headers;
      return { statusCode, body, headers: rest };
    };

    it("another account's email, another account's list and an unknown email get exactly the same answer", async () => {
      const unknown = await foreign(one, 'acme', tokenOf('acme'), 'A'.repeat(22));
      expect(unknown).toMatchObject({ statusCode: 404, json: { type: '/problems/not-found', status: 404 } });
      const others = [
        await foreign(one, 'acme', tokenOf('globex')),
        await foreign(one, 'globex', tokenOf('globex')),
        await foreign(one, 'globex', tokenOf('acme')),
        await foreign(list, 'acme', tokenOf('globex')),
        await foreign(list, 'nobody', tokenOf('globex')),
      ];
      for (const other of others) expect(told(other)).toEqual(told(unknown));
    });

    it.each([
      ['no account claim', token({ sub: 'jane' })],
      ['a list of accounts as its claim', token({ account_id: ['acme'] })],
      ['a scope that only looks like the support scope', token({ scope: 'mailtrail/support2 xmailtrail/support' })],
      ['the account in another claim', token({ account: 'acme' })],
    ])('a token with %s sees nothing', async (_, jwt) => {
      expect(await foreign(one, 'acme', jwt)).toMatchObject({ statusCode: 404 });
      expect(await foreign(list, 'acme', jwt)).toMatchObject({ statusCode: 404 });
    });

    it.each(['', 'a b', 'a/b', 'acme%20', 'acme?', 'ä', 'x'.repeat(129), '[acme]'])(
      'a token with the invalid account id %j as its account claim gets 403 and the rule',
      async accountId => {
        for (const asked of ['acme', accountId]) {
          const answer = await foreign(list, asked, tokenOf(accountId));
          expect(answer).toMatchObject({
            statusCode: 403,
            headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
            json: { type: '/problems/forbidden', detail: expect.stringContaining('1 to 128 characters') },
          });
          if (accountId !== '') expect(answer.body).not.toContain(accountId);
        }
      },
    );

    it('support may read any account, whatever its own account claim is', async () => {
      const jwt = token({ account_id: 'a b', scope: 'mailtrail/support' });
      expect(await foreign(list, 'acme', jwt)).toMatchObject({ statusCode: 200 });
    });

    it("support sees every account's emails, with its scope in the claim or from the gateway", async () => {
      const named = ['openid mailtrail/support', '[openid mailtrail/support]'].map(scp => token({ scp }));
      for (const jwt of [support, token({}, ['mailtrail/support']), ...named]) {
        expect((await foreign(one, 'acme', jwt)).json).toMatchObject({ emailId, subject: 'Invoice 7' });
        expect(idsOf(await foreign(list, 'acme', jwt))).toContain(emailId);
      }
    });

    it("support finds an email only under the email's own account, and none without an account", async () => {
      const homeless = await emails.record([anEvent()]);
      expect(await foreign(one, 'globex', support)).toMatchObject({ statusCode: 404 });
      expect(await foreign(one, 'undefined', support, homeless)).toMatchObject({ statusCode: 404 });
    });

    it('an email without an account becomes visible once its account is known', async () => {
      const event = anEvent();
      const id = await emails.record([event]);
      expect(await get('initech', id)).toMatchObject({ statusCode: 404 });
      await emails.record([{ ...event, eventId: 'r1', status: 'enqueued', accountId: 'initech' }]);
      expect(await get('initech', id)).toMatchObject({ statusCode: 200 });
    });

    it.each([
      ['no token', undefined],
      ["Cognito's ID token", token({ account_id: 'acme', token_use: 'id' })],
      ["Keycloak's ID token", token({ account_id: 'acme', typ: 'ID' })],
      ['an ID token with an access token hash', token({ account_id: 'acme', at_hash: 'x' })],
    ])('%s is refused', async (_, jwt) => {
      const answer = await call(list, { path: { accountId: 'acme' }, ...(jwt && { token: jwt }) });
      expect(answer).toMatchObject({
        statusCode: 401,
        headers: { 'www-authenticate': expect.stringMatching(/^Bearer/) },
      });
    });

    it.each([
      ['account', tokenOf('acme')],
      ['support scope', support],
    ])('a token without its header names no %s, because the type of the claim is unknown', async (_, jwt) => {
      const headers = { authorization: undefined };
      expect(await call(list, { path: { accountId: 'acme' }, token: jwt, headers })).toMatchObject({
        statusCode: 401,
      });
    });

    it('a token with an unreadable header names nobody', async () => {
      for (const authorization of ['', 'Bearer', 'Bearer a.b.c', 'Bearer a.bnVsbA.c']) {
        for (const jwt of [tokenOf('acme'), support]) {
          const answer = await call(list, { path: { accountId: 'acme' }, token: jwt, headers: { authorization } });
          expect(answer).toMatchObject({ statusCode: 404 });
        }
      }
    });

    it.each(['..', '\u0000', 'a/b', 'x'.repeat(3000), '__proto__', "' OR 1=1", 'A'.repeat(21), '+'.repeat(22)])(
      'the email id %j is not found',
      async id => {
        expect(await foreign(one, 'acme', tokenOf('acme'), id)).toMatchObject({ statusCode: 404 });
      },
    );

    it.each(['\u0000', 'x'.repeat(3000), '', 'a b', 'a/b', 'ä'])('support finds no account %j', async accountId => {
      expect(await foreign(list, accountId, support)).toMatchObject({ statusCode: 404 });
    });
  });

  describe('lists emails', () => {
    it('newest first, each in a row', async () => {
      now = noon + minute;
      const ids = await fiveEmails('rows');
      const { json, headers } = await listOf('rows');
      expect(idsOf({ json })).toEqual(ids.toReversed());
      expect(json.cursor).toBeUndefined();
      expect(headers['cache-control']).toBe('private, no-cache');
      expect(json.emails.at(-1)).toEqual({
        emailId: ids[0],
        accountId: 'rows',
        provider: 'sendgrid',
        recipient: 'jane@example.com',
        subject: null,
        reference: null,
        status: 'hard_bounced',
        label: 'Hard Bounced',
        statusAt: '2026-01-02T12:00:00.000Z',
        cause: null,
        attention: 'act',
        tags: [],
        sentAt: '2026-01-02T12:00:00.000Z',
      });
    });

    it('as an empty list for an account without emails', async () => {
      expect(await listOf('newcomer')).toMatchObject({ statusCode: 200, json: { emails: [] } });
    });

    it.each([1, 2, 3, 4])('in pages of %i that together name every email once', async limit => {
      const account = `pages-of-${limit}`;
      const ids = await fiveEmails(account);
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const { json } = await listOf(account, `limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`);
        expect(json.emails.length).toBeLessThanOrEqual(limit);
        seen.push(...idsOf({ json }));
        cursor = json.cursor;
      } while (cursor !== undefined);
      expect(seen).toEqual(ids.toReversed());
    });

    it('only with trouble, newest trouble first, if attention is asked for', async () => {
      const ids = await fiveEmails('troubled');
      const first = await listOf('troubled', 'attention=act&limit=2');
      const second = await listOf('troubled', `attention=act&limit=2&cursor=${first.json.cursor}`);
      expect([...idsOf(first), ...idsOf(second)]).toEqual([ids[4], ids[2], ids[0]]);
    });

    it('from a cursor only if the cursor belongs to the same list', async () => {
      const forged = (at: number, emailId: string) => {
        const check = shortHash('cursor', 'one', 'all', at, emailId);
        return Buffer.from(JSON.stringify([at, emailId, check])).toString('base64url');
      };
      await fiveEmails('one');
      await fiveEmails('other');
      const { cursor } = (await listOf('one', 'limit=2')).json;
      const attention = (await listOf('one', 'limit=2&attention=act')).json.cursor;
      const changed = `${cursor.slice(0, -2)}${cursor.endsWith('AA') ? 'BB' : 'AA'}`;
      const refused = [
        await listOf('other', `cursor=${cursor}`),
        await listOf('one', `attention=act&cursor=${cursor}`),
        await listOf('one', `cursor=${attention}`),
        await listOf('one', `cursor=${changed}`),
        await listOf('one', `cursor=${cursor}=`),
        await listOf('one', 'cursor='),
        await listOf('one', 'cursor=bnVsbA'),
        await listOf('one', 'cursor=%00'),
        await listOf('one', `cursor=${forged(1e308, 'A'.repeat(22))}`),
        await listOf('one', `cursor=${forged(-1, 'A'.repeat(22))}`),
        await listOf('one', `cursor=${forged(noon, 'x')}`),
      ];
      for (const answer of refused) {
        expect(answer).toMatchObject({ statusCode: 400, json: { type: '/problems/invalid-request', field: 'cursor' } });
      }
    });

    it.each([
      ['limit=0', 'limit'],
      ['limit=-1', 'limit'],
      ['limit=101', 'limit'],
      ['limit=1e9', 'limit'],
      ['limit=1e1', 'limit'],
      ['limit=10;', 'limit'],
      ['limit=', 'limit'],
      ['limit=10,20', 'limit'],
      ['limit=10&limit=20', 'limit'],
      ['attention=yes', 'attention'],
      ['attention=false', 'attention'],
      ['attention=true', 'attention'],
      ['status=lost', 'status'],
      ['state=delivered', 'state'],
      ['constructor=1', 'constructor'],
      ['__proto__=1', '__proto__'],
      ['Limit=5', 'Limit'],
    ])('only for valid queries: it refuses %s and names the field', async (query, field) => {
      const answer = await listOf('acme', query);
      expect(answer).toMatchObject({
        statusCode: 400,
        headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
        json: { type: '/problems/invalid-request', title: 'Invalid request', status: 400, field },
      });
    });

    it('with 404 for another account, even if a parameter is wrong', async () => {
      const foreign = await call(list, { path: { accountId: 'acme' }, token: tokenOf('globex'), query: 'limit=0' });
      expect(foreign.statusCode).toBe(404);
    });
  });

  describe('after an internal error', () => {
    const fail = () => Promise.reject(new RangeError('jane@example.com'));
    const broken = (routeKey: string) =>
      queryFunction(
        { store: { ...emails.store, email: fail, emails: fail, page: fail, wholePage: fail, actionableTotal: fail } },
        { log: (...line) => lines.push(line) },
      )(routeKey as RouteKey, { path: { accountId: 'acme' }, token: tokenOf('acme') });

    it('answers 500 without detail, and logs only the kind of error', async () => {
      lines.length = 0;
      const answer = await broken(list);
      expect(answer).toMatchObject({ statusCode: 500, headers: { 'x-request-id': expect.any(String) } });
      expect(answer.body).not.toContain('jane');
      const requestId = answer.headers['x-request-id'];
      expect(lines).toEqual([['fault', { requestId, where: list, error: 'RangeError' }]]);
    });

    it('still answers 404 for an unknown route', async () => {
      expect(await broken('GET /toString')).toMatchObject({ statusCode: 404 });
    });
  });

  it('logs each answer by its route, without account ids and addresses', async () => {
    lines.length = 0;
    const { headers } = await listOf('acme');
    expect(lines).toEqual([['query.answered', { requestId: headers['x-request-id'], route: list, answer: 200 }]]);
  });
});
