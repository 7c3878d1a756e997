/** Protocols with one fault each, and the promise that the search must find broken. A checker that cannot fail proves nothing. */

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
  /** The broken promise. `by` matches the last step of the way there. */
  readonly breaks: string;
  readonly by: RegExp;
}

type Update = NonNullable<ReturnType<typeof planUpdate>['update']>;

/** Changes the real plans. */
function planning(change: (update: Update, first: boolean) => Update | null): Protocol['plan'] {
  return (events, item) => {
    const plan = planUpdate(events, item);
    return plan.update === null ? plan : { ...plan, update: change(plan.update, item === null) };
  };
}

/** Replaces one clause of the update's condition. */
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

/** A condition that holds for every item, and that names the placeholders of the verdict's values. */
const alwaysWithVerdict = `${always} OR #status = :statusEventId OR #statusAt = :statusAt OR #statusEventId = :statusEventId`;

export const faults: Readonly<Record<string, Fault>> = {
  'answers before its write': {
    does: { answers: 'on arrival' },
    scenario: 'a late "sent" and a "delivered", each sent up to twice',
    breaks: acknowledgedIsLost,
    by: /hears 200/,
  },
  'answers 200 although the retry queue did not accept the events': {
    does: { whenTheQueueFails: 'answers 200' },
    scenario: 'a late "sent" and a "delivered", each sent up to twice',
    breaks: acknowledgedIsLost,
    by: /cannot reach the retry queue and answers 200/,
  },
  'deletes a message before its events are recorded': {
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
    scenario: 'a future-dated event that comes again before and after its time, and another event in between',
    breaks: 'the status is what the history amounts to',
    by: /"soft bounced": its write is applied: deferred \[deferred tomorrow, soft bounced\]/,
  },
  'sets the status and leaves the cause unchanged': {
    does: { plan: planning(update => ({ ...update, cause: null })) },
    scenario: 'a failure with a cause, one without a cause, and a higher status',
    breaks: 'the cause is that of the event that decides',
    by: /is applied: soft_bounced/,
  },
  'keeps the cause of a past status': {
    does: {
      write(target, update) {
        const input = updateInput(target, update);
        const UpdateExpression = input.UpdateExpression!.replace(' #attentionAt, #cause', ' #attentionAt');
        const ExpressionAttributeNames = expressionNames(UpdateExpression, input.ConditionExpression!);
        return { ...input, UpdateExpression, ExpressionAttributeNames };
      },
    },
    scenario: 'a failure with a cause, one without a cause, and a higher status',
    breaks: 'the cause is that of the event that decides',
    by: /is applied/,
  },
  'stores the cause of a tied event without a look at the others': {
    does: {
      plan: planning(update => (update.verdict === null ? update : onCondition(update, '#history = :seen', always))),
    },
    scenario: 'one failure that is reported with two causes, and a third time without a cause',
    breaks: 'the cause is that of the event that decides',
    by: /is applied/,
  },
  'lets a failure begin attention without a look at resolutions': {
    does: {
      plan: planning(update => onCondition(update, 'attribute_not_exists(#resolvedAt)', always)),
    },
    scenario: 'a failure, its handling, and a later failure of the same status',
    breaks: 'an email asks for attention exactly while its status does and no resolution has come since',
    by: /is applied: soft_bounced/,
  },
  'handles an email without a look at its failures': {
    does: {
      plan: planning(update =>
        update.attention.resolvedAt === undefined ? update : onCondition(update, '#history = :seen', always),
      ),
    },
    scenario: 'a handling, and two failures of which one came before it',
    breaks: 'an email asks for attention exactly while its status does and no resolution has come since',
    by: /"mailtrail.handled": its write is applied/,
  },
  'replaces the stored history by its own': {
    does: {
      plan: planning(update =>
        'add' in update.history ? { ...update, history: { replace: update.history.add } } : update,
      ),
    },
    scenario: 'a late "sent" and a "delivered", each sent up to twice',
    breaks: 'what is in the history stays there',
    by: /is applied: delivered \[delivered\]/,
  },
  'makes room in a full history without a check for changes': {
    does: { plan: planning(update => onCondition(update, '#history = :seen', always)) },
    scenario: 'a full history, an earlier note, and a bounce with a note beyond the bound',
    breaks: 'what is in the history stays there',
    by: /is applied: .* \[100 events\]/,
  },
  'never checks whether the history has room': {
    does: {
      plan: planning(update =>
        onCondition(update, 'attribute_not_exists(#history) OR size(#history) <= :room', always),
      ),
    },
    scenario: 'a history with room for one more event, and two earlier notes',
    breaks: 'the history keeps within its bound',
    by: /is applied: no status \[101 events\]/,
  },
  'counts opens without a check for changes of the history': {
    does: {
      plan: planning(update => (update.repeats === null ? update : onCondition(update, '#history = :seen', always))),
    },
    scenario: 'an email with two opens, and three more of which only one has a place in the history',
    breaks: 'no open is counted twice',
    by: /is applied/,
  },
  'counts opens without a check for other counts': {
    does: { plan: planning(update => onCondition(update, '#repeats = :repeatsSeen', always)) },
    scenario: 'counting writes that reach the table late',
    breaks: 'a count never falls',
    by: /is applied/,
  },
  'adds an open to the history without a look for counts': {
    does: { plan: planning(update => onCondition(update, 'attribute_not_exists(#repeats)', always)) },
    scenario: 'an email with two opens, and three more of which only one has a place in the history',
    breaks: 'a count never falls',
    by: /is applied/,
  },
  'does not look for a future-dated event': {
    does: { plan: planning(update => onCondition(update, 'attribute_not_exists(#futureDated)', always)) },
    scenario: 'a future-dated event that comes again before and after its time, and another event in between',
    breaks: 'the history holds no event twice',
    by: /sent again \(3\): its write is applied: .*\[deferred tomorrow, deferred tomorrow/,
  },
  'does not look once more for a future-dated event': {
    does: {
      plan: planning((update, first) =>
        first ? update : onCondition(update, 'attribute_not_exists(#futureDated)', always),
      ),
    },
    scenario: 'a "delivered", and a future-dated "sent" that comes again at its time',
    breaks: 'the history holds no event twice',
    by: /is applied: delivered \[/,
  },
  'adds a future-dated event to a history that it has not seen': {
    does: { plan: planning(update => (update.futureDated ? onCondition(update, '#history = :seen', always) : update)) },
    scenario: 'a future-dated delivery that waits in the queue until it comes again at its time',
    breaks: 'the history holds no event twice',
    by: /is applied/,
  },
  'adds to a history with a future-dated event that has changed since': {
    does: { plan: planning(update => (update.futureDated ? update : onCondition(update, '#history = :seen', always))) },
    scenario: 'a future-dated event that comes again at its time, beside another future-dated event',
    breaks: 'the history holds no event twice',
    by: /is applied/,
  },
  'lets a later event change the account': {
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
  'stores subject and reference without a check of the account': {
    does: {
      plan: planning(update =>
        onCondition(update, 'attribute_not_exists(#accountId) OR #accountId = :accountId', always),
      ),
    },
    scenario: 'two accounts that name the same email',
    breaks: "what is said of an email is said in its account's name",
    by: /is applied/,
  },
  'writes the record of an erasure after the emails are erased': {
    does: { recordsErasure: 'last' },
    scenario: 'an erasure by support while events wait, and a later callback',
    breaks: leavesATombstone,
    by: /is recorded/,
  },
  'lets the last written record count': {
    does: {
      record(...given) {
        const input = recordInput(...given);
        return { ...input, ConditionExpression: `${input.ConditionExpression} OR erasedAt >= :erasedAt` };
      },
    },
    scenario: 'two erasures of one recipient, and an event between them',
    breaks: leavesATombstone,
    by: /deletes the message/,
  },
  'drops events that came before an erasure, and leaves no tombstone': {
    does: { buries: () => new Map() },
    scenario: 'an erasure by support while events wait, and a later callback',
    breaks: leavesATombstone,
    by: /finds no email any more/,
  },
  'also drops events that came after an erasure': {
    does: {
      drops: (received, at) =>
        erasuresAfter(
          received.map(one => ({ ...one, receivedAt: 0 })),
          at,
        ),
    },
    scenario: 'an erasure by support while events wait, and a later callback',
    breaks: 'nothing is dropped but what came before an erasure',
    by: /the queue delivers/,
  },
  'drops events that name no account in the name of an account': {
    does: {
      drops: (received, at) =>
        new Map(
          received.flatMap(({ event, receivedAt }) => {
            const named = { ...event, accountId: event.accountId ?? 'acme' };
            return [...erasuresAfter([{ event: named, receivedAt }], at).values()].map(erasure => [event, erasure]);
          }),
        ),
    },
    scenario: 'an erasure by an account while no waiting event names it',
    breaks: 'nothing is dropped but what came before an erasure',
    by: /the queue delivers/,
  },
  "replaces another account's email by a tombstone": {
    does: { buriesWhat: erasure => whereUnclaimed({ ...erasure, accountId: null }) },
    scenario: 'an erasure by an account while another account names the same email',
    breaks: 'an erasure takes what it is about, and nothing else',
    by: /its tombstone is there/,
  },
  'replaces an email by a tombstone although the same message names another account': {
    does: {
      buries: (events, erasures) =>
        emailsToBury(
          events.filter(event => erasures.has(event)),
          erasures,
        ),
    },
    scenario: 'an erasure by an account of a request that also names another account',
    breaks: 'what is dropped takes nothing of another account with it',
    by: /its tombstone is there/,
  },
  'never looks at the item that a refused write shows': {
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
