import { describe, expect, it } from 'vitest';
import { emailIdOf } from '../../shared/email/event.ts';
import { nearestName } from '../../shared/providers/parsing/nearest-name.ts';
import { createReadingContext } from '../../shared/providers/parsing/reading-context.ts';
import type { Provider } from '../../shared/providers/provider.ts';
import { type ProviderName, providers } from '../../shared/providers/registry.ts';
import { context, fixture, fixtureNames, parsedBody, parsedFixture, requestOf } from '../fixtures/fixtures.ts';
import { providerNames } from '../fixtures/signing.ts';

function registrationOf(provider: string, messageId: string, recipient = 'jane@example.com') {
  const data = { provider, messageId, recipient, accountId: 'acme' };
  return Buffer.from(JSON.stringify({ type: 'email.enqueued', timestamp: '2026-01-02T12:00:00Z', data }));
}

/** The id of the email that a registration is about. */
function registered(provider: ProviderName, messageId: string, recipient?: string): string {
  const { events, quarantined } = parsedBody('app', registrationOf(provider, messageId, recipient));
  expect(quarantined).toEqual([]);
  return emailIdOf(events[0]!);
}

/** The id of the email that a provider's event is about, with `id` in place of its message id. */
function reported(provider: ProviderName, fixtureName: string, id: string): string {
  const text = fixture(provider, fixtureName).toString();
  const [event] = parsedBody(provider, Buffer.from(text)).events;
  const isIn = (known: string) => text.includes(`"${known}"`);
  const known = [event!.messageId, event!.messageId.toUpperCase(), /"sg_message_id": ?"([^"]+)"/.exec(text)?.[1] ?? ''];
  const { events } = parsedBody(provider, Buffer.from(text.replaceAll(`"${known.find(isIn)}"`, JSON.stringify(id))));
  return emailIdOf(events[0]!);
}

describe('an event belongs to the same email as its registration', () => {
  it.each(providerNames)("of %s with the event's own message id", name => {
    for (const fixtureName of fixtureNames(name)) {
      for (const event of parsedFixture(name, fixtureName).events) {
        const emailId = registered(event.provider as ProviderName, event.messageId, event.recipient);
        expect(emailId).toBe(emailIdOf(event));
      }
    }
  });

  const older = '14c5d75ce93.dfd.64b469';
  const newer = 'ML2c9GNMTaS2AK4FmtjZjQ';

  it.each([
    [older, older],
    [`${older}.filter0001.16648.5515E0B88.0`, older],
    [`${older}.recvd-7f8b-abc-1-5E0B88-12.0`, older],
    [`${older}.something-0001.5515E0B88.0`, older],
    [`${older}.filter0001.16648.5515E0B88.0`, `${older}.filter0001.16648.5515E0B88.0`],
    ['14c5d75ce93.filter0001.16648.5515E0B88.0', '14c5d75ce93'],
    [newer, newer],
    [`${newer}.recvd-canary-5556bc7dd9-rnbjr-1-5E0B88-12.0`, newer],
    [`${newer}.something-new-5556bc7dd9.0`, newer],
    [`${newer}.recvd-5556bc7dd9`, ` ${newer} `],
  ])('of SendGrid if the event has the id %s and the registration %s', (id, registration) => {
    expect(reported('sendgrid', 'delivered', id)).toBe(registered('sendgrid', registration));
  });

  it('of SendGrid only if their ids are equal', () => {
    expect(registered('sendgrid', '14c5d75ce93.dfd.64b469')).not.toBe(registered('sendgrid', '14c5d75ce93.dfd.64b470'));
    expect(registered('sendgrid', newer)).not.toBe(registered('sendgrid', newer.toLowerCase()));
  });

  const ofSes = '0102018c1f2e3d4c-00000000-1111-2222-3333-444444444444-000000';

  it.each([
    ofSes,
    `<${ofSes}@eu-west-1.amazonses.com>`,
    `<${ofSes}@email.amazonses.com>`,
    `${ofSes}@us-gov-west-1.amazonses.com`,
    ` <${ofSes}@email.amazonses.com> `,
  ])('of Amazon SES with the id %s', registration => {
    expect(registered('ses', registration)).toBe(reported('ses', 'Delivery', ofSes));
  });

  it("of Amazon SES only if the id has one of SES's own hosts", () => {
    const other = registered('ses', `<${ofSes}@mail.example.com>`);
    expect(other).not.toBe(registered('ses', ofSes));
    expect(registered('ses', `${ofSes}@amazonses.com.example.com`)).not.toBe(registered('ses', ofSes));
  });

  const guid = '00aa00bb-11cc-22dd-33ee-44ff55aa66bb';

  it.each([
    ['azure', 'EmailDeliveryReportReceived.Delivered'],
    ['postmark', 'Delivery'],
    ['resend', 'email.delivered'],
    ['mailtrap', 'delivery'],
    ['scaleway', 'email_delivered'],
  ] as const)('of %s with a GUID in either letter case', (name, prefix) => {
    const fixtureName = fixtureNames(name).find(candidate => candidate.endsWith(prefix))!;
    expect(reported(name, fixtureName, guid)).toBe(registered(name, guid.toUpperCase()));
    expect(reported(name, fixtureName, guid.toUpperCase())).toBe(registered(name, guid));
  });

  it('of another provider only with the id in the same letter case', () => {
    expect(registered('mailersend', 'AbCd')).not.toBe(registered('mailersend', 'abcd'));
  });
});

