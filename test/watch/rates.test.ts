import { describe, expect, it, vi } from 'vitest';
import { createAccountRatesCheck } from '../../functions/watch/account-rates.ts';
import { createJudgeConditions } from '../../functions/watch/judge-conditions.ts';
import type { OperatorMessage } from '../../functions/watch/message.ts';
import { day } from '../../shared/runtime/time.ts';
import { createAccountMarks, endOf, maxMarks } from '../../shared/watch/account-marks.ts';
import { createEpisodeStore, type Episode } from '../../shared/watch/episodes.ts';
import { type AccountFailures, type Failures, sendersSide } from '../../shared/watch/failures.ts';
import { accountWindowMs, chanceOf, type Level, levelOf, shareInWords } from '../../shared/watch/rates.ts';
import { randomFrom } from '../news/simulated-weeks.ts';
import { tableInMemory } from '../news/table-in-memory.ts';
import { noon } from '../rigs/arbitrary-events.ts';

const minute = 60_000;
const hour = 60 * minute;

describe('the level of a rate', () => {
  it.each([
    ['BounceRate', 49, 1_000, 0, 0],
    ['BounceRate', 50, 1_000, 0, 1],
    ['BounceRate', 100, 1_000, 0, 2],
    ['BounceRate', 37, 412, 0, 1],
    // Too few emails, too few failures, or so many as chance explains.
    ['BounceRate', 99, 99, 0, 0],
    ['BounceRate', 5, 100, 0, 0],
    ['BounceRate', 10, 100, 0, 2],
    ['ComplaintRate', 1, 300, 0, 0],
    ['ComplaintRate', 1, 1_000, 0, 0],
    ['ComplaintRate', 3, 1_000, 0, 0],
    ['ComplaintRate', 4, 1_000, 0, 2],
    ['ComplaintRate', 20, 20_000, 0, 1],
    ['ComplaintRate', 60, 20_000, 0, 2],
    // An episode ends below four fifths of the threshold, or where hardly anybody sends any more.
    ['BounceRate', 41, 1_000, 1, 1],
    ['BounceRate', 39, 1_000, 1, 0],
    ['BounceRate', 81, 1_000, 2, 2],
    ['BounceRate', 79, 1_000, 2, 1],
    ['BounceRate', 30, 60, 1, 2],
    ['BounceRate', 30, 49, 1, 0],
    ['ComplaintRate', 9, 10_000, 1, 1],
    ['ComplaintRate', 7, 10_000, 1, 0],
  ] as const)('of %s with %i of %i is, after the level %i, %i', (name, count, volume, known, level) => {
    expect(levelOf(name, { count, volume }, known as Level)).toBe(level);
  });

  it('takes no chance for a fault, and a large mean for no certainty', () => {
    expect(chanceOf(0, 5)).toBe(1);
    expect(chanceOf(5, 2)).toBeCloseTo(0.0527, 3);
    expect(chanceOf(60_000, 20_000)).toBe(0);
    expect(chanceOf(10_000, 20_000)).toBe(1);
  });
});

describe('the sentence of a rate', () => {
  it('says the figures and the consequence', () => {
    expect(shareInWords('BounceRate', { count: 37, volume: 412 }, 'account acme', 7 * day)).toBe(
      '37 of 412 emails of account acme of the last 7 days bounced hard: 9.0 %. Above 5 % providers may slow you down; above 10 % they may suspend you.',
    );
    expect(shareInWords('ComplaintRate', { count: 22, volume: 20_000 }, 'SendGrid', hour)).toMatch(
      /^22 of 20,000 emails of SendGrid of the last hour were marked as spam: 0\.11 %\. /,
    );
    expect(shareInWords('BounceRate', { count: 1, volume: 2 }, 'SendGrid', 10 * hour)).toContain('the last 10 hours');
  });

  it("names the causes on the sender's side, and only those", () => {
    const failed = ['blocked', 'blocked', 'authentication_failed', 'unknown_user', 'rate_limited', null] as const;
    const sentences = sendersSide(failed.map(cause => ({ status: 'rejected', cause })));
    expect(sentences).toHaveLength(4);
    expect(sentences[0]).toBe(
      "Of 6 failed emails, these name a cause on the sender's side: Sender blocked (2), Sender not confirmed (1), Too many at once (1).",
    );
    expect(sentences[2]).toContain('SPF, DKIM or DMARC');
    expect(sendersSide([{ status: 'invalid', cause: 'unknown_user' }])).toEqual([]);
  });
});

