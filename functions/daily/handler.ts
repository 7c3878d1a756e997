import middy from '@middy/core';
import type { ScheduledEvent } from 'aws-lambda';
import type { DailyDigests, DigestPart, KnownDigest } from '../../shared/alerts/daily-digests.ts';
import type { Publish, TopicMessage } from '../../shared/alerts/publish.ts';
import type { PublishEvents } from '../../shared/events/publish.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import { day as dayMs, dayOf, isoMillis } from '../../shared/runtime/time.ts';
import type { DailyDigest, ListLinks } from './digest.ts';
import { letterOf } from './letter.ts';
import { contentOf, digestType, messageOf } from './message.ts';
import type { CountedWork, CountWork } from './work.ts';

export interface DailyDependencies {
  readonly digests: DailyDigests;
  readonly countWork: CountWork;
  /** Publishes to the topic for people. */
  readonly publishLetter: Publish;
  /** Publishes to the topic for machines. */
  readonly publishMessage: Publish;
  /** Publishes to the bus; null where the installation has none. */
  readonly publishEvents: PublishEvents | null;
  /** The UTC hour at which a digest is due. */
  readonly hour: number;
  /** Whether each account has a digest of its own. */
  readonly accountDigests: boolean;
  readonly links: ListLinks;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The event of the schedule. Somebody who invokes the function may leave out the time, or ask for a preview. */
export type DailyEvent = Partial<ScheduledEvent> & {
  /** Returns the letter as it would be now; nothing is published or recorded. */
  readonly preview?: boolean;
};

/** The digest was not told wholly. Lambda tries again, and each part that was told stays so. */
export class DigestNotTold extends Error {
  override readonly name = 'DigestNotTold';
}

/** The bus did not take all events. */
class EventsNotTaken extends Error {
  override readonly name = 'EventsNotTaken';
}

const messagesInFlight = 8;

const hourMs = 3_600_000;

/**
 * The daily function: tells support and machines which emails ask somebody to act, once a day. It says so too where there
 * is nothing to do, so that readers notice a digest that does not come.
 */
export function createHandler(dependencies: DailyDependencies) {
  const { digests, countWork, publishLetter, publishMessage, publishEvents, links, log, now } = dependencies;
  return middy<DailyEvent, TopicMessage | undefined>().handler(async (event, { awsRequestId: requestId }) => {
    const begun = now();
    const scheduled = isoMillis(event.time);
    const isPreview = event.preview === true;
    // A run that Lambda tries again after midnight is still of its day. Somebody who invokes the function sends the digest
    // that was due last: that of an hour to come would be told already.
    const dueLast = begun - (isPreview ? 0 : dependencies.hour * hourMs);
    const day = dayOf(Number.isNaN(scheduled) ? dueLast : scheduled);
    const known = await digests.read(day, begun);
    if (isPreview) return letterOf(await allOf(known), links);
    if (known.isFinished) {
      log('daily.told', { requestId, emails: 0, accounts: 0, messages: 0, alreadyTold: true });
      return;
    }
    if (known.isBeingTold || !(await digests.begin(known, begun))) throw new DigestNotTold('another run tells it');
    let where = 'count';
    try {
      const digest = await allOf(known);
      const { work } = digest;
      let messages = 0;
      const parts: Readonly<Record<DigestPart, null | (() => Promise<unknown>)>> = {
        people: () => publishLetter(letterOf(digest, links)),
        machines: () => publishMessage(messageOf(digest, links)),
        events: publishEvents === null ? null : () => publishAll(publishEvents, [digest]),
        accounts: dependencies.accountDigests ? () => tellAccounts(digest, known) : null,
      };
      for (const [part, publish] of Object.entries(parts) as [DigestPart, (typeof parts)[DigestPart]][]) {
        if (publish === null || known.told.has(part)) continue;
        where = part;
        const published = await publish();
        messages += typeof published === 'number' ? published : 1;
        await digests.tell(day, part);
      }
      where = 'finish';
      await digests.finish(day, now());
      const accounts = [...work.accounts.keys()].filter(accountId => accountId !== undefined).length;
      log('daily.told', { requestId, emails: work.all.emails, accounts, messages, alreadyTold: false });
    } catch (error) {
      log('fault', { requestId, where: `daily.${where}`, error: errorName(error) });
      await digests.release(day).catch(() => {});
      throw new DigestNotTold(where);
    }
  });

  async function allOf({ day, previousAt }: KnownDigest): Promise<DailyDigest> {
    const asOf = now();
    const since = previousAt ?? asOf - dayMs;
    const work = await countWork(since, null);
    const isSincePrevious = previousAt !== null;
    return { day, accountId: null, asOf, since, isSincePrevious, next: nextAt(dependencies.hour, asOf), work };
  }

  /** Tells the systems of each account with work, and once those of accounts that have none any more. */
  async function tellAccounts(digest: DailyDigest, { accounts: earlier }: KnownDigest): Promise<number> {
    const { day, since, asOf, work } = digest;
    const found = [...work.accounts.keys()].filter(accountId => accountId !== undefined);
    await digests.addAccounts(day, found, asOf);
    const ofAccounts: DailyDigest[] = [];
    const errors: unknown[] = [];
    await forEachConcurrently([...new Set([...found, ...earlier])], messagesInFlight, async accountId => {
      try {
        const own = { ...digest, accountId, work: await workOf(accountId, work, since) };
        ofAccounts.push(own);
        await publishMessage(messageOf(own, links));
      } catch (error) {
        errors.push(error);
      }
    });
    if (errors.length > 0) throw errors[0];
    if (publishEvents !== null) await publishAll(publishEvents, ofAccounts);
    return ofAccounts.length;
  }

  /** Publishes each digest as an event; rejects unless the bus takes all. */
  async function publishAll(publish: PublishEvents, some: readonly DailyDigest[]): Promise<void> {
    const taken = await publish(
      some.map(digest => ({ detailType: digestType, detail: contentOf(digest, links), time: digest.asOf })),
    );
    if (taken.includes(false)) throw new EventsNotTaken();
  }

  /** The work of one account. Where not all emails were counted, an account that seems to have none is counted apart. */
  async function workOf(accountId: string, { accounts, atLeast }: CountedWork, since: number): Promise<CountedWork> {
    const all = accounts.get(accountId);
    if (all !== undefined) return { all, accounts: new Map(), atLeast, newAtLeast: atLeast };
    if (atLeast) return { ...(await countWork(since, accountId)), accounts: new Map() };
    return { all: { emails: 0, newEmails: 0, groups: [], newest: [] }, accounts, atLeast: false, newAtLeast: false };
  }
}

/** The next time at which a digest is due. */
function nextAt(hour: number, now: number): number {
  const today = Date.parse(dayOf(now)) + hour * hourMs;
  return today > now ? today : today + dayMs;
}
