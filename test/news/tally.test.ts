import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewsCounts } from '../../shared/news/counts.ts';
import { createTally } from '../../shared/news/tally.ts';
import { day } from '../../shared/runtime/time.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

describe('refused calls and quarantined pieces', () => {
  let emails: StoredEmails;
  beforeAll(async () => {
    emails = await startStoredEmails();
  });
  afterAll(() => emails?.stop());

  /** A tally over the real counts that counts its own writes. */
  function tally(count: NewsCounts['count'] = emails.news.count) {
    const clock = { now: noon };
    const writes: string[] = [];
    const counting: NewsCounts['count'] = (provider, ...rest) => {
      writes.push(provider);
      return count(provider, ...rest);
    };
    const patient = () => AbortSignal.timeout(60_000);
    return { clock, writes, ...createTally({ count: counting }, () => clock.now, patient) };
  }
  const countsOf = async (provider: string, now = noon) => (await emails.news.countsOf([provider], now)).get(provider);

  it('cost one write a minute and provider, whatever flood comes', async () => {
    const { clock, writes, add, flush } = tally();
    for (let call = 0; call < 500; call += 1) {
      clock.now = noon + call * 200;
      add('sendgrid', { refused: 1 });
      add('postmark', { quarantined: 2 });
      await flush();
    }
    expect(writes.filter(provider => provider === 'sendgrid')).toHaveLength(2);
    clock.now += 60_000;
    await flush();
    await flush();
    expect(writes).toHaveLength(6);
    expect(await countsOf('sendgrid')).toEqual({ refused: 500, quarantined: 0 });
    expect(await countsOf('postmark')).toEqual({ refused: 0, quarantined: 1000 });
  });

  it('cost nothing where there are none', async () => {
    const { writes, add, flush } = tally();
    add('loops', { refused: 0 });
    add('loops', {});
    await flush();
    expect(writes).toEqual([]);
  });

  it('are written with the next ones where a write fails', async () => {
    let isDown = true;
    const { clock, add, flush } = tally(async (...args) => {
      if (isDown) throw new Error('down');
      return emails.news.count(...args);
    });
    add('brevo', { refused: 3 });
    await flush();
    isDown = false;
    add('brevo', { refused: 1 });
    await flush();
    expect(await countsOf('brevo')).toEqual({ refused: 0, quarantined: 0 });
    clock.now += 60_000;
    await flush();
    expect(await countsOf('brevo')).toEqual({ refused: 4, quarantined: 0 });
  });

  it('are counted over seven days', async () => {
    const none = { refused: 1, quarantined: 0 };
    for (const days of [0, 1, 6, 7]) await emails.news.count('mandrill', none, noon - days * day);
    expect(await countsOf('mandrill')).toEqual({ refused: 3, quarantined: 0 });
  });
});
