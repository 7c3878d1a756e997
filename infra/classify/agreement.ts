/** How far the signals agree with what is known of mail servers' replies. */

import * as z from 'zod/mini';
import { failureOf } from '../../shared/providers/signals.ts';
import { type Status, statuses, statusIds } from '../../shared/status.ts';

const line = z.object({
  id: z.optional(z.string()),
  reply: z.string(),
  status: z.optional(z.string()),
  category: z._default(z.string(), 'uncategorised'),
  expected: z.optional(z.array(z.enum(statusIds))),
});

/** How many of a category's lines have an expected status. */
interface Agreement {
  agreed: number;
  of: number;
}

function percent({ agreed, of }: Agreement): string {
  return `${agreed} of ${of} (${((100 * agreed) / of).toFixed(1)} %)`;
}

/** Whether support is alerted to a status. */
function alerts(status: Status): boolean {
  return statuses[status].alert !== null;
}

/**
 * The report on replies: the lines that differ, then the agreement of each category and of all, and
 * how many would wake support for nothing.
 *
 * @param text JSON Lines with `reply`, and optionally `id`, `status` (an enhanced status code), `category` and `expected`
 */
export function classified(text: string): string {
  const all: Agreement = { agreed: 0, of: 0 };
  const categories = new Map<string, Agreement>();
  const lines: string[] = [];
  let falseAlarms = 0;
  for (const written of text.split('\n').filter(written => written.trim() !== '')) {
    const { id, reply, status: enhancedCode, category, expected } = line.parse(JSON.parse(written));
    const { status, cause } = failureOf({ text: reply, enhancedCode }, 'hard_bounced');
    const verdict = `${status} (${cause})`;
    if (expected === undefined) {
      lines.push(`${verdict}: ${reply}`);
      continue;
    }
    const ofCategory = categories.get(category) ?? { agreed: 0, of: 0 };
    categories.set(category, ofCategory);
    const agrees = expected.includes(status);
    for (const agreement of [all, ofCategory]) {
      agreement.of += 1;
      if (agrees) agreement.agreed += 1;
    }
    if (alerts(status) && !expected.some(alerts)) falseAlarms += 1;
    if (!agrees) lines.push(`${category} ${id ?? ''}: ${verdict}, not ${expected.join(' or ')}: ${reply}`);
  }
  return [
    ...lines,
    ...[...categories].map(([category, agreement]) => `${category}: ${percent(agreement)}`),
    ...(all.of > 0 ? [`all: ${percent(all)}`, `false alarms: ${falseAlarms}`] : []),
  ].join('\n');
}
