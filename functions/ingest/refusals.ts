import type { Refusal } from '../../shared/providers/provider.ts';
import type { Log } from '../../shared/runtime/log.ts';
import type { Measure } from './metrics.ts';

/** Logs refused calls, so that a flood of them costs few lines. */
export interface Refusals {
  add(provider: string, requestId: string, refusal: Refusal): void;
  /** Writes the sums of an earlier minute. */
  flush(): void;
}

const minuteMs = 60_000;
/** Of the refused calls in a minute, so many have a line of their own in each process. */
const maxLines = 10;

/**
 * The calls past the tenth in a minute are summed up, and the sums are written with the first call of a later minute. A
 * process that ends before has not written its sums: the metric `Refused` is then at least so high.
 *
 * @param now epoch milliseconds
 */
export function createRefusals({ log, measure, now }: { log: Log; measure: Measure; now: () => number }): Refusals {
  let minute = Number.NEGATIVE_INFINITY;
  let lines = 0;
  /** Calls without a line, by provider and refusal. */
  let sums = new Map<string, { readonly provider: string; readonly refusal: Refusal; calls: number }>();

  function flush(): void {
    const current = Math.floor(now() / minuteMs);
    if (current === minute) return;
    for (const sum of sums.values()) {
      log('webhook.refused-more', { ...sum }, measure(sum.provider, { counts: { refused: sum.calls } }));
    }
    minute = current;
    lines = 0;
    sums = new Map();
  }

  return {
    flush,
    add(provider, requestId, refusal) {
      flush();
      if (lines < maxLines) {
        lines += 1;
        log('webhook.refused', { requestId, provider, refusal }, measure(provider, { counts: { refused: 1 } }));
        return;
      }
      const key = `${provider} ${refusal}`;
      const sum = sums.get(key) ?? { provider, refusal, calls: 0 };
      sums.set(key, { ...sum, calls: sum.calls + 1 });
    },
  };
}
