/** The texts of a replay: the size of a queue, its progress, and at its end a table of its figures and a sentence. */

import { counted } from '../../local/cli/counted.ts';
import { holdMinutes, type QueueSweep } from './queue-sweep.ts';
import type { Replayed } from './replay-queue.ts';
import { textTable } from './text-table.ts';

/** The columns: heading by figure. Those that are 0 in every row are left out. */
const columns = {
  messages: 'messages',
  ready: 'can be read now',
  done: 'done',
  recorded: 'recorded',
  duplicate: 'duplicate',
  dropped: 'dropped',
  erased: 'erased',
  expired: 'expired',
  unrelated: 'unrelated',
  refused: 'refused',
  unreadable: 'unreadable pieces',
  tooOld: 'too old',
  failed: 'failed',
} as const satisfies Record<keyof Replayed, string>;

/** The size of a queue before it is read. */
export function sizeText({ waiting, held }: Awaited<ReturnType<QueueSweep['size']>>): string {
  const messages = `about ${counted(waiting + held, 'message')}`;
  return held > 0 ? `${messages}, some of which may be locked by another replay.` : `${messages}.`;
}

/** The progress of a replay. The estimate of the queue's size may be too low. */
export function progressText(seen: number, estimate: number): string {
  return `${seen.toLocaleString('en-US')}${seen > estimate ? '' : ` of about ${estimate.toLocaleString('en-US')}`} messages read`;
}

/** Says of messages that did not come why, and for how long. */
export function lockedText(missing: number): string {
  return `About ${counted(missing, 'message')} could not be read: another replay locks them, or the estimate was too high. Locked messages come back within ${holdMinutes} minutes while it runs, and within a minute after it.`;
}

/** @param replayed by `provider reason` */
export function replayReport(replayed: readonly (readonly [name: string, count: Replayed])[], dryRun: boolean): string {
  const rows = replayed.map(([name, count]) => {
    const [provider = '', reason = ''] = name.split(' ');
    const figures = Object.entries(columns).map(([figure, heading]) => [heading, count[figure as keyof Replayed]]);
    return { provider, reason, ...Object.fromEntries(figures) };
  });
  const total = (figure: keyof Replayed) => replayed.reduce((sum, [, count]) => sum + count[figure], 0);
  return `${textTable(rows)}\n\n${dryRun ? ofDryRun(total) : ofReplay(total)}`;
}

type Total = (figure: keyof Replayed) => number;

function ofDryRun(total: Total): string {
  return `Dry run: nothing was changed. A replay can record ${total('ready')} of ${counted(total('messages'), 'message')} now.`;
}

function ofReplay(total: Total): string {
  const left = total('messages') - total('done');
  const recorded = `${counted(total('recorded'), 'event')} recorded.`;
  return left === 0
    ? `${recorded} No message of these is left in its queue.`
    : `${recorded} ${counted(left, 'message')} of ${total('messages')} ${left === 1 ? 'stays' : 'stay'} in the queue.`;
}
