import { beforeEach, describe, expect, it } from 'vitest';
import { createRefusals } from '../../functions/ingest/refusals.ts';
import { embeddedMetrics } from '../../infra/local/monitoring/embedded-metrics.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { measureAtNoon } from '../rigs/ingest-function.ts';

describe('refused calls', () => {
  let lines: string[];
  let time: number;
  const started = () => {
    lines = [];
    time = noon;
    return createRefusals({ log: createLog(line => lines.push(line)), measure: measureAtNoon, now: () => time });
  };
  let refusals: ReturnType<typeof started>;
  beforeEach(() => {
    refusals = started();
  });
  const refuse = (times: number, provider = 'sendgrid') => {
    for (let call = 0; call < times; call += 1) refusals.add(provider, `r${call}`, 'wrong_signature');
  };
  const taken = () => lines.splice(0).map(line => JSON.parse(line) as Record<string, unknown>);
  const counted = (written: readonly string[]) =>
    written
      .flatMap(embeddedMetrics)
      .filter(({ name, dimensions }) => name === 'Refused' && dimensions.Provider === undefined)
      .reduce((sum, { value }) => sum + value, 0);

  it('have a line each, up to ten in a minute', () => {
    refuse(12);
    expect(taken().map(({ message, requestId }) => `${message} ${requestId}`)).toEqual(
      Array.from({ length: 10 }, (_, call) => `webhook.refused r${call}`),
    );
  });

  it('are summed up past the tenth by provider and refusal, and the next minute writes the sums', () => {
    refuse(10);
    refuse(5);
    refuse(3, 'mailgun');
    taken();
    refusals.flush();
    expect(taken()).toEqual([]);
    time += 60_000;
    refusals.flush();
    refusals.flush();
    expect(taken()).toMatchObject([
      { message: 'webhook.refused-more', level: 'WARN', provider: 'sendgrid', refusal: 'wrong_signature', calls: 5 },
      { message: 'webhook.refused-more', provider: 'mailgun', calls: 3, Refused: 3 },
    ]);
  });

  it('have lines of their own again in the next minute', () => {
    refuse(11);
    time += 60_000;
    taken();
    refuse(1);
    expect(taken().map(({ message }) => message)).toEqual(['webhook.refused-more', 'webhook.refused']);
  });

  it('all count, however many come', () => {
    refuse(1_000);
    time += 60_000;
    refuse(500);
    time += 60_000;
    refusals.flush();
    expect(lines.length).toBeLessThan(25);
    expect(counted(lines)).toBe(1_500);
  });
});