describe('the adapter', () => {
  it.each(providerNames)('of %s normalises an id to one form, which it leaves unchanged', name => {
    const { messageIdOf = (id: string) => id }: Provider = providers[name];
    const ids = fixtureNames(name).flatMap(each => parsedFixture(name, each).events.map(({ messageId }) => messageId));
    for (const id of new Set(ids)) expect(messageIdOf(id)).toBe(id);
  });

  it.each(providerNames)('of %s says which value of the send call to register, or that there is none', async name => {
    const { guide } = await import(`../../shared/providers/${name}.ts`);
    if (name === 'loops') expect(guide.register).toBeNull();
    else expect(guide.register).toMatch(/\w/);
  });
});

describe('a registration that names an unknown provider', () => {
  const read = (provider: string, senderNames: readonly string[] = []) => {
    const { metadata } = context;
    const request = requestOf({ body: registrationOf(provider, 'x') });
    return providers.app.parse(request, createReadingContext(providers, metadata, senderNames));
  };

  it.each([
    ['sendgird', 'sendgrid'],
    ['SendGrid', 'sendgrid'],
    ['send-grid', 'sendgrid'],
    ['sendgrid ', 'sendgrid'],
    ['postmrk', 'postmark'],
    ['mailgunn', 'mailgun'],
    ['elastic-email', 'elasticemail'],
    ['sess', 'ses'],
    ['aap', 'app'],
    ['postfix', null],
    ['toString', null],
    ['', null],
    ['x'.repeat(100_000), null],
  ])('such as "%s" is quarantined with the nearest name: %s', (name, nearest) => {
    const { events, quarantined } = read(name);
    expect(events).toEqual([]);
    expect(quarantined).toMatchObject([{ reason: 'unknown_provider', field: 'data.provider', nearest }]);
  });

  it("is accepted if the name is one of the sender's own", () => {
    expect(read('postfix', ['postfix']).events).toMatchObject([{ provider: 'postfix', messageId: 'x' }]);
    expect(read('postfixx', ['postfix']).quarantined).toMatchObject([{ nearest: 'postfix' }]);
  });

  it('leaves the other registrations of its batch unaffected', () => {
    const [known, unknown] = ['sendgrid', 'sendgird'].map(name => JSON.parse(registrationOf(name, 'x').toString()));
    const body = Buffer.from(JSON.stringify([known, unknown]));
    const { events, quarantined } = providers.app.parse(requestOf({ body }), context);
    expect([events.length, quarantined.length]).toEqual([1, 1]);
  });

  it('gets no nearest name if every name is too different', () => {
    expect(nearestName('smtp', Object.keys(providers))).toBeNull();
    expect(nearestName('mailgrid', ['mailgun', 'sendgrid'])).toBeNull();
    expect(nearestName('abdc', ['abcd'])).toBe('abcd');
  });
});
