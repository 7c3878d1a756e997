import type { SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHandler } from '../../functions/digest/handler.ts';
import { maxEmailsPerLetter } from '../../functions/digest/letter.ts';
import { createPace } from '../../functions/digest/pace.ts';
import type { AlertKey } from '../../shared/alerts/alert.ts';
import { createLedger, type Ledger } from '../../shared/alerts/ledger.ts';
import type { Publish } from '../../shared/alerts/publish.ts';
import { createStoredAlerts } from '../../shared/alerts/stored-alerts.ts';
import { digestMessages } from '../../shared/queues/digest-messages.ts';
import type { AlertKind } from '../../shared/status/catalogue.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { lambdaContext } from '../rigs/http-event.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';
import { startAlertTopic } from './alert-topic.ts';

const secondsBetween = 60;

describe('the digest function', () => {
  let emails: StoredEmails;
  let topic: Awaited<ReturnType<typeof startAlertTopic>>;
  let ledger: Ledger;
  let now = noon;
  let lines: unknown[][] = [];
  /** The messages that were put off, and for how many seconds. */
  let postponed: (readonly [readonly string[], number])[] = [];
  beforeAll(async () => {
    [emails, topic] = await Promise.all([startStoredEmails(), startAlertTopic()]);
    ledger = createLedger(emails.client, emails.guardTableName, 'people', Date.now);
  });
  afterAll(() => Promise.all([emails?.stop(), topic?.stop()]));
  beforeEach(async () => {
    await topic.delivered();
    now += 3_600_000;
    lines = [];
    postponed = [];
  });

  async function bounced(count = 1, accountId = 'acme', status: 'hard_bounced' | 'marked_spam' = 'hard_bounced') {
    const events = Array.from({ length: count }, () => anEvent({ accountId, status, providerEvent: 'bounce' }));
    const kind: AlertKind = status === 'marked_spam' ? 'spam' : 'hard_bounce';
    const keys: AlertKey[] = [];
    for (const event of events) keys.push({ kind, emailId: await emails.record([event]) });
    return keys;
  }

  /** Messages that enter the queue now. */
  const asking = (...bodies: string[]) =>
    bodies.map((body, index) => ({
      messageId: `m-${index}`,
      receiptHandle: `r-${index}`,
      body,
      attributes: { SentTimestamp: String(now) },
    }));

  async function invoke(
    records: ReturnType<typeof asking>,
    faults: {
      readonly ledger?: Partial<Ledger>;
      readonly publish?: Publish;
      readonly sleep?: (milliseconds: number) => Promise<void>;
    } = {},
  ) {
    const handler = createHandler({
      ledger: { ...ledger, ...faults.ledger },
      alertsOf: createStoredAlerts(emails.client, emails.tableName, () => now),
      pace: createPace(emails.client, emails.guardTableName, secondsBetween * 1000, () => now),
      postpone: async (handles, seconds) => void (handles.length > 0 && postponed.push([handles, seconds])),
      publish: faults.publish ?? topic.publish,
      links: { emailPageUrl: '', apiUrl: 'https://api.example.com' },
      now: () => now,
      sleep: faults.sleep ?? (async () => {}),
      log: (...line) => lines.push(line),
    });
    const { batchItemFailures } = await handler({ Records: records } as unknown as SQSEvent, lambdaContext);
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  }

  const idsIn = (body: string) => [...body.matchAll(/(?:emails\/|email )([\w-]{22})/g)].map(([, id]) => id!);

  it('tells people of the alerts of all messages in one letter, over accounts and kinds', async () => {
    const [acme, globex, spam] = [
      await bounced(2),
      await bounced(1, 'globex'),
      await bounced(1, 'acme', 'marked_spam'),
    ];
    const keys = [...acme, ...globex, ...spam];
    expect(await invoke(asking(...keys.flatMap(key => digestMessages([key]))))).toEqual([]);
    const [letter, ...more] = await topic.delivered();
    expect(more).toEqual([]);
    expect(letter?.subject).toBe('3 emails could not be delivered, 1 was marked as spam (2 accounts)');
    expect(idsIn(letter!.body).toSorted()).toEqual(keys.map(({ emailId }) => emailId).toSorted());
    expect(lines.at(-1)).toMatchObject([
      'digest.sent',
      { requests: 4, emails: 4, messages: 1, postponed: 0, failed: 0 },
    ]);
  });

  it('publishes for at least half a second, so that two at once never pass four messages a second', async () => {
    const slept = Promise.withResolvers<void>();
    const times: number[] = [];
    const sleep = (milliseconds: number) => {
      times.push(milliseconds);
      return slept.promise;
    };
    let isDone = false;
    const all = asking(...digestMessages(await bounced()));
    const running = invoke(all, { sleep }).then(left => {
      isDone = true;
      return left;
    });
    await expect.poll(async () => (await topic.delivered()).length).toBe(1);
    expect([times, isDone]).toEqual([[500], false]);
    slept.resolve();
    expect(await running).toEqual([]);
  });

  describe('keeps the pace', () => {
    it('by putting alerts off that come within a minute of the last letter, until the minute is over', async () => {
      await invoke(asking(...digestMessages(await bounced())));
      await topic.delivered();
      now += 20_000;
      const later = asking(...digestMessages(await bounced()), ...digestMessages(await bounced()));
      expect(await invoke(later)).toEqual(['m-0', 'm-1']);
      expect(postponed).toEqual([[['r-0', 'r-1'], 40]]);
      expect(await topic.delivered()).toEqual([]);
      now += 40_000;
      expect(await invoke(later)).toEqual([]);
      expect(await topic.delivered()).toHaveLength(1);
    });

    it('and sends a letter a second while one letter cannot hold all, each request at its turn', async () => {
      const keys = await bounced(2 * maxEmailsPerLetter + 50);
      const all = asking(...digestMessages(keys));
      await invoke(all);
      const turns = [...postponed];
      expect(turns).toEqual([
        [['r-3', 'r-4', 'r-5'], 1],
        [['r-6'], 2],
      ]);
      for (const [handles] of turns) {
        now += 1_000;
        expect(await invoke(all.filter(({ receiptHandle }) => handles.includes(receiptHandle)))).toEqual([]);
      }
      const told = (await topic.delivered()).map(({ body }) => idsIn(body));
      expect(told.map(({ length }) => length)).toEqual([maxEmailsPerLetter, maxEmailsPerLetter, 50]);
      expect(told.flat().toSorted()).toEqual(keys.map(({ emailId }) => emailId).toSorted());
    });

    it('also between two invocations at once: the other one waits for a second, not for a minute', async () => {
      const [one, other] = [asking(...digestMessages(await bounced())), asking(...digestMessages(await bounced()))];
      const left = await Promise.all([invoke(one), invoke(other)]);
      expect(left.flat()).toHaveLength(1);
      expect(postponed.map(([, seconds]) => seconds)).toEqual([1]);
      now += 1_000;
      expect(await invoke(left[0]!.length === 1 ? one : other)).toEqual([]);
      expect(await topic.delivered()).toHaveLength(2);
    });

    it('and is not held up by a clock that was a day ahead', async () => {
      now += 86_400_000;
      await invoke(asking(...digestMessages(await bounced())));
      now -= 86_400_000;
      expect(await invoke(asking(...digestMessages(await bounced())))).toEqual([]);
    });

    it('and leaves a refused letter to the timeout of the queue', async () => {
      const all = asking(...digestMessages(await bounced()));
      expect(await invoke(all, { publish: () => Promise.reject(new Error('throttled')) })).toEqual(['m-0']);
      expect(postponed).toEqual([]);
      now += 60_000;
      expect(await invoke(all)).toEqual([]);
      expect(await topic.delivered()).toHaveLength(1);
    });

    it('without a turn for alerts that people have already', async () => {
      const all = asking(...digestMessages(await bounced()));
      await invoke(all);
      now += 60_000;
      expect(await invoke(all)).toEqual([]);
      // The turn is still free for a new alert.
      expect(await invoke(asking(...digestMessages(await bounced())))).toEqual([]);
      expect(await topic.delivered()).toHaveLength(2);
    });
  });

  it('holds up nobody with a letter that is always refused, and divides no request between letters', async () => {
    const keys = await bounced(340);
    const sizes = [70, 90, 90, 90];
    const all = asking(
      ...sizes.map((size, index) => {
        const from = sizes.slice(0, index).reduce((sum, one) => sum + one, 0);
        return digestMessages(keys.slice(from, from + size))[0]!;
      }),
    );
    const refused = keys[0]!.emailId;
    const publish: Publish = message =>
      message.body.includes(refused) ? Promise.reject(new Error('refused')) : topic.publish(message);
    // The first three share a letter and its fate; the fourth has its own a second later.
    expect(await invoke(all, { publish })).toEqual(['m-0', 'm-1', 'm-2', 'm-3']);
    expect(postponed).toEqual([[['r-3'], 1]]);
    now += 1_000;
    expect(await invoke(all.slice(3), { publish })).toEqual([]);
    expect((await topic.delivered()).flatMap(({ body }) => idsIn(body))).toHaveLength(90);
  });

  describe('tells people once', () => {
    it('when a message comes twice, alone and beside new ones', async () => {
      const [first, second] = [await bounced(), await bounced()];
      await invoke(asking(...digestMessages(first), ...digestMessages(first)));
      now += 60_000;
      await invoke(asking(...digestMessages([...first, ...second])));
      const told = (await topic.delivered()).map(({ body }) => body);
      expect(told.map(body => [first, second].map(([key]) => body.includes(key!.emailId)))).toEqual([
        [true, false],
        [false, true],
      ]);
    });

    it('when two invocations hold the same messages, and both look before either has begun', async () => {
      const all = asking(...digestMessages(await bounced(2)));
      await invoke(all);
      now += 60_000;
      const before = async () => new Map<string, never>();
      expect(await invoke(all, { ledger: { digestsOf: before } })).toEqual([]);
      expect(await topic.delivered()).toHaveLength(1);
    });

    it('under one id, if it dies after the letter and before its commit', async () => {
      const keys = await bounced(3);
      const all = asking(...keys.flatMap(key => digestMessages([key])));
      const commit = () => Promise.reject(new Error('killed'));
      expect(await invoke(all, { ledger: { commit } })).toHaveLength(3);
      now += 60_000;
      // The messages come again one by one, and with a new one.
      await invoke(asking(all[2]!.body, ...digestMessages(await bounced())));
      const [first, again, ...more] = await topic.delivered();
      expect(more).toEqual([]);
      expect(again?.body).toBe(first?.body);
      expect(again?.attributes).toEqual(first?.attributes);
      now += 60_000;
      expect(await invoke(all.slice(0, 2))).toEqual([]);
      expect(await topic.delivered()).toEqual([]);
    });

    it('of no email that was erased while its alert was in the queue', async () => {
      const event = anEvent({ accountId: 'acme', status: 'hard_bounced', recipient: 'erased@example.com' });
      const emailId = await emails.record([event]);
      await emails.erase('erased@example.com');
      expect(await invoke(asking(...digestMessages([{ kind: 'hard_bounce', emailId }])))).toEqual([]);
      expect(await topic.delivered()).toEqual([]);
    });
  });

  it('leaves a message that it cannot parse to the dead letters, and tells the others', async () => {
    const [good] = digestMessages(await bounced());
    expect(await invoke(asking('{', good!, '{"alerts":[{"kind":"vanished","emailId":"x"}]}'))).toEqual(['m-0', 'm-2']);
    expect(await topic.delivered()).toHaveLength(1);
    expect(postponed).toEqual([]);
  });

  it('tells nothing while the ledger is unavailable: every message comes again', async () => {
    const all = asking(...digestMessages(await bounced()));
    const digestsOf = () => Promise.reject(new TypeError('jane@example.com'));
    expect(await invoke(all, { ledger: { digestsOf } })).toEqual(['m-0']);
    expect(lines[0]).toEqual(['fault', { requestId: 'request-1', where: 'digest.lookup', error: 'TypeError' }]);
    expect(await topic.delivered()).toEqual([]);
  });
});
