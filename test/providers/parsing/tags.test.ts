import { describe, expect, it } from 'vitest';
import { tagsIn } from '../../../shared/providers/parsing/tags.ts';
import type { ProviderName } from '../../../shared/providers/registry.ts';
import { fixture, fixtureType, parsedBody, parsedFixture } from '../../fixtures/fixtures.ts';

const names = { accountId: 'account_id', reference: 'reference' };

describe('the tags of an email', () => {
  it.each<readonly [ProviderName, fixture: string, tags: readonly string[]]>([
    ['app', 'email.sent.tags', ['invoice', 'January']],
    ['ses', 'Bounce.tenant-and-account', ['campaign:invoices']],
    ['sendgrid', 'delivered', ['invoice']],
    ['sendgrid', 'delivered.category-as-text', ['invoice']],
    ['sendgrid', 'delivered.categories', ['invoice', 'reminder']],
    ['mailgun', 'delivered.tags', ['invoice', 'reminder']],
    ['mailgun', 'complained.legacy-tags.form', ['a', 'b']],
    ['postmark', 'Delivery', ['invoice']],
    ['mandrill', 'send', ['invoice']],
    ['sparkpost', 'delivery.iso-time', ['invoice', 'reminder']],
    ['resend', 'email.delivered.tags', ['category:invoice', 'run:2026-01']],
    ['brevo', 'delivered', ['invoice']],
    ['brevo', 'delivered.tags-as-text', ['invoice', 'reminder']],
    ['mailjet', 'sent.campaign', ['January']],
    ['mailersend', 'activity.delivered.tags', ['invoice', 'newsletter']],
    ['mailersend', 'activity.delivered.nested-tags', ['invoice']],
    ['mailtrap', 'delivery', ['invoice']],
    ['postal', 'MessageSent', ['INV-7']],
    ['elasticemail', 'Sent.channel.form', ['invoices']],
  ])('of %s are those in %s', (provider, name, tags) => {
    const [event] = parsedFixture(provider, name).events;
    expect(event).toMatchObject({ ...(provider !== 'postal' && { accountId: 'acme' }), tags });
  });

  it.each<readonly [ProviderName, fixture: string]>([
    ['ses', 'Send'],
    ['resend', 'email.delivered'],
    ['mailersend', 'activity.delivered'],
    ['mailjet', 'sent'],
    ['elasticemail', 'Sent.form'],
  ])('are none where %s gives no more back than our two ids, or its own words: %s', (provider, name) => {
    expect(parsedFixture(provider, name).events[0]).not.toHaveProperty('tags');
  });

  it('are at most ten, of 128 bytes each, whatever a provider gives', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => `${'ü'.repeat(100)}${index}`).concat('short');
    const [sent] = JSON.parse(fixture('sendgrid', 'delivered').toString());
    const body = Buffer.from(JSON.stringify([{ ...sent, category: ['short', ...many] }]));
    const tags = parsedBody('sendgrid', body, fixtureType('delivered')).events[0]?.tags;
    expect(tags?.every(tag => Buffer.byteLength(tag) <= 128)).toBe(true);
    // Cut, they are all the same.
    expect(tags).toEqual(['short', 'ü'.repeat(64)]);
  });

  it.each([
    ['a text', 'a', ['a']],
    ['a list', ['a', 'b'], ['a', 'b']],
    ['a list as JSON text', '["a","b"]', ['a', 'b']],
    ['what only looks like JSON', '[a', ['[a']],
    ['names and values', { a: 'b', n: 7 }, ['a:b', 'n:7']],
    ['a list of names and values', [{ name: 'a', value: 'b' }], ['a:b']],
    ['our two ids', ['account_id:acme', ' reference:INV-7', 'a'], ['a']],
    ['our two ids alone', { account_id: 'acme', reference: 'INV-7' }, undefined],
    ['values that are no text', { a: null, b: {}, c: true }, undefined],
    ['nothing', undefined, undefined],
    ['an empty text', '', undefined],
    ['a number', 7, undefined],
    ['items that are no text', [1, null, ['a'], {}], undefined],
  ])('of %s', (_, given, tags) => {
    expect(tagsIn(given, names)).toEqual(tags);
  });
});
