import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../../functions/alert/message.ts';
import { letterOf } from '../../functions/digest/letter.ts';
import { alertOf } from '../../shared/alerts/alert.ts';
import { encodeHistory } from '../../shared/email/history.ts';
import type { Item } from '../../shared/email/item.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { runs } from '../rigs/runs.ts';
import { anEvent } from '../rigs/stored-emails.ts';

const bounce = anEvent({ status: 'hard_bounced', eventId: 'e1', reason: { text: 'no', cause: 'moved' } });
const item: Item = {
  emailId: 'email-1',
  provider: 'sendgrid',
  messageId: 'message-1',
  recipient: 'jane@example.com',
  accountId: 'acme',
  status: 'hard_bounced',
  statusAt: noon,
  statusEventId: 'e1',
  cause: 'moved',
  history: new Set([encodeHistory({ ...bounce, occurredAt: noon })]),
  sentAt: noon,
  updatedAt: noon,
};

describe('an alert about a stored email', () => {
  it('has what is known of it', () => {
    expect(alertOf(item, 'hard_bounce', noon)).toMatchObject({
      status: 'hard_bounced',
      statusAt: noon,
      accountId: 'acme',
      reason: { text: 'no', cause: 'moved' },
    });
  });

  it('leaves out a cause that only a later version knows', () => {
    const later = { ...item, status: 'marked_spam', statusEventId: 'e2', cause: undefined } as Item;
    const history = [...item.history!, '[1767355200000,"marked_spam","e2","spam"]'].map(element =>
      element.replace('moved', 'of_a_later_version'),
    );
    const alert = alertOf({ ...later, history: new Set(history) }, 'hard_bounce', noon);
    expect(alert.reason).toEqual({ text: 'no' });
  });

  it('can be told to people and machines, whatever anybody wrote into the item', () => {
    const odd = fc.oneof(
      fc.constantFrom(null, undefined, 0, 9e15, Number.NaN, '', 'x', true),
      fc.string({ unit: 'binary' }),
      fc.array(fc.string(), { maxLength: 2 }),
      fc.dictionary(fc.string(), fc.string(), { maxKeys: 2 }),
      fc.constantFrom(new Set(['{']), new Set(['[1,"hard_bounced","e1","b",0,0,0,1,2,3]']), new Set([1])),
    );
    // The table's key is always a text.
    const names = Object.keys(item).filter(name => name !== 'emailId');
    const changes = fc.dictionary(fc.constantFrom(...names, 'subject', 'reference', 'tags'), odd, { maxKeys: 4 });
    fc.assert(
      fc.property(changes, fc.constantFrom('hard_bounce', 'spam'), (changed, kind) => {
        const alert = alertOf({ ...item, ...changed } as Item, kind, noon);
        for (const alerts of [[alert], [alert, alert]]) {
          const links = { emailPageUrl: '', apiUrl: 'api' };
          expect(letterOf('id-1', alerts, links).body).toContain(alert.emailId);
          expect(JSON.parse(messageOf('id-1', alerts, '').body).emails).toHaveLength(alerts.length);
        }
      }),
      { numRuns: runs(2_000) },
    );
  });
});
