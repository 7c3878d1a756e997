import { describe, expect, it } from 'vitest';
import { certificatePath, snsSigningKey } from '../../infra/local/services/sns-signing.ts';
import { ses } from '../../shared/providers/ses.ts';
import { context, fixture, fixtureNames, parsedFixture, requestOf } from '../fixtures/fixtures.ts';
import { snsMessage } from '../fixtures/ses/signing.ts';
import { snsGet } from '../fixtures/sns.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { ingestOf } from './ingest.ts';

const messageId = '0102019b7e3f2a10-5d1c7f0e-3b2a-4c1d-9e8f-000000000007-000000';
const topic = 'arn:aws:sns:eu-west-1:123456789012:mail-events';
const signingKey = `${topic} ${snsSigningKey()}`;
const read = (name: string) => parsedFixture('ses', name);

describe("Amazon SES's events", () => {
  it.each([
    ['Send', 'sent'],
    ['Delivery', 'delivered'],
    ['DeliveryDelay', 'deferred'],
    ['DeliveryDelay.InternalFailure', 'deferred'],
    ['DeliveryDelay.MailboxFull', 'deferred'],
    ['DeliveryDelay.SpamDetected', 'deferred'],
    ['DeliveryDelay.RecipientServerError', 'deferred'],
    ['DeliveryDelay.IPFailure', 'deferred'],
    ['DeliveryDelay.TransientCommunicationFailure', 'deferred'],
    ['DeliveryDelay.TransientCommunicationFailure.full', 'deferred'],
    ['DeliveryDelay.BYOIPHostNameLookupUnavailable', 'deferred'],
    ['DeliveryDelay.Undetermined', 'deferred'],
    ['DeliveryDelay.SendingDeferral', 'deferred'],
    ['Bounce.Permanent.General', 'hard_bounced'],
    ['Bounce.Permanent.General.unknown-user', 'invalid'],
    ['Bounce.Permanent.General.unknown-user-without-code', 'invalid'],
    ['Bounce.Permanent.NoEmail', 'invalid'],
    ['Bounce.Permanent.NoEmail.code-decides', 'rejected'],
    ['Delivery.empty-time', 'delivered'],
    ['Bounce.Permanent.Suppressed', 'rejected'],
    ['Bounce.Permanent.OnAccountSuppressionList', 'rejected'],
    ['Bounce.Permanent.OnTenantSuppressionList', 'rejected'],
    ['Bounce.Permanent.UnsubscribedRecipient', 'rejected'],
    ['Bounce.Permanent.EmailValidationSuppressed', 'rejected'],
    ['Bounce.Transient.MailboxFull', 'soft_bounced'],
    ['Bounce.Transient.MessageTooLarge', 'soft_bounced'],
    ['Bounce.Transient.General', 'soft_bounced'],
    ['Bounce.Transient.CustomTimeoutExceeded', 'soft_bounced'],
    ['Bounce.Transient.ContentRejected', 'rejected'],
    ['Bounce.Transient.AttachmentRejected', 'rejected'],
    ['Bounce.Transient.AttachmentRejected.with-code', 'rejected'],
    ['Bounce.Transient.no-such-domain', 'hard_bounced'],
    ['Bounce.Undetermined.Undetermined', 'soft_bounced'],
    ['Bounce.new-type', 'soft_bounced'],
    ['Complaint', 'marked_spam'],
    ['Complaint.abuse', 'marked_spam'],
    ['Complaint.auth-failure', 'marked_spam'],
    ['Complaint.fraud', 'marked_spam'],
    ['Complaint.virus', 'marked_spam'],
    ['Complaint.other', 'marked_spam'],
    ['Complaint.not-spam', null],
    ['Complaint.OnAccountSuppressionList', 'rejected'],
    ['Complaint.OnTenantSuppressionList', 'rejected'],
    ['Reject', 'rejected'],
    ['Rendering-Failure', 'rejected'],
    ['Open', 'opened'],
    ['Click', 'link_clicked'],
    ['Subscription', null],
  ])('in the fixture %s have the status %s', (name, status) => {
    const { events, quarantined } = read(name);
    expect(quarantined).toEqual([]);
    expect(events).toMatchObject([
      {
        provider: 'ses',
        messageId,
        recipient: 'jane@example.com',
        status,
        accountId: 'acme',
        reference: 'INV-7',
        subject: 'Invoice 7',
        evidence: 'unknown',
      },
    ]);
    expect(events[0]).not.toHaveProperty('attribution');
  });

  it.each(['Bounce', 'Complaint', 'Delivery'])(
    'of the type %s have the same meaning in an identity notification, without tags',
    name => {
      const [event] = read(`notification.${name}`).events;
      const published = { Bounce: 'invalid', Complaint: 'marked_spam', Delivery: 'delivered' }[name];
      expect(event).toMatchObject({ messageId, recipient: 'jane@example.com', status: published, providerEvent: name });
      expect(event).not.toHaveProperty('accountId');
    },
  );

  it.each([
    ['Open.bot-likely', 'machine'],
    ['Open.bot-unlikely', 'human'],
    ['Open.bot-perhaps', 'unknown'],
    ['Open.bot-as-boolean', 'unknown'],
    ['Open', 'unknown'],
    ['Click.bot-likely', 'machine'],
    ['Click.bot-unlikely', 'human'],
    ['Click', 'unknown'],
  ])('in the fixture %s have the evidence %s', (name, evidence) => {
    expect(read(name).events).toMatchObject([{ evidence }]);
  });

  it('belong to the account of their tenant if the sender named none', () => {
    const { accountId, reference } = read('Bounce.tenant').events[0]!;
    expect([accountId, reference]).toEqual(['acme', 'INV-7']);
    expect(read('Bounce.tenant-and-account').events[0]?.accountId).toBe('acme');
  });

  it.each([
    ['DeliveryDelay.MailboxFull', 'mailbox_full'],
    ['DeliveryDelay.IPFailure', 'blocked'],
    ['DeliveryDelay.TransientCommunicationFailure', 'network'],
    ['Bounce.Permanent.OnAccountSuppressionList', 'suppressed'],
    ['Complaint.OnTenantSuppressionList', 'suppressed'],
    ['Reject', 'virus'],
    ['Complaint', undefined],
    ['Delivery', undefined],
  ])('in the fixture %s have the cause %s', (name, cause) => {
    expect(read(name).events[0]?.reason?.cause).toBe(cause);
  });

  it("have their own time, or the notification's if they have none", () => {
    expect(read('Delivery').events[0]?.occurredAt).toBe(noon + 500);
    expect(read('Subscription').events[0]?.occurredAt).toBe(noon + 500);
    const Message = fixture('ses', 'Send').toString();
    const wrapped = snsMessage(signingKey, noon + 3_000, { Message });
    const timeOf = (body: string) => ses.parse(requestOf({ body: Buffer.from(body) }), context).events[0]?.occurredAt;
    expect(timeOf(JSON.stringify(wrapped))).toBe(noon + 3_000);
    expect(timeOf(Message)).toBe(noon);
  });

  it("keep type, subtype, code and the server's words", () => {
    expect(read('Bounce.Permanent.General.unknown-user').events[0]?.reason).toEqual({
      cause: 'unknown_user',
      code: 'Permanent/General',
      enhancedCode: '5.1.1',
      text: 'smtp; 550 5.1.1 user unknown',
    });
    expect(read('DeliveryDelay').events[0]?.reason).toMatchObject({ code: 'General', enhancedCode: '4.4.1' });
    expect(read('Complaint.fraud').events[0]?.reason).toEqual({ code: 'fraud' });
    expect(read('Reject').events[0]?.reason).toEqual({ cause: 'virus', text: 'Bad content' });
    expect(read('Click').events[0]).toMatchObject({ clickUrl: 'https://pay.example.com/INV-7' });
  });

  it.each([
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
    ['missing-fields', 'unexpected_shape'],
    ['missing-recipient', 'missing_recipient'],
    ['missing-bounced-recipients', 'missing_recipient'],
  ])('in the fixture %s are quarantined as %s', (name, reason) => {
    expect(read(name)).toMatchObject({ events: [], quarantined: [{ reason }] });
  });
});

