import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { emailIdOf } from '../../shared/email/event.ts';
import { createQuarantine } from '../../shared/queues/quarantine-messages.ts';
import { fixture } from '../fixtures/fixtures.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { anEvent } from '../rigs/stored-emails.ts';
import { type FaultProxy, startFaultProxy } from '../torture/fault-proxy.ts';
import { faultAt, distinctWays as ways } from '../torture/faults.ts';
import { bounceRecord, type ErasablePlaces, retryMessage, startErasablePlaces } from './erasable-places.ts';

/** Mostly each waits for what is held to come back: several go on side by side, each with everything of its own. */
const sideBySide = 4;

let all: FaultyPlaces[];
beforeAll(async () => {
  all = await Promise.all(Array.from({ length: sideBySide }, startFaultyPlaces));
});
afterAll(async () => {
  await Promise.all(all?.map(one => one.stop()) ?? []);
});

/** The places, and what fails on the way to them. */
interface FaultyPlaces {
  readonly places: ErasablePlaces;
  readonly table: FaultProxy;
  readonly queues: FaultProxy;
  stop(): Promise<void>;
}

async function startFaultyPlaces(): Promise<FaultyPlaces> {
  const places = await startErasablePlaces();
  const [table, queues] = await Promise.all([
    startFaultProxy({ target: places.endpoints.table }),
    startFaultProxy({ target: places.endpoints.queues }),
  ]);
  return {
    places,
    table,
    queues,
    async stop() {
      await Promise.all([table.stop(), queues.stop()]);
      await places.stop();
    },
  };
}

/** What a lost answer held is there again soon: before the queue is looked at for the last time, or after. */
const hold = { holdSeconds: 1 };

/** Milliseconds: some calls hang, and a busy machine's others may be given up with them, which is said like any fault. */
const patience = 500;

/** Support, and an account, in turn. */
const erasers = [null, 'acme'] as const;

let recipients = 0;

/** Something of a recipient in every place, and something of somebody else in most of the same messages. */
async function keepEverywhere(places: ErasablePlaces, accountId: string | null) {
  places.empty();
  recipients += 1;
  const recipient = `jane${recipients}@example.com`;
  const of = (recipient: string) => anEvent({ recipient, accountId: 'acme' });
  const [recorded, others] = [
    [of(recipient), of(recipient)],
    [of('joe@example.com'), of('joe@example.com')],
  ];
  await places.emails.record([...recorded, ...others]);
  const waiting = [of(recipient), of('joe@example.com')];
  places.put('retry', retryMessage(waiting));
  places.put('retryDeadLetters', retryMessage([of(recipient)]));
  const several = fixture('ses', 'Bounce.several-recipients').toString().replaceAll('jane@example.com', recipient);
  places.put('ses', { Type: 'Notification', MessageId: `sns-${recipients}`, Message: several });
  const request = { requestId: `r${recipients}`, provider: 'sendgrid', receivedAt: noon, headers: {} };
  // A whole body may tell of others' emails, too: support alone erases it.
  const inBody = accountId === null ? recipient : 'joe@example.com';
  const body = Buffer.from(JSON.stringify([{ padding: 'x'.repeat(800_000) }, { email: inBody, id: 'acme' }]));
  await createQuarantine(places.sqs, places.queueUrls.quarantine)({ ...request, body }, [
    { reason: 'unknown_event', piece: { email: recipient, account_id: 'acme' } },
    { reason: 'unknown_event', piece: { email: 'joe@example.com', account_id: 'acme' } },
    { reason: 'too_many', piece: null },
  ]);
  await places.keepFailure('one', [bounceRecord(recipient), bounceRecord('joe@example.com')]);
  await places.keepFailure('two', [bounceRecord(recipient)]);
  return { recipient, others, waiting: waiting[1]!, emailIds: [...recorded, waiting[0]!].map(emailIdOf) };
}

/** Everything that is kept anywhere, as text. */
async function kept(places: ErasablePlaces, emailIds: readonly string[]): Promise<string> {
  const items = await Promise.all(emailIds.map(emailId => places.emails.image(emailId)));
  const messages = (['retry', 'retryDeadLetters', 'ses', 'sesDeadLetters', 'quarantine'] as const).flatMap(
    places.messagesIn,
  );
  const inParts = messages.map(body => Buffer.from(JSON.parse(body).base64 ?? '', 'base64').toString());
  return JSON.stringify([items, messages, inParts, await places.failures()]);
}

/** Erases while the plan is in force, and holds the answer to what is kept then. Gives the calls that it took. */
async function check(
  { places, table, queues }: FaultyPlaces,
  accountId: string | null,
  plan: () => void,
  requestTimeout?: number,
) {
  const { recipient, others, waiting, emailIds } = await keepEverywhere(places, accountId);
  const erase = (erasing = places.erasing()) =>
    erasing({
      erasure: { recipient, accountId },
      now: Date.now(),
      signal: AbortSignal.timeout(20_000),
      onFault: () => {},
    });
  plan();
  const endpoints = { table: table.endpoint, queues: queues.endpoint };
  const { remains } = await erase(places.erasing(endpoints, hold, requestTimeout));
  const calls = { table: table.calls, queues: queues.calls };
  table.plan(null);
  queues.plan(null);
  // What its caller has given up may still be on its way.
  await Promise.all([table.idle(), queues.idle()]);
  expect(JSON.stringify(remains)).not.toContain(recipient);
  if (remains.length === 0) expect(await kept(places, emailIds)).not.toContain(recipient);
  else {
    for (let again = await erase(); again.remains.length > 0; again = await erase()) await delay(200);
    expect(await kept(places, emailIds)).not.toContain(recipient);
  }
  // Of others nothing is lost, whatever failed.
  const left = await kept(places, others.map(emailIdOf));
  const records = left.match(/joe@example.com/g) ?? [];
  for (const { eventId } of [...others, waiting]) expect(left).toContain(eventId);
  expect(records.length).toBeGreaterThanOrEqual(others.length + 3);
  for (const event of others) expect(await places.emails.store.email(emailIdOf(event))).not.toBeNull();
  return { remains, calls };
}

it('whichever call of an erasure fails, it is complete or says what remains, and goes on when asked again', async () => {
  const [first] = all;
  const whole = { table: 0, queues: 0 };
  for (const accountId of erasers) {
    const { remains, calls } = await check(first!, accountId, () => {
      first!.table.plan(() => null);
      first!.queues.plan(() => null);
    });
    expect(remains).toEqual([]);
    whole.table = Math.max(whole.table, calls.table);
    whole.queues = Math.max(whole.queues, calls.queues);
  }
  const calls = (['table', 'queues'] as const).flatMap(service =>
    Array.from({ length: whole[service] }, (_, index) => ({ service, index })),
  );
  const waiting = calls.values();
  const said = new Set<string>();
  const work = async (one: FaultyPlaces) => {
    for (const { service, index } of waiting) {
      // Each way at other calls than the one before.
      const plan = () => one[service].plan(faultAt(index, ways[index % ways.length]!));
      const { remains } = await check(one, erasers[index % 2]!, plan, patience);
      for (const sentence of remains) said.add(sentence.replace(/\d+/, 'n'));
    }
  };
  await Promise.all(all.map(work));
  expect(said.size).toBeGreaterThan(5);
}, 300_000);
