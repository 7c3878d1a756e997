import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimsOf, personOf, subjectOf } from '../../infra/local/issuer/person.ts';
import { isAccountId } from '../../shared/email/event.ts';
import { runs } from '../rigs/runs.ts';

const names = { accountClaim: 'account_id', supportScope: 'mailtrail/support', manageScope: 'mailtrail/manage' };

const people = fc.oneof(
  fc.constant({ support: true }),
  fc.record({ account: fc.stringMatching(/^[A-Za-z0-9._~:@=+-]{1,128}$/).filter(isAccountId), manage: fc.boolean() }),
);

describe('a person of the local issuer', () => {
  it('is found again by the subject of a token', () => {
    fc.assert(
      fc.property(people, person => {
        expect(personOf(subjectOf(person))).toEqual(person);
      }),
      { numRuns: runs(200) },
    );
  });

  it.each(['', 'user-of-', 'manager-of-a/b', 'user-of-..', 'somebody'])('is nobody for the subject "%s"', subject => {
    expect(personOf(subject)).toBeNull();
  });

  it('gets the account claim and the scopes as the stack names them', () => {
    expect(claimsOf({ account: 'acme' }, names)).toEqual({ account_id: 'acme' });
    expect(claimsOf({ account: 'acme', manage: true }, names)).toEqual({
      account_id: 'acme',
      scope: 'mailtrail/manage',
    });
    expect(claimsOf({ support: true }, names)).toEqual({ scope: 'mailtrail/support' });
  });
});
