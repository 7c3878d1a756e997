import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CanonicalEvent,
  canaryAccountId,
  canonicalEvent,
  type EventDraft,
  emailIdOf,
  emailIdShape,
  isAccountId,
  isForeign,
} from '../../shared/email/event.ts';
import { failureOf } from '../../shared/providers/parsing/signals.ts';
import { enhancedCodeIn } from '../../shared/providers/parsing/smtp-reply.ts';
import { boundedText } from '../../shared/runtime/text.ts';
import { epochMillis, isoMillis } from '../../shared/runtime/time.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { character } from '../rigs/arbitrary-text.ts';
import { cpuMsOf } from '../rigs/cpu-time.ts';

const draft: EventDraft = {
  messageId: 'm1',
  recipient: 'jane@example.com',
  status: 'delivered',
  occurredAt: noon,
  providerEvent: 'delivered',
  eventId: 'evt-1',
};
const canonical = (changes: Partial<EventDraft>, receivedAt = noon) =>
  canonicalEvent({ ...draft, ...changes }, receivedAt, 'sendgrid');

describe('the canonical event', () => {
  it('knows an address by the one form of its spellings, without a display name', () => {
    expect(canonical({ recipient: ' "Jane, Doe" <Jane.Doe+bills@Example.COM> ' })).toMatchObject({
      recipient: 'jane.doe+bills@example.com',
    });
    expect(canonical({ recipient: '"odd name"@Example.com' })).toMatchObject({ recipient: '"odd name"@example.com' });
    expect(canonical({ recipient: 'ÜSER@BÜCHER.example' })).toMatchObject({ recipient: 'üser@xn--bcher-kva.example' });
  });

  it.each([
    ['missing_message_id', { messageId: ' ' }],
    ['missing_recipient', { recipient: '' }],
    ['unusable_recipient', { recipient: `${'x'.repeat(1_000_000)}@example.com` }],
    ['unusable_recipient', { recipient: 'ja\u0000ne@example.com' }],
    ['unusable_recipient', { recipient: '<>' }],
    ['unusable_recipient', { recipient: 'b@example.com;' }],
    ['unusable_recipient', { recipient: 'team: a@example.com' }],
    ['unusable_recipient', { recipient: 'undisclosed recipients' }],
    ['unusable_recipient', { recipient: 'jane@example.com, joe@example.com' }],
    ['unusable_account_id', { accountId: 'x'.repeat(200) }],
    ['unusable_account_id', { accountId: 'ac\r\nme' }],
    ...['a b', 'a/b', 'a?b', 'a#b', 'a%41b', 'a,b', 'ä', ' acme', '.', '..'].map(
      accountId => ['unusable_account_id', { accountId }] as const,
    ),
    ['unusable_reference', { reference: '\ud800' }],
    ['unreadable_time', { occurredAt: Number.NaN }],
    ['unreadable_time', { occurredAt: Date.UTC(1, 0, 1) }],
    ['unreadable_time', { occurredAt: Number.NEGATIVE_INFINITY }],
  ] as const)('says %s rather than keep a piece of it', (defect, changes) => {
    expect(canonical(changes)).toBe(defect);
  });

  it.each(['acme', 'a', '...', '0', 'A=b+c@d:e.~_-', 'x'.repeat(128)])(
    'keeps the account id %s as it is',
    accountId => {
      expect(canonical({ accountId })).toMatchObject({ accountId });
    },
  );

  it('takes null and undefined for what is not there, and an empty text as well', () => {
    const optional = [
      'provider',
      'evidence',
      'reason',
      'cause',
      'clickUrl',
      'userAgent',
      'attribution',
      'accountId',
      'subject',
      'reference',
      'tags',
    ] as const;
    for (const nothing of [null, undefined]) {
      const changes = Object.fromEntries(optional.map(member => [member, nothing]));
      expect(canonical(changes)).toStrictEqual(canonical({}));
      expect(canonical({ reason: { code: nothing, enhancedCode: nothing, text: '' } })).toStrictEqual(canonical({}));
      expect(canonical({ messageId: nothing, status: 'opened' })).toBe('missing_message_id');
      expect(canonical({ recipient: nothing })).toBe('missing_recipient');
      expect(canonical({ eventId: nothing, clickUrl: nothing })).toStrictEqual(canonical({ eventId: undefined }));
    }
  });

  it('is of the provider that sent it, unless the draft names another', () => {
    expect(canonical({})).toMatchObject({ provider: 'sendgrid' });
    expect(canonical({ provider: 'ses' })).toMatchObject({ provider: 'ses' });
  });

  it('of a failure or complaint whose message is not known belongs to an email of its own, under the address', () => {
    const unknown = { messageId: ' ', eventId: 'evt-1' };
    for (const status of ['soft_bounced', 'hard_bounced', 'invalid', 'rejected', 'marked_spam'] as const) {
      expect(canonical({ ...unknown, status }), status).toMatchObject({ messageId: 'event:evt-1', eventId: 'evt-1' });
    }
    for (const status of ['enqueued', 'sent', 'deferred', 'delivered', 'opened', 'link_clicked', null] as const) {
      expect(canonical({ ...unknown, status }), String(status)).toBe('missing_message_id');
    }
    // By the provider's own id alone: two reports of one second are two.
    for (const changes of [{ eventId: undefined }, { eventId: 'x'.repeat(101) }, { recipient: '' }]) {
      expect(canonical({ ...unknown, status: 'invalid', ...changes })).toBe('missing_message_id');
    }
  });

  it('takes an event dated too far ahead at the time of arrival, and keeps what was claimed', () => {
    const tenYears = noon + 10 * 365 * 24 * 60 * 60_000;
    expect(canonical({ occurredAt: tenYears })).toMatchObject({ occurredAt: noon, providerTime: tenYears });
    expect(canonical({ occurredAt: Number.POSITIVE_INFINITY })).toMatchObject({ occurredAt: noon });
    expect(canonical({ occurredAt: noon + 10 * 60_000 })).toMatchObject({ occurredAt: noon + 10 * 60_000 });
  });

  it('believes a time up to ten minutes ahead, and none beyond', () => {
    const ahead = noon + 10 * 60_000;
    expect(canonical({ occurredAt: ahead })).not.toHaveProperty('providerTime');
    expect(canonical({ occurredAt: ahead + 1 })).toMatchObject({ occurredAt: noon, providerTime: ahead + 1 });
  });

  it('has whole milliseconds, and a claimed time that can be written as ISO-8601', () => {
    expect(canonical({ occurredAt: noon - 0.5 })).toMatchObject({ occurredAt: noon - 1 });
    const ahead = noon + 11 * 60_000;
    expect(canonical({ occurredAt: ahead + 0.5 })).toMatchObject({ occurredAt: noon, providerTime: ahead });
    expect(canonical({ occurredAt: Number.POSITIVE_INFINITY })).toMatchObject({ providerTime: 8.64e15 });
    expect(new Date(8.64e15).toISOString()).toBe('+275760-09-13T00:00:00.000Z');
  });

  it('is of the year 2000 or later', () => {
    const first = Date.UTC(2000, 0, 1);
    expect(canonical({ occurredAt: first })).toMatchObject({ occurredAt: first });
    expect(canonical({ occurredAt: first - 1 })).toBe('unreadable_time');
  });

  it('holds what a draft says, and nothing besides', () => {
    expect(canonical({})).toStrictEqual({
      eventId: 'evt-1',
      provider: 'sendgrid',
      messageId: 'm1',
      recipient: 'jane@example.com',
      status: 'delivered',
      occurredAt: noon,
      evidence: 'unknown',
      providerEvent: 'delivered',
    });
    const details = {
      evidence: 'human',
      clickUrl: 'https://example.com/',
      userAgent: 'Mozilla',
      accountId: 'acme',
      subject: 'Invoice 7',
      reference: 'INV-7',
      tags: ['invoices'],
      attribution: 'ambiguous',
    } as const;
    const words = { code: '550', enhancedCode: '5.1.1', text: 'no such user' };
    expect(canonical({ ...details, reason: words, cause: 'unknown_user' })).toStrictEqual({
      ...(canonical({}) as object),
      ...details,
      reason: { ...words, cause: 'unknown_user' },
    });
    expect(canonical({ reason: words })).toMatchObject({ reason: words });
    expect(canonical({ cause: 'loop' })).toMatchObject({ reason: { cause: 'loop' } });
    expect(canonical({ reason: { text: '' } })).not.toHaveProperty('reason');
  });

  it.each([
    ['subject', 300],
    ['clickUrl', 500],
    ['userAgent', 250],
    ['providerEvent', 64],
  ] as const)('cuts its %s to %d bytes', (name, bytes) => {
    expect(canonical({ [name]: 'x'.repeat(bytes) })).toMatchObject({ [name]: 'x'.repeat(bytes) });
    expect(canonical({ [name]: 'x'.repeat(bytes + 1) })).toMatchObject({ [name]: 'x'.repeat(bytes) });
  });

  it.each([
    ['code', 64],
    ['enhancedCode', 16],
    ['text', 500],
  ] as const)("cuts its reason's %s to %d bytes", (name, bytes) => {
    expect(canonical({ reason: { [name]: 'x'.repeat(bytes + 1) } })).toMatchObject({
      reason: { [name]: 'x'.repeat(bytes) },
    });
  });

  it('keeps a reference of up to 256 bytes and an address of up to 320', () => {
    const reference = 'x'.repeat(256);
    expect(canonical({ reference })).toMatchObject({ reference });
    expect(canonical({ reference: `${reference}x` })).toBe('unusable_reference');
    const recipient = `${'x'.repeat(308)}@example.com`;
    expect(canonical({ recipient })).toMatchObject({ recipient });
    expect(canonical({ recipient: `x${recipient}` })).toBe('unusable_recipient');
  });

  it.each([
    ['without the blanks around it', ' m1\t', 'm1'],
    ['with a GUID in lower case', '0FA9A3F0-1B2C-4D5E-8F90-ABCDEFABCDEF', '0fa9a3f0-1b2c-4d5e-8f90-abcdefabcdef'],
    ['with letters as they are beside a GUID', 'X0FA9A3F0-1B2C-4D5E-8F90-ABCDEFABCDEF', undefined],
    ['with letters as they are in 36 letters that are no GUID', 'X'.repeat(36), undefined],
    [
      'with letters as they are in 36 letters that are nearly a GUID',
      '0FA9A3F0-1B2C-4D5E-8F90-ABCDEFABCDEG',
      undefined,
    ],
    ['with letters as they are in 36 letters that end like a GUID', 'XXXXXXX0-1B2C-4D5E-8F90-ABCDEFABCDEF', undefined],
    ['up to 500 bytes', 'm'.repeat(500), undefined],
  ])('has its message id %s', (_, messageId, expected = messageId) => {
    expect(canonical({ messageId })).toMatchObject({ messageId: expected });
  });

  it('has a longer message id, or one that is not plain, cut and told apart by a hash', () => {
    const idOf = (messageId: string) => {
      const event = canonical({ messageId });
      return typeof event === 'string' ? event : event.messageId;
    };
    expect(idOf('m'.repeat(501))).toMatch(/^m{477}~[\w-]{22}$/);
    expect(idOf('a\nb')).toMatch(/^a b~[\w-]{22}$/);
    expect(idOf('a\nb')).not.toBe(idOf('a\tb'));
  });

  it('keeps the first ten distinct tags, each inert and within 128 bytes', () => {
    const tags = [
      'invoices',
      ' ',
      'invoices',
      'q\r\n1',
      'ä'.repeat(100),
      ...Array.from({ length: 9 }, (_, i) => `t${i}`),
    ];
    const kept = ['invoices', 'q 1', 'ä'.repeat(64), 't0', 't1', 't2', 't3', 't4', 't5', 't6'];
    expect(canonical({ tags })).toMatchObject({ tags: kept });
    expect(canonical({ tags: ['', '\n'] })).not.toHaveProperty('tags');
    expect(canonical({ tags: [] })).not.toHaveProperty('tags');
    expect(canonical({ tags: Array.from({ length: 10 }, (_, i) => `t${i}`) })).toMatchObject({
      tags: ['t0', 't1', 't2', 't3', 't4', 't5', 't6', 't7', 't8', 't9'],
    });
  });

  it('names an event that has no id of its own after what it says', () => {
    const id = (changes: Partial<EventDraft>) => {
      const event = canonical({ eventId: undefined, ...changes });
      return typeof event === 'string' ? event : event.eventId;
    };
    expect(id({})).toBe(id({}));
    expect(id({})).toMatch(/^[!-~]{1,100}$/);
    for (const change of [
      { eventId: 'not printable: ö' },
      { occurredAt: noon - 1 },
      { providerEvent: 'open' },
      { clickUrl: 'https://example.com' },
    ]) {
      expect(id(change)).not.toBe(id({}));
    }
  });

  it('names an event after its name, its time and its link, or a hash of them', () => {
    const idOf = (changes: Partial<EventDraft>) => canonical({ eventId: undefined, ...changes });
    expect(idOf({})).toMatchObject({ eventId: `delivered@${noon}` });
    expect(idOf({ clickUrl: 'https://example.com/' })).toMatchObject({
      eventId: expect.stringMatching(new RegExp(`^delivered@${noon}-[\\w-]{22}$`)),
    });
    const hashed = { eventId: expect.stringMatching(/^[\w-]{22}$/) };
    for (const changes of [{ providerEvent: 'hard bounce' }, { providerEvent: 'x'.repeat(100) }, { eventId: 'ö' }]) {
      expect(idOf(changes)).toMatchObject(hashed);
      expect(idOf({ ...changes, clickUrl: 'https://example.com/' })).toMatchObject(hashed);
      const ids = [changes, { ...changes, clickUrl: 'https://example.com/' }, { ...changes, occurredAt: noon - 1 }].map(
        each => (idOf(each) as { eventId: string }).eventId,
      );
      expect(new Set(ids).size).toBe(3);
    }
    const distinct = [
      { eventId: 'ö' },
      { eventId: 'ä' },
      { eventId: 'ä', clickUrl: 'https://example.com/a' },
      { eventId: 'ä', clickUrl: 'https://example.com/b' },
    ].map(changes => (idOf(changes) as { eventId: string }).eventId);
    expect(new Set(distinct).size).toBe(4);
  });

  it.each([
    ['its own id is not printable', { eventId: 'ö' }, 'iPCc9cYKpP_KbH2bCKVwVU'],
    ['it has a link besides', { eventId: 'ö', clickUrl: 'https://example.com/' }, 'bAof2sOwpfvaBdLefLqcN1'],
    ['its name has a blank', { eventId: undefined, providerEvent: 'hard bounce' }, 'jEGgNTE4jTpWICxWrTdoXp'],
  ])('is named by the hash by which stored events are known if %s', (_, changes, eventId) => {
    expect(canonical(changes)).toMatchObject({ eventId });
  });

  it('keeps an id of its own of up to 100 printable characters', () => {
    for (const eventId of ['!', '~', 'x'.repeat(100)]) expect(canonical({ eventId })).toMatchObject({ eventId });
    for (const eventId of ['x'.repeat(101), ' x', 'x y', 'x\n', '\u007f', 'ö']) {
      expect(canonical({ eventId })).not.toMatchObject({ eventId });
    }
  });

  it('keeps two long message ids apart though both are cut', () => {
    const long = 'm'.repeat(2_000);
    const [one, other] = [canonical({ messageId: `${long}1` }), canonical({ messageId: `${long}2` })];
    if (typeof one === 'string' || typeof other === 'string') throw new Error('both are events');
    expect(emailIdOf(one)).not.toBe(emailIdOf(other));
    expect(Buffer.byteLength(one.messageId)).toBeLessThanOrEqual(500);
  });

  it('holds texts inert and bounded', () => {
    expect(canonical({ reason: { text: 'first\r\nINFO forged \u001b[31mline' } })).toMatchObject({
      reason: { text: 'first INFO forged  [31mline' },
    });
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 80 }), fc.integer({ min: 1, max: 60 }), (text, maxBytes) => {
        const bounded = boundedText(text, maxBytes);
        expect(Buffer.byteLength(bounded)).toBeLessThanOrEqual(maxBytes);
        expect(bounded.isWellFormed()).toBe(true);
        expect(bounded).not.toMatch(/[\u0000-\u001f\u007f]/);
      }),
    );
  });

  it.each([
    ['blanks', ' '],
    ['lines', '\r\n'],
    ['control characters and blanks', '\u0000\u00a0\u2028\t'],
  ])('keeps a text that stands behind thousands of %s, and the code in it', (_, blank) => {
    const text = `${blank.repeat(3_000 / blank.length)}550 5.1.1 no such user`;
    expect(canonical({ reason: { text } })).toMatchObject({ reason: { text: '550 5.1.1 no such user' } });
    expect(enhancedCodeIn(text)).toBe('5.1.1');
    expect(failureOf({ text }, 'soft_bounced')).toMatchObject({ cause: 'unknown_user' });
  });

  it('looks at no more than so many blanks, however often a text is read', () => {
    const spent = cpuMsOf(() => {
      for (const text of [' '.repeat(6_000_000), `${' \u0000'.repeat(3_000_000)}x`]) {
        for (let time = 0; time < 1_000; time += 1)
          expect(boundedText(text, 500) + (enhancedCodeIn(text) ?? '')).toBe('');
      }
    });
    expect(spent).toBeLessThan(2_000);
  });

  it('is one email per provider, message and recipient, whatever characters they hold', () => {
    const field = fc.constantFrom('a', 'a"', '","', 'a,b', 'b', '\\', '["');
    fc.assert(
      fc.property(fc.tuple(field, field, field), fc.tuple(field, field, field), (one, other) => {
        const id = ([provider, messageId, recipient]: [string, string, string]) =>
          emailIdOf({ provider, messageId, recipient });
        expect(id(one) === id(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
        expect(id(one)).toMatch(/^[\w-]{22}$/);
      }),
    );
  });
});

