import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../functions/ingest/metrics.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { anEvent } from '../rigs/stored-emails.ts';

describe('the metrics in the log', () => {
  const written: string[] = [];
  const metrics = createMetrics('Mailtrail/billing', line => written.push(line));
  const taken = () => written.splice(0).map(line => JSON.parse(line));
  const definition = (dimensions: string[], name: string, unit: string) => ({
    Namespace: 'Mailtrail/billing',
    Dimensions: [['service', ...dimensions]],
    Metrics: [{ Name: name, Unit: unit }],
  });
  /** By provider, and over all of them. */
  const both = (name: string, unit: string) => [definition(['Provider'], name, unit), definition([], name, unit)];

  it('count events by provider and status', () => {
    const statuses = ['delivered', 'delivered', 'hard_bounced', null] as const;
    metrics.arrived(
      'sendgrid',
      statuses.map(status => anEvent({ status })),
    );
    expect(taken()).toMatchObject(
      [
        ['delivered', 2],
        ['hard_bounced', 1],
        ['note', 1],
      ].map(([Status, Events]) => ({
        _aws: { CloudWatchMetrics: [definition(['Provider', 'Status'], 'Events', 'Count')] },
        service: 'mailtrail',
        Provider: 'sendgrid',
        Status,
        Events,
      })),
    );
  });

  it('count other outcomes of requests by provider and over all, and leave out zero counts', () => {
    metrics.count('mailgun', { refused: 1, queued: 0 });
    metrics.count('mailgun', { duplicates: 0 });
    expect(taken()).toMatchObject([
      { _aws: { CloudWatchMetrics: both('Refused', 'Count') }, Provider: 'mailgun', Refused: 1 },
    ]);
  });

  it('measure the lag from an event to its record, with a sample of at most 100 events', () => {
    metrics.recorded('ses', [anEvent({ occurredAt: noon - 1_500 }), anEvent({ occurredAt: noon + 60_000 })], noon);
    metrics.recorded(
      'ses',
      Array.from({ length: 5_000 }, (_, index) => anEvent({ occurredAt: noon - index })),
      noon,
    );
    const [few, many, ...others] = taken();
    expect(few).toMatchObject({
      _aws: { CloudWatchMetrics: both('Lag', 'Milliseconds') },
      Lag: [1_500, 0],
    });
    expect(many.Lag.length).toBeLessThanOrEqual(100);
    expect(Math.max(...many.Lag)).toBeGreaterThan(4_900);
    expect(others).toEqual([]);
  });
});
