/**
 * The partitions of the index `byAttentionDay`. One partition takes 1,000 writes a second, and the failed emails of all
 * accounts come on one day. Each day therefore has several partitions, and the email's id chooses one.
 */

import { dayOf } from '../runtime/time.ts';

/**
 * Partitions of a day; a test holds that they suffice for 100,000 events a second. The number may only grow, since readers
 * would miss the partitions above. To grow it, let one version read the larger number and write the smaller one, and the
 * next version write it too. Otherwise a rollback hides the newest emails. Items keep the partition that they have.
 */
export const partitionsOfDay = 4;

/** Partition 0 of a day is the day alone: earlier versions wrote nothing else. */
const partitionName = (day: string, partition: number) => (partition === 0 ? day : `${day}#${partition}`);

/** The partition of an email whose status first asks for attention at this time. */
export function attentionDayOf(emailId: string, at: number): string {
  // An id is a hash in base64url: its first byte is as good as random.
  const [byte = 0] = Buffer.from(emailId.slice(0, 2), 'base64url');
  return partitionName(dayOf(at), byte % partitionsOfDay);
}

/** All partitions of the day of this time. */
export function attentionDaysOf(at: number): readonly string[] {
  return Array.from({ length: partitionsOfDay }, (_, partition) => partitionName(dayOf(at), partition));
}
