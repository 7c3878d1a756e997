import { describe, expect, it } from 'vitest';
import { letterOf } from '../../functions/digest/letter.ts';
import { anAlert } from '../alert/an-alert.ts';
import { type AlertHistory, alertsIn, watchAlerts, whyAgain } from './alerts.ts';

const digestId = 'digest-1';
const before = { messageId: 'first', digestId, at: 110 };
const again = { messageId: 'second', digestId, at: 910 };
const history = (changes: Partial<AlertHistory> = {}): AlertHistory => ({
  kills: [],
  published: new Map([
    ['first', { fault: null, from: 100, heard: true }],
    ['second', { fault: null, from: 900, heard: true }],
  ]),
  commits: new Map(),
  ...changes,
});
const committed = (commit: { fault?: 'hang' | 'response lost'; to?: number; applied: boolean }) =>
  new Map([[digestId, [{ fault: null, from: 200, to: 210, ...commit }]]]);
const lost = new Map([
  ['first', { fault: 'response lost' as const, from: 100, heard: false }],
  ['second', { fault: null, from: 900, heard: true }],
]);

describe('a repeated alert', () => {
  it.each([
    ['the function died between the message and its commit', { kills: [500] }],
    ['the answer to the first message got lost', { published: lost }],
    [
      'the function no longer waited for the answer',
      { published: new Map([['first', { fault: null, from: 100, heard: false }]]) },
    ],
    ['the first message was never answered', { published: new Map() }],
    ['the commit failed', { commits: committed({ fault: 'hang', applied: false }) }],
  ])('is explained if %s', (_, changes) => {
    expect(whyAgain(before, again, history(changes))).not.toBeNull();
  });

  it.each([
    ['no fault met the function', {}],
    ['the function died before', { kills: [50] }],
    ['the function died afterwards', { kills: [950] }],
    [
      'the commit of another digest failed',
      { commits: new Map([['digest-2', committed({ fault: 'hang', applied: false }).get(digestId)!]]) },
    ],
  ])('is not explained if %s', (_, changes) => {
    expect(whyAgain(before, again, history(changes))).toBeNull();
  });

  it('is not explained by a death long after the message, nor without an id', () => {
    expect(whyAgain(before, { ...again, at: 60_000 }, history({ kills: [50_000] }))).toBeNull();
    const [first, second] = [before, again].map(one => ({ ...one, digestId: '' }));
    expect(whyAgain(first!, second!, history({ kills: [500] }))).toBeNull();
  });

  it('is never explained under another id', () => {
    for (const changes of [{ kills: [500] }, { published: lost }, {}])
      expect(whyAgain(before, { ...again, digestId: 'digest-2' }, history(changes))).toBeNull();
  });

  it('is never explained once the commit is in the table, whether or not the function heard of it', () => {
    for (const changes of [{ kills: [500] }, { published: lost }, {}]) {
      expect(whyAgain(before, again, history({ commits: committed({ applied: true }), ...changes }))).toBeNull();
    }
    const unheard = committed({ fault: 'response lost', applied: true });
    expect(whyAgain(before, again, history({ kills: [500], commits: unheard }))).toBeNull();
    // A commit that came after the beginning of the second message does not count.
    const late = committed({ applied: true, to: 905 });
    expect(whyAgain(before, again, history({ kills: [500], commits: late }))).not.toBeNull();
  });

  it("is recognised from the functions' calls through their proxies", () => {
    const { onCall, seen } = watchAlerts();
    const call = { body: Buffer.from(''), fault: null, heard: true, from: 1, to: 2 };
    const answer = (text: string, status = 200) => ({ status, headers: {}, body: Buffer.from(text) });
    onCall({ ...call, operation: 'Publish', answer: answer('<MessageId>first</MessageId>'), fault: 'response lost' });
    onCall({ ...call, operation: 'Publish', answer: null, fault: 'hang' });
    const put = (guardKey: string) => Buffer.from(JSON.stringify({ Item: { guardKey: { S: guardKey } } }));
    onCall({ ...call, operation: 'PutItem', body: put(`alert:people spam one`), answer: answer('{}') });
    onCall({ ...call, operation: 'PutItem', body: put(`told:people ${digestId}`), answer: answer('{}', 500) });
    onCall({ ...call, operation: 'PutItem', body: put(`told:people ${digestId}`), answer: answer('{}') });
    expect([...seen.published]).toEqual([['first', { fault: 'response lost', from: 1, heard: true }]]);
    expect([...seen.commits]).toMatchObject([[digestId, [{ applied: false }, { applied: true }]]]);
  });
});

describe('the alerts in a letter', () => {
  const idOf = (number: number) => `email-${String(number).padStart(16, '0')}`;
  const bounce = anAlert({ emailId: idOf(1) });
  const spam = anAlert({ kind: 'spam', status: 'marked_spam', emailId: idOf(2) });

  it.each(['', 'http://127.0.0.1:3000/ui?email={emailId}'])('are found with the page "%s"', emailPageUrl => {
    const bodyOf = (...alerts: (typeof bounce)[]) => letterOf('id', alerts, { emailPageUrl, apiUrl: 'api' }).body;
    expect(alertsIn(bodyOf(spam, bounce))).toEqual([`people hard_bounce ${idOf(1)}`, `people spam ${idOf(2)}`]);
    if (emailPageUrl !== '') expect(alertsIn(bodyOf(spam))).toEqual([`people spam ${idOf(2)}`]);
  });
});
