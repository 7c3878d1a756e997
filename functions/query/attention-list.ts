import { stringify } from 'csv-stringify/sync';
import type { AttentionLine } from './response-schemas.ts';

/** The columns of the file, in their order. */
const columns = [
  'emailId',
  'recipient',
  'subject',
  'reference',
  'provider',
  'status',
  'statusAt',
  'sentAt',
  'cause',
  'causeLabel',
  'why',
  'whatToDo',
  'caveats',
] as const satisfies readonly (keyof AttentionLine)[];

/** Where a spreadsheet of many European locales begins a cell: it separates by semicolons, whatever the file does. */
const afterSeparator = /([;\t]"*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

/** A cell holds a text: of the caveats, what they say. */
function inWords({ caveats, ...line }: AttentionLine) {
  return { ...line, caveats: caveats.map(({ text }) => text).join(' ') };
}

interface Format {
  readonly contentType: string;
  /** Lines of the file; its header, where it has one, stands before those of the first page only. */
  readonly text: (lines: readonly AttentionLine[], isFirstPage: boolean) => string;
}

/** The formats of the exported attention list: the pages of a list, one after the other, are one file. */
export const attentionListFormats = {
  csv: {
    contentType: 'text/csv; charset=utf-8',
    text: (lines, isFirstPage) =>
      stringify(lines.map(inWords), {
        columns: [...columns],
        header: isFirstPage,
        record_delimiter: 'windows',
        // A spreadsheet would run `=cmd|...` out of a subject: https://owasp.org/www-community/attacks/CSV_Injection
        escape_formulas: true,
        cast: { string: text => text.replace(afterSeparator, "$1'") },
      }),
  },
  jsonl: {
    contentType: 'application/jsonl; charset=utf-8',
    text: lines => lines.map(line => `${JSON.stringify(line)}\n`).join(''),
  },
} as const satisfies Record<string, Format>;
