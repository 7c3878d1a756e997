/** The forms in which this version stores data that outlive a deployment, and today's reading of each. */

import type { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { BatchGetCommand, DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { createPace } from '../../functions/digest/pace.ts';
import { createDailyDigests } from '../../shared/alerts/daily-digests.ts';
import { createLedger, digestIdOf } from '../../shared/alerts/ledger.ts';
import { type CanonicalEvent, emailIdOf, limits } from '../../shared/email/event.ts';
import { decodeHistory, encodeHistory, identityOf } from '../../shared/email/history.ts';
import { emailOf, type Image, isTombstone, knownItem } from '../../shared/email/item.ts';
import { phrases } from '../../shared/email/phrases.ts';
import { tombstoneInput, whereErasable } from '../../shared/email/tombstone.ts';
import { recordInput } from '../../shared/guards/erasure-records.ts';
import { createNonces } from '../../shared/guards/nonces.ts';
import { createOwnKey } from '../../shared/guards/own-key.ts';
import type { OwnKeyName } from '../../shared/guards/own-key-names.ts';
import { dayKey, hourKey, providerKey } from '../../shared/news/keys.ts';
import { slotOf } from '../../shared/news/slots.ts';
import { createNewsStore, type ProviderNews } from '../../shared/news/store.ts';
import { providers } from '../../shared/providers/registry.ts';
import { digestMessages, parseDigestMessage } from '../../shared/queues/digest-messages.ts';
import { createQuarantine, quarantinePart } from '../../shared/queues/quarantine-messages.ts';
import { queueParsers } from '../../shared/queues/queue-parsers.ts';
import { createRetryQueue } from '../../shared/queues/retry-messages.ts';
import { createAccountMarks, marksKey } from '../../shared/watch/account-marks.ts';
import { createEpisodeStore, episodesKey } from '../../shared/watch/episodes.ts';
import { createAddResolved, createNewestResolved, resolvedKey } from '../../shared/watch/resolved-failures.ts';
import { emailInMemory } from '../email/email-in-memory.ts';
import { context, fixture, fixtureNames, parsedFixture } from '../fixtures/fixtures.ts';
import { providerNames } from '../fixtures/signing.ts';
import { attributeValues, type Item } from '../model/update-expressions.ts';
import { tableInMemory } from '../news/table-in-memory.ts';
import { aDelivery, noon } from '../rigs/arbitrary-events.ts';

/** A kind of stored data. `Form` is what is stored, as JSON. */
export interface StoredKind<Form = never> {
  /** The form that this version writes, by a name for the content. */
  readonly written: () => Promise<Readonly<Record<string, Form>>> | Readonly<Record<string, Form>>;
  /** The content that this version reads out of a form. */
  readonly read: (form: Form) => unknown;
  /** The part that must be the same for two forms of one content. */
  readonly identity?: (form: Form) => unknown;
}

const everyDetail: CanonicalEvent = {
  ...aDelivery,
  eventId: 'e2',
  status: 'hard_bounced',
  occurredAt: noon + 1000,
  providerEvent: 'bounce',
  reason: { code: '550', enhancedCode: '5.1.1', text: 'no such user ü', cause: 'unknown_user' },
  clickUrl: 'https://example.com/pay?id=7',
  userAgent: 'Mozilla/5.0',
  accountId: 'acme',
  subject: 'Invoice 7 ü',
  reference: 'INV-7',
  tags: ['invoices', 'q1'],
  attribution: 'not_addressed',
};

/** An event with a text that holds the phrase. */
function saying(phrase: string): CanonicalEvent {
  return { ...aDelivery, reason: { text: `It said: ${phrase}` } };
}

/** A note so many seconds after noon. */
function note(providerEvent: string, seconds: number, changes: Partial<CanonicalEvent>): CanonicalEvent {
  const occurredAt = noon + seconds * 1000;
  return { ...aDelivery, status: null, eventId: `n${seconds}`, providerEvent, occurredAt, ...changes };
}

/** Requests of one email each, one after the other. */
const emails: Readonly<Record<string, readonly (readonly CanonicalEvent[])[]>> = {
  'one delivery': [[aDelivery]],
  'every attribute': [[aDelivery], [everyDetail]],
  'notes alone': [[{ ...aDelivery, status: null, providerEvent: 'unsubscribe' }]],
  'an event dated ahead': [[{ ...aDelivery, providerTime: noon + 86_400_000 }]],
  'events of people and machines': [
    [
      { ...aDelivery, eventId: 'h', status: 'opened', evidence: 'human' },
      { ...aDelivery, eventId: 'm', status: 'link_clicked', evidence: 'machine' },
    ],
  ],
  'a status that no longer asks for attention': [
    [{ ...aDelivery, status: 'soft_bounced', reason: { cause: 'mailbox_full' } }],
    [{ ...aDelivery, eventId: 'e2', occurredAt: noon + 1000 }],
  ],
  'counted opens': [
    Array.from({ length: 5 }, (_, second) => ({
      ...aDelivery,
      eventId: `o${second}`,
      status: 'opened',
      occurredAt: noon + second * 1000,
      evidence: 'human',
    })),
  ],
  'a failure that was handled, and whose successor was delivered': [
    [{ ...aDelivery, status: 'hard_bounced' }],
    [note('mailtrail.handled', 1, { actor: 'joe', reason: { text: 'called ü' } })],
    [note('app.resent', 2, { relatedEmailId: 'AbCdEfGhIjKlMnOpQrStUv' })],
    [note('mailtrail.successor_delivered', 3, { relatedEmailId: 'AbCdEfGhIjKlMnOpQrStUv' })],
  ],
  'a failure after its handling': [
    [{ ...aDelivery, status: 'soft_bounced' }],
    [note('mailtrail.handled', 1, {})],
    [{ ...aDelivery, status: 'soft_bounced', eventId: 'e2', occurredAt: noon + 2000 }],
  ],
  'longest texts': [
    [{ ...everyDetail, eventId: 'e'.repeat(limits.eventId), clickUrl: `https://example.com/${'p'.repeat(400)}` }],
  ],
};

function itemAfter(requests: readonly (readonly CanonicalEvent[])[]): Image {
  const email = emailInMemory();
  for (const events of requests) email.record(events);
  return sortedSets(attributeValues(email.item() as unknown as Item));
}

/** Sets have no order: sorted, a form is the same for every run. */
function sortedSets(image: Image): Image {
  const entries = Object.entries(image).map(([name, value]) => [name, value.SS ? { SS: value.SS.toSorted() } : value]);
  return Object.fromEntries(entries);
}

function tombstone(): Image {
  const recipient = aDelivery.recipient;
  const condition = whereErasable({ recipient, accountId: null });
  return attributeValues(tombstoneInput('emails', emailIdOf(aDelivery), condition, noon).Item as Item);
}

/** The bodies that a sender gives to a queue. */
async function sentBy(send: (client: Pick<SQSClient, 'send'>) => Promise<void>): Promise<string[]> {
  const bodies: string[] = [];
  const client = {
    send: async ({ input }: SendMessageBatchCommand) => {
      bodies.push(...(input.Entries ?? []).map(({ MessageBody }) => MessageBody!));
      return {};
    },
  };
  await send(client as unknown as Pick<SQSClient, 'send'>);
  return bodies;
}

const request = {
  requestId: 'r1',
  provider: 'sendgrid',
  receivedAt: noon,
  headers: { 'content-type': 'application/json', 'webhook-id': 'msg_1' },
  body: Buffer.from('[{"event":"new ü"}]'),
  provenFor: 'acme',
};

async function queueMessages(): Promise<Record<string, string>> {
  const retry = await sentBy(client =>
    createRetryQueue(
      client,
      'retry',
    )({
      requestId: 'r1',
      provider: 'sendgrid',
      receivedAt: noon,
      nonces: [{ value: 'token', content: 'hash' }],
      events: [
        { ...aDelivery, provenFor: 'acme' },
        { ...everyDetail, providerTime: noon + 86_400_000 },
      ],
    }),
  );
  const pieces = await sentBy(client =>
    createQuarantine(client, 'quarantine')(request, [{ reason: 'unknown_event', piece: { event: 'new ü' } }]),
  );
  const body = await sentBy(client =>
    createQuarantine(client, 'quarantine')(request, [{ reason: 'not_json', piece: null }]),
  );
  const large = await sentBy(client =>
    createQuarantine(client, 'quarantine')(request, [{ reason: 'item_full', piece: everyDetail }]),
  );
  const [event] = fixtureNames('ses');
  const notification = {
    Type: 'Notification',
    MessageId: '11111111-2222-3333-4444-555555555555',
    TopicArn: 'arn:aws:sns:eu-west-1:123456789012:mail-events',
    Message: fixture('ses', event!).toString(),
    Timestamp: new Date(noon).toISOString(),
  };
  return {
    'retry: events and a nonce': retry[0]!,
    'quarantine: pieces': pieces[0]!,
    'quarantine: a whole body': body[0]!,
    'quarantine: an event without room': large[0]!,
    'digest: alerts': digestMessages([{ kind: 'hard_bounce', emailId: emailIdOf(aDelivery) }])[0]!,
    'ses: an event in its envelope of SNS': JSON.stringify(notification),
  };
}

type GuardItem = Readonly<Record<string, unknown>>;

/** The items that remember erasures and told alerts for 30 days, by their content. */
async function guardItems(): Promise<Record<string, GuardItem>> {
  const erased = (accountId: string | null): GuardItem => {
    const { Key, ExpressionAttributeValues: values = {} } = recordInput(
      'guards',
      { recipient: 'jane@example.com', accountId },
      noon,
    );
    return { ...Key, erasedAt: values[':erasedAt'], expiresAt: values[':expiresAt'] };
  };
  const put: GuardItem[] = [];
  const client = { send: async ({ input }: PutCommand) => put.push(input.Item!) } as unknown as DynamoDBDocumentClient;
  const ledger = createLedger(client, 'guards', 'people', () => noon);
  const key = { kind: 'hard_bounce', emailId: emailIdOf(aDelivery) } as const;
  const digest = { id: digestIdOf('people', [key]), keys: [key] };
  await ledger.open(digest);
  await ledger.reserve(key, digest.id);
  await ledger.commit(digest.id);
  const used: GuardItem[] = [];
  const send = async ({ input }: UpdateCommand) => {
    used.push(input.Key!);
    return {};
  };
  await createNonces({ send } as unknown as DynamoDBDocumentClient, 'guards')(
    'mailgun',
    [{ value: 'token', content: 'hash' }],
    noon,
  );
  return {
    'a used nonce': used[0]!,
    "a recipient's erasure": erased(null),
    "a recipient's erasure in one account": erased('acme'),
    'a digest of alerts': put[0]!,
    'an alert of a digest': put[1]!,
    'a told digest': put[2]!,
    "the canary's key": await ownKey('canary'),
    'the key of cursors': await ownKey('cursor'),
    ...(await dailyItems()),
  };
}

/** The record of a daily digest that was told, and its accounts. */
async function dailyItems(): Promise<Record<string, GuardItem>> {
  const table = tableInMemory();
  const digests = createDailyDigests(table.client, 'guards');
  const day = '2026-01-02';
  await digests.begin(await digests.read(day, noon), noon);
  await digests.addAccounts(day, ['acme'], noon);
  await digests.tell(day, 'people');
  await digests.finish(day, noon + 1000);
  const item = (key: string): GuardItem =>
    Object.fromEntries(
      Object.entries(table.item(key)!).map(([name, value]) => [name, value instanceof Set ? [...value] : value]),
    );
  return { 'a daily digest': item(`daily:${day}`), 'accounts of a daily digest': item(`daily:${day} accounts 2`) };
}

async function ownKey(name: OwnKeyName): Promise<GuardItem> {
  let item: GuardItem | undefined;
  const send = async ({ input }: UpdateCommand) => {
    item = { ...input.Key, generatedKey: input.ExpressionAttributeValues?.[':made'] };
    return { Attributes: item };
  };
  const client = { send } as unknown as DynamoDBDocumentClient;
  await createOwnKey(client, 'guards', name, bytes => Buffer.alloc(bytes, 7))();
  return item!;
}

const hour = 3_600_000;
const slot = 5 * 60_000;

/** The items about a provider that was silent for an hour, and about the time of the last letter. */
async function newsItems(): Promise<Record<string, GuardItem>> {
  const table = tableInMemory();
  const news = createNewsStore(table.client, 'guards');
  const batch = (at: number, answered: number) => ({
    batchId: String(at),
    reports: answered > 0 ? [{ provider: 'sendgrid', at, lag: 3_000 }] : [],
    emails: [{ provider: 'sendgrid', seenAt: at - 3_000, awaited: 20, answered, at }],
  });
  await news.add(batch(noon, 20));
  await news.add(batch(noon + slot, 0));
  await news.add(batch(noon + hour, 19));
  await news.judged('sendgrid', { silence: 0.25, emails: 20, waiting: 20, silentSince: noon }, noon + hour, true);
  const item = (key: string): GuardItem => {
    const { ...known } = table.item(key)!;
    return known.slots instanceof Set ? { ...known, slots: [...known.slots].sort() } : known;
  };
  return {
    'the news of a provider': item(providerKey('sendgrid')),
    "a day of a provider's news": item(dayKey('sendgrid', noon)),
    "an hour of a provider's emails": item(hourKey('sendgrid', Math.floor(noon / hour))),
    'the time of the last letter': await paceItem(),
    ...(await watchItems()),
  };
}

/**
 * The items of the watch function: an episode of which operators know and one that begins, marks of accounts, and resolved
 * failures.
 */
async function watchItems(): Promise<Record<string, GuardItem>> {
  const table = tableInMemory();
  const told = {
    id: 'e1',
    condition: 'NoNews',
    subject: 'sendgrid',
    name: 'SendGrid',
    since: noon,
    level: 1,
    toldAt: noon,
  } as const;
  const untold = { ...told, id: 'e2', condition: 'BounceRate', subject: 'account:acme', name: 'account acme' } as const;
  const { toldAt: _, ...begins } = untold;
  await createEpisodeStore(table.client, 'guards').replace(
    { revision: 0 },
    {
      episodes: [told, { ...begins, level: 2, turn: { kind: 'began', text: '12 of 100 emails bounced hard.' } }],
      checkedAt: { providerRates: noon, 'accountRates:account:acme': noon },
      tellingAt: noon,
    },
    noon,
  );
  await createAccountMarks(table.client, 'guards').mark(['acme', 'globex'], noon);
  const failure = { accountId: 'acme', emailId: emailIdOf(aDelivery), sentAt: noon };
  await createAddResolved(table.client, 'guards')([failure], noon);
  const { emailIds, ...resolved } = table.item(resolvedKey('acme', Math.floor(noon / (6 * hour))))!;
  const { accounts, ...marks } = table.item(marksKey)!;
  return {
    'the episodes of conditions': table.item(episodesKey)!,
    'the marks of accounts': { ...marks, accounts: [...(accounts as ReadonlySet<string>)].sort() },
    'resolved failures of an account': { ...resolved, emailIds: [...(emailIds as ReadonlySet<string>)] },
  };
}

/** The content that the watch function reads out of one of its items. */
async function watchStateIn({ accounts, emailIds, ...others }: GuardItem): Promise<unknown> {
  const item = {
    ...others,
    ...(accounts !== undefined && { accounts: new Set(accounts as string[]) }),
    ...(emailIds !== undefined && { emailIds: new Set(emailIds as string[]) }),
  };
  const client = { send: async () => ({ Responses: { guards: [item] } }) } as unknown as DynamoDBDocumentClient;
  if (accounts !== undefined) return createAccountMarks(client, 'guards').read();
  if (emailIds !== undefined) return createNewestResolved(client, 'guards')('acme', noon, 2);
  return createEpisodeStore(client, 'guards').read();
}

const newsReaders: readonly (readonly [start: string, read: (item: GuardItem) => Promise<unknown>])[] = [
  ['news:', newsIn],
  ['watch:', watchStateIn],
];

async function paceItem(): Promise<GuardItem> {
  const sent: UpdateCommand['input'][] = [];
  const client = { send: async ({ input }: UpdateCommand) => sent.push(input) } as unknown as DynamoDBDocumentClient;
  await createPace(client, 'guards', 60_000, () => noon).take(noon);
  const [{ Key, ExpressionAttributeValues: values = {} } = {} as UpdateCommand['input']] = sent;
  return { ...Key, lastAt: values[':now'], expiresAt: values[':expiresAt'] };
}

/** The news that the store reads out of one item. */
async function newsIn({ slots, ...others }: GuardItem): Promise<unknown> {
  const guardKey = String(others.guardKey);
  const item = { ...others, ...(slots !== undefined && { slots: new Set(slots as number[]) }) };
  const client = {
    send: async ({ input: { RequestItems = {} } }: BatchGetCommand) => ({
      Responses: Object.fromEntries(
        Object.entries(RequestItems).map(([name, { Keys = [] }]) => [
          name,
          Keys.some(key => key.guardKey === guardKey) ? [item] : [],
        ]),
      ),
    }),
  } as unknown as DynamoDBDocumentClient;
  const found = (await createNewsStore(client, 'guards').newsOf(['sendgrid'], noon + hour)).get('sendgrid');
  const { slots: known, ...read } = found as ProviderNews;
  const times = Array.from({ length: 26 }, (_, index) => noon - hour + index * slot);
  return { ...read, slots: times.filter(at => known.has(slotOf(at))) };
}

/** The events of every provider's fixtures. */
export function everyFixture() {
  return providerNames.flatMap(provider =>
    fixtureNames(provider).map(name => ({ provider, name, events: parsedFixture(provider, name).events })),
  );
}

/** The first fixture of each provider that has just these events. */
function distinctFixtures() {
  const seen = new Set<string>();
  return everyFixture().filter(({ provider, events }) => {
    const kinds = JSON.stringify([provider, ...events.map(event => [event.providerEvent, event.status])]);
    if (events.length === 0 || seen.has(kinds)) return false;
    seen.add(kinds);
    return true;
  });
}

export const storedKinds = {
  /** Another id for the same provider, message and recipient would divide each email in two. */
  ids: {
    written: () =>
      Object.fromEntries(
        distinctFixtures().map(({ provider, name, events }) => [`${provider}/${name}`, events.map(emailIdOf)]),
      ),
    read: (ids: readonly string[]) => ids,
    identity: (ids: readonly string[]) => ids,
  },
  history: {
    /** The elements of the first fixture of each provider that has just these events, in the order of its events. */
    written: () =>
      Object.fromEntries([
        ...distinctFixtures().map(({ provider, name, events }) => [`${provider}/${name}`, events.map(encodeHistory)]),
        ...Object.entries(phrases).map(([code, phrase]) => [`phrase ${code}`, [encodeHistory(saying(phrase))]]),
      ]),
    read: (elements: readonly string[]) => elements.map(decodeHistory),
    identity: (elements: readonly string[]) => elements.map(element => identityOf(decodeHistory(element))).sort(),
  },
  items: {
    written: () => ({
      ...Object.fromEntries(Object.entries(emails).map(([name, requests]) => [name, itemAfter(requests)])),
      'a tombstone': tombstone(),
    }),
    read(image: Image) {
      const item = unmarshall(image);
      const { history, repeats, ...known } = knownItem(image);
      return {
        ...(isTombstone(item) ? {} : { ...emailOf(item), repeats: Object.fromEntries(repeats) }),
        known: { ...known, history: [...history.keys()].sort() },
      };
    },
    identity: ({ emailId }: Image) => emailId,
  },
  messages: {
    written: queueMessages,
    read(body: string) {
      const message = { messageId: 'm1', body, sentAt: noon };
      const { Type, events, alerts } = JSON.parse(body);
      if (alerts !== undefined) return parseDigestMessage(body);
      if (Type !== undefined) return queueParsers.ses(message, { providers, context }).parsed;
      return events === undefined ? quarantinePart(body) : queueParsers.retry(message);
    },
  },
  /** Items of the table of guards. Another key for the same content would forget it: erasures, and alerts told. */
  records: {
    written: guardItems,
    read: (item: GuardItem) => item,
    identity: ({ guardKey }: GuardItem) => guardKey,
  },
  /** Items of the table of guards about providers, whose usual silence would be learned anew, of the watch function, and the pace of letters. */
  news: {
    written: newsItems,
    read(item: GuardItem) {
      const reader = newsReaders.find(([start]) => String(item.guardKey).startsWith(start));
      return reader === undefined ? item : reader[1](item);
    },
    identity: ({ guardKey }: GuardItem) => guardKey,
  },
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a form of its own
} as const satisfies Record<string, StoredKind<any>>;
