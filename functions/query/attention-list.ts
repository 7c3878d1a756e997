import { stringify } from 'csv-stringify/sync';
import type { AttentionLine } from '../../shared/http/response-schemas.ts';

/** The columns of the file, in order. */
const columns = [
  'emailId',
  'recipient',
  'subject',
  'reference',
  'provider',
  'status',
  'label',
  'statusAt',
  'sentAt',
  'cause',
  'causeLabel',
  'why',
  'whatToDo',
  'whatToDoForAccount',
  'caveats',
] as const satisfies readonly (keyof AttentionLine)[];

/** The places where a spreadsheet in many European locales starts a cell, since it separates by semicolons. */
const afterSeparator = /([;\t]"*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

/** A CSV cell holds text: caveats become their texts. */
function inWords({ caveats, ...line }: AttentionLine) {
  return { ...line, caveats: caveats.map(({ text }) => text).join(' ') };
}

interface Format {
  readonly contentType: string;
  /** The lines of a page. The header, if the format has one, precedes only the first page. */
  readonly text: (lines: readonly AttentionLine[], isFirstPage: boolean) => string;
}

/** The formats of the exported attention list. The pages of a list, joined in order, are one file. */
export const attentionListFormats = {
  csv: {
    contentType: 'text/csv; charset=utf-8',
    text: (lines, isFirstPage) =>
      stringify(lines.map(inWords), {
        columns: [...columns],
        header: isFirstPage,
        record_delimiter: 'windows',
        // A spreadsheet would execute `=cmd|...` in a subject: https://owasp.org/www-community/attacks/CSV_Injection
        escape_formulas: true,
        cast: { string: text => text.replace(afterSeparator, "$1'") },
      }),
  },
  jsonl: {
    contentType: 'application/jsonl; charset=utf-8',
    text: lines => lines.map(line => `${JSON.stringify(line)}\n`).join(''),
  },
} as const satisfies Record<string, Format>;
