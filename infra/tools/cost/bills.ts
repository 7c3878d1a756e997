import { emailsLines, refusedLines } from './emails-lines.ts';
import { idleLines, reportingLines } from './idle-lines.ts';
import { type Bill, billOf } from './line.ts';
import type { Measured } from './measure.ts';
import type { Prices } from './prices.ts';

/** The sums. */
export interface Bills {
  readonly emails: Bill;
  readonly idle: Bill;
  readonly reporting: Bill;
  readonly refused: Bill;
}

/** @param emails the number of emails to project the run to */
export function billsOf(measured: Measured, emails: number, prices: Prices): Bills {
  const events = measured.events / measured.emails;
  return {
    emails: billOf(
      `${emails.toLocaleString('en-US')} emails with ${Number(events.toFixed(2))} events each, over their retention`,
      emailsLines(measured, emails),
      prices,
    ),
    idle: billOf('a month at rest', idleLines(measured), prices),
    reporting: billOf('metrics while this provider reports, a month', reportingLines(measured), prices),
    refused: billOf('a million calls that nobody signed', refusedLines(measured, 1e6), prices),
  };
}
