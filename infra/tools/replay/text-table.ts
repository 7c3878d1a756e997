/** A cell of a row by its column's heading: a text, or a figure. */
export type Row = Readonly<Record<string, string | number>>;

/** Rows under their headings, figures on the right. A column of figures that are all 0 is left out. */
export function textTable(rows: readonly Row[]): string {
  const headings = Object.keys(rows[0] ?? {}).filter(heading => rows.some(row => row[heading] !== 0));
  const lines = [headings, ...rows.map(row => headings.map(heading => String(row[heading])))];
  const widths = headings.map((_, column) => Math.max(...lines.map(line => line[column]!.length)));
  const isFigure = headings.map(heading => rows.every(row => typeof row[heading] === 'number'));
  return lines
    .map(line =>
      line
        .map((cell, column) => (isFigure[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
