/** The structure in a text: JSON, JSON Lines or a form. */

import { fieldsIn } from '../../../shared/providers/parsing/forms.ts';

/** The object or list in a body; null where it is none of the three. */
export function structureIn(text: string): object | null {
  return jsonIn(text) ?? jsonLinesIn(text) ?? formIn(text);
}

/** The object or list in a text that is JSON; null for any other text. */
export function jsonIn(text: string): object | null {
  if (!/^\s*[{[]/.test(text)) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function jsonLinesIn(text: string): readonly object[] | null {
  const lines = text.split(/\r?\n/).filter(line => line.trim() !== '');
  const values = lines.map(jsonIn).filter(value => value !== null);
  return lines.length > 1 && values.length === lines.length ? values : null;
}

function formIn(text: string): object | null {
  const fields = /^[^\s{}<>"&=]{1,200}=/.test(text) ? fieldsIn(text) : null;
  if (fields === null) return null;
  const byName = Map.groupBy(fields, ([name]) => name);
  return Object.fromEntries(
    [...byName].map(([name, same]) => [name, same.length === 1 ? same[0]![1] : same.map(([, value]) => value)]),
  );
}
