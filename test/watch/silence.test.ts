import { describe, expect, it } from 'vitest';
import { listedProviders } from '../../functions/watch/env.ts';
import type { OperatorMessage } from '../../functions/watch/message.ts';
import { createWatchMetrics } from '../../functions/watch/metrics.ts';
import { createJudgeSilence } from '../../functions/watch/silence.ts';
import { createNewsStore, type NewsStore } from '../../shared/news/store.ts';
import { tableInMemory } from '../news/table-in-memory.ts';

const minute = 60_000;
const hour = 60 * minute;
const noon = Date.UTC(2026, 0, 6, 12);

/** A stack in which SendGrid fell silent an hour before noon, with 20 emails every five minutes. */
async function silentSinceEleven(changes: Partial<NewsStore> = {}) {
  const news = createNewsStore(tableInMemory().client, 'guards');
  const clock = { now: noon };
  const messages: OperatorMessage[] = [];
  const metrics: (string | number)[][] = [];
  const lines: unknown[][] = [];
  let mayPublish = true;
  const email = (seenAt: number, isAnswered: boolean) => [
    { provider: 'sendgrid', seenAt, awaited: 20, answered: isAnswered ? 20 : 0, at: seenAt + 3_000 },
  ];
  const arrive = async (from: number, to: number, hasNews: boolean) => {
    for (let at = from; at < to; at += 5 * minute) {
      const reports = hasNews ? [{ provider: 'sendgrid', at: at + 3_000, lag: 3_000 }] : [];
      await news.add({ batchId: String(at), reports, emails: email(at, hasNews) });
    }
  };
  await arrive(noon - 4 * hour, noon - hour, true);
  await arrive(noon - hour, noon, false);
  const judgeWith = (listed: ReadonlyMap<string, number | null>) =>
    createJudgeSilence({
      news: { ...news, ...changes },
      knownProviders: ['sendgrid', 'postmark'],
      listed,
      async publish(message) {
        if (!mayPublish) throw new Error('SNS is down');
        messages.push(message);
      },
      metrics: { silence: (...values) => metrics.push(values) },
      log: (...line) => lines.push(line),
      now: () => clock.now,
    });
  return {
    news,
    clock,
    messages,
    metrics,
    lines,
    arrive,
    judge: judgeWith(new Map([['sendgrid', hour]])),
    judgeUnlisted: judgeWith(new Map()),
    sns: (isUp: boolean) => {
      mayPublish = isUp;
    },
  };
}

describe('the watch function, of a provider that falls silent', () => {
  it('tells once, keeps its metrics up, and tells once that news came again', async () => {
    const { judge, clock, arrive, messages, metrics, lines } = await silentSinceEleven();
    await judge('1');
    await judge('2');
    expect(messages.map(({ text }) => text.split('\n')[0])).toEqual([
      '120 of 140 emails of SendGrid have had no news since 10:55 UTC.',
    ]);
    expect(metrics).toEqual(Array(2).fill(['sendgrid', expect.closeTo(64.95 / 180, 3), expect.closeTo(85.7, 1)]));
    expect(lines).toContainEqual(['silence.told', { requestId: '1', provider: 'sendgrid', silent: true }]);
    clock.now = noon + hour;
    await arrive(noon + 30 * minute, noon + hour, true);
    await judge('3');
    await judge('4');
    expect(messages.slice(1)).toEqual([
      {
        subject: 'Mailtrail: news of SendGrid again',
        text: 'News of SendGrid came again at 12:30 UTC; it had been silent since 10:55 UTC.\n',
      },
    ]);
    expect(metrics.at(-1)).toEqual(['sendgrid', expect.any(Number), 0]);
  });

  it('keeps the episode while nobody sends emails any more, and says the day once it is another one', async () => {
    const { judge, clock, arrive, messages, metrics } = await silentSinceEleven();
    await judge('1');
    clock.now = noon + 40 * hour;
    await judge('2');
    expect(metrics.at(-1)).toEqual(['sendgrid', expect.any(Number), expect.closeTo(85.7, 1)]);
    await arrive(noon + 40 * hour, noon + 40.5 * hour, true);
    clock.now = noon + 41 * hour;
    await judge('3');
    expect(messages.at(-1)!.text).toBe(
      'News of SendGrid came again at 04:00 UTC; it had been silent since 2026-01-06 10:55 UTC.\n',
    );
  });

  it('tells with the next run where SNS fails, of the begin and of the end', async () => {
    const { judge, clock, arrive, messages, lines, sns } = await silentSinceEleven();
    sns(false);
    await judge('1');
    expect(lines).toContainEqual(['fault', { requestId: '1', where: 'silence.sendgrid', error: 'Error' }]);
    sns(true);
    await judge('2');
    expect(messages).toHaveLength(1);
    clock.now = noon + hour;
    await arrive(noon + 30 * minute, noon + hour, true);
    sns(false);
    await judge('3');
    sns(true);
    await judge('4');
    expect(messages).toHaveLength(2);
  });

  it('leaves the telling to the run that set the mark', async () => {
    const { judge, messages } = await silentSinceEleven({ began: async () => false });
    await judge('1');
    expect(messages).toEqual([]);
  });

  it('writes no metric and no message about a provider that is not in use, and judges it all the same', async () => {
    const { judgeUnlisted, news, messages, metrics } = await silentSinceEleven();
    await judgeUnlisted('1');
    expect([messages, metrics]).toEqual([[], []]);
    const state = (await news.statesOf(['sendgrid'])).get('sendgrid');
    expect(state).toMatchObject({ judgedAt: noon, emails: 140, waiting: 120 });
    expect(state).not.toHaveProperty('listedAt');
  });

  it('tells of a listed one that never reported anything', async () => {
    const fresh = createNewsStore(tableInMemory().client, 'guards');
    await fresh.add({
      batchId: '1',
      reports: [],
      emails: [{ provider: 'postmark', seenAt: noon - hour, awaited: 12, answered: 0, at: noon - hour }],
    });
    const told: OperatorMessage[] = [];
    const dependencies = {
      knownProviders: ['postmark'],
      listed: new Map([['postmark', null]]),
      publish: async (message: OperatorMessage) => {
        told.push(message);
      },
      metrics: { silence: () => {} },
      log: () => {},
      now: () => noon,
    };
    await createJudgeSilence({ news: fresh, ...dependencies })('1');
    expect(told[0]!.text).toContain('12 of 12 emails of Postmark have had no news, and Postmark never reported any.\n');
  });

  it('judges the others where one cannot be judged', async () => {
    const broken = await silentSinceEleven({
      newsOf: async () => {
        throw new TypeError('unreadable');
      },
    });
    await broken.judge('1');
    expect(broken.lines).toContainEqual(['fault', { requestId: '1', where: 'silence.sendgrid', error: 'TypeError' }]);
    expect(broken.metrics).toEqual([]);
  });
});

