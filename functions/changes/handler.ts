import middy from '@middy/core';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import type { NewsStore } from '../../shared/news/store.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import { newsIn, type RecordNews } from './news.ts';

export interface ChangesDependencies {
  readonly news: Pick<NewsStore, 'add'>;
  readonly log: Log;
}

/**
 * The changes function: takes a batch of the table's stream, and keeps what it says about each provider. An unreadable
 * record is left out, so that it never holds up others. If the news cannot be kept, Lambda sends the whole batch again.
 */
export function createHandler({ news, log }: ChangesDependencies) {
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
    const batchId = Records[0]?.dynamodb?.SequenceNumber ?? '';
    await news.add({ batchId, reports, emails });
    log('changes.counted', {
      requestId,
      records: Records.length,
      emails: emails.length,
      unreadable: Records.length - read.length,
    });
  });
}
