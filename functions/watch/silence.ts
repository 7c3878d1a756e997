import { silenceOf } from '../../shared/news/expected-gap.ts';
import { noNewsOf, slotsOf, waitingSince } from '../../shared/news/no-news.ts';
import type { NewsStore, ProviderNews } from '../../shared/news/store.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import { type Began, beganMessage, type Ended, endedMessage, type OperatorMessage } from './message.ts';
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

/** An episode that began or ended, of which operators do not know yet. Whoever sets its mark tells them. */
type Turn<Told> = Told & {
  readonly provider: string;
  readonly mark: () => Promise<boolean>;
  /** Takes the mark back, so that the next run tells. */
  readonly undo: () => Promise<boolean>;
};

interface Judged {
  readonly isSilent: boolean;
  readonly began?: Turn<Began>;
  readonly ended?: Turn<Ended>;
}

/**
 * Judges the silence of each provider that is in use or ever reported, and keeps the judgement. Metrics and messages are
 * about the providers in use alone. One run sends at most two messages, since SNS ends an email subscription that gets
 * more than ten in a second. Rejects if the providers' states cannot be read.
 */
export function createJudgeSilence(dependencies: SilenceDependencies) {
  const { news, knownProviders, listed, publish, metrics, log, now } = dependencies;

  return async (requestId: string): Promise<void> => {
    const states = await news.statesOf(knownProviders);
    const judged = [...new Set([...listed.keys(), ...states.keys()])];
    const results = new Map<string, Judged>();
    await forEachConcurrently(judged, judgedAtOnce, provider =>
      orFault(requestId, provider, async () => {
        const known = (await news.newsOf([provider], now())).get(provider)!;
        results.set(provider, await judge(provider, known));
      }),
    );
    const inOrder = judged.flatMap(provider => results.get(provider) ?? []);
    await tell(
      requestId,
      true,
      inOrder.flatMap(({ began = [] }) => began),
      beganMessage,
    );
    await tell(
      requestId,
      false,
      inOrder.flatMap(({ ended = [] }) => ended),
      endedMessage,
    );
    const silent = inOrder.filter(({ isSilent }) => isSilent).length;
    log('silence.judged', { requestId, providers: judged.length, silent });
  };

  async function judge(provider: string, known: ProviderNews): Promise<Judged> {
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
    if (!isListed) return { isSilent };
    metrics.silence(provider, silence, isSilent && emails > 0 ? (100 * waiting) / emails : 0);
    const setMark = () => news.began(provider, silentSince!, time);
    const removeMark = () => news.ended(provider, silentSince!);
    if (begins) {
      return { isSilent, began: { provider, emails, waiting, since: newsAt, mark: setMark, undo: removeMark } };
    }
    if (hasEnded) {
      const resumedAt = (known.resumedAt ?? 0) > silentSince! ? known.resumedAt! : newsAt!;
      return { isSilent, ended: { provider, since: silentSince!, resumedAt, mark: removeMark, undo: setMark } };
    }
    return { isSilent };
  }

  /** Tells operators once of all episodes whose marks this run could set. */
  async function tell<Told>(
    requestId: string,
    silent: boolean,
    turns: readonly Turn<Told>[],
    messageOf: (turns: readonly Turn<Told>[], now: number) => OperatorMessage,
  ): Promise<void> {
    const marked = new Set<Turn<Told>>();
    await forEachConcurrently(turns, judgedAtOnce, turn =>
      orFault(requestId, turn.provider, async () => {
        if (await turn.mark()) marked.add(turn);
      }),
    );
    const own = turns.filter(turn => marked.has(turn));
    if (own.length === 0) return;
    try {
      await publish(messageOf(own, now()));
    } catch (error) {
      await forEachConcurrently(own, judgedAtOnce, ({ provider, undo }) =>
        orFault(requestId, provider, async () => {
          log('fault', { requestId, where: `silence.${provider}`, error: errorName(error) });
          await undo();
        }),
      );
      return;
    }
    for (const { provider } of own) log('silence.told', { requestId, provider, silent });
  }

  /** A fault with one provider keeps none of the others from being judged or told of. */
  async function orFault(requestId: string, provider: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      log('fault', { requestId, where: `silence.${provider}`, error: errorName(error) });
    }
  }
}