describe('the watch function, of providers that fall silent at once', () => {
  const names = ['sendgrid', 'postmark', 'mailgun'] as const;

  /** A stack in which three providers fell silent at eleven, each with 20 emails every five minutes. */
  async function allSilentSinceEleven(changes: Partial<NewsStore> = {}) {
    const news = createNewsStore(tableInMemory().client, 'guards');
    const clock = { now: noon };
    const messages: OperatorMessage[] = [];
    const lines: unknown[][] = [];
    const published: OperatorMessage[] = [];
    let mayPublish = true;
    const arrive = async (from: number, to: number, hasNews: boolean, providers: readonly string[] = names) => {
      for (let at = from; at < to; at += 5 * minute) {
        await news.add({
          batchId: String(at),
          reports: hasNews ? providers.map(provider => ({ provider, at: at + 3_000, lag: 3_000 })) : [],
          emails: providers.map(provider => ({
            provider,
            seenAt: at,
            awaited: 20,
            answered: hasNews ? 20 : 0,
            at: at + 3_000,
          })),
        });
      }
    };
    await arrive(noon - 4 * hour, noon - hour, true);
    await arrive(noon - hour, noon, false);
    const judge = createJudgeSilence({
      news: { ...news, ...changes },
      knownProviders: names,
      listed: new Map(names.map(provider => [provider, hour])),
      async publish(message) {
        published.push(message);
        if (!mayPublish) throw new Error('SNS is down');
        messages.push(message);
      },
      metrics: { silence: () => {} },
      log: (...line) => lines.push(line),
      now: () => clock.now,
    });
    const sns = (isUp: boolean) => {
      mayPublish = isUp;
    };
    const told = () => lines.filter(([name]) => name === 'silence.told').map(([, facts]) => facts);
    return { news, clock, messages, published, lines, arrive, judge, sns, told };
  }

  it('tells of all of them in one message, once, and in one of their news', async () => {
    const { judge, clock, arrive, messages, told } = await allSilentSinceEleven();
    await judge('1');
    await judge('2');
    expect(messages.map(({ subject }) => subject)).toEqual(['Mailtrail: no news of 3 providers']);
    expect(messages[0]!.text.split('\n').slice(0, 4)).toEqual([
      '120 of 140 emails of SendGrid have had no news since 10:55 UTC.',
      '120 of 140 emails of Postmark have had no news since 10:55 UTC.',
      '120 of 140 emails of Mailgun have had no news since 10:55 UTC.',
      '',
    ]);
    expect(messages[0]!.text).toContain('see the alarm CanaryFailed first');
    expect(told()).toEqual(names.map(provider => ({ requestId: '1', provider, silent: true })));
    clock.now = noon + hour;
    await arrive(noon + 30 * minute, noon + hour, true);
    await judge('3');
    await judge('4');
    expect(messages.slice(1)).toEqual([
      {
        subject: 'Mailtrail: news of 3 providers again',
        text: ['SendGrid', 'Postmark', 'Mailgun']
          .map(title => `News of ${title} came again at 12:30 UTC; it had been silent since 10:55 UTC.\n`)
          .join(''),
      },
    ]);
  });

  it('tells of the begin of one and of the end of another in a message each', async () => {
    const { judge, clock, arrive, messages } = await allSilentSinceEleven();
    await judge('1');
    clock.now = noon + hour;
    await arrive(noon + 30 * minute, noon + hour, true, ['postmark']);
    await judge('2');
    clock.now = noon + 2 * hour;
    await arrive(noon + hour, noon + 1.25 * hour, false, ['postmark']);
    await arrive(noon + 1.5 * hour, noon + 2 * hour, true, ['mailgun']);
    await judge('3');
    expect(messages.slice(1).map(({ subject }) => subject)).toEqual([
      'Mailtrail: news of Postmark again',
      'Mailtrail: no news of Postmark',
      'Mailtrail: news of Mailgun again',
    ]);
  });

  it('tells of all of them with the next run where SNS fails', async () => {
    const { judge, clock, arrive, messages, published, lines, sns, told } = await allSilentSinceEleven();
    sns(false);
    await judge('1');
    expect(published).toHaveLength(1);
    for (const provider of names)
      expect(lines).toContainEqual(['fault', { requestId: '1', where: `silence.${provider}`, error: 'Error' }]);
    expect(told()).toEqual([]);
    sns(true);
    await judge('2');
    expect(messages.map(({ subject }) => subject)).toEqual(['Mailtrail: no news of 3 providers']);
    clock.now = noon + hour;
    await arrive(noon + 30 * minute, noon + hour, true);
    sns(false);
    await judge('3');
    sns(true);
    await judge('4');
    await judge('5');
    expect(messages.slice(1).map(({ subject }) => subject)).toEqual(['Mailtrail: news of 3 providers again']);
  });

  it('takes back the other marks where one cannot be taken back', async () => {
    const { news, judge, lines, sns } = await allSilentSinceEleven({
      async ended(provider, silentSince) {
        if (provider === 'sendgrid') throw new RangeError('the table is down');
        return news.ended(provider, silentSince);
      },
    });
    sns(false);
    await judge('1');
    expect(lines).toContainEqual(['fault', { requestId: '1', where: 'silence.sendgrid', error: 'RangeError' }]);
    const states = await news.statesOf(names);
    expect(names.filter(name => states.get(name)?.silentSince !== undefined)).toEqual(['sendgrid']);
  });

  it('tells of the others where the mark of one cannot be set', async () => {
    const { news, judge, lines, messages } = await allSilentSinceEleven({
      async began(provider, silentSince, now) {
        if (provider === 'sendgrid') throw new RangeError('the table is down');
        return news.began(provider, silentSince, now);
      },
    });
    await judge('1');
    expect(lines).toContainEqual(['fault', { requestId: '1', where: 'silence.sendgrid', error: 'RangeError' }]);
    expect(messages.map(({ subject }) => subject)).toEqual(['Mailtrail: no news of 2 providers']);
  });
});

