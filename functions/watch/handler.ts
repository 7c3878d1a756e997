import { setTimeout as delay } from 'node:timers/promises';
import middy from '@middy/core';
import type { ScheduledEvent } from 'aws-lambda';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import type { CanaryOutcome } from './canary.ts';
import type { WatchMetrics } from './metrics.ts';

export interface WatchDependencies {
  readonly canary: () => Promise<CanaryOutcome>;
  readonly judgeConditions: (requestId: string) => Promise<void>;
  readonly metrics: Pick<WatchMetrics, 'canary'>;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

/** A cold start or a single timeout is no outage: the second try decides. */
const betweenTriesMs = 5_000;

/** The watch function, run every five minutes: the canary's way, and every condition that operators are told of. */
export function createHandler({ canary, judgeConditions, metrics, log, now, wait = delay }: WatchDependencies) {
  return middy<Partial<ScheduledEvent>, void>().handler(async (_event, { awsRequestId: requestId }) => {
    const begun = now();
    let outcome = await canary();
    if (!outcome.ok) {
      await wait(betweenTriesMs);
      outcome = await canary();
    }
    metrics.canary(!outcome.ok);
    if (outcome.ok) log('canary.answered', { requestId, milliseconds: now() - begun });
    else log('canary.failed', { requestId, leg: outcome.leg, cause: outcome.cause });
    try {
      await judgeConditions(requestId);
    } catch (error) {
      // Without a metric the alarms of silence go off by themselves.
      log('fault', { requestId, where: 'watch', error: errorName(error) });
    }
  });
}
