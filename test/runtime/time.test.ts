import { expect, test } from 'vitest';
import { timeInWords } from '../../shared/runtime/time.ts';

test('a time in a sentence has minutes and UTC, in any possible year of an event', () => {
  expect(timeInWords(Date.UTC(2026, 10, 24, 18, 2, 59, 999))).toBe('2026-11-24 18:02 UTC');
  expect(timeInWords(8.64e15)).toBe('+275760-09-13 00:00 UTC');
});