describe('an event of Amazon SES with several recipients', () => {
  const told = (name: string) =>
    read(name).events.map(({ recipient, status, attribution }) => [recipient, status, attribution]);

  it('is about each recipient that it names, with their own reply', () => {
    expect(told('Bounce.several-recipients')).toEqual([
      ['jane@example.com', 'invalid', undefined],
      ['joe@example.com', 'soft_bounced', undefined],
    ]);
  });

  it('is about every recipient if it concerns the whole message', () => {
    expect(told('Send.several-recipients')).toEqual([
      ['jane@example.com', 'sent', undefined],
      ['joe@example.com', 'sent', undefined],
    ]);
  });

  it('is a note on each if one of them opened', () => {
    expect(told('Open.several-recipients')).toEqual([
      ['jane@example.com', null, 'ambiguous'],
      ['joe@example.com', null, 'ambiguous'],
    ]);
  });

  it('is a note on each if it is a complaint, which only guesses', () => {
    expect(told('Complaint.several-recipients')).toEqual([
      ['jane@example.com', null, 'ambiguous'],
      ['joe@example.com', null, 'ambiguous'],
    ]);
  });

  it('is about every listed recipient if SES did not send the message', () => {
    for (const list of ['OnAccountSuppressionList', 'OnTenantSuppressionList']) {
      expect(told(`Complaint.${list}.several-recipients`)).toEqual([
        ['jane@example.com', 'rejected', undefined],
        ['joe@example.com', 'rejected', undefined],
      ]);
    }
  });

  it('is about an address outside of them if a forwarded message bounced, and marks it', () => {
    expect(told('Bounce.unlisted-recipient')).toEqual([['jane.forwarded@example.net', 'invalid', 'not_addressed']]);
  });
});