/** The watch function's judgement of accounts alone, over an account book in place of the table of emails. */
function watching(ofAccount: Failures['ofAccount']) {
  const { client } = tableInMemory();
  const marks = createAccountMarks(client, 'guards');
  const episodes = createEpisodeStore(client, 'guards');
  const messages: OperatorMessage[] = [];
  const lines: unknown[][] = [];
  const counted: { readonly accountId: string; readonly at: number }[] = [];
  const clock = { now: noon };
  const topic = { isUp: true };
  const failures = {
    async ofAccount(accountId: string, now: number) {
      counted.push({ accountId, at: now });
      return ofAccount(accountId, now);
    },
  };
  const log = (...line: unknown[]) => lines.push(line);
  const judge = createJudgeConditions({
    episodes,
    checks: [createAccountRatesCheck({ marks, failures, log })],
    publish: async message => {
      if (!topic.isUp) throw new Error('SNS is down');
      messages.push(message);
    },
    log,
    now: () => clock.now,
  });
  return { marks, episodes, messages, lines, counted, clock, topic, judge: () => judge('1') };
}

const share = (count: number, volume: number): AccountFailures => ({
  shares: { BounceRate: { count, volume }, ComplaintRate: { count: 0, volume } },
  failed: [],
  windowMs: accountWindowMs,
});

describe('an account with a new failure', () => {
  it('is counted at once, and again when the half hour of its mark is over', async () => {
    const { marks, counted, clock, judge } = watching(async () => share(0, 10));
    await marks.mark(['acme', 'acme'], clock.now + minute);
    for (let runs = 0; runs < 24; runs += 1) {
      clock.now += 5 * minute;
      await judge();
    }
    expect(counted.map(({ at }) => (at - noon) / minute)).toEqual([5, 30]);
    expect(await marks.read()).toEqual([]);
  });

  it('is counted once in half an hour, however many failures come', async () => {
    const { marks, counted, clock, judge } = watching(async () => share(0, 10));
    for (let minutes = 0; minutes < 24 * 60; minutes += 1) {
      clock.now = noon + minutes * minute;
      await marks.mark(['acme'], clock.now);
      if (minutes % 5 === 2) await judge();
    }
    expect(counted).toHaveLength(48);
  });

  it('begins an episode that is judged again each hour, and ends', async () => {
    const shares = { now: share(37, 412) };
    const { marks, counted, clock, judge, messages, episodes } = watching(async () => shares.now);
    await marks.mark(['acme.example'], clock.now);
    const run = async (hours: number) => {
      for (let runs = 0; runs < 12 * hours; runs += 1) {
        clock.now += 5 * minute;
        await judge();
      }
    };
    await run(30);
    // At once, at the end of the half hour, and then each hour.
    expect(counted).toHaveLength(31);
    shares.now = share(50, 412);
    await run(2);
    shares.now = share(3, 412);
    await run(2);
    expect(messages.map(({ subject }) => subject)).toEqual([
      'Mailtrail: many hard bounces of account acme[.]example',
      'Mailtrail, a reminder: many hard bounces of account acme[.]example',
      'Mailtrail: many hard bounces of account acme[.]example',
      'Mailtrail: hard bounces of account acme[.]example are usual again',
    ]);
    expect(await episodes.read()).toMatchObject({ episodes: [], checkedAt: {} });
  });

  it('stays marked where it cannot be counted', async () => {
    let isDown = true;
    const { marks, lines, clock, judge, messages } = watching(async () => {
      if (isDown) throw new Error('throttled');
      return share(37, 412);
    });
    await marks.mark(['acme'], clock.now);
    clock.now = noon + hour;
    await judge();
    expect(lines).toContainEqual(['fault', { requestId: '1', where: 'watch.accountRates', error: 'Error' }]);
    isDown = false;
    clock.now += 5 * minute;
    await judge();
    expect(messages).toHaveLength(1);
    expect(await marks.read()).toEqual([]);
  });

  it('is told of also where its mark cannot be removed, and is then counted again', async () => {
    const { marks, lines, counted, clock, judge, messages } = watching(async () => share(37, 412));
    const remove = vi.spyOn(marks, 'remove').mockRejectedValueOnce(new RangeError('the table is down'));
    await marks.mark(['acme'], clock.now);
    clock.now = noon + hour;
    await judge();
    expect(lines).toContainEqual(['fault', { requestId: '1', where: 'watch.afterwards', error: 'RangeError' }]);
    clock.now += hour;
    await judge();
    expect(remove).toHaveBeenCalledTimes(2);
    expect(messages).toHaveLength(1);
    expect(counted).toHaveLength(2);
    expect(await marks.read()).toEqual([]);
  });

  it('waits for its turn where more than 25 are marked', async () => {
    const { marks, counted, clock, judge } = watching(async () => share(0, 10));
    await marks.mark(
      Array.from({ length: 60 }, (_, index) => `account-${index}`),
      clock.now,
    );
    await judge();
    expect(counted).toHaveLength(25);
    await judge();
    await judge();
    expect(new Set(counted.map(({ accountId }) => accountId)).size).toBe(60);
  });
});

