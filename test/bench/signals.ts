import { causeIn, failureOf } from '../../shared/providers/parsing/signals.ts';
import { replies } from '../providers/parsing/replies.ts';
import { type Figure, figure, median } from './figures.ts';

const texts = Object.values(replies).flat();
const rounds = 100;

/** The time of one reply in microseconds: the median of rounds over all replies. */
function reply(): number {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const begun = performance.now();
    for (const text of texts) failureOf({ text }, 'hard_bounced');
    times.push(((performance.now() - begun) * 1_000) / texts.length);
  }
  return median(times.slice(rounds / 2));
}

/** Texts that keep a matcher busy: words that begin many phrases, and separators of words. */
const hostile = [
  'user ',
  'mailbox not ',
  'message too ',
  'ip .',
  '<a@',
  '"',
  "'",
  '5.1.1 ',
  '\u0301',
  '在',
  'x',
  'caixa nao ',
];
const hostileCharacters = 100_000;

/** The time of the slowest hostile reply of 100 KB, in milliseconds. Each is read three times, and the fastest time counts. */
function slowestHostile(): number {
  const timeOf = (text: string) => {
    const times = [1, 2, 3].map(() => {
      const begun = performance.now();
      causeIn({ text });
      return performance.now() - begun;
    });
    return Math.min(...times);
  };
  return Math.max(...hostile.map(piece => timeOf(piece.repeat(hostileCharacters / piece.length))));
}

/** Times the signals of failure. */
export function signals(): Figure[] {
  return [
    figure(`the cause of a bounce, of ${texts.length} replies`, reply(), 'µs', '< 20'),
    figure('the cause in a hostile reply of 100 KB, the slowest', slowestHostile(), 'ms', '< 5'),
  ];
}
