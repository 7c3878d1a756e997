import { silenceOf } from '../../shared/news/expected-gap.ts';
import { noNewsOf, slotsOf, waitingSince } from '../../shared/news/no-news.ts';
import type { NewsStore, ProviderNews } from '../../shared/news/store.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import { beganMessage, endedMessage, type OperatorMessage } from './message.ts';
import type { WatchMetrics } from './metrics.ts';

export interface SilenceDependencies {
  readonly news: Pick<NewsStore, 'statesOf' | 'newsOf' | 'judged' | 'began' | 'ended'>;
  /** Every provider that may have news. */
  readonly knownProviders: readonly string[];
  /** Those in use, each with its stated gap in milliseconds; null where none is stated. */
  readonly listed: ReadonlyMap<string, number | null>;
  readonly publish: (message: OperatorMessage) => Promise<void>;
  readonly metrics: Pick<WatchMetrics, 'silence'>;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const judgedAtOnce = 4;

/**
 * Judges the silence of each provider that is in use or ever reported, and keeps the judgement. Metrics and messages are
 * about the providers in use alone. Rejects if the providers' states cannot be read.
 */
export function createJudgeSilence(dependencies: SilenceDependencies) {
  const { news, knownProviders, listed, publish, metrics, log, now } = dependencies;

  return async (requestId: string): Promise<void> => {
    const states = await news.statesOf(knownProviders);
    const judged = [...new Set([...listed.keys(), ...states.keys()])];
    let silent = 0;
    await forEachConcurrently(judged, judgedAtOnce, async provider => {
      try {
        const known = (await news.newsOf([provider], now())).get(provider)!;
        if (await judge(requestId, provider, known)) silent += 1;
      } catch (error) {
        log('fault', { requestId, where: `silence.${provider}`, error: errorName(error) });
      }
    });
    log('silence.judged', { requestId, providers: judged.length, silent });
  };

  async function judge(requestId: string, provider: string, known: ProviderNews): Promise<boolean> {
    const time = now();
    const { slots, hours, firstEventAt = null, lastEventAt = null, newsAt = null, listedAt = time } = known;
    const isListed = listed.has(provider);
    const expectation = { statedGapMs: listed.get(provider) ?? null, listedAt };
    const silence = silenceOf(lastEventAt, { slots, firstEventAt }, expectation, time);
    const emailSlots = hours.flatMap(slotsOf);
    const noNews = noNewsOf(emailSlots, newsAt, lastEventAt !== null, time);
    const begins = noNews.isSilent && known.silentSince === undefined;
    const silentSince = known.silentSince ?? (begins ? (newsAt ?? waitingSince(emailSlots, time) ?? time) : undefined);
    const hasEnded = !noNews.isSilent && newsAt !== null && silentSince !== undefined && newsAt > silentSince;
    // Nobody may be sending emails any more: the episode lasts until news comes.
    const isSilent = noNews.isSilent || (silentSince !== undefined && !hasEnded);
    const { emails, waiting } =
      noNews.emails > 0 || !isSilent ? noNews : { emails: known.emails ?? 0, waiting: known.waiting ?? 0 };
    await news.judged(provider, { silence, emails, waiting }, time, isListed);
    if (!isListed) return isSilent;
    metrics.silence(provider, silence, isSilent && emails > 0 ? (100 * waiting) / emails : 0);
    if (begins) {
      const message = beganMessage(provider, { emails, waiting, since: newsAt }, time);
      await tell(requestId, provider, true, message, {
        mark: () => news.began(provider, silentSince!, time),
        undo: () => news.ended(provider, silentSince!),
      });
    } else if (hasEnded) {
      const resumedAt = (known.resumedAt ?? 0) > silentSince! ? known.resumedAt! : newsAt!;
      await tell(requestId, provider, false, endedMessage(provider, { since: silentSince!, resumedAt }, time), {
        mark: () => news.ended(provider, silentSince!),
        undo: () => news.began(provider, silentSince!, time),
      });
    }
    return isSilent;
  }

  /** Tells operators once: whoever sets the mark tells, and takes it back if that fails, so that the next run tries again. */
  async function tell(
    requestId: string,
    provider: string,
    silent: boolean,
    message: OperatorMessage,
    { mark, undo }: { readonly mark: () => Promise<boolean>; readonly undo: () => Promise<boolean> },
  ): Promise<void> {
    if (!(await mark())) return;
    try {
      await publish(message);
    } catch (error) {
      await undo();
      throw error;
    }
    log('silence.told', { requestId, provider, silent });
  }
}