describe('the episodes of accounts', () => {
  const both = (count: number): AccountFailures => ({
    shares: { BounceRate: { count, volume: 2_000 }, ComplaintRate: { count, volume: 2_000 } },
    failed: [],
    windowMs: accountWindowMs,
  });

  const named = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => `account-${String(from + index).padStart(3, '0')}`);

  /** The accounts with an episode before the judgement. */
  const open = (accounts: number): Episode[] =>
    named(0, accounts).map(accountId => ({
      id: accountId,
      condition: 'BounceRate',
      subject: `account:${accountId}`,
      name: `account ${accountId}`,
      since: noon,
      level: 2,
      toldAt: noon,
    }));

  it.each([
    [198, 4],
    [199, 2],
    [200, 0],
  ])(
    'begin for no more than 200 accounts, of each rate: beside %i, two more accounts have %i judgements',
    async (openAccounts, begun) => {
      const { marks, clock } = watching(async () => both(400));
      await marks.mark(['one', 'two'], clock.now);
      const episodes = open(openAccounts);
      const checkedAt = Object.fromEntries(episodes.map(({ subject }) => [`accountRates:${subject}`, noon]));
      const check = createAccountRatesCheck({ marks, failures: { ofAccount: async () => both(400) }, log: () => {} });
      const { judgements } = await check.judge({ requestId: '1', episodes, checkedAt, now: noon });
      expect(judgements).toHaveLength(begun);
      expect(judgements.every(({ isOn }) => isOn)).toBe(true);
    },
  );

  it('of an account that found no room begin once others end', async () => {
    const { marks, counted, clock, judge, episodes } = watching(async id => both(id === 'late' ? 400 : 0));
    const { revision } = await episodes.read();
    const known = open(200);
    const checkedAt = Object.fromEntries(known.map(({ subject }) => [`accountRates:${subject}`, noon]));
    await episodes.replace({ revision }, { episodes: known, checkedAt, tellingAt: 0 }, noon);
    await marks.mark(['late'], clock.now);
    clock.now = noon + 40 * minute;
    await judge();
    expect(counted).toEqual([{ accountId: 'late', at: clock.now }]);
    expect(await marks.read()).toHaveLength(1);
    for (let runs = 0; runs < 30; runs += 1) {
      clock.now += 5 * minute;
      await judge();
    }
    const late = (await episodes.read()).episodes.filter(({ subject }) => subject === 'account:late');
    expect(late.map(({ condition }) => condition).sort()).toEqual(['BounceRate', 'ComplaintRate']);
    expect(await marks.read()).toEqual([]);
  });

  it('begin later where 100 pieces of news wait to be told', async () => {
    const { marks, clock, judge, episodes, topic } = watching(async () => both(400));
    topic.isUp = false;
    await marks.mark(named(0, 60), clock.now);
    clock.now = noon + 40 * minute;
    for (let runs = 0; runs < 6; runs += 1) {
      await judge();
      clock.now += 5 * minute;
    }
    expect((await episodes.read()).episodes).toHaveLength(100);
    expect(await marks.read()).toHaveLength(10);
    topic.isUp = true;
    for (let runs = 0; runs < 20; runs += 1) {
      await judge();
      clock.now += 5 * minute;
    }
    expect((await episodes.read()).episodes).toHaveLength(120);
    expect(await marks.read()).toEqual([]);
  });
});

