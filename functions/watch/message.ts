import { headerText } from '../../shared/alerts/defang.ts';
import { type ConditionFacts, conditions } from '../../shared/watch/conditions.ts';
import type { Episode, Turn } from '../../shared/watch/episodes.ts';

/** A message to operators. */
export interface OperatorMessage {
  readonly subject: string;
  readonly text: string;
}

/** An episode of which operators are to be told. */
export type ToldEpisode = Episode & { readonly turn: Turn };

/** SNS takes a subject of fewer than 100 characters. */
const maxSubjectLength = 99;

/** Conditions that began, got worse or last: with what they mean, and the first step. */
export function lastingMessage(episodes: readonly ToldEpisode[]): OperatorMessage {
  const prefix = episodes.every(({ turn }) => turn.kind === 'reminder') ? 'Mailtrail, a reminder: ' : 'Mailtrail: ';
  const paragraphs = groupsOf(episodes).map(group => {
    const { impact, whatToDo, several }: ConditionFacts = conditions[group[0]!.condition];
    return [
      ...group.map(({ turn }) => turn.text),
      '',
      `Impact: ${impact}`,
      ...(several !== undefined && group.length > 1 ? [several] : []),
      `What to do: ${whatToDo}`,
      idsOf(group),
      '',
    ].join('\n');
  });
  return {
    subject: headerText(prefix + headlineOf(episodes, 0, 'conditions'), maxSubjectLength),
    text: paragraphs.join('\n'),
  };
}

/** Conditions that are over. */
export function endedMessage(episodes: readonly ToldEpisode[]): OperatorMessage {
  const paragraphs = groupsOf(episodes).map(group =>
    [...group.map(({ turn }) => turn.text), idsOf(group), ''].join('\n'),
  );
  return {
    subject: headerText(`Mailtrail: ${headlineOf(episodes, 1, 'conditions are over')}`, maxSubjectLength),
    text: paragraphs.join('\n'),
  };
}

/** The episodes by condition, in the order of their first ones. */
function groupsOf(episodes: readonly ToldEpisode[]): readonly (readonly ToldEpisode[])[] {
  return [...Map.groupBy(episodes, ({ condition }) => condition).values()];
}

function headlineOf(episodes: readonly ToldEpisode[], part: 0 | 1, plural: string): string {
  const groups = groupsOf(episodes);
  if (groups.length > 1) return `${episodes.length} ${plural}`;
  const [group] = groups as [readonly ToldEpisode[]];
  const { headlines }: ConditionFacts = conditions[group[0]!.condition];
  return headlines[part](group.map(({ name }) => name));
}

/** The ids tell a repeated message from a new one. */
function idsOf(group: readonly ToldEpisode[]): string {
  return `${group.length === 1 ? 'Episode' : 'Episodes'}: ${group.map(({ id }) => id).join(', ')}`;
}
