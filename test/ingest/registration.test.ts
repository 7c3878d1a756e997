import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { ProviderName } from '../../shared/providers/registry.ts';
import { type LiveIngest, startLiveIngest } from '../hazards/live-ingest.ts';
import { noon } from '../rigs/arbitrary-events.ts';

let live: LiveIngest;
beforeAll(async () => {
  live = await startLiveIngest();
});
afterEach(() => live.reset());
afterAll(() => live?.stop());

const send = (name: ProviderName, value: unknown) => live.send(name, live.signJson(name, value));

const register = (provider: string, messageId: string) => ({
  type: 'email.enqueued',
  timestamp: '2026-01-02T11:00:00Z',
  data: { provider, messageId, recipient: 'a@example.com', accountId: 'acme' },
});

it.each(['before', 'after'])(
  'a registration that comes %s the event of a SendGrid id with dots belongs to the same email',
  async order => {
    const id = '14c5d75ce93.dfd.64b469';
    const event = {
      event: 'delivered',
      timestamp: noon / 1000,
      email: 'a@example.com',
      sg_event_id: 'e',
      sg_message_id: id,
    };
    const steps = [() => send('app', register('sendgrid', id)), () => send('sendgrid', [event])];
    for (const step of order === 'before' ? steps : steps.toReversed()) await step();
    expect(await live.stored()).toMatchObject([{ messageId: id, accountId: 'acme', verdict: { status: 'delivered' } }]);
  },
);

it('a registration with a misspelt provider is quarantined, and answer and log name the nearest provider', async () => {
  const { counts, lines } = await send('app', [register('sendgird', 'x'), register('sendgird', 'y')]);
  expect(counts).toMatchObject({ received: 2, recorded: 0, quarantined: 2, didYouMean: ['sendgrid'] });
  expect(lines).toMatchObject([
    { message: 'webhook.quarantined', reason: 'unknown_provider' },
    { message: 'webhook.quarantined', reason: 'unknown_provider' },
    { message: 'webhook.answered', quarantined: 2 },
    { message: 'webhook.misspelt', level: 'WARN', provider: 'app', nearest: 'sendgrid' },
  ]);
  expect(await live.stored()).toEqual([]);
  expect(await live.kept()).toMatchObject([
    { reason: 'unknown_provider', pieces: [register('sendgird', 'x'), register('sendgird', 'y')] },
  ]);
});

it('a registration with a provider unlike any other is quarantined, and no provider is suggested', async () => {
  const { counts, lines } = await send('app', register('own-mail-server', 'x'));
  expect(counts).toMatchObject({ recorded: 0, quarantined: 1 });
  expect(counts).not.toHaveProperty('didYouMean');
  expect(lines).toMatchObject([{ message: 'webhook.quarantined' }, { message: 'webhook.answered' }]);
});