describe('the marks of accounts', () => {
  it('are bounded, and take others again once some are removed', async () => {
    const marks = createAccountMarks(tableInMemory().client, 'guards');
    const many = Array.from({ length: maxMarks + 50 }, (_, index) => `account-${index}`);
    expect(await marks.mark(many, noon)).toBe(50);
    expect(await marks.mark(many, noon)).toBe(50);
    const known = await marks.read();
    expect(known).toHaveLength(maxMarks);
    expect(endOf(known[0]!)).toBe(noon + 30 * minute);
    const more = createAccountMarks(tableInMemory().client, 'guards');
    expect(await more.mark(many.slice(0, maxMarks - 1), noon)).toBe(0);
    expect(await more.mark(['one', 'two'], noon)).toBe(1);
    expect(await more.mark(['one'], noon)).toBe(0);
    await marks.remove(known);
    await marks.remove([]);
    expect(await marks.mark(many, noon)).toBe(0);
  });

  it('of another process take no room, and the others take what is left', async () => {
    const { client } = tableInMemory();
    const many = Array.from({ length: maxMarks + 1 }, (_, index) => `account-${index}`);
    const [one, other, third] = [1, 2, 3].map(() => createAccountMarks(client, 'guards'));
    expect(await one!.mark(many.slice(0, maxMarks - 2), noon)).toBe(0);
    expect(await other!.mark(many.slice(0, maxMarks - 1), noon)).toBe(0);
    expect(await third!.mark(many, noon)).toBe(1);
    expect((await one!.read()).map(({ accountId }) => accountId).sort()).toEqual(many.slice(0, maxMarks).sort());
    // An account that is marked costs no further write.
    const send = vi.spyOn(client, 'send');
    expect(await third!.mark(many.slice(0, maxMarks), noon)).toBe(0);
    expect(send).not.toHaveBeenCalled();
  });
});