describe('an event of Amazon SES has the same meaning', () => {
  const parse = (body: unknown) => ses.parse(requestOf({ body: Buffer.from(JSON.stringify(body)) }), context);
  const published = fixtureNames('ses').filter(name => /^[A-Z]/.test(name));
  const bare = (name: string, body: unknown, id?: string) =>
    parse(body).events.map(({ eventId, occurredAt, ...event }) => {
      if (id !== undefined) expect(eventId, name).toBe(id);
      return event;
    });

  it.each(published)('in an SNS envelope, raw, and through EventBridge: %s', name => {
    const event = JSON.parse(fixture('ses', name).toString());
    const wrapped = bare(
      name,
      snsMessage(signingKey, noon, { Message: JSON.stringify(event), MessageId: 'm-1' }),
      'm-1',
    );
    expect(bare(name, event)).toEqual(wrapped);
    const bridged = {
      version: '0',
      id: 'e-1',
      'detail-type': 'Email Bounced',
      source: 'aws.ses',
      account: '123456789012',
      time: '2026-01-02T12:00:01Z',
      region: 'eu-west-1',
      resources: [],
      detail: event,
    };
    expect(bare(name, bridged, 'e-1')).toEqual(wrapped);
  });

  it("with EventBridge's own name of its type", () => {
    const { eventType: _, ...detail } = JSON.parse(fixture('ses', 'Open').toString());
    expect(bare('Open', { 'detail-type': 'Email Opened', source: 'aws.ses', id: 'e-2', detail })).toMatchObject([
      { status: 'opened', providerEvent: 'Open' },
    ]);
  });
});

describe('a notification of Amazon SNS', () => {
  const forms = { Message: fixture('ses', 'Delivery').toString() };
  const verify = (message: object, headers: Record<string, string> = {}, get = snsGet, topics = [topic]) =>
    ses.verify(requestOf({ headers, body: Buffer.from(JSON.stringify(message)) }), topics, get);
  const genuine = (fields: Record<string, string> = {}, version: '1' | '2' = '2') =>
    snsMessage(signingKey, noon, { ...forms, ...fields }, version);

  it.each(['1', '2'] as const)('is genuine with signature version %s, with and without a subject', async version => {
    expect(await verify(genuine({}, version))).toEqual([]);
    expect(await verify(genuine({ Subject: 'Amazon SES Email Event Notification' }, version))).toEqual([]);
    expect(await verify({ ...genuine({}, version), Subject: null })).toEqual([]);
  });

  it.each(['3', '2 ', '', '02', 'toString'])('is refused with signature version "%s"', async SignatureVersion => {
    expect(await verify({ ...genuine(), SignatureVersion })).toBeTypeOf('string');
  });

  it("above SNS's limit of size is not parsed", async () => {
    expect(await verify(genuine({ Message: 'x'.repeat(700_000) }))).toBe('missing_signature');
  });

  it('of a foreign topic is refused, however well it is signed', async () => {
    const foreign = snsMessage(`arn:aws:sns:eu-west-1:999999999999:mail ${snsSigningKey()}`, noon, forms);
    expect(await verify(foreign)).toBe('wrong_signature');
    expect(await verify({ ...foreign, TopicArn: topic })).toBe('wrong_signature');
  });

  it('is refused if its header names another type than the message', async () => {
    expect(await verify(genuine(), { 'x-amz-sns-message-type': 'Notification' })).toEqual([]);
    expect(await verify(genuine(), { 'x-amz-sns-message-type': 'SubscriptionConfirmation' })).toBe(
      'malformed_signature',
    );
  });

  const path = certificatePath(snsSigningKey());
  it.each([
    `http://sns.eu-west-1.amazonaws.com${path}`,
    `https://user@sns.eu-west-1.amazonaws.com${path}`,
    `https://sns.eu-west-1.amazonaws.com:8443${path}`,
    `https://sns.eu-west-1.amazonaws.com${path}?x=1`,
    `https://sns.eu-west-1.amazonaws.com${path}#x`,
    `https://bucket.s3.amazonaws.com${path}`,
    `https://sns.eu-west-1.amazonaws.com.example.com${path}`,
    `https://sns.us-east-1.amazonaws.com${path}`,
    `https://sns.eu-west-1.amazonaws.com/redirect${path}`,
    `https://sns.eu-west-1.amazonaws.com\\@example.com${path}`,
    `https://sns.eu-west-1。amazonaws.com${path}`,
    `https://169.254.169.254${path}`,
    'https://sns.eu-west-1.amazonaws.com/other.pem',
    '',
  ])('with the certificate URL %s is refused, and nothing is fetched', async SigningCertURL => {
    const get = () => Promise.reject(new Error('fetched'));
    expect(await verify({ ...genuine(), SigningCertURL }, {}, get)).toBeTypeOf('string');
  });

  it('is refused if its certificate does not exist, and asked for again if the certificate is unavailable', async () => {
    const named = (name: string) => ({
      ...genuine(),
      SigningCertURL: `https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-${name}.pem`,
    });
    expect(await verify(named('none'))).toBe('wrong_signature');
    const body = Buffer.from(JSON.stringify(named('slow')));
    const ingest = ingestOf({ record: () => Promise.reject(new Error('recorded')) }, async () => {});
    const outcome = await ingest('ses', { headers: {}, body }, [topic], {
      get: () => Promise.reject(new Error('out of reach')),
    });
    // SNS takes every 4xx for a receipt.
    expect(outcome.answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '30' } });
  });

  it('that only says that the topic works is about no email', () => {
    const message = genuine({ Message: 'Successfully validated SNS topic for Amazon SES event publishing.' });
    const parsed = ses.parse(requestOf({ body: Buffer.from(JSON.stringify(message)) }), context);
    expect(parsed).toEqual({ events: [], quarantined: [], unrelated: 1 });
  });

  it('that ends the subscription is quarantined for a person', async () => {
    const message = genuine({ Type: 'UnsubscribeConfirmation', Token: 't', SubscribeURL: 'https://example.com/' });
    expect(await verify(message)).toEqual([]);
    expect(ses.parse(requestOf({ body: Buffer.from(JSON.stringify(message)) }), context)).toMatchObject({
      events: [],
      quarantined: [{ reason: 'confirm_by_hand', piece: null }],
    });
  });

  it("may have an event in EventBridge's form", () => {
    const detail = JSON.parse(fixture('ses', 'Delivery').toString());
    const Message = JSON.stringify({ 'detail-type': 'Email Delivered', source: 'aws.ses', id: 'e-3', detail });
    const body = Buffer.from(JSON.stringify(genuine({ Message, MessageId: 'm-3' })));
    expect(ses.parse(requestOf({ body }), context).events).toMatchObject([{ status: 'delivered', eventId: 'm-3' }]);
  });

  it('with a message that is not JSON is quarantined', () => {
    const body = Buffer.from(JSON.stringify(genuine({ Message: 'hello' })));
    expect(ses.parse(requestOf({ body }), context)).toMatchObject({ quarantined: [{ reason: 'unexpected_shape' }] });
  });
});

