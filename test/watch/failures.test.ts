import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CanonicalEvent } from '../../shared/email/event.ts';
import { day } from '../../shared/runtime/time.ts';
import type { Cause } from '../../shared/status/causes.ts';
import { createFailures } from '../../shared/watch/failures.ts';
import { accountWindowMs } from '../../shared/watch/rates.ts';
import { createNewestResolved } from '../../shared/watch/resolved-failures.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const minute = 60_000;

describe('the failures of an account', () => {
  let emails: StoredEmails;
  beforeAll(async () => {
    emails = await startStoredEmails();
    const add = async (accountId: string, status: CanonicalEvent['status'], at: number, changes: object = {}) =>
      emails.record([anEvent({ accountId, status, occurredAt: at, ...changes })], at);
    const of = (cause: Cause) => ({ reason: { cause } });
    for (let index = 0; index < 6; index += 1) await add('acme', 'delivered', noon - index * day);
    await add('acme', 'hard_bounced', noon - minute, of('unknown_domain'));
    await add('acme', 'invalid', noon - 2 * minute, of('unknown_user'));
    await add('acme', 'rejected', noon - 3 * minute, of('blocked'));
    await add('acme', 'soft_bounced', noon - 4 * minute);
    await add('acme', 'marked_spam', noon - 5 * minute);
    // Sent before the window, or erased, or somebody else's.
    await add('acme', 'hard_bounced', noon - 8 * day);
    await add('acme', 'hard_bounced', noon - 6 * minute, { recipient: 'erased@example.com' });
    await emails.erase('erased@example.com');
    await add('globex', 'hard_bounced', noon - minute, { provider: 'postmark' });
    // A large account: an email a minute, of which each tenth bounced.
    for (let index = 0; index < 40; index += 1)
      await add('large', index % 10 === 0 ? 'hard_bounced' : 'delivered', noon - index * minute);
  });
  afterAll(() => emails?.stop());

  const resolved = () => createNewestResolved(emails.client, emails.guardTableName);
  const failures = (limits = {}) => createFailures(emails.client, emails.tableName, resolved(), limits);

  it('are counted among its emails of the last seven days', async () => {
    const { shares, failed, windowMs } = await failures().ofAccount('acme', noon);
    expect(shares).toEqual({
      BounceRate: { count: 2, volume: 11 },
      ComplaintRate: { count: 1, volume: 7 },
    });
    expect(windowMs).toBe(accountWindowMs);
    expect(failed.map(({ cause }) => cause).sort()).toEqual(
      ['blocked', 'unknown_domain', 'unknown_user', null, null].sort(),
    );
  });

  it('are counted in a shorter window where an account has more emails than one count reads', async () => {
    const { shares, windowMs } = await failures({ emailsPerPage: 10 }).ofAccount('large', noon);
    expect(windowMs).toBe(19 * minute);
    expect(shares.BounceRate).toEqual({ count: 2, volume: 20 });
  });

  it('are counted in a shorter window where it has more failures than one count reads', async () => {
    const { shares, windowMs } = await failures({ maxFailures: 3 }).ofAccount('large', noon);
    expect(windowMs).toBe(20 * minute);
    expect(shares.BounceRate).toEqual({ count: 3, volume: 21 });
  });

  it('are none of an account without emails', async () => {
    const { shares } = await failures().ofAccount('nobody', noon);
    expect(shares.BounceRate).toEqual({ count: 0, volume: 0 });
  });

  it('are read by provider among the newest since yesterday', async () => {
    expect(await failures().newestOf('postmark', noon)).toEqual([{ status: 'hard_bounced', cause: null }]);
    expect(await failures().newestOf('postmark', noon + 2 * day)).toEqual([]);
  });
});
