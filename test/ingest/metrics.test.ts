import { describe, expect, it } from 'vitest';
import { createMeasure, type Measurable } from '../../functions/ingest/metrics.ts';
import { embeddedMetrics } from '../../infra/local/monitoring/embedded-metrics.ts';
import { canaryAccountId } from '../../shared/email/event.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { anEvent } from '../rigs/stored-emails.ts';

describe('the metrics of a request', () => {
  const tallied: unknown[] = [];
  const measure = createMeasure({
    namespace: 'Mailtrail/billing',
    tally: { add: (provider, counts) => tallied.push([provider, counts]) },
    now: () => noon,
  });
  /** As CloudWatch reads them in a log line: name, values of the dimensions besides `service`, value. */
  const measured = (provider: string | null, measurable: Measurable) => {
    const lines: string[] = [];
    const log = createLog(line => lines.push(line));
    log('webhook.set-up', { requestId: 'r1', provider: 'any' }, measure(provider, measurable));
    return embeddedMetrics(lines[0]!).map(({ namespace, name, dimensions: { service, ...others }, value }) => {
      expect([namespace, service]).toEqual(['Mailtrail/billing', 'mailtrail']);
      return [name, Object.values(others).join(), value];
    });
  };

  it('count events by provider, with one metric for each status', () => {
    const statuses = ['delivered', 'delivered', 'hard_bounced', null] as const;
    expect(measured('sendgrid', { arrived: statuses.map(status => anEvent({ status })) })).toEqual([
      ['Delivered', 'sendgrid', 2],
      ['HardBounced', 'sendgrid', 1],
      ['Notes', 'sendgrid', 1],
    ]);
  });

  it('count other outcomes by provider, some also over all, and leave out counts of 0', () => {
    const counts = { duplicate: 3, quarantined: 0, refused: 1, unavailable: 2 };
    expect(measured('mailgun', { counts })).toEqual([
      ['Duplicates', 'mailgun', 3],
      ['Refused', 'mailgun', 1],
      ['Refused', '', 1],
      ['Unavailable', 'mailgun', 2],
      ['Unavailable', '', 2],
    ]);
  });

  it('count failed messages by queue and over all, with or without a provider', () => {
    const failedMessages = { source: 'retry', count: 2 };
    const failed = [
      ['FailedMessages', 'retry', 2],
      ['FailedMessages', '', 2],
    ];
    expect(measured(null, { counts: { quarantined: 1 }, failedMessages })).toEqual(failed);
    expect(measured('ses', { counts: { queued: 1 }, failedMessages })).toEqual([['Queued', 'ses', 1], ...failed]);
    expect(measured('ses', { failedMessages: { source: 'ses', count: 0 } })).toEqual([]);
  });

  it('measure the lag from an event to its record', () => {
    const stored = [anEvent({ occurredAt: noon - 1_500 }), anEvent({ occurredAt: noon + 60_000 })];
    expect(measured('ses', { stored }).filter(([, provider]) => provider === '')).toEqual([
      ['Lag', '', 1_500],
      ['Lag', '', 0],
    ]);
  });

  it('leave out the canary, which is no traffic', () => {
    const canary = anEvent({ accountId: canaryAccountId });
    expect(measured('app', { arrived: [canary], stored: [canary] })).toEqual([]);
  });

  it('count for support too', () => {
    tallied.length = 0;
    measured('app', { counts: { refused: 1 } });
    measured(null, { counts: { refused: 1 } });
    expect(tallied).toEqual([['app', { refused: 1 }]]);
  });
});
