/** The closing text of a replay: a table of its figures, and a sentence. */

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

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
