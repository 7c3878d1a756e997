/** The agreement of the signals of failure with mail servers' replies whose statuses are known. */

import * as z from 'zod/mini';
import { failureOf } from '../../../shared/providers/parsing/signals.ts';
import { type Status, statuses, statusIds } from '../../../shared/status/catalogue.ts';

const line = z.object({
  id: z.optional(z.string()),
  reply: z.string(),
  status: z.optional(z.string()),
  category: z.optional(z.string()),
  expected: z.optional(z.array(z.enum(statusIds))),
});

/** A line of the file is wrong: its author has to mend it. */
export class UnreadableLine extends Error {
  constructor(number: number, problem: string) {
    super(`line ${number}: ${problem}`);
    this.name = 'UnreadableLine';
  }
}

/** @throws {@link UnreadableLine} */
function replyIn(written: string, number: number): z.infer<typeof line> {
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch {
    throw new UnreadableLine(number, 'is no JSON');
  }
  const read = z.safeParse(line, value);
  if (read.success) return read.data;
  const { path, message } = read.error.issues[0]!;
  throw new UnreadableLine(number, `${path.join('.') || 'the line'}: ${message}`);
}

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
 * @throws {@link UnreadableLine}
 */
export function classified(text: string): string {
  const all: Agreement = { agreed: 0, of: 0 };
  const categories = new Map<string, Agreement>();
  const lines: string[] = [];
  let falseAlarms = 0;
  for (const [index, written] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    if (written.trim() === '') continue;
    const { id, reply, status: enhancedCode, category = 'uncategorised', expected } = replyIn(written, index + 1);
    const { status, cause } = failureOf({ text: reply, enhancedCode }, 'hard_bounced');
    const verdict = `${status} (${cause})`;
    if (expected === undefined) {
      lines.push(`${verdict}: ${JSON.stringify(reply)}`);
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
    if (!agrees)
      lines.push(`${category} ${id ?? ''}: ${verdict}, not ${expected.join(' or ')}: ${JSON.stringify(reply)}`);
  }
  return [
    ...lines,
    ...[...categories].map(([category, agreement]) => `${category}: ${percent(agreement)}`),
    ...(all.of > 0 ? [`all: ${percent(all)}`, `false alarms: ${falseAlarms}`] : []),
  ].join('\n');
}
