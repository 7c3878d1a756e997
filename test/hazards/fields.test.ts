import type { DynamoDBRecord } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHandler as createAlertHandler } from '../../functions/alert/handler.ts';
import { messageOf } from '../../functions/alert/message.ts';
import { letterOf } from '../../functions/digest/letter.ts';
import { type Alert, kindOf } from '../../shared/alerts/alert.ts';
import { createLedger } from '../../shared/alerts/ledger.ts';
import { createStoredAlerts } from '../../shared/alerts/stored-alerts.ts';
import { emailIdOf, isAccountId, limits } from '../../shared/email/event.ts';
import { decidingEventOf, maxHistoryEvents } from '../../shared/email/history.ts';
import type { Email } from '../../shared/email/item.ts';
import type { ProviderName } from '../../shared/providers/registry.ts';
import { isoText, timeInWords } from '../../shared/runtime/time.ts';
import { causes } from '../../shared/status/causes.ts';
import { fixture } from '../fixtures/fixtures.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { httpEvent, lambdaContext } from '../rigs/http-event.ts';
import { queryFunction, tokenOf } from '../rigs/query-function.ts';
import { type LiveIngest, startLiveIngest } from './live-ingest.ts';

let live: LiveIngest;
beforeAll(async () => {
  live = await startLiveIngest();
});
afterAll(() => live?.stop());
beforeEach(() => live.reset());

const minute = 60_000;

/** An event in our own schema, which takes a text in every field. */
interface Told {
  readonly type?: string;
  readonly timestamp?: string;
  readonly messageId?: string;
  readonly recipient?: string | readonly string[];
  readonly [field: string]: unknown;
}
const appEvent = ({ type = 'email.hard_bounced', timestamp = isoText(noon), ...data }: Told) => ({
  type,
  timestamp,
  data: { messageId: 'message-1', recipient: 'jane@example.com', accountId: 'acme', ...data },
});
const tell = (...told: readonly Told[]) =>
  live.send('app', live.signJson('app', told.length === 1 ? appEvent(told[0]!) : told.map(appEvent)));
const one = async () => {
  const emails = await live.stored();
  expect(emails).toHaveLength(1);
  return emails[0]!;
};
const recipients = async () => (await live.stored()).map(({ recipient }) => recipient);

/** Puts the value into every field with a text from outside. */
const everywhere = (value: string) => ({
  subject: value,
  reason: { code: value, enhancedCode: value, text: value },
  clickUrl: value,
  userAgent: value,
});

