import { describe, expect, it } from 'vitest';
import type { ProviderName } from '../../../shared/providers/registry.ts';
import { fixture, parsedBody } from '../../fixtures/fixtures.ts';

type Pairs = readonly (readonly [name: string, value: string])[];

/** The body of a fixture with `value` in place of what is at `path`. */
function withValue(provider: ProviderName, name: string, path: string, value: unknown): Buffer {
  const body = JSON.parse(fixture(provider, name).toString());
  const keys = path.split('/');
  const parent = keys.slice(0, -1).reduce((object, key) => object[key], body);
  parent[keys.at(-1)!] = value;
  return Buffer.from(JSON.stringify(body));
}

function elasticEmail(postback: string): Buffer {
  const fields = new URLSearchParams(fixture('elasticemail', 'Sent.form').toString());
  fields.set('postback', postback);
  return Buffer.from(fields.toString());
}

const inTexts = {
  'brevo: X-Mailin-custom': text => withValue('brevo', 'delivered', 'X-Mailin-custom', text),
  'mailjet: CustomID': text => withValue('mailjet', 'sent.custom-id', 'CustomID', text),
  'mailjet: Payload': text => withValue('mailjet', 'sent', 'Payload', text),
  'zeptomail: client_reference': text =>
    withValue('zeptomail', 'delivered', 'event_message/0/email_info/client_reference', text),
  'elasticemail: postback': elasticEmail,
} as const satisfies Record<string, (text: string) => Buffer>;

const forms = {
  'names and values': pairs => pairs.map(pair => pair.join(':')).join('|'),
  JSON: pairs => `{${pairs.map(pair => pair.map(text => JSON.stringify(text)).join(':')).join(',')}}`,
} as const satisfies Record<string, (pairs: Pairs) => string>;

const inLists = {
  'mailersend: tags': pairs =>
    withValue(
      'mailersend',
      'activity.delivered',
      'data/tags',
      pairs.map(pair => pair.join(':')),
    ),
  'resend: tags as a list': pairs =>
    withValue(
      'resend',
      'email.delivered',
      'data/tags',
      pairs.map(([name, value]) => ({ name, value })),
    ),
  'ses: message tags': pairs => {
    const byName = [...Map.groupBy(pairs, ([name]) => name)];
    return withValue(
      'ses',
      'Delivery',
      'mail/tags',
      Object.fromEntries(byName.map(([name, ofName]) => [name, ofName.map(([, value]) => value)])),
    );
  },
  'scaleway: headers': pairs =>
    withValue(
      'scaleway',
      'email_delivered',
      'email_headers',
      pairs.map(([name, value]) => ({ key: `X-${name.replace('_', '-')}`, value })),
    ),
} as const satisfies Record<string, (pairs: Pairs) => Buffer>;

/** Every place in which one name can stand twice. */
const places: readonly (readonly [string, (pairs: Pairs) => Buffer])[] = [
  ...Object.entries(inTexts).flatMap(([place, body]) =>
    Object.entries(forms).map(([form, text]) => [`${place}, ${form}`, (pairs: Pairs) => body(text(pairs))] as const),
  ),
  ...Object.entries(inLists),
];

function idsIn(place: string, body: Buffer) {
  const provider = place.split(':')[0] as ProviderName;
  const { events, quarantined } = parsedBody(provider, body, provider === 'elasticemail' ? 'form' : 'json');
  expect(quarantined).toEqual([]);
  const { accountId, reference } = events[0]!;
  return { accountId, reference };
}

describe.each(places)('%s', (place, bodyWith) => {
  const idsOf = (...pairs: Pairs) => idsIn(place, bodyWith(pairs));

  it('names an account and a reference', () => {
    expect(idsOf(['account_id', 'acme'], ['reference', 'INV-7'])).toEqual({ accountId: 'acme', reference: 'INV-7' });
  });

  it.each([
    ['acme', 'victim'],
    ['victim', 'acme'],
  ])('names no account where it names %s and %s', (one, other) => {
    expect(idsOf(['account_id', one], ['reference', 'INV-7'], ['account_id', other])).toEqual({ reference: 'INV-7' });
  });

  it('has no reference where it has two', () => {
    expect(idsOf(['reference', 'INV-7'], ['account_id', 'acme'], ['reference', 'INV-8'])).toEqual({
      accountId: 'acme',
    });
  });

  it('is no plain reference where it names two accounts and nothing else', () => {
    expect(idsOf(['account_id', 'acme'], ['account_id', 'victim'])).toEqual({});
  });
});

describe('a tag is one pair', () => {
  it.each([
    'newsletter|account_id:victim',
    'reference:a|account_id:victim',
    '{"account_id":"victim"}',
    ' | account_id:victim',
  ])('%j names no account', tag => {
    for (const tags of [
      [tag, 'account_id:acme'],
      ['account_id:acme', tag],
    ]) {
      const flat = withValue('mailersend', 'activity.delivered', 'data/tags', tags);
      const nested = withValue('mailersend', 'activity.delivered.nested', 'data/email/tags', tags);
      expect(idsIn('mailersend', flat).accountId).toBe('acme');
      expect(idsIn('mailersend', nested).accountId).toBe('acme');
    }
  });
});

describe('JSON inside a text', () => {
  const accountIn = (text: string) => idsIn('brevo', inTexts['brevo: X-Mailin-custom'](text)).accountId;

  it.each([
    '{"account_id":"acme","account\\u005fid":"victim"}',
    '{"account_id" : "acme", "account_id"\n:\n"victim"}',
    '{"account_id":null,"account_id":"victim"}',
    '{"account_id":{"a":"b"},"account_id":"victim"}',
  ])('%j names an account twice: nobody', text => {
    expect(accountIn(text)).toBeUndefined();
  });

  it.each([
    '{"account_id":"acme","of":{"account_id":"victim"},"in":[{"account_id":"victim"}]}',
    '{"account_id":"acme","note":"\\"account_id\\":\\"victim\\",","account_id2":"victim"}',
  ])('%j names it once', text => {
    expect(accountIn(text)).toBe('acme');
  });
});

it('Mailjet: an account in CustomID and another in the payload name nobody; the same one is named', () => {
  const idsOf = (payload: string, customId: string) => {
    const event = JSON.parse(inTexts['mailjet: Payload'](payload).toString());
    return idsIn('mailjet', Buffer.from(JSON.stringify({ ...event, CustomID: customId })));
  };
  expect(idsOf('{"account_id":"acme"}', 'account_id:victim')).toEqual({});
  expect(idsOf('{"account_id":"acme","account_id":"victim"}', 'account_id:acme')).toEqual({});
  expect(idsOf('{"account_id":"acme"}', 'account_id:acme')).toEqual({ accountId: 'acme' });
  expect(idsOf('{"account_id":"acme"}', 'INV-7')).toEqual({ accountId: 'acme', reference: 'INV-7' });
});

it('Postmark: a name in two letter cases, with two values, names nobody', () => {
  const idsOf = (metadata: object) => idsIn('postmark', withValue('postmark', 'Delivery', 'Metadata', metadata));
  expect(idsOf({ Account_ID: 'acme', REFERENCE: 'INV-7' })).toEqual({ accountId: 'acme', reference: 'INV-7' });
  expect(idsOf({ account_id: 'acme', Account_Id: 'victim' })).toEqual({});
});