describe('the confirmation of a subscription', () => {
  const confirmation = (changes: Record<string, string> = {}, key = signingKey) =>
    snsMessage(key, noon, {
      Type: 'SubscriptionConfirmation',
      Message: 'You have chosen to subscribe to the topic.',
      Token: '2336412f37',
      SubscribeURL: 'http://169.254.169.254/latest/meta-data',
      ...changes,
    });
  const ingest = ingestOf({ record: () => Promise.reject(new Error('recorded')) }, async () => {});
  const send = async (message: object, confirms = true) => {
    const fetched: string[] = [];
    const get = async (url: string) => {
      const certificate = await snsGet(url);
      if (certificate !== null) return certificate;
      fetched.push(url);
      return confirms ? '<ConfirmSubscriptionResponse/>' : null;
    };
    const body = Buffer.from(JSON.stringify(message));
    const headers = { 'x-amz-sns-message-type': 'SubscriptionConfirmation' };
    const { status } = await ingest('ses', { headers, body }, [topic], { get });
    return { status, fetched };
  };

  it("calls SNS's own ConfirmSubscription with the token, never the URL in the message", async () => {
    const { status, fetched } = await send(confirmation());
    expect(status).toBe(200);
    expect(fetched).toEqual([
      `https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Version=2010-03-31&TopicArn=${encodeURIComponent(topic)}&Token=2336412f37`,
    ]);
  });

  it.each<[string, Record<string, string>]>([
    [
      'of an unknown topic',
      snsMessage(`arn:aws:sns:eu-west-1:999999999999:x ${snsSigningKey()}`, noon, {
        Type: 'SubscriptionConfirmation',
        Message: '',
        Token: 't',
        SubscribeURL: '',
      }),
    ],
    ['with another token than was signed', { ...confirmation(), Token: 'other' }],
    ['without a signature', { ...confirmation(), Signature: '' }],
  ])('%s is refused, and confirms nothing', async (_, message) => {
    expect(await send(message)).toEqual({ status: 401, fetched: [] });
  });

  it('is asked for again if SNS does not accept it', async () => {
    expect((await send(confirmation(), false)).status).toBe(503);
  });
});
