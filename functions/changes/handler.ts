import middy from '@middy/core';
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import type { AddNotes, ReadEmail } from '../../shared/email/notes.ts';
import type { NewsStore } from '../../shared/news/store.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import type { AccountMarks } from '../../shared/watch/account-marks.ts';
import type { AddResolved } from '../../shared/watch/resolved-failures.ts';
import { owedLinks, writeLinks } from './links.ts';
import { type EmailStates, newsIn, type RecordNews, statesIn } from './news.ts';
import type { PublishChanges } from './status-events.ts';

export interface ChangesDependencies {
  readonly news: Pick<NewsStore, 'add'>;
  readonly marks: Pick<AccountMarks, 'mark'>;
  /** Keeps the failures that no index of attention has any more. */
  readonly addResolved: AddResolved;
  /** Adds notes to the emails that others send again. */
  readonly addNotes: AddNotes;
  /** null if there is no bus. */
  readonly publish: PublishChanges | null;
  readonly readEmail: ReadEmail;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** A readable record: its place in the batch, its email's states and its news. */
interface ReadRecord {
  readonly place: number;
  readonly states: EmailStates;
  readonly news: RecordNews;
}

/**
 * The changes function takes a batch of the table's stream. It publishes each change of a status, and tells emails which
 * others send them again. It keeps the resolved failures, which rates count, and what the batch says about each provider.
 * It marks accounts with new failures. An unreadable record is left out, so that it never holds up others. If a write
 * fails, Lambda sends the whole batch again.
 *
 * After an event that the bus did not take, Lambda sends its record and all later ones again. Their news is kept then: the
 * store knows a batch by its first record, and would count twice what two batches share.
 */
export function createHandler({
  news,
  marks,
  addResolved,
  addNotes,
  readEmail,
  publish,
  log,
  now,
}: ChangesDependencies) {
  return middy<DynamoDBStreamEvent, DynamoDBBatchResponse>().handler(async ({ Records }, { awsRequestId }) => {
    const requestId = awsRequestId;
    const all: ReadRecord[] = [];
    for (const [place, record] of Records.entries()) {
      try {
        const states = statesIn(record);
        all.push({ place, states, news: newsIn(states) });
      } catch (error) {
        log('fault', { requestId, where: 'changes.read', error: errorName(error) });
      }
    }

    let failedAt = Records.length;
    if (publish !== null) {
      const onFault = (where: string, error: string) => log('fault', { requestId, where, error });
      const published = await publish(
        all.map(({ states }) => states),
        onFault,
      );
      failedAt = all[published.indexOf(false)]?.place ?? Records.length;
    }

    const read = all.filter(({ place }) => place < failedAt).map(record => record.news);
    const emails = read.flatMap(({ email }) => email ?? []);
    // Before the news: to write notes or resolved failures again changes nothing.
    const onUnreadable = (error: unknown) =>
      log('fault', { requestId, where: 'changes.link', error: errorName(error) });
    const resent = read.flatMap(record => record.resent);
    const links = [...read.flatMap(record => record.links), ...(await owedLinks(readEmail, resent, onUnreadable))];
    await writeLinks(addNotes, links, now(), onUnreadable);
    const leftOut = await addResolved(
      read.flatMap(record => record.resolved ?? []),
      now(),
    );
    if (leftOut > 0) log('changes.uncounted', { requestId, emails: leftOut });
    if (failedAt > 0)
      await news.add({ batchId: idOf(Records[0]), reports: read.flatMap(({ reports }) => reports), emails });
    try {
      const unmarked = await marks.mark(
        read.flatMap(({ failedOf }) => failedOf ?? []),
        now(),
      );
      if (unmarked > 0) log('changes.unmarked', { requestId, accounts: unmarked });
    } catch (error) {
      // Counting the news again for it would cost more than a later mark.
      log('fault', { requestId, where: 'changes.mark', error: errorName(error) });
    }
    log('changes.counted', {
      requestId,
      records: failedAt,
      emails: emails.length,
      unreadable: failedAt - read.length,
      ...(failedAt < Records.length && { again: Records.length - failedAt }),
    });
    return {
      batchItemFailures: Records.slice(failedAt, failedAt + 1)
        .map(idOf)
        .map(itemIdentifier => ({ itemIdentifier })),
    };
  });
}

function idOf(record: DynamoDBRecord | undefined): string {
  return record?.dynamodb?.SequenceNumber ?? '';
}
