import { silenceOf } from '../../shared/news/expected-gap.ts';
import { noNewsOf, slotsOf, waitingSince } from '../../shared/news/no-news.ts';
import type { NewsStore, ProviderNews } from '../../shared/news/store.ts';
import { providerInWords } from '../../shared/providers/titles.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import { dayOf, isoText, timeInWords } from '../../shared/runtime/time.ts';
import type { Judgement } from '../../shared/watch/episodes.ts';
import type { Check } from './check.ts';
import type { WatchMetrics } from './metrics.ts';

export interface SilenceDependencies {
  readonly news: Pick<NewsStore, 'statesOf' | 'newsOf' | 'judged'>;
  /** Every provider that may have news. */
  readonly knownProviders: readonly string[];
  /** Those in use, each with its stated gap in milliseconds; null where none is stated. */
  readonly listed: ReadonlyMap<string, number | null>;
  readonly metrics: Pick<WatchMetrics, 'silence'>;
  readonly log: Log;
}

const judgedAtOnce = 4;
const condition = 'NoNews';

interface Judged {
  readonly isSilent: boolean;
  /** Absent for a provider that is not in use. */
  readonly judgement?: Judgement;
}

/**
 * Judges the silence of each provider that is in use or ever reported, and keeps the judgement. Metrics and messages are
 * about the providers in use alone. Rejects if the providers' states cannot be read.
 */
export function createSilenceCheck({ news, knownProviders, listed, metrics, log }: SilenceDependencies): Check {
  return {
    name: 'silence',
    conditions: [condition],
    async judge({ requestId, episodes, now }) {
      const states = await news.statesOf(knownProviders);
      const judged = [...new Set([...listed.keys(), ...states.keys()])];
      const results = new Map<string, Judged>();
      await forEachConcurrently(judged, judgedAtOnce, async provider => {
        try {
          const known = (await news.newsOf([provider], now)).get(provider)!;
          results.set(provider, await judge(provider, known, now));
        } catch (error) {
          // A fault with one provider keeps none of the others from being judged.
          log('fault', { requestId, where: `silence.${provider}`, error: errorName(error) });
        }
      });
      const inOrder = judged.flatMap(provider => results.get(provider) ?? []);
      log('silence.judged', {
        requestId,
        providers: judged.length,
        silent: inOrder.filter(({ isSilent }) => isSilent).length,
      });
      const left = episodes.filter(({ subject }) => !listed.has(subject));
      return {
        judgements: [
          ...inOrder.flatMap(({ judgement }) => judgement ?? []),
          ...left.map(({ subject }) => unlisted(subject)),
        ],
      };
    },
  };

  async function judge(provider: string, known: ProviderNews, now: number): Promise<Judged> {
    const { slots, hours, firstEventAt = null, lastEventAt = null, newsAt = null, listedAt = now } = known;
    const isListed = listed.has(provider);
    const expectation = { statedGapMs: listed.get(provider) ?? null, listedAt };
    const silence = silenceOf(lastEventAt, { slots, firstEventAt }, expectation, now);
    const emailSlots = hours.flatMap(slotsOf);
    const noNews = noNewsOf(emailSlots, newsAt, lastEventAt !== null, now);
    const begins = noNews.isSilent && known.silentSince === undefined;
    const silentSince = known.silentSince ?? (begins ? (newsAt ?? waitingSince(emailSlots, now) ?? now) : undefined);
    const hasEnded = !noNews.isSilent && newsAt !== null && silentSince !== undefined && newsAt > silentSince;
    // Nobody may be sending emails any more: the episode lasts until news comes.
    const isSilent = noNews.isSilent || (silentSince !== undefined && !hasEnded);
    const { emails, waiting } =
      noNews.emails > 0 || !isSilent ? noNews : { emails: known.emails ?? 0, waiting: known.waiting ?? 0 };
    const keptSince = isListed && isSilent ? silentSince : undefined;
    await news.judged(provider, { silence, emails, waiting, silentSince: keptSince }, now, isListed);
    if (!isListed) return { isSilent };
    metrics.silence(provider, silence);
    const name = providerInWords(provider);
    if (isSilent) {
      const text = shareWithout({ name, emails, waiting, since: newsAt }, now);
      return { isSilent, judgement: { condition, subject: provider, name, text, isOn: true } };
    }
    const resumedAt = (known.resumedAt ?? 0) > (silentSince ?? 0) ? known.resumedAt : (newsAt ?? undefined);
    return {
      isSilent,
      judgement: { condition, subject: provider, text: newsAgain(name, resumedAt, silentSince, now), isOn: false },
    };
  }
}

function unlisted(provider: string): Judgement {
  const text = `The setting providers does not name ${providerInWords(provider)} any more: nobody watches it.`;
  return { condition, subject: provider, text, isOn: false };
}

function shareWithout(
  of: { readonly name: string; readonly emails: number; readonly waiting: number; readonly since: number | null },
  now: number,
): string {
  const { name, emails, waiting, since } = of;
  const share = `${waiting} of ${emails} emails of ${name} have had no news`;
  return since === null ? `${share}, and ${name} never reported any.` : `${share} since ${clock(since, now)}.`;
}

/** A run that crashed after it had kept the end no longer knows since when the provider was silent. */
function newsAgain(name: string, resumedAt: number | undefined, since: number | undefined, now: number): string {
  const came = `News of ${name} came again${resumedAt === undefined ? '' : ` at ${clock(resumedAt, now)}`}`;
  return since === undefined ? `${came}.` : `${came}; it had been silent since ${clock(since, now)}.`;
}

/** The time of day, with the day unless it is today. */
function clock(at: number, now: number): string {
  return dayOf(at) === dayOf(now) ? `${isoText(at).slice(11, 16)} UTC` : timeInWords(at);
}
