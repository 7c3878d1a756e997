import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Email } from '../../shared/email/item.ts';
import { type ProviderName, providers } from '../../shared/providers/registry.ts';
import { statusIds } from '../../shared/status/catalogue.ts';
import { fixture, fixtureNames, fixtureType } from '../fixtures/fixtures.ts';
import { snsMessage } from '../fixtures/ses/signing.ts';
import { providerNames } from '../fixtures/signing.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { cpuMs } from '../rigs/cpu-time.ts';
import { type LiveIngest, sampleBody, sampleOf, sampleType, startLiveIngest } from './live-ingest.ts';

let live: LiveIngest;
beforeAll(async () => {
  live = await startLiveIngest();
});
afterAll(() => live?.stop());
beforeEach(() => live.reset());

/** All providers but Elastic Email, which sends forms. */
const ofJson = providerNames.filter(name => sampleType(name) === 'json');

/** Puts a batch into its envelope, for providers that have one. */
const envelopes: Partial<Record<ProviderName, (batch: string) => string>> = {
  mailtrap: batch => `{"events":${batch}}`,
  zeptomail: batch => `{"event_name":["open"],"event_message":${batch}}`,
  unisendergo: batch => `{"auth":"${'0'.repeat(32)}","events_by_user":[{"events":${batch}}]}`,
};
const batchOf = (name: ProviderName, batch: string) => (envelopes[name] ?? (text => text))(batch);

const sign = (name: ProviderName, text: string) => live.sign(name, Buffer.from(text));
const send = (name: ProviderName, text: string) => live.send(name, sign(name, text));

/** Makes the text the whole body, or as much of it as the provider's proof allows. */
const wholeOf = (name: ProviderName, text: string) =>
  name === 'unisendergo' ? `{"auth":"${'0'.repeat(32)}","events_by_user":${text}}` : text;

const unreadable: Record<string, { readonly texts: readonly string[]; readonly reason?: string }> = {
  'hazard 53: invalid JSON': {
    texts: ['<html></html>', 'hello', '{"a":', '{"a":1}}', '{"a":1}{"b":2}'],
    reason: 'not_json',
  },
  'hazard 54: a scalar or null': { texts: ['7', '"text"', 'true', 'null'] },
  'hazard 55: an empty object': { texts: ['{}'] },
  'hazard 57: a body nested 100,000 levels deep': { texts: [`${'['.repeat(100_000)}${']'.repeat(100_000)}`] },
  'hazard 58: a body nested 33 levels deep': {
    texts: [`${'['.repeat(33)}${']'.repeat(33)}`, `${'{"a":'.repeat(33)}1${'}'.repeat(33)}`],
  },
  'hazard 72: JavaScript such as comments or NaN': {
    texts: [
      '[{"a":1}] // no',
      '/* no */ {}',
      '[NaN]',
      '[Infinity]',
      "{'a':1}",
      '{"a":1,}',
      '{a:1}',
      '[undefined]',
      '[0x5f]',
      '[01]',
    ],
    reason: 'not_json',
  },
};

