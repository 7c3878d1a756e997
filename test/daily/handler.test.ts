import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DigestNotTold } from '../../functions/daily/handler.ts';
import type { DailyDigests } from '../../shared/alerts/daily-digests.ts';
import { dailyDigestId } from '../../shared/alerts/daily-digests.ts';
import type { CanonicalEvent } from '../../shared/email/event.ts';
import { dayOf } from '../../shared/runtime/time.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';
import { dailyFunction } from './daily-function.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

describe('the daily function', () => {
  let emails: StoredEmails;
  let daily: ReturnType<typeof dailyFunction>;
  let now = Date.UTC(2026, 1, 1, 7);
  const recorded: string[] = [];
  const clock = () => now;
  beforeAll(async () => {
    emails = await startStoredEmails();
  });
  afterAll(() => emails?.stop());
  beforeEach(async () => {
    // No digest of another test is the previous one.
    now += 20 * day;
    for (const emailId of recorded.splice(0)) await emails.remove(emailId);
    daily = dailyFunction(emails, clock);
  });

  /** An email of an account that failed so long ago. */
  async function failed(accountId: string, ago = 0, changes: Partial<CanonicalEvent> = {}): Promise<string> {
    const at = now - ago;
    const emailId = await emails.record(
      [anEvent({ accountId, status: 'hard_bounced', occurredAt: at, ...changes })],
      at,
    );
    recorded.push(emailId);
    return emailId;
  }
  const today = () => dayOf(now);
  const idOf = (accountId: string | null = null) => dailyDigestId(today(), accountId);
  const ids = () => daily.messages().map(({ message }) => message.attributes.digestId);

  it('tells people by a letter, machines by a message, and the bus by an event, all of one content', async () => {
    await failed('acme', minute);
    await failed('globex', 2 * day);
    await daily.run();
    const [letter, message] = daily.messages();
    expect([letter!.to, letter!.message.subject]).toEqual([
      'people',
      '2 emails need action, 1 new in the last 24 hours (2 accounts)',
    ]);
    expect(message).toMatchObject({ to: 'machines', message: { attributes: { kind: 'daily_digest' } } });
    expect(daily.events).toEqual([JSON.parse(message!.message.body)]);
    expect(daily.events[0]).toMatchObject({ id: idOf(), accountId: null, emails: 2, newEmails: 1 });
    expect(daily.lines).toEqual([
      ['daily.told', { requestId: expect.any(String), emails: 2, accounts: 2, messages: 3, alreadyTold: false }],
    ]);
  });

  it('tells people and machines where the installation has no bus', async () => {
    await daily.run({ publishEvents: null });
    expect([daily.messages().length, daily.events]).toEqual([2, []]);
    await daily.run({ publishEvents: null });
    expect(daily.messages()).toEqual([]);
  });

  it('says that there is nothing to do', async () => {
    await daily.run();
    expect(daily.messages().map(({ message }) => message.subject)).toEqual([
      'No email needs action',
      'daily_digest: 0',
    ]);
  });

  it('counts as new exactly the emails that came since the previous digest', async () => {
    await failed('acme', minute);
    await daily.run();
    daily.messages();
    now += day + 5 * minute;
    // One came after the digest and more than 24 hours ago, the other one after that.
    await failed('acme', day + 3 * minute);
    await failed('acme');
    await daily.run();
    expect(daily.messages()[0]!.message.subject).toBe('3 emails need action, 2 new since yesterday (account acme)');
  });

  it('tells a day once, however often it is invoked', async () => {
    await daily.run();
    daily.messages();
    now += 3 * 60 * minute;
    await failed('acme');
    await daily.run();
    expect([daily.messages(), daily.events.length]).toEqual([[], 1]);
    expect(daily.lines.at(-1)).toMatchObject(['daily.told', { alreadyTold: true }]);
  });

  it('tells a day once, also where two invocations come at once: the other one fails, and Lambda tries it again', async () => {
    const runs = await Promise.allSettled([
      daily.run(),
      daily.run({ publishLetter: () => delay(50) }),
      daily.run({ publishLetter: () => delay(50) }),
    ]);
    expect(runs.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(daily.messages().filter(({ to }) => to === 'machines')).toHaveLength(1);
    expect(daily.events).toHaveLength(1);
    await daily.run();
    expect(daily.messages()).toEqual([]);
  });

  it('belongs to the day on which it was due, also where Lambda tries again after midnight', async () => {
    const time = `${today()}T23:00:00Z`;
    now = Date.parse(time) + 61 * minute;
    await daily.run({}, { time });
    expect(daily.events[0]).toMatchObject({ id: dailyDigestId(time.slice(0, 10), null), day: time.slice(0, 10) });
  });

  it('by hand tells the digest that was due last, and keeps none from coming at the next hour', async () => {
    await daily.run({ hour: 23 });
    const due = now - day;
    expect(daily.events[0]).toMatchObject({ day: dayOf(due), next: `${today()}T23:00:00.000Z` });
    daily.messages();
    now += 16 * 60 * minute;
    await failed('acme');
    await daily.run({ hour: 23 }, { time: `${today()}T23:00:00Z` });
    expect(daily.messages()[0]!.message.subject).toBe(`1 email needs action, 1 new since ${today()} (account acme)`);
  });

  const broken = async () => {
    throw new Error('SNS: jane@example.com');
  };

  it('tells no part twice after another part failed, and logs no more than its name', async () => {
    await failed('acme');
    await expect(daily.run({ publishMessage: broken })).rejects.toThrow(DigestNotTold);
    expect(daily.messages().map(({ to }) => to)).toEqual(['people']);
    expect(daily.lines).toEqual([
      ['fault', { requestId: expect.any(String), where: 'daily.machines', error: 'Error' }],
    ]);
    await daily.run();
    expect(daily.messages().map(({ to }) => to)).toEqual(['machines']);
  });

  it('tells of no success where the bus does not take its event, and tries that part alone again', async () => {
    const refusing = async (events: readonly object[]) => events.map(() => false);
    await expect(daily.run({ publishEvents: refusing })).rejects.toThrow(DigestNotTold);
    expect(daily.lines.at(-1)).toMatchObject(['fault', { where: 'daily.events', error: 'EventsNotTaken' }]);
    expect(daily.messages()).toHaveLength(2);
    await daily.run();
    expect([daily.messages().length, daily.events.length]).toEqual([0, 1]);
  });

  it('tells a part again under the same id where it crashed before it wrote that the part was told', async () => {
    await failed('acme');
    const crash = { ...daily.digests, tell: broken } satisfies DailyDigests;
    await expect(daily.run({ digests: crash })).rejects.toThrow(DigestNotTold);
    expect(ids()).toEqual([idOf()]);
    await failed('globex');
    await daily.run();
    expect(ids()).toEqual([idOf(), idOf()]);
  });

  it('goes on after its process was killed, once that run cannot be at work any more', async () => {
    const killed = { ...daily.digests, tell: broken, release: broken } satisfies DailyDigests;
    await expect(daily.run({ digests: killed })).rejects.toThrow(DigestNotTold);
    daily.messages();
    now += minute;
    await expect(daily.run()).rejects.toThrow(DigestNotTold);
    now += 2 * minute;
    await daily.run();
    expect(ids()).toEqual([idOf(), idOf()]);
  });

  it('counts as new the emails of a day without a digest', async () => {
    await daily.run();
    now += day;
    await failed('acme');
    await expect(daily.run({ publishLetter: broken })).rejects.toThrow(DigestNotTold);
    daily.messages();
    now += day;
    await daily.run();
    expect(daily.messages()[0]!.message.subject).toBe(
      `1 email needs action, 1 new since ${dayOf(now - 2 * day)} (account acme)`,
    );
  });

  it('shows the letter of this moment to somebody who asks, and tells nobody', async () => {
    await failed('acme');
    const letter = await daily.run({}, { preview: true });
    expect(letter).toMatchObject({ subject: '1 email needs action, 1 new in the last 24 hours (account acme)' });
    expect(daily.messages()).toEqual([]);
    await daily.run();
    expect(daily.messages()).toHaveLength(2);
  });

  it('shows what is new since the last digest also before the hour of the next one', async () => {
    await daily.run();
    now += 22 * 60 * minute;
    await failed('acme');
    expect(await daily.run({}, { preview: true })).toMatchObject({
      subject: '1 email needs action, 1 new since yesterday (account acme)',
    });
  });

  describe('with digests of accounts', () => {
    const run = (changes: Parameters<typeof daily.run>[0] = {}) => daily.run({ accountDigests: true, ...changes });
    const ofAccounts = () =>
      daily
        .contents()
        .filter(({ accountId }) => accountId !== null)
        .sort((one, other) => (one.accountId! < other.accountId! ? -1 : 1));

    it('tells the systems of each account its own work, with the ids of its newest emails', async () => {
      const [older, newer] = [await failed('acme', minute), await failed('acme')];
      await failed('globex');
      await run();
      const told = ofAccounts();
      expect(told).toMatchObject([
        { id: idOf('acme'), accountId: 'acme', emails: 2, newEmails: 2, newestEmailIds: [newer, older] },
        { id: idOf('globex'), accountId: 'globex', emails: 1 },
      ]);
      expect(daily.events.filter(({ accountId }) => accountId !== null)).toHaveLength(2);
      expect(JSON.stringify([told, daily.events])).not.toContain('@');
    });

    it('says once that an account has nothing to do any more, and nothing to accounts that never had', async () => {
      const emailId = await failed('acme', minute);
      await failed('globex', minute);
      await run();
      daily.messages();
      now += day;
      await emails.remove(emailId);
      await run();
      expect(ofAccounts()).toMatchObject([
        { accountId: 'acme', emails: 0, causes: [], newestEmailIds: [] },
        { accountId: 'globex', emails: 1, newEmails: 0 },
      ]);
      now += day;
      await run();
      expect(ofAccounts().map(({ accountId }) => accountId)).toEqual(['globex']);
    });

    it('says so too where the day before failed after some accounts were told', async () => {
      const emailId = await failed('acme');
      await expect(run({ digests: { ...daily.digests, finish: broken } })).rejects.toThrow(DigestNotTold);
      expect(ofAccounts()).toMatchObject([{ accountId: 'acme', emails: 1 }]);
      now += day;
      await emails.remove(emailId);
      await run();
      expect(ofAccounts()).toMatchObject([{ accountId: 'acme', emails: 0 }]);
    });

    it('repeats a message under its id, and leaves none out, where some fail', async () => {
      const names = Array.from({ length: 12 }, (_, index) => `account-${10 + index}`);
      for (const name of names) await failed(name);
      let calls = 0;
      const flaky: Parameters<typeof run>[0] = {
        publishMessage: async message => {
          calls += 1;
          if (calls === 5) throw new Error('throttled');
          daily.told.push({ to: 'machines', message });
        },
      };
      await expect(run(flaky)).rejects.toThrow(DigestNotTold);
      const first = ofAccounts().map(({ id }) => id);
      expect(first).toHaveLength(11);
      await run();
      expect(ofAccounts().map(({ id }) => id)).toEqual(names.map(idOf));
    });

    it('never says that an account has nothing to do only because not all emails were counted', async () => {
      daily = dailyFunction(emails, clock, { maxEmails: 2, maxReadMs: 10_000 });
      await failed('acme', minute);
      await run();
      daily.messages();
      now += day;
      for (let index = 0; index < 3; index += 1) await failed('globex');
      await run();
      expect(ofAccounts()).toMatchObject([
        { accountId: 'acme', emails: 1, newEmails: 0, atLeast: false },
        { accountId: 'globex', emails: 2, atLeast: true },
      ]);
    });

    it('keeps the accounts of the largest digest, with the longest names', async () => {
      const accountIds = Array.from({ length: 5000 }, (_, index) => `${index}`.padEnd(128, 'x'));
      await daily.digests.addAccounts(today(), accountIds, now);
      const known = await daily.digests.read(dayOf(now + day), now + day);
      expect(known.accounts).toEqual(new Set(accountIds));
    });
  });

  it('keeps counts and account ids in its record, and no address', async () => {
    await failed('acme', 0, { recipient: 'jane@example.com', subject: 'Invoice 7' });
    await daily.run({ accountDigests: true });
    const own = (await emails.guardItems()).filter(({ guardKey }) => String(guardKey).startsWith(`daily:${today()}`));
    expect(own.map(({ guardKey }) => String(guardKey).replace(/ \d$/, ' N')).sort()).toEqual([
      `daily:${today()}`,
      `daily:${today()} accounts N`,
    ]);
    for (const item of own) {
      expect(item.expiresAt).toBeGreaterThan((now + 29 * day) / 1000);
      expect(JSON.stringify([...Object.values(item)])).not.toMatch(/jane|Invoice/);
    }
  });
});
