import { describe, expect, it } from 'vitest';
import type { HistoryEvent } from '../../shared/email/history.ts';
import { reasonInWords, reasonOf } from '../../shared/email/reason.ts';
import { noon } from '../rigs/arbitrary-events.ts';

const deciding = (reason?: HistoryEvent['reason']): HistoryEvent => ({
  eventId: 'e1',
  status: 'hard_bounced',
  occurredAt: noon,
  evidence: 'unknown',
  providerEvent: 'bounce',
  ...(reason && { reason }),
});

describe('the reason for a status', () => {
  const words = { code: '550', enhancedCode: '5.1.1', text: 'no such user' };

  it('has the words of the deciding event and the cause that is stored with the email', () => {
    expect(reasonOf('unknown_user', deciding(words))).toStrictEqual({ ...words, cause: 'unknown_user' });
    expect(reasonOf('unknown_user', deciding({ ...words, cause: 'policy' }))).toEqual({
      ...words,
      cause: 'unknown_user',
    });
  });

  it('has only words if no cause is stored, whatever the event says', () => {
    expect(reasonOf(undefined, deciding({ ...words, cause: 'policy' }))).toStrictEqual(words);
  });

  it('has only the cause if the full history lacks the deciding event, or that event has no words', () => {
    expect(reasonOf('mailbox_full', null)).toStrictEqual({ cause: 'mailbox_full' });
    expect(reasonOf('mailbox_full', deciding())).toStrictEqual({ cause: 'mailbox_full' });
  });

  it('is none if there is neither', () => {
    for (const event of [null, deciding(), deciding({}), deciding({ cause: 'policy' })]) {
      expect(reasonOf(undefined, event)).toBeUndefined();
    }
  });
});

describe('a reason in words', () => {
  it.each([
    [{ text: 'no such user', cause: 'unknown_user' }, 'Unknown address: no such user'],
    [{ text: 'no', code: '550' }, 'no (code 550)'],
    [{ text: 'no', enhancedCode: '5.1.1' }, 'no (enhanced code 5.1.1)'],
    [{ text: '550 no', code: '550', enhancedCode: '5.1.1' }, '550 no (enhanced code 5.1.1)'],
    [{ text: '5.1.1 no', code: '550', enhancedCode: '5.1.1' }, '5.1.1 no (code 550)'],
    [{ code: '550', enhancedCode: '5.1.1' }, 'code 550, enhanced code 5.1.1'],
    [{ code: '550 hard', text: 'no' }, 'no (reported as 550 hard)'],
    [{ code: 'class 550', text: 'no' }, 'no (reported as class 550)'],
    [{ code: '', enhancedCode: '', text: 'no' }, 'no'],
    [{ code: 'Spam', cause: 'unspecified' }, 'reported as Spam'],
    [{}, ''],
  ] as const)('of %j is %j', (reason, words) => {
    expect(reasonInWords(reason)).toBe(words);
  });
});
