import { createHandler, type DailyDependencies, type DailyEvent } from '../../functions/daily/handler.ts';
import { createCountWork } from '../../functions/daily/work.ts';
import { createDailyDigests } from '../../shared/alerts/daily-digests.ts';
import type { Publish, TopicMessage } from '../../shared/alerts/publish.ts';
import { createReader } from '../../shared/email/reader.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { lambdaContext } from '../rigs/http-event.ts';
import type { StoredEmails } from '../rigs/stored-emails.ts';

/** A message of a digest. */
export interface Told {
  readonly to: 'people' | 'machines';
  readonly message: TopicMessage;
}

/** A digest for machines. */
export interface DigestContent {
  readonly id: string;
  readonly accountId: string | null;
  readonly emails: number;
  readonly newEmails: number;
  readonly atLeast: boolean;
  readonly causes: readonly {
    readonly cause: string | null;
    readonly status: string | null;
    readonly emails: number;
  }[];
  readonly accounts?: readonly { readonly accountId: string; readonly emails: number }[];
  readonly furtherAccounts?: { readonly accounts: number; readonly emails: number };
  readonly withoutAccount?: { readonly emails: number };
  readonly newestEmailIds?: readonly string[];
}

/** The daily function over real tables, with the messages and log lines of its runs. */
export function dailyFunction(emails: StoredEmails, now: () => number, limits?: Parameters<typeof createCountWork>[2]) {
  const told: Told[] = [];
  const events: DigestContent[] = [];
  const lines: unknown[][] = [];
  const publishTo =
    (to: Told['to']): Publish =>
    async message => {
      told.push({ to, message });
    };
  const digests = createDailyDigests(emails.client, emails.guardTableName);
  const reader = createReader({
    client: emails.client,
    tableName: emails.tableName,
    // Of a longer retention, each count would read hundreds of empty days.
    retentionDays: 1,
    oldAfter: defaultOldAfter,
    now,
  });
  const dependencies: DailyDependencies = {
    digests,
    countWork: createCountWork(reader, now, limits),
    publishLetter: publishTo('people'),
    publishMessage: publishTo('machines'),
    publishEvents: async some => {
      for (const { detail, detailType } of some) {
        if (detailType !== 'Mailtrail Daily Digest') throw new Error(detailType);
        events.push(JSON.parse(JSON.stringify(detail)) as DigestContent);
      }
      return some.map(() => true);
    },
    hour: 7,
    accountDigests: false,
    links: { uiUrl: '', apiUrl: 'https://api.example.com' },
    log: (...line) => lines.push(line),
    now,
  };
  return {
    digests,
    told,
    events,
    lines,
    /** Invokes the function as the schedule does at this time. */
    run: (changes: Partial<DailyDependencies> = {}, event: DailyEvent = {}) =>
      createHandler({ ...dependencies, ...changes })(event, lambdaContext),
    /** The messages since the last call. */
    messages: () => told.splice(0),
    /** The digests for machines since the last call. */
    contents: () =>
      told
        .splice(0)
        .filter(({ to }) => to === 'machines')
        .map(({ message }) => JSON.parse(message.body) as DigestContent),
  };
}
