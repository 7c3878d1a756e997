import { counted } from '../../local/cli/counted.ts';
import { textTable } from '../replay/text-table.ts';
import type { Examined } from './examine.ts';

/** The checks in a table, then each finding with its impact and its remedy. */
export function reportOf(examined: readonly Examined[]): string {
  const all = examined.flatMap(({ check, findings }) => findings.map(finding => ({ check, ...finding })));
  const rows = examined.map(({ check, findings, note }) => ({
    check,
    result: `${findings.length === 0 ? 'ok' : counted(findings.length, 'finding')}${note === null ? '' : `; ${note}`}`,
  }));
  const list = all.map(({ check, wrong, impact, remedy }, index) =>
    [`${index + 1}. ${check}: ${wrong}`, `   Impact: ${impact}`, `   To do:  ${remedy}`].join('\n'),
  );
  return [textTable(rows), `${counted(all.length, 'finding')}${all.length === 0 ? '.' : ':'}`, ...list].join('\n\n');
}