describe('texts from outside:', () => {
  it('hazard 73: a text with NUL is recorded without it, and an identifier with NUL is quarantined', async () => {
    expect((await tell(everywhere('in\u0000voice'))).counts).toMatchObject({ recorded: 1 });
    const { subject, events } = await one();
    expect([subject, events[0]]).toMatchObject(['in voice', { reason: { text: 'in voice', code: 'in voice' } }]);
    await live.reset();
    const outcomes = [
      await tell({ recipient: 'ja\u0000ne@example.com' }),
      await tell({ accountId: 'ac\u0000me' }),
      await tell({ reference: 'INV\u00007' }),
    ];
    const reasons = (await live.expectQuarantined(outcomes, 'app')).map(({ reason }) => reason);
    expect(reasons.sort()).toEqual(['unusable_account_id', 'unusable_recipient', 'unusable_reference']);
    // Message ids must stay distinct, but nobody reads them.
    await tell({ messageId: 'message\u0000' }, { messageId: 'message ' });
    expect(new Set((await live.stored()).map(({ messageId }) => messageId)).size).toBe(2);
    expect((await live.stored()).map(({ messageId }) => messageId).join()).not.toContain('\u0000');
  });

  it('hazard 74: a text with a lone surrogate is recorded well-formed', async () => {
    for (const surrogate of ['\\ud800', '\\udc00', '\\udc00\\ud800']) {
      await live.reset();
      const text = JSON.stringify(appEvent(everywhere('in~voice'))).replaceAll('~', surrogate);
      expect((await live.send('app', live.sign('app', Buffer.from(text)))).counts).toMatchObject({ recorded: 1 });
      const { subject, events } = await one();
      const replaced = `in${'\ufffd'.repeat(surrogate.length / 6)}voice`;
      expect([subject, events[0]!.reason!.text, events[0]!.clickUrl]).toEqual([replaced, replaced, replaced]);
    }
    await live.reset();
    const asRecipient = JSON.stringify(appEvent({ recipient: 'ja~ne@example.com' })).replace('~', '\\ud800');
    await live.expectQuarantined(await live.send('app', live.sign('app', Buffer.from(asRecipient))), 'app');
  });

  it('hazard 75: right-to-left overrides and zero-width characters are recorded as they are, and hide nothing in an alert', async () => {
    const disguised = '\u202egnp.7-VNI\u202c \u200bsa\ufefffe\u2066';
    await tell({ subject: disguised, reference: disguised, recipient: 'ja\u202ene@example.com' });
    const email = await one();
    expect(email).toMatchObject({ subject: disguised, reference: disguised, recipient: 'ja\u202ene@example.com' });
    const { subject, people } = await alertOfOne();
    expect(`${subject}${people}`).not.toMatch(/[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/);
    expect(people).toContain('ja\ufffdne@example.com');
  });

  it('hazard 84: ids with our own separators stay different emails', async () => {
    const pairs: readonly (readonly [string, string])[] = [
      ['a|b', 'c@example.com'],
      ['a', 'b|c@example.com'],
      ['a","b', 'c@example.com'],
      ['a', '"b","c"@example.com'],
      ['a~b', 'c@example.com'],
      ['a#b', 'c@example.com'],
      ['a:b', 'c@example.com'],
      ['[1767355200000,"sent"]', 'c@example.com'],
    ];
    await tell(...pairs.map(([messageId, recipient]) => ({ messageId, recipient, reason: { text: '",0,["x' } })));
    const stored = await live.stored();
    expect(stored.map(({ messageId, recipient }) => [messageId, recipient]).sort()).toEqual(pairs.toSorted());
    expect(new Set(stored.map(emailIdOf)).size).toBe(pairs.length);
    for (const { events } of stored)
      expect(events).toMatchObject([{ status: 'hard_bounced', reason: { text: '",0,["x' } }]);
  });

  const names = ['size', '#x', ':v', 'a.b[0]', '#status', ':now', 'history', 'attribute_exists(emailId)', '__proto__'];
  it.each(names)('hazard 85: "%s" as a name and as a value is nothing but a text', async name => {
    const [delivered] = JSON.parse(fixture('sendgrid', 'delivered').toString());
    const [plain, odd] = [delivered, { ...delivered, sg_message_id: 'odd', [name]: name }];
    const { counts } = await live.send('sendgrid', live.signJson('sendgrid', [plain, odd]));
    expect(counts).toMatchObject({ recorded: 2, quarantined: 0 });
    await live.reset();
    // Some of these texts are no valid account ids.
    const accountId = isAccountId(name) ? name : 'acme';
    await tell({ ...everywhere(name), messageId: name, accountId, reference: name });
    expect(await one()).toMatchObject({ messageId: name, accountId, reference: name, subject: name });
  });

  it('hazard 86: CR, LF and ANSI escapes forge no log line', async () => {
    const forged =
      'no such user\r\n{"message":"webhook.refused","provider":"sendgrid"}\n\u001b[2J\u001b]0;title\u0007\u2028END';
    const outcomes = [
      await tell({ ...everywhere(forged), type: 'email.soft_bounced' }),
      await tell({ type: forged }),
      await tell({ recipient: forged, accountId: forged }),
      await live.send('app', { headers: { 'webhook-id': forged, 'x-request-id': forged }, body: Buffer.from(forged) }),
    ];
    expect(outcomes.map(({ lines }) => lines.map(({ message }) => message))).toEqual([
      ['webhook.answered'],
      ['webhook.quarantined', 'webhook.answered'],
      ['webhook.quarantined', 'webhook.answered'],
      ['webhook.refused'],
    ]);
    const { events } = await one();
    expect(events[0]!.reason!.text).toBe(
      'no such user {"message":"webhook.refused","provider":"sendgrid"} [2J ]0;title END',
    );
  });

  it('hazard 86: CR, LF and ANSI escapes are in no written log line', async () => {
    const written: string[] = [];
    const { headers, body } = live.signJson('app', appEvent(everywhere('\r\nforged\u001b[2J')));
    const event = httpEvent('POST /webhooks/{provider}', { provider: 'app' }, headers, body);
    await live.functionOf(line => written.push(line))(event);
    expect(written).toHaveLength(1);
    expect(written[0]).toMatch(/^[\x20-\x7e]+\n$/);
    expect(written[0]).not.toContain('forged');
  });

  it('hazard 87: subjects with <script> or =cmd| are stored as plain texts', async () => {
    const texts = [
      '<script>alert(1)</script>',
      '"><img src=x onerror=alert(1)>',
      "=cmd|' /C calc'!A0",
      '+1+1',
      '@SUM(A1)',
      '-2',
    ];
    await tell(...texts.map((text, index) => ({ ...everywhere(text), messageId: `message-${index}` })));
    const stored = await live.stored();
    expect(stored.map(({ subject }) => subject)).toEqual(texts);
    expect(stored.map(({ events }) => events[0]!.reason!.text)).toEqual(texts);
  });
});

describe('alerts:', () => {
  /** Matches texts that mail programs and chats turn into links. */
  const links = /:\/\/|www\.|evil\.example|\b(?:data|javascript):/;
  const dangerous =
    '<!channel> <https://evil.example|your bank> https://evil.example/?a=1&b=2 &lt;!here&gt; mailto:x@evil.example';

  it('hazard 88: an alert about <!channel>, links and & mentions nobody and has no link', async () => {
    await tell({
      subject: dangerous,
      reference: `<!channel> ${dangerous.slice(0, 80)}`,
      reason: { text: dangerous },
    });
    const { people, machines } = await alertOfOne();
    expect(people).not.toMatch(/[<>]|:\/\/|mailto:/);
    expect(people).not.toMatch(/evil\.example/);
    expect(people).toContain('‹!channel›');
    // An escaped text is not unescaped, and an ampersand stays an ampersand.
    expect(people).toContain('a=1&b=2 &lt;!here&gt;');
    expect(machines.emails).toMatchObject([{ subject: dangerous }]);
  });

  it('hazard 88: a digest about <!channel>, links and & mentions nobody and has no link', async () => {
    const two = [1, 2].map(index => ({
      messageId: `message-${index}`,
      subject: dangerous,
      reason: { text: dangerous },
    }));
    await tell(...two);
    const alerts = await alertsOfAll();
    expect(alerts).toHaveLength(2);
    expect(toldOf(alerts).people).not.toMatch(/[<>]|:\/\/|mailto:|evil\.example/);
  });

  it.each([
    ['a quoted local part', '"see https://evil.example/login"@attacker.example'],
    ['a quoted link scheme', '"data:text/html,x javascript:alert(1) www.evil.example"@attacker.example'],
    ['a path before the @', 'www.evil.example/login@attacker.example'],
  ])('hazard 88: an alert about an address with %s has no link', async (_, recipient) => {
    await tell({ recipient }, { recipient, messageId: 'message-2' });
    const alerts = await alertsOfAll();
    expect(alerts).toHaveLength(2);
    for (const { subject, people, machines } of [toldOf(alerts.slice(0, 1)), toldOf(alerts)]) {
      for (const text of [subject, people]) expect(text).not.toMatch(links);
      expect(machines.emails).toContainEqual(expect.objectContaining({ recipient }));
    }
  });

  it('hazard 88: an address that a mailbox made up, and that the message was not sent to, is marked everywhere', async () => {
    const bounce = JSON.parse(fixture('ses', 'Bounce.Permanent.General.unknown-user').toString());
    const emailAddress = '"see https://evil.example/login"@attacker.example';
    const recipients = [{ ...bounce.bounce.bouncedRecipients[0], emailAddress }, ...bounce.bounce.bouncedRecipients];
    bounce.bounce.bouncedRecipients = recipients;
    await live.send('ses', live.signJson('ses', bounce));
    const alerts = await alertsOfAll();
    const [letter, digest] = [toldOf(alerts.slice(0, 1)), toldOf(alerts)];
    const marked = 'The message was not sent to this address';
    expect(letter.people).toContain(marked);
    const lines = digest.people.split('\n').filter(line => line.includes(marked));
    expect(lines).toEqual([expect.stringContaining('attacker.example')]);
    for (const { subject, people, machines } of [letter, digest]) {
      expect(`${subject}${people}`).not.toMatch(links);
      const named = machines.emails.filter(({ caveats }: Alert) => caveats.includes('not_addressed'));
      expect(named).toEqual([expect.objectContaining({ recipient: emailAddress })]);
    }
  });

  it('hazard 89: CRLF in the values of its header leaves one printable line', async () => {
    await tell({ recipient: '"jane\tdoe"@example.com', subject: 'Invoice\r\nBcc: all@example.com' });
    await tell({ recipient: 'bücher@example.com' });
    // Such values are refused on arrival, and would not get out either.
    const [alert] = await alertsOfAll();
    const evil = { ...alert!, recipient: 'jane@example.com\r\nBcc: all@example.com', accountId: 'acme\r\n\r\n<html>' };
    const odd = { ...alert!, accountId: 'a\u00a0c' };
    for (const { subject, people } of [alert!, evil, odd].map(each => toldOf([each]))) {
      expect(subject).toMatch(/^[\x20-\x7e]{1,99}$/);
      expect(people).not.toContain('\r');
      expect(people).not.toMatch(/^Bcc:/m);
    }
  });
});

describe('recipients:', () => {
  it('hazard 76: a recipient of 1 MB is quarantined as a whole', async () => {
    const recipient = `${'x'.repeat(1024 * 1024)}@example.com`;
    const kept = await live.expectQuarantined(await tell({ recipient }), 'app', 'unusable_recipient');
    const whole = Buffer.concat(
      kept
        .filter(message => 'base64' in message)
        .sort((a, b) => a.part - b.part)
        .map(({ base64 }) => Buffer.from(base64, 'base64')),
    );
    expect(JSON.parse(whole.toString()).data.recipient).toBe(recipient);
  });

  it('hazard 76: six texts of 160 KB beside a recipient are cut to their limits', async () => {
    expect((await tell(everywhere('ä'.repeat(80_000)))).counts).toMatchObject({ recorded: 1 });
    const { subject, events } = await one();
    expect(Buffer.byteLength(subject!)).toBeLessThanOrEqual(limits.subject);
    expect(subject).toMatch(/^ä+$/);
    expect(Buffer.byteLength(events[0]!.reason!.text!)).toBeLessThanOrEqual(limits.text);
  });

  it.each([
    ['hazard 77: a recipient with a display name', 'Jane Doe <Jane@Example.com>', 'jane@example.com'],
    [
      'hazard 77: a recipient with a display name that looks like an address',
      '"evil@example.org" <jane@example.com>',
      'jane@example.com',
    ],
    ['hazard 78: a recipient with a quoted local part', '"jane doe"@example.com', '"jane doe"@example.com'],
    ['hazard 78: a recipient with an @ in a quoted local part', '"jane@work"@example.com', '"jane@work"@example.com'],
    ['hazard 78: a recipient with a quoted local part that needs no quotes', '"jane"@example.com', 'jane@example.com'],
    ['hazard 79: an internationalised domain in mixed case', 'Jane@BÜCHER.Example', 'jane@xn--bcher-kva.example'],
    [
      'hazard 79: an internationalised domain in decomposed letters',
      'jane@bu\u0308cher.example',
      'jane@xn--bcher-kva.example',
    ],
    [
      'hazard 79: an internationalised domain with the root dot and other full stops',
      'jane@bücher\u3002example\uff61',
      'jane@xn--bcher-kva.example',
    ],
    [
      'hazard 79: a pasted address with invisible characters',
      '\ufeffjane@bü\u200bcher.example\u00a0',
      'jane@xn--bcher-kva.example',
    ],
    [
      'hazard 79: a mailto link with a comment',
      'mailto:jane@(our shop (the new one))bücher.example',
      'jane@xn--bcher-kva.example',
    ],
    ['hazard 79: an internationalised domain in ASCII', 'jane@XN--Bcher-Kva.example', 'jane@xn--bcher-kva.example'],
    ['hazard 80: a recipient with a plus tag', 'jane+invoices@example.com', 'jane+invoices@example.com'],
  ])('%s, %s, is stored as %s', async (_, recipient, stored) => {
    expect((await tell({ recipient })).counts).toMatchObject({ recorded: 1 });
    expect(await recipients()).toEqual([stored]);
    // Another spelling of the same address belongs to the same email.
    await tell({ recipient: recipient.toUpperCase(), type: 'email.sent' });
    expect(await recipients()).toEqual([stored]);
  });

  it('hazard 79: a recipient that sender and provider spell differently is one bounced email of the account', async () => {
    const registered = appEvent({
      type: 'email.enqueued',
      provider: 'postmark',
      messageId: 'idn-1',
      recipient: 'info@müller.de',
      reference: 'INV-IDN',
    });
    await live.send('app', live.signJson('app', registered));
    const bounce = JSON.parse(fixture('postmark', 'Bounce.HardBounce.unknown-user').toString());
    await live.send(
      'postmark',
      live.signJson('postmark', { ...bounce, MessageID: 'idn-1', Email: 'info@xn--mller-kva.de', Metadata: {} }),
    );
    expect(await one()).toMatchObject({
      recipient: 'info@xn--mller-kva.de',
      accountId: 'acme',
      reference: 'INV-IDN',
      verdict: { status: 'invalid' },
    });
    const { people, machines } = await alertOfOne();
    expect(people).toContain('Recipient:   info@müller.de\nAccount:     acme\n');
    expect(machines).toMatchObject({ accountId: 'acme', emails: [{ recipient: 'info@müller.de' }] });
  });

  it.each<[ProviderName, string]>([
    ['ses', 'Bounce.Permanent.General.unknown-user'],
    ['zeptomail', 'hardbounce'],
  ])(
    'hazard 79: an address that %s names in one spelling and lists in another counts as addressed',
    async (name, fixtureName) => {
      const text = fixture(name, fixtureName).toString();
      // One of the two is the message's recipient, and the other the event's.
      expect(text.split('jane@example.com').length).toBeGreaterThan(2);
      const spelled = text
        .replace('jane@example.com', 'jane@müller.de')
        .replaceAll('jane@example.com', 'Jane@xn--mller-kva.de.');
      const { counts } = await live.send(name, live.sign(name, Buffer.from(spelled)));
      expect(counts).toMatchObject({ quarantined: 0 });
      const { recipient, events } = await one();
      expect([recipient, events[0]!.attribution]).toEqual(['jane@xn--mller-kva.de', undefined]);
    },
  );

  it('hazard 80: an address with a plus tag is another recipient than the one without', async () => {
    await tell({ recipient: ['jane@example.com', 'jane+invoices@example.com'] });
    expect(await recipients()).toEqual(['jane+invoices@example.com', 'jane@example.com']);
  });

  it.each<[ProviderName, string]>([
    ['ses', 'Send.several-recipients'],
    ['ses', 'Bounce.several-recipients'],
    ['resend', 'email.sent.several-recipients'],
    ['usesend', 'email.queued.several-recipients'],
    ['zeptomail', 'open.several-recipients'],
    ['app', 'several-recipients'],
  ])('hazard 81: several recipients of %s, %s, are an email each', async (name, fixtureName) => {
    const { status, counts } = await live.send(name, live.sign(name, fixture(name, fixtureName)));
    expect(status).toBe(200);
    const stored = await recipients();
    expect(stored.length).toBeGreaterThan(1);
    expect(new Set(stored).size).toBe(stored.length);
    expect(counts.recorded).toBe(stored.length);
  });

  it.each([
    'jane@example.com, omar@example.com',
    'jane@example.com;omar@example.com',
    'jane@example.com omar@example.com',
  ])('hazard 81: several addresses in one text, %s, are quarantined, and none is guessed', async recipient => {
    await live.expectQuarantined(await tell({ recipient }), 'app', 'unusable_recipient');
  });

  it('hazard 82: an empty recipient is quarantined', async () => {
    const outcomes = [];
    for (const recipient of ['', ' ', '\t', '\u00a0']) outcomes.push(await tell({ recipient }));
    await live.expectQuarantined(outcomes, 'app', 'missing_recipient');
    const nobody = [
      await tell({ recipient: '<>' }),
      await tell({ recipient: 'Jane <>' }),
      await tell({ recipient: '@' }),
    ];
    await live.expectQuarantined(nobody, 'app', 'unusable_recipient');
    await live.expectQuarantined(await tell({ recipient: [] }), 'app', 'unexpected_shape');
  });
});

describe('long values:', () => {
  it('hazard 83: an event with long keys is recorded without them', async () => {
    const [delivered] = JSON.parse(fixture('sendgrid', 'delivered').toString());
    const event = { ...delivered, ['k'.repeat(100_000)]: 'v', unique_args: { ['k'.repeat(100_000)]: 'v' } };
    expect((await live.send('sendgrid', live.signJson('sendgrid', [event]))).counts).toMatchObject({ recorded: 1 });
    expect(await itemBytes()).toBeLessThan(1_024);
  });

  it('hazard 83: long identifiers are quarantined, because a cut one could be somebody else’s', async () => {
    const outcomes = [await tell({ accountId: 'x'.repeat(129) }), await tell({ reference: 'x'.repeat(257) })];
    await live.expectQuarantined(outcomes, 'app');
    const long = 'x'.repeat(1_000);
    await tell({ messageId: `${long}1` }, { messageId: `${long}2` });
    expect(await live.stored()).toHaveLength(2);
  });

  it('hazard 90: a history of the longest events is complete and stays below 400 KB', async () => {
    await grow(maxHistoryEvents);
    const { events } = await one();
    expect(events).toHaveLength(maxHistoryEvents);
    expect(await itemBytes()).toBeLessThan(400 * 1024);
  });

  it('hazard 90: events without room in an item of 400 KB are quarantined, and the status still changes', async () => {
    const counts = await grow(400);
    expect(await itemBytes()).toBeGreaterThan(390 * 1024);
    expect(await itemBytes()).toBeLessThanOrEqual(400 * 1024 - roomForMarks);
    // The last batch has too little room, and as many of its events as fit are recorded.
    expect(counts.quarantined).toBeGreaterThan(0);
    expect(counts.quarantined).toBeLessThan(batchSize);
    expect(await live.kept()).toContainEqual(expect.objectContaining({ provider: 'app', reason: 'item_full' }));
    expect((await tell({ type: 'email.marked_spam' })).counts).toMatchObject({ recorded: 1 });
    expect(await one()).toMatchObject({ verdict: { status: 'marked_spam' } });
  });

  it('hazard 90: a bounce and a complaint are recorded and alerted even in an item full of soft bounces', async () => {
    await grow(400);
    await live.kept();
    const [bounce, complaint] = ['email.hard_bounced', 'email.marked_spam'].map(type => ({ ...longest(0), type }));
    for (const [told, kind] of [
      [bounce!, 'hard_bounce'],
      [complaint!, 'spam'],
    ] as const) {
      const { emailId } = await one();
      const before = await live.emails.image(emailId);
      // The event has no room for its texts. When it comes again, it is a duplicate.
      expect((await tell(told)).counts).toMatchObject({ recorded: 1, quarantined: 0 });
      expect((await tell(told)).counts).toMatchObject({ recorded: 0, duplicate: 1, quarantined: 0 });
      const { verdict, events } = await one();
      expect(`email.${verdict?.status}`).toBe(told.type);
      const deciding = decidingEventOf(verdict, events)?.reason;
      expect(deciding?.code).toContain('0xxx');
      expect(deciding).not.toHaveProperty('text');
      expect(await alertedOf(emailId, before)).toEqual([kind]);
    }
    const image = await live.emails.image((await one()).emailId);
    expect(image).toMatchObject({ status: { S: 'marked_spam' }, attentionAt: {}, attentionDay: {} });
    expect(await itemBytes()).toBeLessThanOrEqual(400 * 1024);
  });

  it('hazard 90: API, export and alert show the cause even if the item has no room for the event that decides', async () => {
    await grow(400);
    await live.kept();
    const soft = (index: number) => ({ ...longest(0), timestamp: isoText(noon + (index + 1) * 1_000) });
    let index = 0;
    while ((await tell(soft(index))).counts.recorded === 1) index += 1;
    expect(index).toBeGreaterThan(1);
    const reason = { code: 'x'.repeat(limits.code), text: '550 5.2.1 The account is disabled' };
    const bounce = { ...soft(0), type: 'email.hard_bounced', reason };
    expect((await tell(bounce)).counts).toMatchObject({ recorded: 0, quarantined: 1 });
    const { emailId, verdict, events } = await one();
    expect(verdict).toMatchObject({ status: 'hard_bounced' });
    expect(decidingEventOf(verdict, events)).toBeNull();

    const { label, whatToDo } = causes.disabled_account;
    const why = `Your application reported Hard Bounced at ${timeInWords(Date.parse(bounce.timestamp))}: ${label}`;
    const call = queryFunction(live.emails);
    const acme = { path: { accountId: 'acme', emailId }, token: tokenOf('acme') };
    const { json } = await call('GET /accounts/{accountId}/emails/{emailId}', acme);
    expect(json).toMatchObject({
      cause: 'disabled_account',
      whatToDo,
      because: {
        eventId: verdict!.statusEventId,
        at: bounce.timestamp,
        providerEvent: null,
        evidence: 'unknown',
        cause: 'disabled_account',
        causeLabel: label,
        text: why,
      },
    });
    const listed = await call('GET /accounts/{accountId}/attention-list', { ...acme, query: 'format=jsonl' });
    expect(JSON.parse(listed.text!)).toMatchObject({ cause: 'disabled_account', causeLabel: label, why, whatToDo });
    const { people, machines } = await alertOfOne();
    expect(people).toContain(`\nWhy:         ${label}\nWhat to do:  ${whatToDo}\n`);
    expect(machines).toMatchObject({
      causes: [{ id: 'disabled_account' }],
      emails: [{ cause: 'disabled_account', reason: null }],
    });
  });

  it('hazard 90: an item keeps at most 100 clicks that name nobody, and a bounce and a complaint are recorded and alerted', async () => {
    const people = ['a@example.com', 'b@example.com'];
    const clicks = 150;
    let dropped = 0;
    for (let index = 0; index < clicks; index += 1) {
      const { status, counts } = await sesEvent('Click', people, {
        click: {
          timestamp: isoText(noon + index * 1_000),
          userAgent: 'U'.repeat(250),
          link: `https://example.com/${'l'.repeat(450)}${index}`,
        },
      });
      expect(status).toBe(200);
      dropped += counts.dropped!;
    }
    expect(dropped).toBe((clicks - maxHistoryEvents) * people.length);
    for (let index = 0; index < 5; index += 1) {
      const subscription = { contactList: 'all', timestamp: isoText(noon + (clicks + index) * 1_000) };
      await sesEvent('Subscription', people.slice(0, 1), { subscription });
    }
    expect((await live.stored()).map(({ events }) => events.length)).toEqual([maxHistoryEvents, maxHistoryEvents]);

    const [{ emailId }] = (await live.stored()) as [Email];
    const before = await live.emails.image(emailId);
    const at = { timestamp: isoText(noon), feedbackId: 'feedback-1' };
    const bounced = {
      bounceType: 'Permanent',
      bounceSubType: 'General',
      bouncedRecipients: [{ emailAddress: people[0] }],
    };
    const bounce = await sesEvent('Bounce', people, { bounce: { ...at, ...bounced } });
    expect(bounce.counts).toMatchObject({ recorded: 1, quarantined: 0 });
    expect(await alertedOf(emailId, before)).toEqual(['hard_bounce']);
    const bouncedImage = await live.emails.image(emailId);
    const complainedRecipients = [{ emailAddress: people[0] }];
    const complaint = await sesEvent('Complaint', people, {
      complaint: { ...at, feedbackId: 'f2', complainedRecipients },
    });
    expect(complaint.counts).toMatchObject({ recorded: 1, quarantined: 0 });
    expect(await alertedOf(emailId, bouncedImage)).toEqual(['spam']);
    expect((await live.stored()).map(({ verdict }) => verdict?.status ?? null)).toEqual(['marked_spam', null]);
  });

  /** The bytes of an item that stay free for later marks, however long its history is. */
  const roomForMarks = 1_024;

  const sesEvent = (eventType: string, destination: readonly string[], told: object) =>
    live.send(
      'ses',
      live.signJson('ses', {
        eventType,
        mail: {
          messageId: 'message-1',
          destination,
          timestamp: isoText(noon),
          tags: { account_id: ['acme'] },
        },
        ...told,
      }),
    );

  /** The kinds of alerts that the alert function sends for an email's change in the stream. */
  async function alertedOf(emailId: string, before: unknown): Promise<string[]> {
    const told: string[] = [];
    const alert = createAlertHandler({
      ledger: createLedger(live.emails.client, live.emails.guardTableName, 'machines', Date.now),
      alertsOf: createStoredAlerts(live.emails.client, live.emails.tableName, () => noon),
      publish: async ({ body }) => void told.push(...JSON.parse(body).emails.map(() => JSON.parse(body).kind)),
      forward: async () => {},
      emailPageUrl: '',
      log: () => {},
    });
    const dynamodb = { SequenceNumber: '1', OldImage: before, NewImage: await live.emails.image(emailId) };
    const Records = [{ eventName: 'MODIFY', dynamodb }] as DynamoDBRecord[];
    expect(await alert({ Records }, lambdaContext)).toEqual({ batchItemFailures: [] });
    expect(await alert({ Records }, lambdaContext)).toEqual({ batchItemFailures: [] });
    return told;
  }

  const longest = (index: number) => ({
    ...everywhere(`${index}${'x'.repeat(2_000)}`),
    type: 'email.soft_bounced',
    timestamp: isoText(noon - index * minute),
  });

  const batchSize = 19;

  /** Sends so many events of one email, or as many as there is room for. */
  async function grow(events: number) {
    const total = { recorded: 0, quarantined: 0 };
    for (let index = 0; index < events && total.quarantined === 0; index += batchSize) {
      const batch = Array.from({ length: Math.min(batchSize, events - index) }, (_, more) => longest(index + more));
      const { status, counts } = await tell(...batch);
      expect(status).toBe(200);
      total.recorded += counts.recorded!;
      total.quarantined += counts.quarantined!;
    }
    return total;
  }

  async function itemBytes(): Promise<number> {
    const { emailId } = await one();
    const image = (await live.emails.image(emailId)) as Record<string, { S?: string; N?: string; SS?: string[] }>;
    const texts = Object.entries(image).flatMap(([name, { S = '', N = '', SS = [] }]) => [name, S, N, ...SS]);
    return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  }
});

describe('times:', () => {
  it.each([
    '0000-01-01T00:00:00Z',
    '+275760-09-13T00:00:00Z',
    '-000001-01-01T00:00:00Z',
    '1999-12-31T23:59:59Z',
    '2026-02-30T12:00:00Z',
    'yesterday',
    '',
  ])('hazard 91: an implausible time, %j, is quarantined', async timestamp => {
    await live.expectQuarantined(await tell({ timestamp }), 'app', 'unreadable_time');
  });

  it('hazard 91: a number in the year 275760 is recorded at the time of arrival', async () => {
    const [delivered] = JSON.parse(fixture('sendgrid', 'delivered').toString());
    await live.send('sendgrid', live.signJson('sendgrid', [{ ...delivered, timestamp: 8.64e15 * 1_000 }]));
    expect(await one()).toMatchObject({ verdict: { statusAt: noon } });
  });

  it.each(['2026-01-02T12:00:00', '2026-01-02 12:00:00', '2026-01-02T12:00:00Z', '2026-01-02T14:00:00+02:00'])(
    'hazard 91: a time without a zone is UTC, as in %s',
    async timestamp => {
      await tell({ timestamp });
      expect(await one()).toMatchObject({ verdict: { statusAt: noon } });
    },
  );

  it('hazard 91: seconds, milliseconds and microseconds in one batch are the same time', async () => {
    const [delivered] = JSON.parse(fixture('sendgrid', 'delivered').toString());
    const units = [noon / 1_000, noon, noon * 1_000, String(noon / 1_000), String(noon), String(noon * 1_000)];
    const events = units.map((timestamp, index) => ({ ...delivered, timestamp, sg_message_id: `message-${index}` }));
    await live.send('sendgrid', live.signJson('sendgrid', events));
    expect((await live.stored()).map(({ verdict }) => verdict?.statusAt)).toEqual(units.map(() => noon));
  });

  it('hazard 92: a time ten years ahead does not freeze the status', async () => {
    const tenYears = isoText(Date.UTC(2036, 0, 2, 12));
    await tell({ type: 'email.deferred', timestamp: tenYears });
    expect(await one()).toMatchObject({
      verdict: { status: 'deferred', statusAt: noon },
      events: [{ providerTime: Date.UTC(2036, 0, 2, 12) }],
    });
    const later = noon + 60 * minute;
    const signed = live.signJson('app', appEvent({ type: 'email.soft_bounced', timestamp: isoText(later) }), later);
    await live.send('app', signed, { receivedAt: later });
    expect(await one()).toMatchObject({ verdict: { status: 'soft_bounced', statusAt: later } });
    // The event is a duplicate when it comes again.
    const again = live.signJson('app', appEvent({ type: 'email.deferred', timestamp: tenYears }), later);
    expect((await live.send('app', again, { receivedAt: later })).counts).toMatchObject({ recorded: 0, duplicate: 1 });
  });
});

/** The alert of every email in the table that asks for one. */
async function alertsOfAll() {
  const keys = (await live.stored()).flatMap(({ emailId, verdict }) => {
    const kind = kindOf(verdict?.status);
    return kind === null ? [] : [{ emailId, kind }];
  });
  return createStoredAlerts(live.emails.client, live.emails.tableName, () => noon)(keys);
}

/** The alerts as people and machines read them. */
function toldOf(alerts: readonly Alert[]) {
  const { subject, body } = letterOf('id-1', alerts, { emailPageUrl: '', apiUrl: 'api' });
  return { subject, people: body, machines: JSON.parse(messageOf('id-1', alerts, '').body) };
}

async function alertOfOne() {
  return toldOf((await alertsOfAll()).slice(0, 1));
}
