import { providerTitles } from '../../shared/providers/titles.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import { ownValue } from '../../shared/runtime/own-property.ts';
import { type EpisodeStore, isBeingTold, judged, type StoredState, told } from '../../shared/watch/episodes.ts';
import type { Check, Checked } from './check.ts';
import { endedMessage, lastingMessage, type OperatorMessage, type ToldEpisode } from './message.ts';

export interface ConditionsDependencies {
  readonly episodes: EpisodeStore;
  readonly checks: readonly Check[];
  readonly publish: (message: OperatorMessage) => Promise<void>;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const checksAtOnce = 4;

/** More wait for the next run, so that a message stays far below SNS's 256 KB. */
const maxTold = 100;

/**
 * Judges every condition, and tells operators of what began, lasts or ended. One run sends at most two messages, since SNS
 * ends an email subscription that gets more than ten in a second. Rejects if the episodes cannot be read or written.
 */
export function createJudgeConditions({ episodes: store, checks, publish, log, now }: ConditionsDependencies) {
  return async (requestId: string): Promise<void> => {
    const fault = (where: string, error: unknown) => log('fault', { requestId, where, error: errorName(error) });
    const known = await store.read();
    const outcomes = await checkAll(requestId, known);
    const time = now();
    // Another run tells of the turns: it would be told of twice.
    const isBusy = isBeingTold(known, time);
    const { episodes, skipped } = isBusy
      ? { episodes: known.episodes, skipped: [] }
      : judged(
          known.episodes,
          outcomes.flatMap(({ judgements }) => judgements),
          time,
        );
    const due = isBusy ? [] : episodes.filter(hasTurn).slice(0, maxTold);
    const checkedAt = Object.assign({}, ...outcomes.map(outcome => outcome.checkedAt ?? {})) as Record<string, number>;
    const next = { episodes, checkedAt, tellingAt: due.length > 0 ? time : known.tellingAt };
    const isChanged =
      !isBusy && JSON.stringify([known.episodes, known.checkedAt]) !== JSON.stringify([episodes, checkedAt]);
    const state = isChanged || due.length > 0 ? await store.replace(known, next, time) : known;
    // Another run was faster: it tells.
    if (state === null || isBusy) return;
    if (due.length > 0) await tell(requestId, state, due, fault);
    for (const { afterwards } of outcomes) {
      try {
        await afterwards?.(skipped);
      } catch (error) {
        fault('watch.afterwards', error);
      }
    }
    log('watch.judged', { requestId, episodes: state.episodes.length, told: due.length });
  };

  async function checkAll(requestId: string, { episodes, checkedAt }: StoredState): Promise<readonly Checked[]> {
    const outcomes = new Map<Check, Checked>();
    await forEachConcurrently(checks, checksAtOnce, async check => {
      const own = Object.fromEntries(Object.entries(checkedAt).filter(([name]) => name.split(':')[0] === check.name));
      const ofCheck = episodes.filter(({ condition }) => check.conditions.includes(condition));
      try {
        const outcome = await check.judge({ requestId, episodes: ofCheck, checkedAt: own, now: now() });
        outcomes.set(check, { checkedAt: own, ...outcome });
      } catch (error) {
        // A fault with one check keeps none of the others from being told of.
        outcomes.set(check, { judgements: [], checkedAt: own });
        log('fault', { requestId, where: `watch.${check.name}`, error: errorName(error) });
      }
    });
    return checks.map(check => outcomes.get(check)!);
  }

  /** Publishes the turns, and keeps those that were published. The others come with the next run. */
  async function tell(
    requestId: string,
    state: StoredState,
    due: readonly ToldEpisode[],
    fault: (where: string, error: unknown) => void,
  ): Promise<void> {
    const published: ToldEpisode[] = [];
    const [ended, lasting] = [due.filter(isEnd), due.filter(episode => !isEnd(episode))];
    for (const [some, messageOf] of [
      [lasting, lastingMessage],
      [ended, endedMessage],
    ] as const) {
      if (some.length === 0) continue;
      try {
        await publish(messageOf(some));
        published.push(...some);
      } catch (error) {
        fault('watch.publish', error);
      }
    }
    const time = now();
    const ids = new Set(published.map(({ id }) => id));
    const episodes = told(state.episodes, ids, time);
    // If it fails, the next run repeats the messages under the same ids.
    await store.replace(state, { episodes, checkedAt: state.checkedAt, tellingAt: 0 }, time);
    for (const { condition, subject, id, turn } of published) {
      const named = subject.replace(/^provider:/, '');
      const provider = ownValue<string>(providerTitles, named) === undefined ? null : named;
      log('watch.told', { requestId, condition, provider, turn: turn.kind, episodeId: id });
    }
  }
}

function hasTurn(episode: StoredState['episodes'][number]): episode is ToldEpisode {
  return episode.turn !== undefined;
}

function isEnd({ turn }: ToldEpisode): boolean {
  return turn.kind === 'ended';
}