describe.each(ofJson)('genuine requests of %s:', name => {
  it.each(Object.entries(unreadable))(
    '%s is quarantined, or refused if it has no proof',
    async (_, { texts, reason }) => {
      const outcomes = await inTurn(texts, text => send(name, wholeOf(name, text)));
      // Mailgun's proof is a part of the JSON, so that invalid JSON has no proof.
      if (name === 'mailgun' && reason === 'not_json') {
        for (const outcome of outcomes) await live.expectRefused(outcome, name);
      } else if (name === 'ses') await live.expectQuarantined(outcomes, name, 'unexpected_shape');
      else await live.expectQuarantined(outcomes, name, reason);
    },
  );

  const { batched } = providers[name];
  it(`hazard 56: an empty list ${batched ? 'counts zero events' : 'is quarantined'}`, async () => {
    const outcome = await send(name, batched ? batchOf(name, '[]') : '[]');
    if (!batched) return void (await live.expectQuarantined(outcome, name));
    expect(outcome.counts).toMatchObject({ received: 0, recorded: 0, quarantined: 0 });
    await live.expectNothingKept();
  });

  if (batched)
    it('hazard 60: 100,000 events are quarantined as a whole', async () => {
      const text = batchOf(name, `[${'{"event":"open"},'.repeat(99_999)}{"event":"open"}]`);
      let outcome!: Awaited<ReturnType<typeof send>>;
      const spent = await cpuMs(async () => {
        outcome = await send(name, text);
      });
      expect(spent).toBeLessThan(2_500);
      const kept = await live.expectQuarantined(outcome, name, 'too_many');
      expect(kept.length).toBeGreaterThan(1);
      for (const message of kept) expect(message).toMatchObject({ content: 'body', parts: kept.length });
    });

  const inEveryObject = (fields: string) =>
    sampleBody(name)
      .toString()
      .replace(/\{(?=\s*")/g, `{${fields},`);
  const harmless: Record<string, string> = {
    'hazard 63: __proto__': '"__proto__":{"polluted":true,"toString":7}',
    'hazard 64: constructor.prototype': '"constructor":{"prototype":{"polluted":true}}',
    'hazard 65: a key such as toString': '"toString":1,"valueOf":null,"hasOwnProperty":"no","then":{}',
    'hazard 71: an unknown field': '"new_field":{"with":[1,{"more":null}]},"":"","new field":true',
  };
  it.each(Object.entries(harmless))('%s in every object does not change the record', async (_, fields) => {
    const text = inEveryObject(fields);
    expect(text).not.toBe(sampleBody(name).toString());
    await send(name, sampleBody(name).toString());
    const without = withoutIdsAndTags(await live.stored());
    await live.reset();
    expect((await send(name, text)).counts).toMatchObject({ received: 1, recorded: 1 });
    expect(withoutIdsAndTags(await live.stored())).toEqual(without);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('hazard 66: 1e999, -0 and 39 digits in place of numbers are acknowledged, and never become an invalid time', async () => {
    const text = sampleBody(name).toString();
    const numbers = [...text.matchAll(/(?<=[:[]\s*)-?\d[\d.]*(?=\s*[,}\]])/g)];
    for (const strange of ['1e999', '-1e999', '-0', '9'.repeat(39)]) {
      for (const { index, 0: number } of [...numbers, { index: -1, 0: '' }]) {
        const changed =
          index < 0
            ? text.replaceAll('"acme"', strange)
            : text.slice(0, index) + strange + text.slice(index + number.length);
        await expectAccountedFor(name, changed);
      }
    }
    for (const { events } of await live.stored()) {
      for (const { occurredAt } of events) expect(new Date(occurredAt).getTime()).toBe(occurredAt);
    }
  });

  if (sampleBody(name).includes('"acme"'))
    it('hazard 67: ids above 2^53 stay distinct', async () => {
      for (const id of ['9007199254740992', '9007199254740993', '99999999999999999999']) {
        await live.reset();
        await send(name, sampleBody(name).toString().replaceAll('"acme"', id));
        expect(await live.stored()).toMatchObject([{ accountId: id }]);
      }
    });

  it('hazard 68: values of wrong types are acknowledged, and each event is recorded or quarantined', async () => {
    const wrong = [{}, [], 'text', 7, true, [[null]]];
    for (const [index, path] of pathsOf(JSON.parse(sampleBody(name).toString())).entries()) {
      // Each place gets one type in turn, and the providers together meet all types.
      await expectAccountedFor(name, replaced(name, path, wrong[index % wrong.length]));
    }
    for (const { verdict } of await live.stored()) expect([...statusIds, undefined]).toContain(verdict?.status);
  });

  it('hazard 69: null in one place or everywhere is acknowledged, and each event is recorded or quarantined', async () => {
    for (const path of pathsOf(JSON.parse(sampleBody(name).toString()))) {
      await expectAccountedFor(name, replaced(name, path, null));
    }
    const nulls = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(nulls);
      if (typeof value !== 'object' || value === null) return null;
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, key === 'auth' ? each : nulls(each)]));
    };
    await live.reset();
    const outcome = await send(name, JSON.stringify(nulls(JSON.parse(sampleBody(name).toString()))));
    await live.expectQuarantined(outcome, name);
  });
});

