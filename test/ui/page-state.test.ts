import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { personOf } from '../../functions/ui/page/access-token.ts';
import { addressOf, stateOf } from '../../functions/ui/page/address.ts';
import { english, messagesIn } from '../../functions/ui/page/messages.ts';
import { listPageOf } from '../../shared/alerts/links.ts';
import { runs } from '../rigs/runs.ts';

const page = 'https://api.example.com/ui';

describe('the address of the page', () => {
  it('leads to one email of an account', () => {
    expect(stateOf(new URL(`${page}?account=acme&email=e1`))).toEqual({ account: 'acme', emailId: 'e1', filter: {} });
  });

  it.each([{ accountId: 'acme', cause: 'mailbox_full' }, { accountId: 'a:b~c@d=e+f' }, { cause: 'blocked' }, {}])(
    'leads from the daily digest to its lists: %o',
    list => {
      const { accountId = null, cause } = list as { accountId?: string; cause?: string };
      const filter = { attention: 'act', ...(cause && { cause }) };
      expect(stateOf(new URL(listPageOf(list, page)!))).toEqual({ account: accountId, emailId: null, filter });
    },
  );

  it('keeps recipients out of the part that servers see', () => {
    const address = addressOf({ account: 'acme', emailId: null, filter: { recipient: 'jane@example.com' } });
    const { search, hash } = new URL(address, page);
    expect([search, hash]).toEqual(['?account=acme', '#recipient=jane%40example.com']);
  });

  it('is empty for all emails', () => {
    expect(addressOf({ account: null, emailId: null, filter: {} })).toBe('');
  });

  it('leads back to the same state, whatever is searched', () => {
    const text = fc.string({ minLength: 1, unit: 'grapheme' });
    const filter = fc.record(
      { status: text, recipient: text, reference: text, from: text, to: text },
      { requiredKeys: [] },
    );
    const state = fc.record({ account: fc.option(text), emailId: fc.option(text), filter });
    fc.assert(
      fc.property(state, given => {
        expect(stateOf(new URL(addressOf(given), page))).toEqual(given);
      }),
      { numRuns: runs(500) },
    );
  });
});

describe('the person of an access token', () => {
  const names = { accountClaim: 'account_id', supportScope: 'mailtrail/support', manageScope: 'mailtrail/manage' };
  const nobody = { account: null, isSupport: false, canHandle: false };
  const token = (claims: object) => `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;

  it('reads the account that the token names', () => {
    expect(personOf(token({ account_id: 'ümlaut~?>' }), names)).toEqual({ ...nobody, account: 'ümlaut~?>' });
  });

  it('may mark emails of the account as handled with the scope that changes its data', () => {
    const given = token({ account_id: 'acme', scope: 'openid mailtrail/manage' });
    expect(personOf(given, names)).toEqual({ account: 'acme', isSupport: false, canHandle: true });
  });

  it.each([
    { scope: 'openid mailtrail/support' },
    { scp: ['openid', 'mailtrail/support'] },
    { scp: 'mailtrail/support' },
  ])('is support with the claims %j', claims => {
    expect(personOf(token(claims), names)).toEqual({ account: null, isSupport: true, canHandle: true });
  });

  it.each(['opaque', 'x.%%%.x', token({ account_id: 7, scope: 'mailtrail/supporters' }), `x.${btoa('null')}.x`])(
    'has no rights with the token %s',
    given => {
      expect(personOf(given, names)).toEqual(nobody);
    },
  );
});

describe('the messages of the page', () => {
  it('are those of the first language that has some', async () => {
    expect(await messagesIn(['fr-FR', 'de-AT', 'en'])).toMatchObject({
      lang: 'de-AT',
      messages: { signIn: 'Anmelden' },
    });
    expect(await messagesIn(['en-GB', 'de'])).toEqual({ lang: 'en-GB', messages: english });
    expect(await messagesIn(['fr'])).toEqual({ lang: 'en', messages: english });
  });

  it('take the same values in every language', async () => {
    const { messages } = await messagesIn(['de']);
    const values = (text: string) => text.match(/\{\w+\}/g);
    for (const key of Object.keys(english) as (keyof typeof english)[]) {
      expect([key, values(messages[key])]).toEqual([key, values(english[key])]);
    }
  });
});
