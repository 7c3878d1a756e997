import { expect, it } from 'vitest';
import { classified } from '../../infra/tools/classify/agreement.ts';

const lines = (...rows: readonly object[]) => rows.map(row => JSON.stringify(row)).join('\n');

it('classify reports how far the signals agree with the expected causes, in total and per category', () => {
  const report = classified(
    lines(
      { reply: '550 no such user', category: 'user', expected: ['invalid'] },
      { reply: '552 mailbox full', category: 'mailbox', expected: ['hard_bounced', 'soft_bounced'] },
      { id: 'r3', reply: '550 4711', category: 'user', expected: ['invalid'] },
    ),
  );
  expect(report.split('\n')).toEqual([
    'user r3: hard_bounced (unspecified), not invalid: "550 4711"',
    'user: 1 of 2 (50.0 %)',
    'mailbox: 1 of 1 (100.0 %)',
    'all: 2 of 3 (66.7 %)',
    'false alarms: 0',
  ]);
});

it('classify counts the replies that would alert support for nothing', () => {
  const report = classified(lines({ reply: '550 no such user', expected: ['rejected'] }));
  expect(report.split('\n').at(-1)).toBe('false alarms: 1');
});

it('classify prints the cause of each reply if none is expected', () => {
  expect(classified(lines({ reply: '550 failed', status: '5.2.2' }))).toBe('soft_bounced (mailbox_full): "550 failed"');
});

it('classify reads a file with a byte-order mark, and prints control characters as JSON does', () => {
  expect(classified(`\ufeff${lines({ reply: '550 no such user\u001b[31m' })}`)).toBe(
    'invalid (unknown_user): "550 no such user\\u001b[31m"',
  );
});

it.each([
  ['{"text":"550 no such user"}', 'reply'],
  ['{"reply":7}', 'reply'],
  ['{"reply":"550 x","expected":["invlaid"]}', 'expected'],
  ['no JSON', 'is no JSON'],
])('classify names an unreadable line and the reason: %s', (bad, why) => {
  expect(() => classified(`${lines({ reply: '550 x' })}\n\n${bad}`)).toThrow(new RegExp(`^line 3: .*${why}`));
});