describe('over sixty simulated days', () => {
  const days = 60;

  /** Emails a day, the share that bounces hard, and the share of delivered ones that is marked as spam. */
  const senders = {
    'a shop': [2_000, 0.015, 0.0002],
    'an office': [40, 0.02, 0.0002],
    'a newsletter': [300, 0.01, 0.0001],
    'a small association': [15, 0.02, 0],
  } as const satisfies Record<string, readonly [emails: number, bounces: number, complaints: number]>;

  interface Sent {
    readonly at: number;
    readonly outcome: 'delivered' | 'hard_bounced' | 'marked_spam';
  }

  type Totals = Readonly<Record<'emails' | 'hard_bounced' | 'marked_spam', number>>;

  /** The totals of the emails up to a time. */
  function runningTotals(sent: readonly Sent[]): (at: number) => Totals {
    const bySlot = new Map<number, Totals>();
    let totals: Totals = { emails: 0, hard_bounced: 0, marked_spam: 0 };
    for (const { at, outcome } of sent) {
      totals = { ...totals, emails: totals.emails + 1 };
      if (outcome !== 'delivered') totals = { ...totals, [outcome]: totals[outcome] + 1 };
      bySlot.set(Math.floor(at / (15 * minute)), totals);
    }
    let newest: Totals = { emails: 0, hard_bounced: 0, marked_spam: 0 };
    const filled = Array.from({ length: days * 96 }, (_, index) => {
      newest = bySlot.get(noon / (15 * minute) + index) ?? newest;
      return newest;
    });
    const none: Totals = { emails: 0, hard_bounced: 0, marked_spam: 0 };
    return at => filled[Math.min(Math.floor((at - noon) / (15 * minute)) - 1, filled.length - 1)] ?? none;
  }

  /** @param dirtyFrom from then on, a list that somebody bought makes one of six emails bounce */
  async function simulated(seed: number, dirtyFrom = Number.POSITIVE_INFINITY) {
    const random = randomFrom(seed);
    const books = new Map<string, Sent[]>();
    for (const [account, [perDay, bounces, complaints]] of Object.entries(senders)) {
      const sent: Sent[] = [];
      for (let today = 0; today < days; today += 1) {
        for (let index = 0; index < perDay; index += 1) {
          const at = noon + today * day + random() * day;
          const isDirty = account === 'a newsletter' && at >= dirtyFrom;
          const isBounce = random() < (isDirty ? 1 / 6 : bounces);
          sent.push({ at, outcome: isBounce ? 'hard_bounced' : random() < complaints ? 'marked_spam' : 'delivered' });
        }
      }
      books.set(
        account.replaceAll(' ', '-'),
        sent.sort((one, other) => one.at - other.at),
      );
    }
    const totals = new Map([...books].map(([account, sent]) => [account, runningTotals(sent)]));
    const ofAccount: Failures['ofAccount'] = async (accountId, now) => {
      const totalsAt = totals.get(accountId)!;
      const [before, after] = [totalsAt(now - accountWindowMs), totalsAt(now)];
      const of = (name: keyof Totals) => after[name] - before[name];
      const shares = {
        BounceRate: { count: of('hard_bounced'), volume: of('emails') },
        ComplaintRate: { count: of('marked_spam'), volume: of('emails') - of('hard_bounced') },
      };
      return { shares, failed: [], windowMs: accountWindowMs };
    };
    const { marks, clock, judge, messages } = watching(ofAccount);
    const told: { readonly at: number; readonly subject: string }[] = [];
    const next = new Map([...books.keys()].map(account => [account, 0]));
    for (; clock.now < noon + days * day; clock.now += 15 * minute) {
      for (const [account, sent] of books) {
        let index = next.get(account)!;
        for (; index < sent.length && sent[index]!.at <= clock.now; index += 1) {
          if (sent[index]!.outcome !== 'delivered') await marks.mark([account], clock.now);
        }
        next.set(account, index);
      }
      await judge();
      for (const { subject } of messages.splice(0)) told.push({ at: clock.now, subject });
    }
    return told;
  }

  it.each([1, 2, 3])('usual traffic begins no episode of a rate (seed %i)', async seed => {
    expect(await simulated(seed)).toEqual([]);
  });

  it('a bought list is told of within two days, and nothing else is', async () => {
    const from = noon + 30 * day;
    const [first, ...others] = await simulated(4, from);
    expect(first!.subject).toBe('Mailtrail: many hard bounces of account a-newsletter');
    expect((first!.at - from) / hour).toBeLessThan(48);
    expect(new Set(others.map(({ subject }) => subject.replace(', a reminder', '')))).toEqual(
      new Set([first!.subject]),
    );
  });
});
