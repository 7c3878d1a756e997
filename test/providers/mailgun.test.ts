import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { mailgun } from '../../shared/providers/mailgun.ts';
import { context, fixture, parsedBody, parsedFixture, requestOf } from '../fixtures/fixtures.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { itIgnores } from './mapping.ts';

const read = (name: string) => parsedBody('mailgun', fixture('mailgun', name));

describe("Mailgun's events", () => {
  it.each([
    ['accepted', 'enqueued'],
    ['rejected', 'rejected'],
    ['delivered', 'delivered'],
    ['failed.temporary', 'deferred'],
    ['failed.suppress-bounce', 'rejected'],
    ['failed.suppress-unsubscribe', 'rejected'],
    ['failed.suppress-complaint', 'rejected'],
    ['failed.code-605', 'rejected'],
    ['failed.code-606', 'rejected'],
    ['failed.code-607', 'rejected'],
    ['failed.code-625', 'rejected'],
    ['failed.suppressed-with-code', 'rejected'],
    ['failed.old-unknown-user', 'invalid'],
    ['failed.old-unknown-user-without-code', 'invalid'],
    ['failed.no-mx-unknown-user', 'invalid'],
    ['failed.invalid', 'invalid'],
    ['failed.invalid.numbers-as-text', 'invalid'],
    ['failed.unknown-user-without-code', 'invalid'],
    ['failed.no-mx', 'hard_bounced'],
    ['failed.full', 'soft_bounced'],
    ['failed.old', 'soft_bounced'],
    ['failed.could-not-connect', 'soft_bounced'],
    ['failed.policy', 'rejected'],
    ['failed.hard', 'hard_bounced'],
    ['failed.delayed-bounce', 'hard_bounced'],
    ['failed.without-severity', null],
    ['opened.person', 'opened'],
    ['opened.apple', 'opened'],
    ['clicked.person', 'link_clicked'],
    ['clicked.scanner', 'link_clicked'],
    ['complained', 'marked_spam'],
    ['unsubscribed', null],
    ['bracketed-message-id', 'delivered'],
  ])('in the fixture %s have the status %s', (name, status) => {
    const { events, quarantined } = read(name);
    expect(quarantined).toEqual([]);
    expect(events).toMatchObject([
      {
        provider: 'mailgun',
        messageId: '20260102120000.1.ABCDEF@mg.example.com',
        recipient: 'jane@example.com',
        status,
        occurredAt: noon + 500,
        // Mailgun's ids are unique only within a day.
        eventId: 'CPgfbmQMTCKtHW6uIWtuVe@2026-01-02',
        accountId: 'acme',
        reference: 'INV-7',
      },
    ]);
  });

  it.each([
    ['opened.person', 'human'],
    ['opened.apple', 'machine'],
    ['opened.without-client-info', 'unknown'],
    ['clicked.person', 'human'],
    ['clicked.scanner', 'machine'],
    ['delivered', 'unknown'],
  ])('in the fixture %s have the evidence %s', (name, evidence) => {
    expect(read(name).events[0]?.evidence).toBe(evidence);
  });

  it("keep the reason, its code and the server's words", () => {
    expect(read('failed.invalid').events[0]?.reason).toEqual({
      cause: 'unknown_user',
      code: 'bounce 550',
      enhancedCode: '5.1.1',
      text: '5.1.1 The email account that you tried to reach does not exist',
    });
    expect(read('failed.suppress-bounce').events[0]?.reason).toEqual({
      cause: 'suppressed',
      code: 'suppress-bounce 605',
      text: 'Not delivering to previously bounced address',
    });
    expect(read('delivered').events[0]?.subject).toBe('Invoice 7');
  });

  it.each([
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
    ['missing-message', 'missing_message_id'],
    ['missing-fields', 'unexpected_shape'],
  ])('in the fixture %s are quarantined as %s', (name, reason) => {
    expect(read(name)).toMatchObject({ events: [], quarantined: [{ reason }] });
  });

  it('of a message rejected for several recipients make an email of each', () => {
    expect(read('rejected.several-recipients').events.map(({ recipient, status }) => [recipient, status])).toEqual([
      ['jane@example.com', 'rejected'],
      ['joe@example.com', 'rejected'],
      ['mei@example.com', 'rejected'],
    ]);
  });

  it('that name none of several recipients are a note on each, unless they concern the whole message', () => {
    const told = read('failed.hard.several-recipients').events;
    expect(told.map(({ recipient, status, attribution }) => [recipient, status, attribution])).toEqual([
      ['jane@example.com', null, 'ambiguous'],
      ['joe@example.com', null, 'ambiguous'],
    ]);
  });

  it('belong to a registration with the id that the send call returned', () => {
    expect(mailgun.messageIdOf?.('<a@mg.example.com>')).toBe('a@mg.example.com');
  });

  itIgnores('mailgun', 'list_uploaded', 'stored');
});

