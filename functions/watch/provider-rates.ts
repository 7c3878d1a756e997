import {
  type CloudWatchClient,
  GetMetricDataCommand,
  type GetMetricDataCommandOutput,
} from '@aws-sdk/client-cloudwatch';
import type { NewsStore } from '../../shared/news/store.ts';
import { providerInWords } from '../../shared/providers/titles.ts';
import type { Log } from '../../shared/runtime/log.ts';
import { metricService, statusMetrics } from '../../shared/runtime/metric-names.ts';
import { day } from '../../shared/runtime/time.ts';
import type { Judgement } from '../../shared/watch/episodes.ts';
import { type Failures, sendersSide } from '../../shared/watch/failures.ts';
import { type Level, levelOf, type RateName, rateNames, type Share, shareInWords } from '../../shared/watch/rates.ts';
import { usualAgain } from './account-rates.ts';
import type { Check } from './check.ts';

export interface ProviderRatesDependencies {
  readonly client: Pick<CloudWatchClient, 'send'>;
  readonly namespace: string;
  readonly news: Pick<NewsStore, 'statesOf'>;
  readonly failures: Pick<Failures, 'newestOf'>;
  /** Every provider that may have reported. */
  readonly knownProviders: readonly string[];
  /** Those in use. */
  readonly listed: readonly string[];
  readonly log: Log;
}

/** Metrics cost by the request: $0.05 a month for each provider. */
const judgeEveryMs = 3_600_000;
const hourMs = 3_600_000;

/** Bounces come within hours of the email. Complaints come when people read it, days later. */
export const windows = { BounceRate: day, ComplaintRate: 7 * day } as const satisfies Record<RateName, number>;
const longestWindowMs = Math.max(...Object.values(windows));

const counted = ['sent', 'delivered', 'soft_bounced', 'hard_bounced', 'invalid', 'rejected', 'marked_spam'] as const;
type Counted = (typeof counted)[number];
type Counts = Readonly<Record<Counted, number>>;

const name = 'providerRates';
const subjectOf = (provider: string) => `provider:${provider}`;

/** Judges the rates of the providers in use, and of those that reported lately, once an hour by the metrics of their events. */
export function createProviderRatesCheck(dependencies: ProviderRatesDependencies): Check {
  const { client, namespace, news, failures, knownProviders, listed, log } = dependencies;

  return {
    name,
    conditions: rateNames,
    async judge({ requestId, episodes, checkedAt, now }) {
      // A run may come some seconds early.
      if (now - (checkedAt[name] ?? 0) < judgeEveryMs - 60_000) return { judgements: [] };
      const states = await news.statesOf(knownProviders);
      const lately = [...states].filter(([, { lastEventAt = 0 }]) => now - lastEventAt < longestWindowMs);
      const open = episodes.filter(({ subject }) => subject.startsWith(subjectOf('')));
      const ofEpisodes = open.map(({ subject }) => subject.slice(subjectOf('').length));
      const providers = [...new Set([...listed, ...lately.map(([provider]) => provider), ...ofEpisodes])];
      // CloudWatch refuses a call without queries.
      if (providers.length === 0) return { judgements: [], checkedAt: { [name]: now } };
      const judgements: Judgement[] = [];
      const counts = await countsOf(providers, now);
      for (const provider of providers) {
        for (const condition of rateNames) {
          const share = shareOf(condition, (status: Counted) => counts(provider, status, windows[condition]));
          const subject = subjectOf(provider);
          const known = open.find(episode => episode.subject === subject && episode.condition === condition);
          const level = levelOf(condition, share, (known?.level ?? 0) as Level);
          const words = providerInWords(provider);
          if (level === 0) {
            judgements.push({ condition, subject, isOn: false, text: usualAgain(condition, words) });
            continue;
          }
          const newest = await failures.newestOf(provider, now);
          const causes = sendersSide(newest, 'failed emails that ask somebody to act');
          const text = [shareInWords(condition, share, words, windows[condition]), ...causes].join('\n');
          judgements.push({ condition, subject, isOn: true, name: words, level, text });
        }
      }
      log('rates.judged', { requestId, of: 'providers', judged: providers.length, waiting: 0 });
      return { judgements, checkedAt: { [name]: now } };
    },
  };

  /** The counts of each provider's events over the last so many milliseconds. */
  async function countsOf(providers: readonly string[], now: number) {
    const queries = providers.flatMap((provider, index) =>
      counted.map(status => ({
        Id: `${status}_${index}`,
        MetricStat: {
          Metric: {
            Namespace: namespace,
            MetricName: statusMetrics[status],
            Dimensions: [
              { Name: 'service', Value: metricService },
              { Name: 'Provider', Value: provider },
            ],
          },
          Period: hourMs / 1000,
          Stat: 'Sum',
        },
      })),
    );
    const points = new Map<string, { readonly at: number; readonly count: number }[]>();
    let NextToken: string | undefined;
    do {
      const answer: GetMetricDataCommandOutput = await client.send(
        new GetMetricDataCommand({
          MetricDataQueries: queries,
          StartTime: new Date(hourStart(now - longestWindowMs)),
          EndTime: new Date(hourStart(now) + hourMs),
          NextToken,
        }),
      );
      for (const { Id = '', Timestamps = [], Values = [] } of answer.MetricDataResults ?? []) {
        const found = Timestamps.map((time, index) => ({ at: time.getTime(), count: Values[index] ?? 0 }));
        points.set(Id, [...(points.get(Id) ?? []), ...found]);
      }
      NextToken = answer.NextToken;
    } while (NextToken !== undefined);
    return (provider: string, status: Counted, windowMs: number) =>
      (points.get(`${status}_${providers.indexOf(provider)}`) ?? [])
        .filter(({ at }) => at >= hourStart(now - windowMs))
        .reduce((sum, { count }) => sum + count, 0);
  }
}

function hourStart(at: number): number {
  return Math.floor(at / hourMs) * hourMs;
}

/**
 * The share that a rate is about. Some providers report no Sent: then the emails with an outcome stand for those sent. A
 * provider that reports no Delivered has no rate of spam marks.
 */
function shareOf(condition: RateName, count: (status: Counted) => number): Share {
  const { sent, delivered, soft_bounced, hard_bounced, invalid, rejected, marked_spam } = Object.fromEntries(
    counted.map(status => [status, count(status)]),
  ) as Counts;
  if (condition === 'ComplaintRate') return { count: marked_spam, volume: delivered };
  const ended = delivered + soft_bounced + hard_bounced + invalid + rejected;
  return { count: hard_bounced + invalid, volume: Math.max(sent, ended) };
}
