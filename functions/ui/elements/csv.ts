import type { Connection } from './connection.ts';
import { type EmailFilter, parametersOf } from './filter.ts';

/** The whole file of an account: the export without a filter has only the emails that need action. */
const sinceEver = '1970-01-01';

/**
 * Downloads the filtered emails of an account as a CSV file, page by page.
 *
 * @param onProgress called with the lines so far
 * @returns the lines of the file, without its header
 * @throws RequestFailed
 */
export async function downloadCsv(
  connection: Connection,
  account: string,
  filter: EmailFilter,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (lines: number) => void },
): Promise<number> {
  const parameters = parametersOf(filter);
  if (parameters.size === 0) parameters.set('from', sinceEver);
  parameters.set('format', 'csv');
  const pages: string[] = [];
  let lines = -1;
  let next: string | undefined = `/accounts/${encodeURIComponent(account)}/attention-list?${parameters}`;
  while (next !== undefined) {
    const { body = '', headers }: { body?: string | undefined; headers: Headers } = await connection.request<string>(
      next,
      { signal, isText: true },
    );
    pages.push(body);
    lines += linesIn(body);
    onProgress(Math.max(0, lines));
    next = /<(\/[^>]*)>;\s*rel="next"/.exec(headers.get('link') ?? '')?.[1];
  }
  save(new Blob(pages, { type: 'text/csv' }), `emails-${account}.csv`);
  return Math.max(0, lines);
}

/** Lines of CSV: a line break within quotes is part of a value. */
function linesIn(csv: string): number {
  return csv.replace(/"[^"]*"/g, '').split('\n').length - 1;
}

function save(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
