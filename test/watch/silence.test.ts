import { describe, expect, it } from 'vitest';
import { listedProviders } from '../../functions/watch/env.ts';
import type { OperatorMessage } from '../../functions/watch/message.ts';
import { createWatchMetrics } from '../../functions/watch/metrics.ts';
import { createNewsStore, type NewsStore } from '../../shared/news/store.ts';
import type { EpisodeStore } from '../../shared/watch/episodes.ts';
import { tableInMemory } from '../news/table-in-memory.ts';
import { createJudgeSilence } from './judge-silence.ts';

const minute = 60_000;
const hour = 60 * minute;
const noon = Date.UTC(2026, 0, 6, 12);

/** A stack in which SendGrid fell silent an hour before noon, with 20 emails every five minutes. */
async function silentSinceEleven(changes: Partial<NewsStore> = {}, episodes: Partial<EpisodeStore> = {}) {
  const { client } = tableInMemory();
  const news = createNewsStore(client, 'guards');
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
      client,
      episodes,
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
  it('tells once, and tells once that news came again, both under the same id', async () => {
    const { judge, clock, arrive, messages, metrics, lines } = await silentSinceEleven();
    await judge('1');
    await judge('2');
    expect(messages.map(({ text }) => text.split('\n')[0])).toEqual([
      '120 of 140 emails of SendGrid have had no news since 10:55 UTC.',
    ]);
    expect(metrics).toEqual(Array(2).fill(['sendgrid', expect.closeTo(64.95 / 180, 3)]));
    const episodeId = /^Episode: (.{22})$/m.exec(messages[0]!.text)![1];
    const told = { condition: 'NoNews', provider: 'sendgrid', episodeId };
    expect(lines).toContainEqual(['watch.told', { requestId: '1', ...told, turn: 'began' }]);
    clock.now = noon + hour;
    await arrive(noon + 30 * minute, noon + hour, true);
    await judge('3');
    await judge('4');
    expect(messages.slice(1)).toEqual([
      {
        subject: 'Mailtrail: news of SendGrid again',
        text: `News of SendGrid came again at 12:30 UTC; it had been silent since 10:55 UTC.\nEpisode: ${episodeId}\n`,
      },
    ]);
    expect(lines).toContainEqual(['watch.told', { requestId: '3', ...told, turn: 'ended' }]);
  });

  it('reminds of it while nobody sends emails any more, and says the day once it is another one', async () => {
    const { judge, clock, arrive, messages } = await silentSinceEleven();
    await judge('1');
    clock.now = noon + 12 * hour;
    await judge('2');
    expect(messages).toHaveLength(1);
    clock.now = noon + 40 * hour;
    await judge('2');
    expect(messages[1]!.subject).toBe('Mailtrail, a reminder: no news of SendGrid');
    expect(messages[1]!.text.split('\n')[0]).toBe(
      '240 of 260 emails of SendGrid have had no news since 2026-01-06 10:55 UTC. This episode began at 2026-01-06 12:00 UTC.',
    );
    await arrive(noon + 40 * hour, noon + 40.5 * hour, true);
    clock.now = noon + 41 * hour;
    await judge('3');
    expect(messages.at(-1)!.text).toMatch(
      /^News of SendGrid came again at 04:00 UTC; it had been silent since 2026-01-06 10:55 UTC\.\n/,
    );
  });

  it('tells with the next run where SNS fails, of the begin and of the end', async () => {
    const { judge, clock, arrive, messages, lines, sns } = await silentSinceEleven();
    sns(false);
    await judge('1');
    expect(lines).toContainEqual(['fault', { requestId: '1', where: 'watch.publish', error: 'Error' }]);
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

  it('leaves the telling to a run that was faster', async () => {
    const { judge, messages } = await silentSinceEleven({}, { replace: async () => null });
    await judge('1');
    expect(messages).toEqual([]);
  });

  it('tells of the end of an episode whose provider is no longer in use', async () => {
    const { judge, judgeUnlisted, messages } = await silentSinceEleven();
    await judge('1');
    await judgeUnlisted('2');
    expect(messages[1]!.text).toContain('The setting providers does not name SendGrid any more: nobody watches it.\n');
  });

  it('tells of the end also where a crash has lost since when the provider was silent', async () => {
    const { judge, news, clock, arrive, messages } = await silentSinceEleven();
    await judge('1');
    await arrive(noon + 30 * minute, noon + hour, true);
    clock.now = noon + hour;
    await news.judged('sendgrid', { silence: 0, emails: 0, waiting: 0 }, clock.now, true);
    await judge('2');
    expect(messages[1]!.text).toMatch(/^News of SendGrid came again at 12:30 UTC\.\n/);
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
    const { client } = tableInMemory();
    const fresh = createNewsStore(client, 'guards');
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
    await createJudgeSilence({ client, news: fresh, ...dependencies })('1');
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
    const { client } = tableInMemory();
    const news = createNewsStore(client, 'guards');
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
      client,
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
    const told = () => lines.filter(([name]) => name === 'watch.told').map(([, facts]) => facts);
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
    const began = { requestId: '1', condition: 'NoNews', turn: 'began', episodeId: expect.any(String) };
    expect(told()).toEqual(names.map(provider => ({ ...began, provider })));
    clock.now = noon + hour;
    await arrive(noon + 30 * minute, noon + hour, true);
    await judge('3');
    await judge('4');
    const ids = /^Episodes: (.+)$/m.exec(messages[0]!.text)![1];
    expect(messages.slice(1)).toEqual([
      {
        subject: 'Mailtrail: news of 3 providers again',
        text: [
          ...['SendGrid', 'Postmark', 'Mailgun'].map(
            title => `News of ${title} came again at 12:30 UTC; it had been silent since 10:55 UTC.`,
          ),
          `Episodes: ${ids}`,
          '',
        ].join('\n'),
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
    expect(lines).toContainEqual(['fault', { requestId: '1', where: 'watch.publish', error: 'Error' }]);
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

  it('tells of the others where one cannot be judged', async () => {
    const { judge, lines, messages } = await allSilentSinceEleven({
      async judged(provider) {
        if (provider === 'sendgrid') throw new RangeError('the table is down');
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
    metrics.silence('sendgrid', 0.5);
    const [failed, fine, silence] = lines.map(line => JSON.parse(line));
    expect([failed, fine].map(({ CanaryFailed }) => CanaryFailed)).toEqual([1, 0]);
    expect(failed._aws.CloudWatchMetrics).toEqual([
      { Namespace: 'Mailtrail/Test', Dimensions: [['service']], Metrics: [{ Name: 'CanaryFailed' }] },
    ]);
    expect(silence).toMatchObject({ service: 'mailtrail', Provider: 'sendgrid', Silence: 0.5 });
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
