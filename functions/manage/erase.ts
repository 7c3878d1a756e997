import type { ErasedEmails, EraseEmails } from '../../shared/email/eraser.ts';
import type { Erasure } from '../../shared/email/tombstone.ts';
import type { ErasureRecords } from '../../shared/guards/erasure-records.ts';

/**
 * Erases a recipient. First the record, so that whatever waits in a queue is dropped once it is read; then the emails, again
 * and again until the index shows none, for those that were recorded meanwhile. Never rejects.
 */
export function createErase(records: Pick<ErasureRecords, 'write'>, eraseEmails: EraseEmails): EraseEmails {
  return async (erasure: Erasure, now, signal): Promise<ErasedEmails> => {
    try {
      await records.write(erasure, now, signal);
    } catch (error) {
      return { erased: 0, error };
    }
    return eraseEmails(erasure, now, signal);
  };
}