describe.each(providerNames)('genuine requests of %s:', name => {
  const sendFixture = (fixtureName: string) =>
    live.send(name, live.sign(name, fixture(name, fixtureName), noon, { type: fixtureType(fixtureName) }));
  const unknown = fixtureNames(name).filter(fixtureName => /^unknown-event(?!.*to-string)/.test(fixtureName));
  it.each(unknown)('hazard 70: an unknown type, %s, is quarantined', async fixtureName => {
    const { status, counts } = await sendFixture(fixtureName);
    expect(status).toBe(200);
    expect(counts.quarantined).toBeGreaterThan(0);
    expect(await live.kept()).toContainEqual(expect.objectContaining({ provider: name, reason: 'unknown_event' }));
  });

  it('hazard 65: toString as the type is quarantined', async () => {
    const own = fixtureNames(name).find(fixtureName => fixtureName.startsWith('unknown-event.to-string'));
    const type = new RegExp(`"(${Object.keys(providers[name].events).join('|')})"`);
    const outcome =
      own === undefined
        ? await send(name, sampleBody(name).toString().replace(type, '"toString"'))
        : await sendFixture(own);
    await live.expectQuarantined(outcome, name, 'unknown_event');
  });
});

describe('bodies with too many keys:', () => {
  const keys = (count: number) =>
    `{${Array.from({ length: count }, (_, index) => `"${index.toString(36)}":0`).join(',')}}`;

  it('hazard 59: a million keys do not fit into a body and get 413', async () => {
    const text = keys(1_000_000);
    expect((await send('postmark', text)).status).toBe(413);
    await live.expectNothingKept();
  });

  const asManyAsFit = keys(600_000);

  it.each(['postmark', 'sendgrid', 'app', 'mailtrap'] as const)(
    'hazard 59: as many keys of %s as fit are quarantined as a whole, and in time',
    async name => {
      const signed = sign(name, asManyAsFit);
      let outcome!: Awaited<ReturnType<typeof live.send>>;
      const spent = await cpuMs(async () => {
        outcome = await live.send(name, signed);
      });
      expect(spent).toBeLessThan(2_500);
      await live.expectQuarantined(outcome, name, 'too_many');
    },
  );

  it.each(['mailgun', 'ses'] as const)(
    'hazard 59: too many keys of %s, which has its proof among them, are refused with 401',
    async name => {
      await live.expectRefused(await send(name, keys(200_000)), name);
    },
  );
});

describe('batches:', () => {
  it('hazard 61: 999 good events of a batch of 1,000 are recorded, and the bad one is quarantined', async () => {
    const delivered = JSON.parse(fixture('sendgrid', 'delivered').toString())[0];
    const events = Array.from({ length: 1_000 }, (_, index) =>
      index === 500
        ? { event: 'delivered', bad: { yes: true } }
        : { ...delivered, sg_event_id: `event-${index}`, sg_message_id: `message-${index % 20}` },
    );
    const { status, counts } = await live.send('sendgrid', live.signJson('sendgrid', events));
    expect(status).toBe(200);
    expect(counts).toMatchObject({ received: 1_000, recorded: 999, quarantined: 1 });
    expect(await live.kept()).toMatchObject([{ reason: 'unexpected_shape', pieces: [events[500]] }]);
    expect(await live.stored()).toHaveLength(20);
  });

  it('hazard 58: an event nested 33 levels deep puts the whole body into quarantine, and the other events are recorded', async () => {
    const [delivered] = JSON.parse(fixture('sendgrid', 'delivered').toString());
    let deep: unknown = 'deep';
    for (let level = 0; level < 33; level += 1) deep = [deep];
    const signed = live.signJson('sendgrid', [delivered, { ...delivered, sg_message_id: 'other', deep }]);
    expect((await live.send('sendgrid', signed)).counts).toMatchObject({ recorded: 1, quarantined: 1 });
    expect(await live.kept()).toMatchObject([{ reason: 'too_deep', base64: signed.body.toString('base64') }]);
  });
});

