import type { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import { createProviderRatesCheck } from '../../functions/watch/provider-rates.ts';
import { day } from '../../shared/runtime/time.ts';
import type { Episode } from '../../shared/watch/episodes.ts';
import { noon } from '../rigs/arbitrary-events.ts';

const hour = 3_600_000;

/** Points of a metric: hours before noon, and the count. */
type Points = readonly (readonly [hoursAgo: number, count: number])[];

/** A check over CloudWatch's metrics, which answers two of them a page. */
function checking(
  metrics: Readonly<Record<string, Points>>,
  lastEventAt: Readonly<Record<string, number>> = {},
  listed: readonly string[] = ['sendgrid'],
) {
  const asked: string[] = [];
  const lines: unknown[][] = [];
  const calls = { count: 0 };
  const send = async ({ input }: GetMetricDataCommand) => {
    calls.count += 1;
    const queries = input.MetricDataQueries!;
    const start = Number(input.NextToken ?? 0);
    const results = queries.slice(start, start + 2).map(({ Id, MetricStat }) => {
      const { MetricName, Dimensions, Namespace } = MetricStat!.Metric!;
      const provider = Dimensions!.find(({ Name }) => Name === 'Provider')!.Value!;
      asked.push(`${Namespace} ${provider} ${MetricName}`);
      const points = metrics[`${provider} ${MetricName}`] ?? [];
      return {
        Id,
        Timestamps: points.map(([hoursAgo]) => new Date(noon - hoursAgo * hour)),
        Values: points.map(([, count]) => count),
      };
    });
    const next = start + 2 < queries.length ? { NextToken: String(start + 2) } : {};
    return { MetricDataResults: results, ...next };
  };
  const check = createProviderRatesCheck({
    client: { send } as unknown as CloudWatchClient,
    namespace: 'Mailtrail/Test',
    news: {
      async statesOf() {
        return new Map(Object.entries(lastEventAt).map(([provider, at]) => [provider, { lastEventAt: at }]));
      },
    },
    failures: { newestOf: async provider => [{ status: 'rejected', cause: provider === 'ses' ? 'blocked' : null }] },
    knownProviders: ['sendgrid', 'ses', 'postmark', 'brevo'],
    listed,
    log: (...line) => lines.push(line),
  });
  const judge = async (checkedAt: Readonly<Record<string, number>> = {}, episodes: readonly Episode[] = []) =>
    check.judge({ requestId: '1', episodes, checkedAt, now: noon });
  return { judge, asked, lines, calls };
}

const on = <Judged extends { readonly isOn: boolean }>(judgements: readonly Judged[]) =>
  judgements.filter(one => one.isOn);

describe('the rates of the providers', () => {
  it('are bounces over a day and spam marks over a week', async () => {
    const { judge } = checking({
      'sendgrid Sent': [
        [2, 600],
        [30, 5_000],
      ],
      'sendgrid HardBounced': [
        [1, 40],
        [30, 500],
      ],
      'sendgrid Invalid': [[3, 5]],
      'sendgrid Delivered': [
        [2, 500],
        [100, 5_500],
      ],
      'sendgrid MarkedSpam': [[120, 30]],
    });
    const { judgements, checkedAt } = await judge();
    expect(judgements.map(({ text }) => text.split('. ')[0])).toEqual([
      '45 of 600 emails of SendGrid of the last 24 hours bounced hard: 7.5 %',
      '30 of 6,000 emails of SendGrid of the last 7 days were marked as spam: 0.50 %',
    ]);
    expect(judgements).toMatchObject([
      { condition: 'BounceRate', subject: 'provider:sendgrid', level: 1 },
      { condition: 'ComplaintRate', subject: 'provider:sendgrid', level: 2 },
    ]);
    expect(checkedAt).toEqual({ providerRates: noon });
  });

  it('take the emails with an outcome for those sent where a provider reports no Sent, and name causes', async () => {
    const { judge } = checking(
      {
        'ses Delivered': [[1, 150]],
        'ses HardBounced': [[1, 20]],
        'ses Rejected': [[1, 20]],
        'ses SoftBounced': [[1, 10]],
      },
      { ses: noon - hour },
    );
    const [bounces, ...others] = on((await judge()).judgements);
    expect(others).toEqual([]);
    expect(bounces!.text).toMatch(
      /^20 of 200 emails of Amazon SES .*\nOf 1 failed emails that ask somebody to act, .*: Sender blocked \(1\)\.\n/,
    );
  });

  it('are those of providers in use, of those that reported lately, and of lasting episodes', async () => {
    const { judge, asked, lines } = checking(
      {},
      { ses: noon - 6 * day, postmark: noon - 8 * day, brevo: noon - 9 * day },
    );
    const lasting: Episode = {
      id: '1',
      condition: 'BounceRate',
      subject: 'provider:brevo',
      name: 'Brevo',
      since: noon - day,
      level: 1,
    };
    const account: Episode = { ...lasting, id: '2', subject: 'account:acme' };
    const { judgements } = await judge({}, [lasting, account]);
    expect([...new Set(asked.map(text => text.split(' ')[1]))]).toEqual(['sendgrid', 'ses', 'brevo']);
    expect(asked).toContain('Mailtrail/Test ses MarkedSpam');
    expect(on(judgements)).toEqual([]);
    expect(judgements).toContainEqual({
      condition: 'BounceRate',
      subject: 'provider:brevo',
      isOn: false,
      text: 'Fewer than 4 % of the emails of Brevo bounce hard now, or it sends too few to tell.',
    });
    expect(lines).toEqual([['rates.judged', { requestId: '1', of: 'providers', judged: 3, waiting: 0 }]]);
  });

  it('need no metric before a provider is in use: CloudWatch refuses a call without queries', async () => {
    const { judge, calls } = checking({}, {}, []);
    expect(await judge()).toEqual({ judgements: [], checkedAt: { providerRates: noon } });
    expect(calls.count).toBe(0);
  });

  it('are judged once an hour', async () => {
    const { judge, asked } = checking({});
    expect(await judge({ providerRates: noon - 55 * 60_000 })).toEqual({ judgements: [] });
    expect(asked).toEqual([]);
    await judge({ providerRates: noon - hour + 2_000 });
    expect(asked).toHaveLength(7);
  });
});
