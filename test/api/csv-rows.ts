/**
 * Parses a CSV file into rows of unquoted cells (RFC 4180).
 *
 * @throws on an open quote, a quote inside a bare cell, or a wrong line ending
 */
export function csvRows(text: string): string[][] {
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  const rows: string[][] = [];
  let row: string[] = [];
  for (let at = 0; at < text.length; at = cell.lastIndex) {
    cell.lastIndex = at;
    const found = cell.exec(text);
    if (found === null) throw new Error(`no CSV at character ${at}`);
    const [, quoted, bare = '', ends] = found;
    row.push(quoted?.replaceAll('""', '"') ?? bare);
    if (ends === ',') continue;
    rows.push(row);
    row = [];
  }
  if (row.length > 0) throw new Error('the last line does not end');
  return rows;
}
