import type { Evidence } from '../../status/precedence.ts';

/** Person or machine, by the provider's word: a boolean, or the text of one. */
export function evidenceOf(byMachine: unknown): Evidence | null {
  const word = typeof byMachine === 'boolean' ? String(byMachine) : byMachine;
  if (word === 'true') return 'machine';
  return word === 'false' ? 'human' : null;
}