describe('the metrics of the watch function', () => {
  it('are lines in the embedded metric format, by provider where they are about one', () => {
    const lines: string[] = [];
    const metrics = createWatchMetrics('Mailtrail/Test', line => lines.push(line));
    metrics.canary(true);
    metrics.canary(false);
    metrics.silence('sendgrid', 0.5, 0);
    const [failed, fine, silence] = lines.map(line => JSON.parse(line));
    expect([failed, fine].map(({ CanaryFailed }) => CanaryFailed)).toEqual([1, 0]);
    expect(failed._aws.CloudWatchMetrics).toEqual([
      { Namespace: 'Mailtrail/Test', Dimensions: [['service']], Metrics: [{ Name: 'CanaryFailed', Unit: 'Count' }] },
    ]);
    expect(silence).toMatchObject({ service: 'mailtrail', Provider: 'sendgrid', Silence: 0.5, NoNews: 0 });
    expect(silence._aws.CloudWatchMetrics).toMatchObject([{ Dimensions: [['service', 'Provider']] }]);
  });
});

describe('the providers in use', () => {
  it('have the gaps that are stated for them', () => {
    const given = { PROVIDERS: 'sendgrid,app,ses', EXPECT_NEWS: 'sendgrid=60,app=1440' };
    expect([...listedProviders(given)]).toEqual([
      ['sendgrid', hour],
      ['app', 24 * hour],
      ['ses', null],
    ]);
    expect(listedProviders({ PROVIDERS: '', EXPECT_NEWS: '' }).size).toBe(0);
  });
});
