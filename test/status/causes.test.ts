import { describe, expect, it } from 'vitest';
import { reasonInWords } from '../../shared/email/reason.ts';
import { actionsForAccount } from '../../shared/status/account-texts.ts';
import { statuses } from '../../shared/status/catalogue.ts';
import { type Cause, type CauseFacts, causeIds, causes, whatToDoAbout } from '../../shared/status/causes.ts';

const all: [string, CauseFacts][] = Object.entries(causes);

describe('the causes of a failed delivery', () => {
  it.each(all)('%s says what happened, in one short sentence', (_, { label, text }) => {
    expect(label).toMatch(/^[A-Z].{3,24}$/);
    expect(text).toMatch(/^[A-Z].*\.$/);
    expect(text.split('. ')).toHaveLength(1);
    expect(text.split(' ').length).toBeLessThanOrEqual(25);
  });

  it.each(all)(
    '%s says what to do in sentences of at most 25 words, and whose turn it is',
    (_, { whatToDo, turn, status }) => {
      expect([whatToDo === null, turn === null]).toEqual([status === null, status === null]);
      for (const sentence of whatToDo?.split(/(?<=\.) /) ?? []) {
        expect(sentence).toMatch(/^[A-Z].*\.$/);
        expect(sentence.split(' ').length).toBeLessThanOrEqual(25);
      }
    },
  );

  it('have a label each', () => {
    expect(new Set(all.map(([, { label }]) => label)).size).toBe(causeIds.length);
  });

  it('never send support to verify an address that is right', () => {
    for (const [id, { turn, whatToDo }] of all) {
      const advice = `${whatToDo} ${actionsForAccount[id as Cause]}`;
      if (turn !== 'recipient') expect(advice, id).not.toMatch(/right one|for an address|for their address/);
    }
  });

  it('say what to do about a failure; else the status does, and nobody resends what is still being tried', () => {
    expect(whatToDoAbout('soft_bounced', 'mailbox_full')).toBe(
      'The mailbox is full. Ask the recipient to make room, or reach them another way.',
    );
    expect(whatToDoAbout('hard_bounced', 'unspecified')).toBe(statuses.hard_bounced.resolution);
    expect(whatToDoAbout('rejected')).toBe(statuses.rejected.resolution);
    expect(whatToDoAbout('deferred', 'mailbox_full')).toBeNull();
  });
});

describe('a reason in words', () => {
  it.each([
    [{ text: '552 5.2.2 over quota', code: '552', cause: 'mailbox_full' }, 'Mailbox full: 552 5.2.2 over quota'],
    [{ text: 'no', code: '550', enhancedCode: '5.1.1' }, 'no (code 550, enhanced code 5.1.1)'],
    [{ code: '550', cause: 'blocked' }, 'Sender blocked: code 550'],
    [{ code: 'SpamComplaint' }, 'reported as SpamComplaint'],
    [{ text: 'no', code: 'class 10', enhancedCode: '5.1.1' }, 'no (reported as class 10, enhanced code 5.1.1)'],
    [{ cause: 'loop' }, 'Mail loop'],
    [{ text: 'failed', cause: 'unspecified' }, 'failed'],
    [{ cause: 'unspecified' }, 'No cause stated'],
  ] as const)('of %j is %j', (reason, words) => {
    expect(reasonInWords(reason)).toBe(words);
  });
});
