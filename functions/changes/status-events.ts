import type { Environment } from '../../shared/aws/environment.ts';
import { createPutEvents } from '../../shared/aws/eventbridge-calls.ts';
import { createPublishEvents, type PublishEvents } from '../../shared/events/publish.ts';
import { statusChangedType, statusChangeOf } from '../../shared/events/status-changed.ts';
import { errorName } from '../../shared/runtime/log.ts';
import { isoMillis } from '../../shared/runtime/time.ts';
import type { EmailStates } from './news.ts';

/** Takes each failure: where it was, and the name of its error. */
type OnFault = (where: string, error: string) => void;

/** Publishes the events of changes in their order. Returns for each change whether nothing is left to publish of it. */
export type PublishChanges = (changes: readonly EmailStates[], onFault: OnFault) => Promise<readonly boolean[]>;

/** @param environment the variables of the Lambda function */
export function publishingTo(busName: string, environment: Environment): PublishChanges {
  return createPublishChanges(createPublishEvents(createPutEvents(environment), busName));
}

export function createPublishChanges(publish: PublishEvents): PublishChanges {
  return async (changes, onFault) => {
    const events = changes.map(({ before, after }) => {
      try {
        return statusChangeOf(before, after);
      } catch (error) {
        // It would fail each time, and hold up all others.
        onFault('changes.event', errorName(error));
        return null;
      }
    });
    const told = events.filter(event => event !== null);
    const taken = await publish(
      told.map(detail => ({ detailType: statusChangedType, detail, time: isoMillis(detail.at) })),
      error => onFault('changes.publish', error),
    );
    const isTaken = new Map(told.map((event, index) => [event, taken[index]!]));
    return events.map(event => event === null || isTaken.get(event)!);
  };
}
