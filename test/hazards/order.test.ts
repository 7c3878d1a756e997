import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ProviderName, providers } from '../../shared/providers/registry.ts';
import type { Status } from '../../shared/status/catalogue.ts';
import { fixture } from '../fixtures/fixtures.ts';
import { providerNames } from '../fixtures/signing.ts';
import { noon, permutations } from '../rigs/arbitrary-events.ts';
import { type LiveIngest, startLiveIngest } from './live-ingest.ts';

let live: LiveIngest;
beforeAll(async () => {
  live = await startLiveIngest();
});
afterAll(() => live?.stop());
beforeEach(() => live.reset());

const one = async () => {
  const emails = await live.stored();
  expect(emails).toHaveLength(1);
  return emails[0]!;
};

/** The events of an email's life by three kinds of providers: signed text, signed bytes, and no signature. */
const tellers = {
  sendgrid: {
    events: {
      sent: 'processed',
      delivered: 'delivered',
      opened: 'open.person',
      soft_bounced: 'bounce.blocked-mailbox',
      hard_bounced: 'bounce.hard',
      marked_spam: 'spamreport',
    },
    at: (text, minute) => text.replace(/(?<="timestamp": )\d+/, String(noon / 1_000 + minute * 60)),
  },
  ses: {
    events: {
      sent: 'Send',
      delivered: 'Delivery',
      opened: 'Open',
      soft_bounced: 'Bounce.Transient.General',
      hard_bounced: 'Bounce.Permanent.General',
      marked_spam: 'Complaint',
    },
    at: (text, minute) => text.replace(/(?<="timestamp": ")[^"]+/g, new Date(noon + minute * 60_000).toISOString()),
  },
  smtp2go: {
    events: {
      sent: 'processed',
      delivered: 'delivered',
      opened: 'open',
      soft_bounced: 'bounce.soft',
      hard_bounced: 'bounce.hard',
      marked_spam: 'spam',
    },
    at: (text, minute) => text.replace(/(?<="time": ")[^"]+/, new Date(noon + minute * 60_000).toISOString()),
  },
} as const satisfies Partial<
  Record<ProviderName, { events: Record<string, string>; at: (text: string, minute: number) => string }>
>;
type Teller = keyof typeof tellers;
type Told = keyof (typeof tellers)['sendgrid']['events'];

async function tell(name: Teller, what: Told, minute: number) {
  const { events, at } = tellers[name];
  const body = Buffer.from(at(fixture(name, events[what]).toString(), minute));
  const { status, counts } = await live.send(name, live.sign(name, body));
  expect(status).toBe(200);
  expect(counts).toMatchObject({ recorded: 1 });
}

const lives: Record<string, { readonly events: readonly Told[]; readonly ends: Status }> = {
  'hazard 95: sent and delivered': { events: ['sent', 'delivered'], ends: 'delivered' },
  'hazard 96: delivered and a later bounce': { events: ['sent', 'delivered', 'hard_bounced'], ends: 'hard_bounced' },
  'hazard 97: delivered and a later open': { events: ['sent', 'delivered', 'opened'], ends: 'opened' },
  'hazard 98: an open and a later complaint': {
    events: ['sent', 'delivered', 'opened', 'marked_spam'],
    ends: 'marked_spam',
  },
  'hazard 99: a soft bounce and a later hard bounce': {
    events: ['sent', 'soft_bounced', 'hard_bounced'],
    ends: 'hard_bounced',
  },
};

describe.each(Object.keys(tellers) as Teller[])('events of %s:', name => {
  it.each(Object.entries(lives))('%s lead to the same status in any order of arrival', async (_, { events, ends }) => {
    const results = [];
    const inOrder = events.map((what, minute) => ({ what, minute }));
    // All providers share the merge, so that one is tried in every order and the others in the two extreme ones.
    for (const order of name === 'sendgrid' ? permutations(inOrder) : [inOrder, inOrder.toReversed()]) {
      await live.reset();
      for (const { what, minute } of order) await tell(name, what, minute);
      const { verdict, events: history } = await one();
      results.push({ verdict, history });
    }
    expect(results[0]!.verdict?.status).toBe(ends);
    for (const result of results) expect(result).toEqual(results[0]);
  });
});

describe('repeated ids:', () => {
  it.each(providerNames.filter(name => providers[name].batched))(
    'hazard 93: an id that comes twice in a batch of %s is recorded once and counted as a duplicate',
    async name => {
      const { status, counts } = await live.send(name, live.sign(name, fixture(name, 'duplicate')));
      expect(status).toBe(200);
      expect(counts).toMatchObject({ received: 2, recorded: 1, duplicate: 1 });
      expect((await one()).events).toHaveLength(1);
    },
  );

  const [delivered] = JSON.parse(fixture('sendgrid', 'delivered').toString());
  const [bounced] = JSON.parse(fixture('sendgrid', 'bounce.hard').toString());
  const sameId = { sg_event_id: 'the-same', sg_message_id: 'message-1', email: 'jane@example.com' };

  it.each([
    [
      'status',
      [
        { ...delivered, ...sameId },
        { ...bounced, ...sameId },
      ],
      'hard_bounced',
      1,
    ],
    ['time', [0, 60].map(later => ({ ...delivered, ...sameId, timestamp: noon / 1_000 + later })), 'delivered', 2],
    ['words', ['250 OK', '250 fine'].map(response => ({ ...delivered, ...sameId, response })), 'delivered', 1],
  ] as const)(
    'hazard 94: two events with the same id and another %s are both recorded, merge in either order, and are one to readers unless their times differ',
    async (_, events, status, shown) => {
      const results = [];
      const seen = { status, statusEventId: 'the-same' };
      for (const order of [events, [...events].reverse()]) {
        for (const together of [true, false]) {
          await live.reset();
          let recorded = 0;
          for (const batch of together ? [order] : order.map(event => [event])) {
            const { counts } = await live.send('sendgrid', live.signJson('sendgrid', batch));
            recorded += counts.recorded!;
          }
          expect(recorded).toBe(2);
          const { verdict, events: history } = await one();
          expect(history).toHaveLength(shown);
          results.push({ verdict, history });
        }
      }
      expect(results[0]!.verdict).toMatchObject(seen);
      for (const result of results) expect(result).toEqual(results[0]);
    },
  );

  it('hazard 94: one id in two emails makes an event of each email', async () => {
    const other = { ...delivered, ...sameId, sg_message_id: 'message-2' };
    const signed = live.signJson('sendgrid', [{ ...delivered, ...sameId }, other]);
    expect((await live.send('sendgrid', signed)).counts).toMatchObject({ recorded: 2 });
    expect(await live.stored()).toHaveLength(2);
  });

  it('hazard 100: one id from two providers makes two emails and two events', async () => {
    const id = '0a1b2c3d-0000-4000-8000-000000000001';
    const event = { sg_event_id: id, sg_message_id: id, email: 'jane@example.com' };
    await live.send('sendgrid', live.signJson('sendgrid', [{ ...delivered, ...event }]));
    const postmark = { ...JSON.parse(fixture('postmark', 'Bounce.HardBounce').toString()), ID: id, MessageID: id };
    await live.send('postmark', live.signJson('postmark', postmark));
    const stored = await live.stored();
    expect(stored.map(({ provider, messageId, verdict }) => [provider, messageId, verdict?.status]).sort()).toEqual([
      ['postmark', id, 'hard_bounced'],
      ['sendgrid', id, 'delivered'],
    ]);
    expect(new Set(stored.map(({ emailId }) => emailId)).size).toBe(2);
  });
});
