import { GetItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import { createErasureLookUp } from '../../shared/guards/erase-received.ts';
import { createErasureRecords } from '../../shared/guards/erasure-records.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const second = 1_000;
const day = 24 * 60 * 60 * second;
const { signal } = new AbortController();

let emails: StoredEmails;
beforeAll(async () => {
  emails = await startStoredEmails();
});
afterAll(() => emails?.stop());

let people = 0;
/** An event of an address that no other test uses. */
function toSomebody(changes: Partial<CanonicalEvent> = {}): CanonicalEvent {
  people += 1;
  return anEvent({ recipient: `person${people}@example.com`, ...changes });
}

const write = ({ recipient }: CanonicalEvent, accountId: string | null, erasedAt = noon) =>
  emails.erasureRecords.write({ recipient, accountId }, erasedAt, signal);

/** Returns whether events came before an erasure, if they arrived so long after noon. */
async function cameBefore(events: readonly CanonicalEvent[], after = -second): Promise<readonly boolean[]> {
  const received = events.map(event => ({ event, receivedAt: noon + after }));
  const erasures = await emails.erasureRecords.erasuresOf(received);
  return events.map(event => erasures.has(event));
}

describe('the record of an erasure', () => {
  it('covers events that came before it, and none that came with it or later', async () => {
    const event = toSomebody();
    await write(event, null);
    expect(await cameBefore([event], -1)).toEqual([true]);
    expect(await cameBefore([event], 0)).toEqual([false]);
    expect(await cameBefore([event, toSomebody()], 1)).toEqual([false, false]);
  });

  it('by support covers all events of an address, whichever account they name, and of no other address', async () => {
    const event = toSomebody();
    await write(event, null);
    const others = [{ ...event, accountId: 'acme' }, { ...event, accountId: 'initech' }, toSomebody()];
    expect(await cameBefore([event, ...others])).toEqual([true, true, true, false]);
  });

  it('by an account covers events that name it, and none that name another account or no account', async () => {
    const event = toSomebody();
    await write(event, 'acme');
    const all = [{ ...event, accountId: 'acme' }, { ...event, accountId: 'initech' }, event];
    expect(await cameBefore(all)).toEqual([true, false, false]);
  });

  it('by the default account covers events that name no account', async () => {
    const event = toSomebody();
    await write(event, 'we');
    const records = createErasureRecords(emails.client, emails.guardTableName, 'we');
    const received = [event, { ...event, accountId: 'acme' }].map(event => ({ event, receivedAt: noon - second }));
    expect([...(await records.erasuresOf(received)).keys()]).toEqual([event]);
  });

  it('keeps the newest erasure of its kind, whichever was written last', async () => {
    const event = toSomebody();
    for (const times of [
      [noon, noon + 2 * second],
      [noon + 2 * second, noon],
    ]) {
      await Promise.all(times.map(time => write(event, null, time)));
      for (const time of times) await write(event, null, time);
      expect(await cameBefore([event], second)).toEqual([true]);
    }
  });

  it('holds two times and a hash, no personal data, and expires after 30 days', async () => {
    const event = toSomebody({ recipient: 'hashed@example.com' });
    await write(event, 'account-of-the-record');
    await emails.nonces('mailgun', [{ value: 'erasure', content: 'x' }], noon);
    const { Items = [] } = await emails.client.send(new ScanCommand({ TableName: emails.guardTableName }));
    const records = Items.filter(({ erasedAt }) => erasedAt !== undefined);
    for (const record of records) {
      expect(record).toEqual({
        guardKey: { S: expect.stringMatching(/^erasure:[\w-]{22}$/) },
        erasedAt: { N: expect.any(String) },
        expiresAt: { N: String((Number(record.erasedAt!.N) + 30 * day) / 1000) },
      });
    }
    expect(JSON.stringify(Items)).not.toMatch(/hashed|account-of-the-record/);
    // A nonce's key has a blank, which a record's key never has.
    expect(Items.length - records.length).toBe(1);
    const nonce = { guardKey: { S: 'mailgun erasure' } };
    const found = await emails.client.send(new GetItemCommand({ TableName: emails.guardTableName, Key: nonce }));
    expect(found.Item).toBeDefined();
  });

  it('is looked up with 99 others in one call, each key once; unprocessed keys are asked for again', async () => {
    const sent: number[] = [];
    const inParts = {
      async send(command: BatchGetCommand) {
        const [[name, { Keys = [] }]] = Object.entries(command.input.RequestItems!) as [[string, { Keys: object[] }]];
        sent.push(Keys.length);
        const { Responses } = await emails.client.send(
          new BatchGetCommand({ RequestItems: { [name]: { Keys: Keys.slice(0, 60) } } }),
        );
        return { Responses, UnprocessedKeys: Keys.length > 60 ? { [name]: { Keys: Keys.slice(60) } } : {} };
      },
    } as unknown as DynamoDBDocumentClient;
    const records = createErasureRecords(inParts, emails.guardTableName);
    const events = Array.from({ length: 75 }, () => toSomebody({ accountId: 'acme' }));
    await write(events[0]!, 'acme');
    await write(events[74]!, null);
    const received = [...events, ...events].map(event => ({ event, receivedAt: noon - 1 }));
    const erasures = await records.erasuresOf(received);
    expect([...erasures.keys()]).toEqual([events[0], events[74]]);
    // Each of 75 recipients has two keys: one for all accounts, and one for the account.
    expect(sent).toEqual([100, 40, 50]);
    expect(await records.erasuresOf([])).toEqual(new Map());
    expect(sent).toHaveLength(3);
  });
});

describe('events that came before an erasure', () => {
  const late = -second;
  const erase = async (events: readonly CanonicalEvent[], receivedAt = noon + late) =>
    (await emails.lookUpErasures(events.map(event => ({ event, receivedAt }))))(events);
  const isTombstone = async (event: CanonicalEvent) => (await emails.image(emailIdOf(event)))?.erasedAt !== undefined;

  it('are dropped, and all others keep their order', async () => {
    const [gone, one, other] = [toSomebody(), toSomebody(), toSomebody()];
    await write(gone, null);
    expect(await erase([one, gone, other])).toEqual([one, other]);
    expect(await erase([one, gone], noon + 1)).toEqual([one, gone]);
  });

  it('leave a tombstone, even without an email, so that later events do not make one', async () => {
    const event = toSomebody({ accountId: 'acme' });
    await write(event, 'acme');
    expect(await erase([event])).toEqual([]);
    const after = { ...event, eventId: 'late', accountId: undefined };
    expect(await emails.store.record([event, after], noon)).toMatchObject({ recorded: 0, erased: 2 });
    expect(await emails.image(emailIdOf(event))).toEqual({
      emailId: { S: emailIdOf(event) },
      erasedAt: { N: String(noon) },
      expiresAt: { N: String((noon + 30 * day) / 1000) },
    });
  });

  it.each([
    ['before', true],
    ['after', false],
  ])(
    'leave a tombstone, also if an event of their email that names no account was recorded %s them',
    async (_, first) => {
      const named = toSomebody({ accountId: 'acme' });
      const nameless = { ...named, eventId: 'nameless', accountId: undefined };
      await write(named, 'acme');
      const record = () => emails.store.record([nameless], noon);
      if (first) await record();
      expect(await erase([named])).toEqual([]);
      if (!first) await record();
      expect(await isTombstone(named)).toBe(true);
    },
  );

  it('erase no event of the same email that names another account', async () => {
    const ours = toSomebody({ accountId: 'acme' });
    const theirs = { ...ours, eventId: 'theirs', accountId: 'initech' };
    await write(ours, 'acme');
    // Both come in one message, and the email belongs to the account of its first recorded event.
    expect(await erase([ours, theirs])).toEqual([theirs]);
    expect(await isTombstone(ours)).toBe(false);
    await emails.record([theirs]);
    expect(await erase([ours])).toEqual([]);
    expect(await emails.store.email(emailIdOf(theirs))).toMatchObject({ accountId: 'initech' });
  });

  it('leave no tombstone if they name another account than that of the secret that proved them', async () => {
    const forged = toSomebody({ accountId: 'initech', provenFor: 'acme' });
    await write(forged, 'initech');
    expect(await erase([forged])).toEqual([]);
    expect(await isTombstone(forged)).toBe(false);
  });

  it("erase no email without an account if an account's own secret proved them", async () => {
    const unclaimed = toSomebody();
    await emails.record([unclaimed]);
    const forged = { ...unclaimed, eventId: 'forged', accountId: 'acme', provenFor: 'acme' };
    for (const accountId of ['acme', null]) {
      await write(forged, accountId);
      expect(await erase([forged])).toEqual([]);
      expect(await isTombstone(unclaimed)).toBe(false);
    }
    const own = toSomebody({ accountId: 'acme', provenFor: 'acme' });
    await write(own, 'acme');
    expect(await erase([own])).toEqual([]);
    expect(await isTombstone(own)).toBe(true);
  });

  it("by the default account leave an event that names no account to its email's account", async () => {
    const records = createErasureRecords(emails.client, emails.guardTableName, 'we');
    const lookUp = createErasureLookUp(records, emails.client, emails.tableName, () => noon);
    const [theirs, ours] = [toSomebody(), toSomebody()];
    await emails.record([{ ...theirs, eventId: 'registered', accountId: 'acme' }]);
    for (const event of [theirs, ours]) await write(event, 'we');
    const drop = await lookUp([theirs, ours].map(event => ({ event, receivedAt: noon - second })));
    expect(await drop([theirs, ours])).toEqual([theirs]);
    expect(await isTombstone(ours)).toBe(true);
  });

  it('by support erase every existing email, and write no tombstone twice', async () => {
    const events = ['acme', 'initech', undefined].map(accountId =>
      toSomebody({ recipient: 'all@example.com', accountId }),
    );
    await emails.record(events.slice(0, 2));
    await write(events[0]!, null);
    expect(await erase(events)).toEqual([]);
    const images = () => Promise.all(events.map(event => emails.image(emailIdOf(event))));
    const before = await images();
    for (const event of events) expect(await isTombstone(event)).toBe(true);
    const again = createErasureLookUp(emails.erasureRecords, emails.client, emails.tableName, () => noon + day);
    // The recorder looks up the account of an event that names none, and finds the tombstone.
    const nameless = events.slice(2);
    expect(await (await again(events.map(event => ({ event, receivedAt: noon - 1 }))))(events)).toEqual(nameless);
    expect(await emails.store.record(nameless, noon)).toMatchObject({ recorded: 0, erased: 1 });
    expect(await images()).toEqual(before);
  });

  it('cost no write if nothing was erased', async () => {
    const none = () => Promise.reject(new Error('a write'));
    const client = { send: none } as unknown as DynamoDBDocumentClient;
    const lookUp = createErasureLookUp(emails.erasureRecords, client, emails.tableName, () => noon);
    const events = [toSomebody(), toSomebody({ accountId: 'acme' })];
    expect(await (await lookUp(events.map(event => ({ event, receivedAt: noon }))))(events)).toEqual(events);
  });
});
