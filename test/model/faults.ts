/** Protocols with a fault in them, and what the search must find broken: a checker that cannot fail proves nothing. */

import { expressionNames } from '../../shared/email/item.ts';
import { whereUnclaimed } from '../../shared/email/tombstone.ts';
import { planUpdate, updateInput } from '../../shared/email/update.ts';
import { emailsToBury } from '../../shared/guards/erase-received.ts';
import { erasuresAfter, recordInput } from '../../shared/guards/erasure-records.ts';
import type { scenarios } from './scenarios.ts';
import { type Protocol, protocol } from './write-protocol.ts';

export interface Fault {
  readonly does: Partial<Protocol>;
  readonly scenario: keyof typeof scenarios;
  /** The promise that is broken, and what the last step on the way there says. */
  readonly breaks: string;
  readonly by: RegExp;
}

type Update = NonNullable<ReturnType<typeof planUpdate>['update']>;

/** The real plans, changed. */
function planning(change: (update: Update, first: boolean) => Update | null): Protocol['plan'] {
  return (events, item) => {
    const plan = planUpdate(events, item);
    return plan.update === null ? plan : { ...plan, update: change(plan.update, item === null) };
  };
}

/** The update on a condition that says something else in one place. */
function onCondition(update: Update, clause: string | RegExp, instead: string): Update {
  return onWholeCondition(update, update.condition.expression.replace(clause, instead));
}

function onWholeCondition(update: Update, expression: string): Update {
  const stillMeant = (placeholder: string) => expression.includes(placeholder);
  const only = <Value>(record: Readonly<Record<string, Value>> = {}) =>
    Object.fromEntries(Object.entries(record).filter(([placeholder]) => stillMeant(placeholder)));
  return { ...update, condition: { expression, values: only(update.condition.values) } };
}

const always = 'attribute_exists(#emailId) OR attribute_not_exists(#emailId)';
const leavesATombstone = 'what waited when its recipient was erased leaves a tombstone in the end';
const acknowledgedIsLost = 'an acknowledged event is in the table, the retry queue or the dead-letter queue';

/** What a verdict's fields take their values from is named in the condition, which here holds for every item. */
const alwaysWithVerdict = `${always} OR #status = :statusEventId OR #statusAt = :statusAt OR #statusEventId = :statusEventId`;

