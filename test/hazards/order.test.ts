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

/** How providers of different kinds tell of an email's life, a minute apart: signed text, signed bytes, nothing signed. */
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
  '95 delivered before sent': { events: ['sent', 'delivered'], ends: 'delivered' },
  '96 a bounce after delivered': { events: ['sent', 'delivered', 'hard_bounced'], ends: 'hard_bounced' },
  '97 open first': { events: ['sent', 'delivered', 'opened'], ends: 'opened' },
  '98 a complaint last': { events: ['sent', 'delivered', 'opened', 'marked_spam'], ends: 'marked_spam' },
  '99 soft, then hard': { events: ['sent', 'soft_bounced', 'hard_bounced'], ends: 'hard_bounced' },
};

describe.each(Object.keys(tellers) as Teller[])('as %s tells it,', name => {
  it.each(Object.entries(lives))('%s: the same status in whatever order it comes', async (_, { events, ends }) => {
    const results = [];
    const inOrder = events.map((what, minute) => ({ what, minute }));
    // The merge is the same for all: every order of one, and the two extremes of the others.
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

describe('the same id', () => {
  it.each(providerNames.filter(name => providers[name].batched))(
    '93 twice in a batch of %s: recorded once, and counted as a duplicate',
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
    ],
    ['time', [0, 60].map(later => ({ ...delivered, ...sameId, timestamp: noon / 1_000 + later })), 'delivered'],
    ['words', ['250 OK', '250 fine'].map(response => ({ ...delivered, ...sameId, response })), 'delivered'],
  ] as const)('94 with another %s: both are kept, and the merge holds in either order', async (_, events, status) => {
    const results = [];
    for (const order of [events, [...events].reverse()]) {
      for (const together of [true, false]) {
        await live.reset();
        for (const batch of together ? [order] : order.map(event => [event])) {
          expect((await live.send('sendgrid', live.signJson('sendgrid', batch))).status).toBe(200);
        }
        const { verdict, events: history } = await one();
        expect(history).toHaveLength(2);
        results.push({ verdict, history });
      }
    }
    expect(results[0]!.verdict).toMatchObject({ status, statusEventId: 'the-same' });
    for (const result of results) expect(result).toEqual(results[0]);
  });

  it('94 for another email: each has its own', async () => {
    const other = { ...delivered, ...sameId, sg_message_id: 'message-2' };
    const signed = live.signJson('sendgrid', [{ ...delivered, ...sameId }, other]);
    expect((await live.send('sendgrid', signed)).counts).toMatchObject({ recorded: 2 });
    expect(await live.stored()).toHaveLength(2);
  });

  it('100 from two providers: two emails, and two events', async () => {
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
