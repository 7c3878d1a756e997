import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether two texts are equal, in a time that depends on neither. */
function equalInConstantTime(one: string, other: string): boolean {
  return timingSafeEqual(createHash('sha256').update(one).digest(), createHash('sha256').update(other).digest());
}

/** Whether `given` is one of `texts`, in a time that does not tell which. */
export function isOneOf(given: string, texts: readonly string[]): boolean {
  return texts.map(text => equalInConstantTime(text, given)).includes(true);
}
