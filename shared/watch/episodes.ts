/**
 * Episodes of conditions. An episode begins, is reminded of every 24 hours under the same id, and ends; operators are told
 * each time. All of them are in one item of the guard table, so that a change is one conditional write.
 *
 *     write the turn → publish it → write that it is told
 *
 * A crash in between leaves the turn in the item: the next run publishes the same words under the same id.
 */

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { batchGetItems } from '../runtime/batch-get-items.ts';
import { shortHash } from '../runtime/hash.ts';
import { day, timeInWords } from '../runtime/time.ts';
import type { ConditionName } from './conditions.ts';

/** Operators are reminded of an episode that lasts after so long. */
export const reminderMs = day;

/** A run that crashed has ended after so long: the watch function is stopped after 120 s. */
const maxRunMs = 150_000;

/**
 * Turns that wait to be told, and the length of their text. Without a bound, the item would pass DynamoDB's 400 KB while
 * SNS is out of reach, and then no run could write it. Later turns wait until these are told.
 */
const maxPending = 100;
const maxTextLength = 1_500;

/** An episode that nobody judges any more is forgotten after so many days. */
const keptDays = 90;

/** News of an episode. `worse`: its level rose. */
export type TurnKind = 'began' | 'worse' | 'reminder' | 'ended';

/** News of an episode that may not have reached operators yet. */
export interface Turn {
  readonly kind: TurnKind;
  /** The sentences that tell of it. */
  readonly text: string;
}

export interface Episode {
  /** The same in every message about the episode. */
  readonly id: string;
  readonly condition: ConditionName;
  /** A provider, an account or a part of the installation; empty if the condition has only one subject. */
  readonly subject: string;
  /** The subject in words, for headlines. */
  readonly name: string;
  /** Epoch milliseconds of its begin. */
  readonly since: number;
  /** How bad it is, from 1 on. */
  readonly level: number;
  /** When operators were last told; absent before the first time. */
  readonly toldAt?: number;
  readonly turn?: Turn;
}

/** The judgement of one condition for one subject. A subject that nobody could judge has none. */
export type Judgement = {
  readonly condition: ConditionName;
  readonly subject: string;
  /** The sentences that tell of it. */
  readonly text: string;
} & ({ readonly isOn: true; readonly name: string; readonly level?: number } | { readonly isOn: false });

/** The episodes and times that earlier runs left for the next one. */
export interface WatchState {
  readonly episodes: readonly Episode[];
  /** When something that no run checks each time was last checked, by its name. */
  readonly checkedAt: Readonly<Record<string, number>>;
}

/** The state, and how it is told from later ones. */
export interface StoredState extends WatchState {
  readonly revision: number;
  /** A run tells of its turns since then; 0 if none does. */
  readonly tellingAt: number;
}

/** The episodes after some judgements. */
export interface Judged {
  readonly episodes: readonly Episode[];
  /** The judgements whose news found no room. They change nothing, so that their subjects are to be judged again. */
  readonly skipped: readonly Judgement[];
}

/** The episodes after some judgements, with a turn for each piece of news. A turn that was not told yet comes first. */
export function judged(episodes: readonly Episode[], judgements: readonly Judgement[], now: number): Judged {
  const keyOf = ({ condition, subject }: Pick<Episode, 'condition' | 'subject'>) => `${condition} ${subject}`;
  const next = new Map(episodes.map(episode => [keyOf(episode), episode]));
  const skipped: Judgement[] = [];
  let pending = episodes.filter(({ turn }) => turn !== undefined).length;
  for (const judgement of judgements) {
    const episode = next.get(keyOf(judgement));
    const after = afterJudgement(episode, { ...judgement, text: judgement.text.slice(0, maxTextLength) }, now);
    if (after === undefined) continue;
    if (after.turn !== undefined && episode?.turn === undefined) {
      if (pending === maxPending) {
        skipped.push(judgement);
        continue;
      }
      pending += 1;
    }
    next.set(keyOf(judgement), after);
  }
  return { episodes: [...next.values()], skipped };
}

function afterJudgement(episode: Episode | undefined, judgement: Judgement, now: number): Episode | undefined {
  const { condition, subject, text } = judgement;
  if (episode === undefined) {
    if (!judgement.isOn) return undefined;
    const { name, level = 1 } = judgement;
    const id = shortHash(condition, subject, now);
    return { id, condition, subject, name, since: now, level, turn: { kind: 'began', text } };
  }
  if (episode.turn !== undefined) return episode;
  if (!judgement.isOn) return { ...episode, turn: { kind: 'ended', text } };
  const { level = 1 } = judgement;
  const began = `This episode began at ${timeInWords(episode.since)}.`;
  if (level > episode.level) return { ...episode, level, turn: { kind: 'worse', text: `${text} ${began}` } };
  if (now - (episode.toldAt ?? 0) < reminderMs) return { ...episode, level };
  return { ...episode, level, turn: { kind: 'reminder', text: `${text} ${began}` } };
}

/** The episodes after operators were told of these. */
export function told(episodes: readonly Episode[], ids: ReadonlySet<string>, now: number): readonly Episode[] {
  return episodes.flatMap(episode => {
    const { turn, ...rest } = episode;
    if (turn === undefined || !ids.has(episode.id)) return [episode];
    return turn.kind === 'ended' ? [] : [{ ...rest, toldAt: now }];
  });
}

/** Whether another run may be telling of the turns just now. */
export function isBeingTold({ tellingAt }: StoredState, now: number): boolean {
  return now - tellingAt < maxRunMs;
}

export interface EpisodeStore {
  /** Strongly consistent. */
  read(): Promise<StoredState>;
  /**
   * Replaces the state of a revision.
   *
   * @returns the new state; null if another run has replaced it meanwhile
   */
  replace(
    known: Pick<StoredState, 'revision'>,
    state: WatchState & Pick<StoredState, 'tellingAt'>,
    now: number,
  ): Promise<StoredState | null>;
}

/** The key of the item; no nonce, erasure or news has it. */
export const episodesKey = 'watch:episodes';

/** Keeps the episodes in the guard table. */
export function createEpisodeStore(client: DynamoDBDocumentClient, tableName: string): EpisodeStore {
  return {
    async read() {
      const items = await batchGetItems(client, { tableName, keyName: 'guardKey' }, [episodesKey]);
      const {
        episodes = [],
        checkedAt = {},
        revision = 0,
        tellingAt = 0,
      } = (items.get(episodesKey) ?? {}) as Partial<StoredState>;
      return { episodes, checkedAt, revision, tellingAt };
    },

    async replace({ revision }, { episodes, checkedAt, tellingAt }, now) {
      try {
        await client.send(
          new UpdateCommand({
            TableName: tableName,
            Key: { guardKey: episodesKey },
            UpdateExpression:
              'SET episodes = :episodes, checkedAt = :checkedAt, tellingAt = :tellingAt, revision = :next, expiresAt = :expiresAt',
            ConditionExpression: 'attribute_not_exists(revision) OR revision = :revision',
            ExpressionAttributeValues: {
              ':episodes': episodes,
              ':checkedAt': checkedAt,
              ':tellingAt': tellingAt,
              ':next': revision + 1,
              ':revision': revision,
              ':expiresAt': Math.ceil((now + keptDays * day) / 1000),
            },
          }),
        );
        return { episodes, checkedAt, tellingAt, revision: revision + 1 };
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return null;
        throw error;
      }
    },
  };
}