// By decision, the last value of a repeated key counts, for the proof as well as for the event. So nobody can have one
// value proved and another one read. A genuine event with a repeated key is not lost.
describe('repeated keys:', () => {
  it('hazard 62: the last value of a repeated key in an event counts', async () => {
    const text = fixture('sendgrid', 'delivered').toString().replace('"event"', '"event": "bounce", "event"');
    expect((await send('sendgrid', text)).counts).toMatchObject({ recorded: 1 });
    expect(await live.stored()).toMatchObject([{ verdict: { status: 'delivered' } }]);
  });

  it.each([
    ['ses', () => snsTwice('Message', fixture('ses', 'Complaint').toString())],
    ['ses', () => snsTwice('TopicArn', 'arn:aws:sns:us-east-1:999999999999:mail')],
    ['mailgun', () => mailgunTwice()],
  ] as const)(
    'hazard 62: a repeated key in the proof of %s is read as it was proved, or refused',
    async (name, twice) => {
      const { genuineLast, forgedLast } = twice();
      const forged = await live.send(name, { headers: {}, body: Buffer.from(forgedLast) });
      await live.expectRefused(forged, name);
      const genuine = await live.send(name, { headers: {}, body: Buffer.from(genuineLast) });
      expect(genuine.counts).toMatchObject({ recorded: 1 });
      expect(await live.stored()).toMatchObject([{ verdict: { status: 'delivered' } }]);
    },
  );

  function snsTwice(key: string, forged: string) {
    const genuine = snsMessage(live.pairs.ses.signs, noon, { Message: fixture('ses', 'Delivery').toString() });
    const text = JSON.stringify(genuine);
    const other = `${JSON.stringify(key)}:${JSON.stringify(forged)}`;
    return { genuineLast: text.replace('{', `{${other},`), forgedLast: text.replace(/\}$/, `,${other}}`) };
  }

  function mailgunTwice() {
    const text = live.sign('mailgun', fixture('mailgun', 'delivered')).body.toString();
    const { signature } = JSON.parse(text);
    const other = `"signature":${JSON.stringify({ ...signature, token: 'another' })}`;
    return { genuineLast: text.replace('{', `{${other},`), forgedLast: text.replace(/\}$/, `,${other}}`) };
  }
});

describe('numbers too large for JavaScript:', () => {
  it('hazard 67: different ids of messages stay different messages', async () => {
    for (const id of ['9007199254740992', '9007199254740993', '99999999999999999999']) {
      const text = fixture('mailjet', 'sent.next-id')
        .toString()
        .replace(/(?<="MessageID": )\d+/, id);
      await send('mailjet', text.replace(/(?<="Message_GUID": ")[^"]+/, '').replace(/, "mj_message_id": "\d+"/, ''));
    }
    const ids = (await live.stored()).map(({ messageId }) => messageId);
    expect(ids.sort()).toEqual(['9007199254740992', '9007199254740993', '99999999999999999999']);
  });

  it('hazard 67: different ids of events stay different events', async () => {
    for (const name of ['Bounce.huge-id', 'Bounce.huge-id-next'])
      await send('postmark', fixture('postmark', name).toString());
    const [email] = await live.stored();
    expect(new Set(email!.events.map(({ eventId }) => eventId)).size).toBe(2);
  });
});

/**
 * Leaves out the events' ids, which differ for each body with Standard Webhooks. It also leaves out the tags, because
 * every name in an object of tags is the sender's.
 */
function withoutIdsAndTags(emails: readonly Email[]) {
  return emails.map(({ verdict, events, tags: _, ...email }) => ({
    ...email,
    verdict: { ...verdict, statusEventId: '' },
    events: events.map(event => ({ ...event, eventId: '' })),
  }));
}

/** Checks that a genuine request is acknowledged, and that every piece is recorded, quarantined, or about no email. */
async function expectAccountedFor(name: ProviderName, text: string) {
  const { status, counts, lines } = await send(name, text);
  expect([text, status]).toEqual([text, 200]);
  const { received, recorded, duplicate, dropped, erased, expired, quarantined, unrelated } = counts;
  const accountedFor = recorded! + duplicate! + dropped! + erased! + expired! + quarantined! + unrelated!;
  expect([text, accountedFor]).toEqual([text, received]);
  const logged = Array(quarantined).fill('webhook.quarantined');
  expect(lines.map(({ message }) => message)).toEqual([...logged, 'webhook.answered']);
}

/** Acts on the items one after the other. */
async function inTurn<Item, Result>(items: readonly Item[], act: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await act(item));
  return results;
}

type Path = readonly (string | number)[];

/** Every path in a value, except that of the proof. */
function pathsOf(value: unknown, above: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => {
    const path = [...above, Array.isArray(value) ? Number(key) : key];
    return key === 'auth' ? [] : [path, ...pathsOf(each, path)];
  });
}

/** The provider's sample with another value at one path. */
function replaced(name: ProviderName, path: Path, value: unknown): string {
  const sample = JSON.parse(fixture(name, sampleOf[name]).toString());
  let parent = sample;
  for (const key of path.slice(0, -1)) parent = parent[key];
  parent[path.at(-1)!] = value;
  return JSON.stringify(sample);
}
