import { describe, expect, it } from 'vitest';
import { itemBytes } from '../../infra/local/services/item-size.ts';
import type { CanonicalEvent } from '../../shared/email/event.ts';
import { encodeHistory } from '../../shared/email/history.ts';
import type { Status } from '../../shared/status/catalogue.ts';
import { parsedFixture } from '../fixtures/fixtures.ts';
import { providerNames } from '../fixtures/signing.ts';
import { attributeValues, type Item } from '../model/update-expressions.ts';
import { everyFixture } from '../stored/forms.ts';
import { emailInMemory } from './email-in-memory.ts';

const usualLife = ['enqueued', 'sent', 'delivered', 'opened', 'link_clicked'] as const satisfies readonly Status[];

/** Fixtures have short texts of these kinds: real ones are as long as these. */
const usual = {
  accountId: '5f0c9a3e-7b1d-4c55-9c1e-2a4f6b8d0e13',
  subject: 'Your invoice 2026-0042 from Example Ltd',
  userAgent:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  reply: '250 2.0.0 OK  1767323045 af79cd13be357-7c5a5d0d2d4si4412345a12.34 - gsmtp',
  clickUrl: 'https://billing.example.com/invoices/2026-0042/pay?utm_source=mail&utm_medium=email&utm_campaign=dunning',
} as const;

const registration = parsedFixture('app', 'email.enqueued').events as readonly CanonicalEvent[];

/** The longest events of a provider on the usual way of an email, with the application's where the provider has none. */
function usualEvents(provider: string): CanonicalEvent[] {
  const own = everyFixture().flatMap(fixture => (fixture.provider === provider ? fixture.events : []));
  const [first] = own;
  return usualLife.flatMap((status, step) => {
    const [longest] = own
      .filter(event => event.status === status)
      .sort((a, b) => encodeHistory(b).length - encodeHistory(a).length);
    const event = longest ?? (step < 2 ? { ...registration[0]!, status } : undefined);
    if (event === undefined) return [];
    const { tags: _, reference: __, ...untagged } = event;
    const { accountId, subject, userAgent, clickUrl } = usual;
    return {
      ...untagged,
      ...(first && { provider: first.provider, messageId: first.messageId, recipient: 'jane.smith@example.com' }),
      accountId,
      subject,
      occurredAt: event.occurredAt + step * 61_234,
      ...(status === 'delivered' && { reason: { ...event.reason, text: usual.reply } }),
      ...((status === 'opened' || status === 'link_clicked') && { userAgent }),
      ...(status === 'link_clicked' && { clickUrl }),
    };
  });
}

describe('the usual five events of an email', () => {
  it.each(providerNames)('of %s stay below 1 KB, so that each write costs one unit', provider => {
    const email = emailInMemory();
    for (const event of usualEvents(provider)) email.record([event]);
    expect(itemBytes(attributeValues(email.item() as unknown as Item))).toBeLessThan(1024);
  });
});