describe("a provider's time", () => {
  it.each([
    [1767355200, 'seconds'],
    [1767355200000, 'milliseconds'],
    [1767355200000000, 'microseconds'],
  ])('%d is read as %s', unix => {
    expect(epochMillis(unix)).toBe(noon);
  });

  it.each([
    '2026-01-02T12:00:00Z',
    '2026-01-02T12:00:00.0000000Z',
    '2026-01-02T13:00:00+01:00',
    '2026-01-02T13:00:00+0100',
    '2026-01-02 12:00:00',
    '2026-01-02T12:00Z',
    '2026-01-02T13:00:00+01',
    '2026-01-02T10:30-0130',
    '2026-01-02T12:00:00,000Z',
    '2026-01-02T12:00:00.000000999Z',
    '2026-01-02T12:00:00,000999+00',
    '2026-01-02T11:59:60Z',
    '2026-01-02T24:00:00+12',
    '2026-01-02T24:00+12:00',
  ])('%s is noon UTC', text => {
    expect(isoMillis(text)).toBe(noon);
  });

  it.each([
    '',
    'yesterday',
    '2026',
    '20260102T120000Z',
    '2026-13-40T99:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-04-31T12:00:00+02:00',
    '2026-01-02T12:00:61Z',
    '2026-01-02T12:60:00Z',
    '2026-01-02T24:00:01Z',
    '2026-01-02T24:00:00.001Z',
    '2026-01-02T24:01:00Z',
    '2026-01-02T25:00:00Z',
    '2026-01-02T12:00:00+24',
    '2026-01-02T12:00:00+1',
    '2026-01-02T12:00:00+01:60',
    '2026-01-02T12:00:00.Z',
    '+275760-09-13T00:00:00Z',
  ])('"%s" is no time', text => {
    expect(isoMillis(text)).toBeNaN();
  });

  it('the last midnight of a year and its leap second are the first of the next', () => {
    for (const text of ['2025-12-31T24:00:00Z', '2025-12-31T23:59:60Z', '2025-12-31T18:59:60-05'])
      expect(isoMillis(text)).toBe(Date.UTC(2026, 0, 1));
    expect(isoMillis('2025-12-31T23:59:60,5Z')).toBe(Date.UTC(2026, 0, 1) + 500);
  });

  it('a fraction is cut to milliseconds, of one digit or of nine', () => {
    expect(isoMillis('2026-01-02T12:00:00.5Z')).toBe(noon + 500);
    expect(isoMillis('2026-01-02T12:00:00.123456789Z')).toBe(noon + 123);
  });
});

