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

describe('an alert that is told again', () => {
  it.each([
    ['the function died between telling and marking', { kills: [500] }],
    ['the answer to the first telling got lost', { published: lost }],
    [
      'nobody waited for the answer any more',
      { published: new Map([['first', { fault: null, from: 100, heard: false }]]) },
    ],
    ['the first telling was never answered', { published: new Map() }],
    ['the mark failed', { marks: marked({ fault: 'hang', applied: false }) }],
  ])('is explained where %s', (_, changes) => {
    expect(whyAgain(key, before, again, history(changes))).not.toBeNull();
  });

  it.each([
    ['nothing was done to the function', {}],
    ['the function died before', { kills: [50] }],
    ['the function died afterwards', { kills: [950] }],
    [
      'the mark of another alert failed',
      { marks: new Map([['spam one', marked({ fault: 'hang', applied: false }).get(key)!]]) },
    ],
  ])('is not where %s', (_, changes) => {
    expect(whyAgain(key, before, again, history(changes))).toBeNull();
  });

  it('is by nothing explained once the mark is in the table, whoever heard of it', () => {
    for (const changes of [{ kills: [500] }, { published: lost }, {}]) {
      expect(whyAgain(key, before, again, history({ marks: marked({ applied: true }), ...changes }))).toBeNull();
    }
    const unheard = marked({ fault: 'response lost', applied: true });
    expect(whyAgain(key, before, again, history({ kills: [500], marks: unheard }))).toBeNull();
    // A mark that came after the second telling had begun forbids nothing.
    const late = marked({ applied: true, to: 905 });
    expect(whyAgain(key, before, again, history({ kills: [500], marks: late }))).not.toBeNull();
  });

  it('is told from the calls of the function, as its proxies see them', () => {
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
