import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handledAnswer } from '../../functions/manage/schemas.ts';
import { type CanonicalEvent, emailIdOf, limits, noteNames } from '../../shared/email/event.ts';
import { createAddNotes } from '../../shared/email/notes.ts';
import type { VerifiedToken } from '../../shared/http/access.ts';
import type { Status } from '../../shared/status/catalogue.ts';
import { arbitraryEvent, noon } from '../rigs/arbitrary-events.ts';
import { type ManageCall, manageFunction } from '../rigs/manage-function.ts';
import { managerToken, queryFunction, supportToken, tokenOf } from '../rigs/query-function.ts';
import { runs } from '../rigs/runs.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const ofAccount = 'POST /accounts/{accountId}/emails/{emailId}/handled';
const ofAny = 'POST /emails/{emailId}/handled';
const minute = 60_000;

describe('an email that somebody handled', () => {
  let emails: StoredEmails;
  beforeAll(async () => {
    emails = await startStoredEmails();
  });
  afterAll(() => emails?.stop());

  const manage = (changes: Parameters<typeof manageFunction>[0] = {}) =>
    manageFunction({ addNotes: createAddNotes(emails.client, emails.tableName), ...changes });
  const handle = (
    emailId: string,
    call: ManageCall = {},
    now = noon + 10 * minute,
    changes: Parameters<typeof manageFunction>[0] = {},
  ) =>
    manage({ now: () => now, ...changes })(ofAccount, {
      accountId: 'acme',
      emailId,
      token: managerToken('acme'),
      ...call,
    });
  const failed = (changes: Partial<CanonicalEvent> = {}) =>
    anEvent({ status: 'hard_bounced', accountId: 'acme', ...changes });
  const stored = async (changes: Partial<CanonicalEvent> = {}) => emails.record([failed(changes)]);
  const read = async (emailId: string, now = noon) => {
    const path = { accountId: 'acme', emailId };
    const { json } = await queryFunction(emails, { now: () => now })('GET /accounts/{accountId}/emails/{emailId}', {
      path,
      token: tokenOf('acme'),
    });
    return json;
  };
  const listed = async (query: string, token: VerifiedToken = tokenOf('acme')) => {
    const call = queryFunction(emails);
    const { json } =
      token === supportToken
        ? await call('GET /emails', { query, token })
        : await call('GET /accounts/{accountId}/emails', { path: { accountId: 'acme' }, query, token });
    return (json.emails as { emailId: string }[]).map(({ emailId }) => emailId);
  };

  it('asks nobody to act any more, keeps its status, and says who handled it and how', async () => {
    const emailId = await stored();
    expect(await listed('attention=act')).toContain(emailId);
    const answer = await handle(emailId, { body: JSON.stringify({ note: 'Called them: jane@new.example' }) });
    expect([answer.statusCode, answer.json]).toEqual([200, { emailId, attention: null, recorded: true }]);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(handledAnswer.parse(answer.json)).toEqual(answer.json);
    expect(await read(emailId)).toMatchObject({
      status: 'hard_bounced',
      attention: null,
      handled: { at: '2026-01-02T12:10:00.000Z', by: 'joe', note: 'Called them: jane@new.example' },
      timeline: [
        { status: 'hard_bounced' },
        { status: null, providerEvent: 'mailtrail.handled', by: 'joe', at: '2026-01-02T12:10:00.000Z' },
      ],
    });
    expect(await listed('attention=act')).not.toContain(emailId);
    expect(await listed('attention=act', supportToken)).not.toContain(emailId);
  });

  it('is still in the list of its status', async () => {
    const emailId = await stored();
    await handle(emailId);
    expect(await listed('status=hard_bounced')).toContain(emailId);
  });

  it('asks again after a later failure, at the place of that failure', async () => {
    const ago = (minutes: number) => noon - minutes * minute;
    const first = failed({ status: 'soft_bounced', occurredAt: ago(40) });
    const emailId = await emails.record([first], ago(40));
    await handle(emailId, {}, ago(30));
    const between = await emails.record([failed({ occurredAt: ago(20) })], ago(20));
    await emails.record([{ ...first, eventId: 'again', occurredAt: ago(10) }], ago(10));
    expect(await read(emailId)).toMatchObject({ attention: 'act', handled: null });
    for (const token of [tokenOf('acme'), supportToken]) {
      const list = await listed('attention=act', token);
      expect(list.indexOf(emailId)).toBeLessThan(list.indexOf(between));
      expect(list).toContain(emailId);
    }
    expect((await handle(emailId, {}, noon + 30 * minute)).json).toMatchObject({ attention: null, recorded: true });
  });

  it('stays handled when a failure from before the handling is reported late', async () => {
    const first = failed({ status: 'soft_bounced' });
    const emailId = await emails.record([first]);
    await handle(emailId);
    await emails.record([{ ...first, status: 'invalid', eventId: 'late', occurredAt: noon + minute }], noon + day);
    expect(await read(emailId)).toMatchObject({ status: 'invalid', attention: null });
  });

  it('is handled once, however often somebody says so', async () => {
    const emailId = await stored();
    await handle(emailId);
    const again = await handle(emailId, { body: JSON.stringify({ note: 'me too' }) }, noon + 20 * minute);
    expect(again.json).toEqual({ emailId, attention: null, recorded: false });
    expect((await read(emailId)).timeline).toHaveLength(2);
  });

  it('is recorded as handled although the answer of the table was lost', async () => {
    const emailId = await stored();
    // The SDK repeats a write without an answer.
    const send = async (command: unknown) => {
      if (command instanceof UpdateCommand) await emails.client.send(command);
      return emails.client.send(command as never);
    };
    const addNotes = createAddNotes({ send } as never, emails.tableName);
    const answer = await handle(emailId, {}, undefined, { addNotes });
    expect(answer.json).toEqual({ emailId, attention: null, recorded: true });
    expect((await read(emailId)).timeline).toHaveLength(2);
  });

  it('is handled although the clock of its provider is ahead of ours', async () => {
    const emailId = await stored({ occurredAt: noon + 9 * minute });
    expect((await handle(emailId, {}, noon + minute)).json).toMatchObject({ attention: null, recorded: true });
    expect(await read(emailId)).toMatchObject({ attention: null });
  });

  it.each(['soft_bounced', 'hard_bounced', 'invalid', 'rejected', 'marked_spam'] as const satisfies Status[])(
    'was %s',
    async status => {
      const emailId = await stored({ status });
      expect((await handle(emailId)).json).toEqual({ emailId, attention: null, recorded: true });
    },
  );

  it.each(['enqueued', 'sent', 'deferred'] as const)('was %s, and is not late any more', async status => {
    const emailId = await stored({ status });
    const late = queryFunction(emails, { now: () => noon + 100 * day });
    const attention = async () =>
      (
        await late('GET /accounts/{accountId}/emails/{emailId}', {
          path: { accountId: 'acme', emailId },
          token: tokenOf('acme'),
        })
      ).json.attention;
    expect(await attention()).toBe('late');
    expect((await handle(emailId)).json).toEqual({ emailId, attention: null, recorded: true });
    expect(await attention()).toBeNull();
    expect((await handle(emailId)).json).toMatchObject({ recorded: false });
  });

  it.each(['delivered', 'opened', 'link_clicked', null] as const)(
    'gets no note if it is %s, since it asked nobody to act',
    async status => {
      const emailId = await stored({ status });
      expect((await handle(emailId)).json).toEqual({ emailId, attention: null, recorded: false });
      expect((await read(emailId)).timeline).toHaveLength(1);
    },
  );

  it('is late again after a later deferral, and nobody has handled that', async () => {
    const deferred = failed({ status: 'deferred' });
    const emailId = await emails.record([deferred]);
    await handle(emailId);
    expect(await read(emailId, noon + 100 * day)).toMatchObject({ attention: null, handled: { by: 'joe' } });
    await emails.record([{ ...deferred, eventId: 'again', occurredAt: noon + day }], noon + day);
    expect(await read(emailId, noon + 100 * day)).toMatchObject({ attention: 'late', handled: null });
  });

  it('is handled once while it waits, although the clock of its provider is ahead of ours', async () => {
    const emailId = await stored({ status: 'sent', occurredAt: noon + 9 * minute });
    expect((await handle(emailId, {}, noon + minute)).json).toMatchObject({ recorded: true });
    expect((await handle(emailId, {}, noon + 2 * minute)).json).toMatchObject({ recorded: false });
  });

  it('was marked as spam, and can be handled although its successor was delivered', async () => {
    const first = failed({ status: 'marked_spam', recipient: 'spam@example.com' });
    const resolved = { status: null, providerEvent: noteNames.successorDelivered, occurredAt: noon + minute } as const;
    const emailId = await emails.record([first]);
    await emails.record([{ ...first, ...resolved, eventId: 'successor' }]);
    const check = async () => {
      const { json } = await queryFunction(emails)('POST /accounts/{accountId}/recipients/check', {
        path: { accountId: 'acme' },
        token: tokenOf('acme'),
        body: JSON.stringify({ recipients: [first.recipient] }),
      });
      return (json.results as { why: { emailId: string }[] }[])[0]!.why.some(why => why.emailId === emailId);
    };
    expect(await read(emailId)).toMatchObject({ attention: null });
    expect(await check()).toBe(true);
    expect((await handle(emailId)).json).toEqual({ emailId, attention: null, recorded: true });
    expect(await check()).toBe(false);
    expect((await handle(emailId)).json).toMatchObject({ recorded: false });
  });

  it('says beforehand whether that would be recorded, whatever has happened to it', async () => {
    const notes = [
      { status: null, providerEvent: noteNames.handled },
      { status: null, providerEvent: noteNames.successorDelivered, relatedEmailId: 'B'.repeat(22) },
    ] as const;
    const arbitraryNote = fc
      .record({ event: arbitraryEvent, note: fc.constantFrom(...notes) })
      .map(({ event, note }) => ({ ...event, ...note }));
    const arbitraryEvents = fc.array(fc.oneof(arbitraryEvent, arbitraryEvent, arbitraryNote), {
      minLength: 1,
      maxLength: 5,
    });
    const said = new Set<boolean>();
    await fc.assert(
      fc.asyncProperty(arbitraryEvents, async events => {
        const { messageId } = anEvent();
        const emailId = await emails.record(events.map(event => ({ ...event, messageId, accountId: 'acme' })));
        const { canBeHandled } = await read(emailId);
        expect((await handle(emailId)).json.recorded).toBe(canBeHandled);
        expect(await read(emailId)).toMatchObject({ canBeHandled: false });
        said.add(canBeHandled as boolean);
      }),
      { numRuns: runs(40) },
    );
    expect(said.size).toBe(2);
  });

  it('may be of any account, or of none, for support', async () => {
    for (const accountId of ['initech', undefined]) {
      const emailId = await stored({ accountId });
      const answer = await manage()(ofAny, { emailId, token: supportToken });
      expect([answer.statusCode, answer.json]).toEqual([200, { emailId, attention: null, recorded: true }]);
    }
  });

  it('keeps the longest words in any script whole', async () => {
    const note = '…字'.repeat(250);
    const emailId = await stored();
    await handle(emailId, { body: JSON.stringify({ note }) });
    expect(await read(emailId)).toMatchObject({ handled: { note } });
  });

  it('needs no body', async () => {
    expect((await handle(await stored(), { body: '' })).json).toMatchObject({ recorded: true });
  });

  describe('is not found', () => {
    it.each(['nonsense', 'A'.repeat(22), '..', ''])('by the id %o', async emailId => {
      expect((await handle(emailId)).statusCode).toBe(404);
    });

    it("if it is another account's, without an account, or erased", async () => {
      const recipient = 'gone@example.com';
      const erased = await stored({ recipient });
      await emails.erase(recipient);
      for (const emailId of [await stored({ accountId: 'initech' }), await stored({ accountId: undefined }), erased]) {
        expect((await handle(emailId)).statusCode).toBe(404);
        const image = await emails.image(emailId);
        expect(image).not.toHaveProperty('resolvedAt');
      }
    });
  });

  describe('is left alone', () => {
    it.each([
      ['a caller without a token', undefined, 401],
      ['a token that may only read', tokenOf('acme'), 403],
      ['a token of another account', managerToken('initech'), 404],
    ] as const)('by %s', async (_, token, status) => {
      const emailId = await stored();
      const call = { accountId: 'acme', emailId, ...(token && { token }) };
      expect((await manage()(ofAccount, call)).statusCode).toBe(status);
      expect(await read(emailId)).toMatchObject({ attention: 'act' });
    });

    it('by an account that calls the route of support', async () => {
      const emailId = await stored();
      expect((await manage()(ofAny, { emailId, token: managerToken('acme') })).statusCode).toBe(403);
    });

    it.each([
      ['{', 'body'],
      ['[]', 'body'],
      ['{"note":7}', 'note'],
      ['{"by":"somebody else"}', 'by'],
      [JSON.stringify({ note: 'x'.repeat(limits.text + 1) }), 'note'],
    ])('by the body %s', async (body, field) => {
      const emailId = await stored();
      const { statusCode, json } = await handle(emailId, { body });
      expect([statusCode, json.field]).toEqual([400, field]);
      expect(await read(emailId)).toMatchObject({ attention: 'act' });
    });

    it('by a table that takes no writes, and the caller hears of it', async () => {
      const addNotes = () => Promise.reject(new Error('no table'));
      const call = { accountId: 'acme', emailId: await stored(), token: managerToken('acme') };
      expect((await manage({ addNotes })(ofAccount, call)).statusCode).toBe(500);
    });
  });

  it('keeps a hostile note and name harmless', async () => {
    const emailId = await stored();
    const token = {
      ...managerToken('acme'),
      claims: { ...managerToken('acme').claims, sub: `a\u0000\n${'b'.repeat(300)}` },
    };
    await handle(emailId, { token, body: JSON.stringify({ note: '\u0001line\nline \ud800' }) });
    const { handled } = await read(emailId);
    expect(handled.by).toMatch(/^a b{247}$/);
    expect(handled.note).toBe('line line \ufffd');
  });

  it('is handled by one of two people at once, and a failure between them counts', async () => {
    const event = failed({ status: 'soft_bounced' });
    const emailId = await emails.record([event]);
    const calls = await Promise.all([1, 2, 3].map(later => handle(emailId, {}, noon + later * minute)));
    expect(calls.map(({ json }) => json.attention)).toEqual([null, null, null]);
    expect(calls.filter(({ json }) => json.recorded)).toHaveLength(1);
    expect(emailIdOf(event)).toBe(emailId);
  });
});

const day = 24 * 60 * minute;
