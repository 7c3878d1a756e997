import type { Evidence } from '../../status/precedence.ts';

/** Whose act an event tells of, by the provider's word on whether it was a machine: a boolean, or the text of one. */
export function evidenceOf(byMachine: unknown): Evidence | null {
  const word = typeof byMachine === 'boolean' ? String(byMachine) : byMachine;
  if (word === 'true') return 'machine';
  return word === 'false' ? 'human' : null;
}