describe('an account id', () => {
  it.each(['acme', 'a', '...', '.a', 'a.', '..a', 'A=b+c@d:e.~_-', '0'.repeat(128)])('can be %s', text => {
    expect(isAccountId(text)).toBe(true);
  });

  it.each(['', '.', '..', '0'.repeat(129), 'a/b', 'a b', 'acme\n', 'ä', 'a%2e'])('cannot be %j', text => {
    expect(isAccountId(text)).toBe(false);
  });
});

describe('an email id', () => {
  it('has a shape of its own, which the API checks', () => {
    expect(emailIdOf({ provider: 'ses', messageId: 'm1', recipient: 'jane@example.com' })).toMatch(emailIdShape);
    for (const other of ['', 'x'.repeat(21), 'x'.repeat(23), `${'x'.repeat(21)}.`, `${'x'.repeat(22)}\n`]) {
      expect(other).not.toMatch(emailIdShape);
    }
  });
});

describe("an event that an account's own secret proves", () => {
  const event = canonical({ accountId: 'acme' }) as CanonicalEvent;

  it.each([
    ['of that account', { accountId: 'acme', provenFor: 'acme' }, false],
    ['of another account', { accountId: 'globex', provenFor: 'acme' }, true],
    ['of no account', { accountId: undefined, provenFor: 'acme' }, true],
    [
      "of the canary's account, which its own key proves",
      { accountId: canaryAccountId, provenFor: canaryAccountId },
      false,
    ],
    ["of the canary's account, which another secret proves", { accountId: canaryAccountId }, true],
    ["of another account, which the canary's key proves", { accountId: 'acme', provenFor: canaryAccountId }, true],
    ['of any account, if another secret proved it', { accountId: 'acme', provenFor: undefined }, false],
  ])('%s is foreign or not', (_, changes, foreign) => {
    expect(isForeign({ ...event, ...changes })).toBe(foreign);
  });
});
