import type { ErasedEmails, EraseEmails } from '../../shared/email/eraser.ts';
import type { Erasure } from '../../shared/email/tombstone.ts';
import type { ErasureRecords } from '../../shared/guards/erasure-records.ts';

/**
 * Erases a recipient. It first writes the record, so that events waiting in a queue are dropped once they are read. It
 * then erases emails until the index shows none, including those recorded meanwhile. Never rejects.
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
