import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createJudgeConditions } from '../../functions/watch/judge-conditions.ts';
import type { OperatorMessage } from '../../functions/watch/message.ts';
import { createSilenceCheck, type SilenceDependencies } from '../../functions/watch/silence.ts';
import type { Log } from '../../shared/runtime/log.ts';
import { createEpisodeStore, type EpisodeStore } from '../../shared/watch/episodes.ts';

/** The watch function's judgement of silence alone, with the real episodes in the table. */
export function createJudgeSilence(
  dependencies: SilenceDependencies & {
    readonly client: DynamoDBDocumentClient;
    readonly episodes?: Partial<EpisodeStore>;
    readonly publish: (message: OperatorMessage) => Promise<void>;
    readonly log: Log;
    readonly now: () => number;
  },
) {
  const { client, publish, log, now, episodes = {} } = dependencies;
  return createJudgeConditions({
    episodes: { ...createEpisodeStore(client, 'guards'), ...episodes },
    checks: [createSilenceCheck(dependencies)],
    publish,
    log,
    now,
  });
}
