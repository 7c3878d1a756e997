import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createErase } from '../../functions/manage/erase.ts';
import { createEraseEmails } from '../../shared/email/eraser.ts';
import { emailIdOf } from '../../shared/email/event.ts';
import { createErasureRecords } from '../../shared/guards/erasure-records.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { createLanes, type InLane } from '../rigs/lanes.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';
import { type FaultProxy, startFaultProxy } from '../torture/fault-proxy.ts';
import { type FaultPlan, faultAt, distinctWays as ways } from '../torture/faults.ts';

let emails: StoredEmails;
let tables: readonly FaultProxy[] = [];
let inLane: InLane<FaultProxy>;
beforeAll(async () => {
  emails = await startStoredEmails();
  tables = await Promise.all(Array.from({ length: 12 }, () => startFaultProxy({ target: emails.endpoint })));
  inLane = createLanes(tables, table => table.plan(null));
});
afterAll(async () => {
  await Promise.all(tables.map(table => table.stop()));
  await emails?.stop();
});

/** An erasure that tries each call once and gives up after so many milliseconds, because some calls hang. */
function eraseThrough(table: FaultProxy, requestTimeout: number) {
  const requestHandler = { requestTimeout, throwOnRequestTimeout: true };
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const aws = { region: 'us-east-1', credentials, endpoint: table.endpoint, maxAttempts: 1 };
  const client = documentClient({ ...aws, requestHandler });
  return createErase(createErasureRecords(client, emails.guardTableName), createEraseEmails(client, emails.tableName));
}

/** Milliseconds for a call on a busy machine. */
const patienceWithoutFaults = 15_000;

let recipients = 0;

/** Erases under the plan, and compares the outcome with the remaining emails. Returns the number of calls. */
function check(
  accountId: string | null,
  plan: FaultPlan,
  patience: number,
): Promise<{ calls: number; isDone: boolean }> {
  return inLane(async table => {
    recipients += 1;
    const of = (recipient: string) => anEvent({ recipient, accountId: 'acme' });
    const recipient = `jane${recipients}@example.com`;
    const [own, others] = [[of(recipient), of(recipient), of(recipient)], [of('joe@example.com')]];
    await emails.record([...own, ...others]);
    const late = { event: of(recipient), receivedAt: noon - 1 };
    const remains = async () => {
      const stored = await Promise.all(own.map(event => emails.store.email(emailIdOf(event))));
      const dropped = await emails.erasureRecords.erasuresOf([late]);
      return stored.some(email => email !== null) || dropped.size === 0;
    };
    const erase = (requestTimeout: number) =>
      eraseThrough(table, requestTimeout)({ recipient, accountId }, noon, AbortSignal.timeout(60_000));
    table.plan(plan);
    const { error } = await erase(patience);
    const { calls } = table;
    table.plan(null);
    // A call that its caller has given up may still be on its way.
    await table.idle();
    if (error === null) expect(await remains()).toBe(false);
    else {
      expect((await erase(patienceWithoutFaults)).error).toBeNull();
      expect(await remains()).toBe(false);
    }
    for (const event of others) expect(await emails.store.email(emailIdOf(event))).not.toBeNull();
    return { calls, isDone: error === null };
  });
}

describe('an erasure, whichever of its calls fails,', () => {
  it.concurrent.each(ways)(
    'is complete or says that it is not, and completes when asked again: %s',
    async way => {
      const patience = way.startsWith('hang') ? 1_500 : patienceWithoutFaults;
      for (const accountId of [null, 'acme']) {
        const whole = await check(accountId, () => null, patienceWithoutFaults);
        expect(whole.isDone).toBe(true);
        const plans = Array.from({ length: whole.calls }, (_, index) => faultAt(index, way));
        const outcomes = await Promise.all(plans.map(plan => check(accountId, plan, patience)));
        // The next pass repeats a failed write of one email. The record and the index are asked only once.
        expect(new Set(outcomes.map(({ isDone }) => isDone)).size).toBe(2);
      }
    },
    120_000,
  );
});
