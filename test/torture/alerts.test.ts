import { describe, expect, it } from 'vitest';
import { type AlertHistory, watchAlerts, whyAgain } from './alerts.ts';

const key = 'hard_bounce one';
const before = { messageId: 'first', at: 110 };
const again = { messageId: 'second', at: 910 };
const history = (changes: Partial<AlertHistory> = {}): AlertHistory => ({
  kills: [],
  published: new Map([
    ['first', { fault: null, from: 100, heard: true }],
    ['second', { fault: null, from: 900, heard: true }],
  ]),
  marks: new Map(),
  ...changes,
});
const marked = (mark: { fault?: 'hang' | 'response lost'; to?: number; applied: boolean }) =>
  new Map([[key, [{ fault: null, from: 200, to: 210, ...mark }]]]);
const lost = new Map([
  ['first', { fault: 'response lost' as const, from: 100, heard: false }],
  ['second', { fault: null, from: 900, heard: true }],
]);

describe('a repeated alert', () => {
  it.each([
    ['the function died between the alert and its mark', { kills: [500] }],
    ['the answer to the first alert got lost', { published: lost }],
    [
      'the function no longer waited for the answer',
      { published: new Map([['first', { fault: null, from: 100, heard: false }]]) },
    ],
    ['the first alert was never answered', { published: new Map() }],
    ['marking the alert failed', { marks: marked({ fault: 'hang', applied: false }) }],
  ])('is explained if %s', (_, changes) => {
    expect(whyAgain(key, before, again, history(changes))).not.toBeNull();
  });

  it.each([
    ['no fault met the function', {}],
    ['the function died before', { kills: [50] }],
    ['the function died afterwards', { kills: [950] }],
    [
      'marking another alert failed',
      { marks: new Map([['spam one', marked({ fault: 'hang', applied: false }).get(key)!]]) },
    ],
  ])('is not explained if %s', (_, changes) => {
    expect(whyAgain(key, before, again, history(changes))).toBeNull();
  });

  it('is never explained once the mark is in the table, whether or not the function heard of it', () => {
    for (const changes of [{ kills: [500] }, { published: lost }, {}]) {
      expect(whyAgain(key, before, again, history({ marks: marked({ applied: true }), ...changes }))).toBeNull();
    }
    const unheard = marked({ fault: 'response lost', applied: true });
    expect(whyAgain(key, before, again, history({ kills: [500], marks: unheard }))).toBeNull();
    // A mark that came after the beginning of the second alert does not count.
    const late = marked({ applied: true, to: 905 });
    expect(whyAgain(key, before, again, history({ kills: [500], marks: late }))).not.toBeNull();
  });

  it("is recognised from the function's calls through its proxies", () => {
    const { onCall, seen } = watchAlerts();
    const call = { body: Buffer.from(''), fault: null, heard: true, from: 1, to: 2 };
    const answer = (text: string, status = 200) => ({ status, headers: {}, body: Buffer.from(text) });
    onCall({ ...call, operation: 'Publish', answer: answer('<MessageId>first</MessageId>'), fault: 'response lost' });
    onCall({ ...call, operation: 'Publish', answer: null, fault: 'hang' });
    const Key = { emailId: { S: 'one' } };
    const body = Buffer.from(JSON.stringify({ Key, ExpressionAttributeValues: { ':kind': { SS: ['hard_bounce'] } } }));
    onCall({ ...call, operation: 'UpdateItem', body, answer: answer('{}', 400) });
    onCall({ ...call, operation: 'UpdateItem', body, answer: answer('{}') });
    expect([...seen.published]).toEqual([['first', { fault: 'response lost', from: 1, heard: true }]]);
    expect(seen.marks.get(key)).toMatchObject([{ applied: false }, { applied: true }]);
  });
});