export const faults: Readonly<Record<string, Fault>> = {
  'answers before it has written': {
    does: { answers: 'on arrival' },
    scenario: 'a late "sent" and a "delivered", each sent up to twice',
    breaks: acknowledgedIsLost,
    by: /hears 200/,
  },
  'answers 200 although the retry queue did not take the events': {
    does: { whenTheQueueFails: 'answers 200' },
    scenario: 'a late "sent" and a "delivered", each sent up to twice',
    breaks: acknowledgedIsLost,
    by: /cannot reach the retry queue and answers 200/,
  },
  'deletes a message before it has recorded it': {
    does: { deletesMessage: 'on receipt' },
    scenario: 'a late "sent" and a "delivered", each sent up to twice',
    breaks: acknowledgedIsLost,
    by: /the queue delivers the message of .*, which is deleted/,
  },
  'takes every refused write for a duplicate': {
    does: { takesRefusalFor: 'a duplicate' },
    scenario: 'a late "sent" and a "delivered", each sent up to twice',
    breaks: acknowledgedIsLost,
    by: /"sent": its write is refused, and shows delivered \[delivered\]; it answers 200/,
  },
  'drops the second write, which only adds to the history': {
    does: { plan: planning((update, first) => (first || update.verdict !== null ? update : null)) },
    scenario: 'a late "sent" and a "delivered", each sent up to twice',
    breaks: acknowledgedIsLost,
    by: /"sent": its write is refused, and shows delivered \[delivered\]; it answers 200/,
  },
  'sets the status without its condition': {
    does: {
      plan: planning(update => (update.verdict === null ? update : onWholeCondition(update, alwaysWithVerdict))),
    },
    scenario: 'a late "sent" and a "delivered", each sent up to twice',
    breaks: 'a status gives way to a higher one only',
    by: /"sent": its write is applied: sent \[delivered, sent\]/,
  },
  'leaves the status alone in every second write': {
    does: { plan: planning((update, first) => (first ? update : { ...update, verdict: null })) },
    scenario: 'an event dated into the future, sent again before and after that time has come, and one in between',
    breaks: 'the status is what the history amounts to',
    by: /"soft bounced": its write is applied: deferred \[deferred tomorrow, soft bounced\]/,
  },
  'sets the status and leaves the cause as it was': {
    does: { plan: planning(update => ({ ...update, cause: null })) },
    scenario: 'a failure with a cause, one without, and what a status above them says',
    breaks: 'the cause is that of the event that decides',
    by: /is applied: soft_bounced/,
  },
  'leaves the cause of a status that is gone': {
    does: {
      write(target, update) {
        const input = updateInput(target, update);
        const UpdateExpression = input.UpdateExpression!.replace(' #attentionAt, #cause', ' #attentionAt');
        const ExpressionAttributeNames = expressionNames(UpdateExpression, input.ConditionExpression!);
        return { ...input, UpdateExpression, ExpressionAttributeNames };
      },
    },
    scenario: 'a failure with a cause, one without, and what a status above them says',
    breaks: 'the cause is that of the event that decides',
    by: /is applied/,
  },
  'says the cause of an event that ties without looking for others': {
    does: {
      plan: planning(update => (update.verdict === null ? update : onCondition(update, '#history = :seen', always))),
    },
    scenario: 'one failure that is reported with two causes, and a third time without',
    breaks: 'the cause is that of the event that decides',
    by: /is applied/,
  },
  'puts the history in the place of what is there': {
    does: {
      plan: planning(update =>
        'add' in update.history ? { ...update, history: { replace: update.history.add } } : update,
      ),
    },
    scenario: 'a late "sent" and a "delivered", each sent up to twice',
    breaks: 'what is in the history stays there',
    by: /is applied: delivered \[delivered\]/,
  },
  'makes room in a full history without looking whether it has changed': {
    does: { plan: planning(update => onCondition(update, '#history = :seen', always)) },
    scenario: 'a full history, an earlier open, and a bounce with an open that is beyond the bound',
    breaks: 'what is in the history stays there',
    by: /is applied: .* \[100 events\]/,
  },
  'never asks whether the history has room': {
    does: {
      plan: planning(update =>
        onCondition(update, 'attribute_not_exists(#history) OR size(#history) <= :room', always),
      ),
    },
    scenario: 'a history with room for one more, and two earlier opens',
    breaks: 'the history keeps within its bound',
    by: /is applied: opened \[101 events\]/,
  },
  'does not look for what was dated into the future': {
    does: { plan: planning(update => onCondition(update, 'attribute_not_exists(#futureDated)', always)) },
    scenario: 'an event dated into the future, sent again before and after that time has come, and one in between',
    breaks: 'the history holds no event twice',
    by: /sent again \(3\): its write is applied: .*\[deferred tomorrow, deferred tomorrow/,
  },
  'does not look once more for what was dated into the future': {
    does: {
      plan: planning((update, first) =>
        first ? update : onCondition(update, 'attribute_not_exists(#futureDated)', always),
      ),
    },
    scenario: 'a "delivered", and a "sent" dated into the future that is sent again at that time',
    breaks: 'the history holds no event twice',
    by: /is applied: delivered \[/,
  },
  'adds what is dated into the future to a history that it has not seen': {
    does: { plan: planning(update => (update.futureDated ? onCondition(update, '#history = :seen', always) : update)) },
    scenario: 'a delivery dated into the future that waits in the queue until it is sent again at that time',
    breaks: 'the history holds no event twice',
    by: /is applied/,
  },
  'adds to a history that has changed since it was seen to hold what is dated into the future': {
    does: { plan: planning(update => (update.futureDated ? update : onCondition(update, '#history = :seen', always))) },
    scenario: 'an event dated into the future beside another, sent again at that time',
    breaks: 'the history holds no event twice',
    by: /is applied/,
  },
  'lets the account be named anew': {
    does: {
      write(target, update) {
        const input = updateInput(target, update);
        return {
          ...input,
          UpdateExpression: input.UpdateExpression?.replace('if_not_exists(#accountId, :accountId)', ':accountId'),
        };
      },
    },
    scenario: 'two accounts that name the same email',
    breaks: 'accountId is set once',
    by: /is applied/,
  },
  'tells subject and reference without looking whose email it is': {
    does: {
      plan: planning(update =>
        onCondition(update, 'attribute_not_exists(#accountId) OR #accountId = :accountId', always),
      ),
    },
    scenario: 'two accounts that name the same email',
    breaks: "what is said of an email is said in its account's name",
    by: /is applied/,
  },
  'records an erasure once the emails are erased': {
    does: { recordsErasure: 'last' },
    scenario: 'an erasure of support, while events wait, and a callback that comes after it',
    breaks: leavesATombstone,
    by: /is recorded/,
  },
  'lets the record that is written last count': {
    does: {
      record(...given) {
        const input = recordInput(...given);
        return { ...input, ConditionExpression: `${input.ConditionExpression} OR erasedAt >= :erasedAt` };
      },
    },
    scenario: 'two erasures of one recipient, and what comes between them',
    breaks: leavesATombstone,
    by: /deletes the message/,
  },
  'drops what came before an erasure, and leaves no tombstone': {
    does: { buries: () => new Map() },
    scenario: 'an erasure of support, while events wait, and a callback that comes after it',
    breaks: leavesATombstone,
    by: /finds no email any more/,
  },
  'drops what came after an erasure as well': {
    does: {
      drops: (received, at) =>
        erasuresAfter(
          received.map(one => ({ ...one, receivedAt: 0 })),
          at,
        ),
    },
    scenario: 'an erasure of support, while events wait, and a callback that comes after it',
    breaks: 'nothing is dropped but what came before an erasure',
    by: /the queue delivers/,
  },
  'drops in the name of an account what names nobody': {
    does: {
      drops: (received, at) =>
        new Map(
          received.flatMap(({ event, receivedAt }) => {
            const named = { ...event, accountId: event.accountId ?? 'acme' };
            return [...erasuresAfter([{ event: named, receivedAt }], at).values()].map(erasure => [event, erasure]);
          }),
        ),
    },
    scenario: 'an erasure of an account, while nothing waits that names it',
    breaks: 'nothing is dropped but what came before an erasure',
    by: /the queue delivers/,
  },
  "puts a tombstone in the place of another account's email": {
    does: { buriesWhat: erasure => whereUnclaimed({ ...erasure, accountId: null }) },
    scenario: 'an erasure of an account, while another account names the same email',
    breaks: 'an erasure takes what it is about, and nothing else',
    by: /its tombstone is there/,
  },
  'puts a tombstone in the place of an email that another account names in the same message': {
    does: {
      buries: (events, erasures) =>
        emailsToBury(
          events.filter(event => erasures.has(event)),
          erasures,
        ),
    },
    scenario: 'an erasure of an account, of a request that another account is named in as well',
    breaks: 'what is dropped takes nothing of another account with it',
    by: /its tombstone is there/,
  },
  'never looks at what a refused write shows': {
    does: { plan: events => planUpdate(events, null) },
    scenario: 'a late "sent" and a "delivered", each sent up to twice',
    breaks: 'a write that was planned for the item as it is, is not refused',
    by: /is refused, and shows/,
  },
  'tries its first write again and again': {
    does: { takesRefusalFor: 'nothing' },
    scenario: 'a late "sent" and a "delivered", each sent up to twice',
    breaks: 'from everywhere there is a way to an end',
    by: /puts them into the retry queue/,
  },
};

/** The protocol with a fault. */
export function faulty({ does }: Fault): Protocol {
  return { ...protocol, ...does };
}