describe("Mailgun's events in the older form", () => {
  it.each([
    ['delivered.legacy.form', 'delivered'],
    ['delivered.legacy-clashing-variables.form', 'delivered'],
    ['delivered.legacy-twice-the-same.form', 'delivered'],
    ['delivered.legacy-variables-as-fields.form', 'delivered'],
    ['dropped.legacy.form', 'rejected'],
    ['dropped.legacy-old.form', 'soft_bounced'],
    ['bounced.legacy.form', 'invalid'],
    ['bounced.legacy-variables-as-fields.form', 'invalid'],
    ['opened.legacy.form', 'opened'],
    ['opened.legacy-variables-as-fields.form', 'opened'],
    ['clicked.legacy.form', 'link_clicked'],
    ['complained.legacy.form', 'marked_spam'],
    ['complained.legacy-tags.form', 'marked_spam'],
    ['unsubscribed.legacy.form', null],
  ])('in the fixture %s have the status %s', (name, status) => {
    expect(parsedFixture('mailgun', name)).toMatchObject({
      events: [
        {
          messageId: '20260102120000.1.ABCDEF@mg.example.com',
          recipient: 'jane@example.com',
          status,
          occurredAt: noon,
          accountId: 'acme',
          reference: 'INV-7',
        },
      ],
      quarantined: [],
    });
  });

  it("are read and proved by Mailgun's own fields, even if the sender's variables have the same names", () => {
    const key = 'key-for-tests';
    const timestamp = String(noon / 1000);
    const token = 'a'.repeat(50);
    const signature = createHmac('sha256', key).update(`${timestamp}${token}`).digest('hex');
    const form = (before: object, after: object) =>
      requestOf({
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: Buffer.from(`event=delivered&${new URLSearchParams({ ...before })}&${new URLSearchParams({ ...after })}`),
      });
    const own = { timestamp, token, signature };
    const senders = { event: 'opened', timestamp: '1', token: 'mine', signature: 'mine' };
    expect(mailgun.verify(form(senders, own), [key])).toMatchObject([{ value: token }]);
    expect(mailgun.verify(form(own, senders), [key])).toBeTypeOf('string');
    // The recipient is a part of the content that the token proves.
    const noncesOf = (variables: object) => mailgun.verify(form({ ...variables, tag: 'a' }, own), [key]);
    expect(noncesOf({})).toEqual(noncesOf({ event: 'opened' }));
    expect(noncesOf({})).not.toEqual(noncesOf({ recipient: 'jane@example.com' }));
  });

  it("have no fields but Mailgun's own, because any other is a variable of the sender", () => {
    const told = (name: string) => {
      const { subject, reason, clickUrl, userAgent, tags } = parsedFixture('mailgun', name).events[0]!;
      return { subject, reason, clickUrl, userAgent, tags };
    };
    expect(told('bounced.legacy-variables-as-fields.form')).toEqual({
      subject: 'Invoice 7',
      reason: { cause: 'unknown_user', code: '550', enhancedCode: '5.1.1', text: '5.1.1 no such user' },
    });
    expect(told('delivered.legacy-variables-as-fields.form')).toEqual({ subject: 'Invoice 7' });
    expect(told('opened.legacy-variables-as-fields.form')).toEqual({ userAgent: 'Mozilla/5.0' });
    expect(told('clicked.legacy.form')).toEqual({
      subject: undefined,
      clickUrl: 'https://pay.example.com/INV-7',
      userAgent: 'Mozilla/5.0',
    });
    expect(told('dropped.legacy-old.form')).toEqual({
      subject: 'Invoice 7',
      reason: { cause: 'expired', code: 'old 602', text: 'Too old' },
    });
  });

  it('name no account by a variable with two values, also when they are read again out of quarantine', () => {
    const form = fixture('mailgun', 'delivered.legacy-two-accounts.form');
    const [event] = parsedBody('mailgun', form, 'form').events;
    expect(event).toMatchObject({ messageId: '20260102120000.1.ABCDEF@mg.example.com', status: 'delivered' });
    expect(event?.accountId).toBeUndefined();
    expect(event?.reference).toBeUndefined();
    const unreadable = Buffer.from(form.toString().replace('event=delivered', 'event=other'));
    const pieces = parsedBody('mailgun', unreadable, 'form').quarantined.map(({ piece }) => piece);
    const mended = JSON.parse(JSON.stringify(pieces).replace('event=other', 'event=delivered'));
    const again = mailgun.parse({ ...requestOf({ body: Buffer.alloc(0) }), pieces: mended }, context);
    expect(again.events).toEqual([event]);
  });

  it.each([
    ['invalid JSON', 'Invoice 7'],
    ['not a list', '{"Subject": "Invoice 7"}'],
    ['pairs without texts', '[["Subject", {"toString": 7}], [null, "Invoice 7"], 7, null, [{"toString": 7}, "x"]]'],
    ['without a subject', '[["To", "jane@example.com"]]'],
  ])("have no subject if the message's headers are %s", (_, headers) => {
    const fields = { recipient: 'jane@example.com', event: 'delivered', 'Message-Id': '<a@b>', subject: 'Mine' };
    const form = Buffer.from(String(new URLSearchParams({ ...fields, 'message-headers': headers })));
    const { events } = parsedBody('mailgun', form, 'form');
    expect(events).toMatchObject([{ status: 'delivered' }]);
    expect(events[0]?.subject).toBeUndefined();
  });

  it("keep the server's words", () => {
    expect(parsedFixture('mailgun', 'bounced.legacy.form').events[0]?.reason).toEqual({
      cause: 'unknown_user',
      code: '550',
      enhancedCode: '5.1.1',
      text: '5.1.1 The email account that you tried to reach does not exist',
    });
  });
});

