import middy from '@middy/core';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import type { AddNotes, ReadEmail } from '../../shared/email/notes.ts';
import type { NewsStore } from '../../shared/news/store.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import type { AccountMarks } from '../../shared/watch/account-marks.ts';
import { owedLinks, writeLinks } from './links.ts';
import { newsIn, type RecordNews } from './news.ts';

export interface ChangesDependencies {
  readonly news: Pick<NewsStore, 'add'>;
  readonly marks: Pick<AccountMarks, 'mark'>;
  /** Adds notes to the emails that others send again. */
  readonly addNotes: AddNotes;
  readonly readEmail: ReadEmail;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * The changes function: takes a batch of the table's stream, keeps what it says about each provider, and marks accounts with
 * new failures. It tells emails which others send them again, and when those were delivered. An unreadable record is left
 * out, so that it never holds up others. If a write fails, Lambda sends the whole batch again.
 */
export function createHandler({ news, marks, addNotes, readEmail, log, now }: ChangesDependencies) {
  return middy<DynamoDBStreamEvent, void>().handler(async ({ Records }, { awsRequestId: requestId }) => {
    const read: RecordNews[] = [];
    for (const record of Records) {
      try {
        read.push(newsIn(record));
      } catch (error) {
        log('fault', { requestId, where: 'changes.read', error: errorName(error) });
      }
    }
    const reports = read.flatMap(({ reports }) => reports);
    const emails = read.flatMap(({ email }) => email ?? []);
    // The notes come first: writing them again changes nothing.
    const onUnreadable = (error: unknown) =>
      log('fault', { requestId, where: 'changes.link', error: errorName(error) });
    const resent = read.flatMap(record => record.resent);
    const links = [...read.flatMap(record => record.links), ...(await owedLinks(readEmail, resent, onUnreadable))];
    await writeLinks(addNotes, links, now(), onUnreadable);
    const batchId = Records[0]?.dynamodb?.SequenceNumber ?? '';
    await news.add({ batchId, reports, emails });
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
      records: Records.length,
      emails: emails.length,
      unreadable: Records.length - read.length,
    });
  });
}