it.each(['unknown-event', 'unknown-event.legacy.form', 'missing-fields'])(
  "a quarantined piece of Mailgun's fixture %s has no signature, which would prove any other event as well",
  name => {
    const [kept] = parsedFixture('mailgun', name).quarantined;
    expect(kept?.piece).toBeTruthy();
    expect(JSON.stringify(kept)).not.toMatch(/signature|token|[0-9a-f]{50}/);
  },
);

describe("Mailgun's signature", () => {
  const key = 'key-for-tests';
  const token = 'a'.repeat(50);
  const triple = (changes: object = {}, signWith = key) => {
    const timestamp = String(noon / 1000);
    const signature = createHmac('sha256', signWith).update(`${timestamp}${token}`).digest('hex');
    const body = { signature: { timestamp, token, signature, ...changes }, 'event-data': { event: 'x', timestamp: 1 } };
    return requestOf({ headers: {}, body: Buffer.from(JSON.stringify(body)) });
  };

  it('covers timestamp and token, and nothing else', () => {
    expect(mailgun.verify(triple(), [key])).toMatchObject([{ value: token }]);
    expect(mailgun.verify(triple({ token: 'b'.repeat(50) }), [key])).toBe('wrong_signature');
    expect(mailgun.verify(triple({ timestamp: String(noon / 1000 + 1) }), [key])).toBe('wrong_signature');
  });

  it('becomes wrong if digits move between timestamp and token', () => {
    const timestamp = String(noon / 1000);
    expect(mailgun.verify(triple({ timestamp: timestamp.slice(0, 9), token: `0${'a'.repeat(50)}` }), [key])).toBeTypeOf(
      'string',
    );
  });

  it.each([
    ['in upper case', (hex: string) => hex.toUpperCase()],
    ['if it is truncated', (hex: string) => hex.slice(1)],
    ['with trailing junk', (hex: string) => `${hex}00`],
    ['if it is not hex', () => 'z'.repeat(64)],
    ['if it is empty', () => ''],
  ])('is refused %s', (_, change) => {
    const { signature } = JSON.parse(triple().body.toString()).signature;
    expect(mailgun.verify(triple({ signature: change(signature) }), [key])).toBe('malformed_signature');
  });

  it.each([{ signature: 7 }, { token: null }, { timestamp: noon / 1000 }])(
    'counts as missing if it has the shape %j',
    changes => {
      expect(mailgun.verify(triple(changes), [key])).toBe('missing_signature');
    },
  );

  it("of a sub-account may be the parent account's", () => {
    const { signature } = JSON.parse(triple().body.toString());
    const foreign = JSON.parse(triple({}, 'key of the sub-account').body.toString());
    const both = { ...foreign, 'parent-signature': signature };
    const verify = (body: object) => mailgun.verify(requestOf({ body: Buffer.from(JSON.stringify(body)) }), [key]);
    expect(verify(foreign)).toBe('wrong_signature');
    expect(verify(both)).toMatchObject([{ value: token }]);
    expect(verify({ ...both, 'parent-signature': { ...signature, token: 'other' } })).toBe('wrong_signature');
  });

  it('is not looked for in a body larger than any event', () => {
    const huge = Buffer.concat([triple().body, Buffer.alloc(1024 * 1024, ' ')]);
    expect(mailgun.verify(requestOf({ body: huge }), [key])).toBe('missing_signature');
  });

  it('is never accepted under an empty key', () => {
    expect(mailgun.verify(triple({}, ''), [''])).toBe('no_secret_configured');
    expect(mailgun.verify(triple({}, 'undefined'), [key])).toBe('wrong_signature');
  });

  it('is valid under any key of a rotation', () => {
    const keys = signingKeys('mailgun');
    const request = requestOf(keys.sign(fixture('mailgun', 'delivered'), noon));
    expect(mailgun.verify(request, [key, keys.secret])).toHaveLength(1);
  });
});
