import { describe, expect, it } from 'vitest';
import { parsedFixture } from '../fixtures/fixtures.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { ingestOf } from './ingest.ts';
import { itIgnores, itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('azure', name);

describe("Azure's events", () => {
  itMaps('azure', { messageId: 'f9a1c2b3-0000-4000-8000-000000000007' }, [
    ['Microsoft.Communication.EmailDeliveryReportReceived.Bounced', 'hard_bounced'],
    ['Microsoft.Communication.EmailDeliveryReportReceived.Bounced.unknown-user-without-code', 'invalid'],
    ['Microsoft.Communication.EmailDeliveryReportReceived.Bounced.unknown-user', 'invalid'],
    ['Microsoft.Communication.EmailDeliveryReportReceived.Bounced.without-message', 'hard_bounced'],
    ['Microsoft.Communication.EmailDeliveryReportReceived.Delivered', 'delivered'],
    ['Microsoft.Communication.EmailDeliveryReportReceived.Delivered.time-in-other-case', 'delivered'],
    ['Microsoft.Communication.EmailDeliveryReportReceived.Delivered.time-of-the-event', 'delivered'],
    ['Microsoft.Communication.EmailDeliveryReportReceived.Expanded', null],
    ['Microsoft.Communication.EmailDeliveryReportReceived.Failed', 'soft_bounced'],
    ['Microsoft.Communication.EmailDeliveryReportReceived.Failed.full', 'soft_bounced'],
    ['Microsoft.Communication.EmailDeliveryReportReceived.Failed.no-such-domain', 'hard_bounced'],
    ['Microsoft.Communication.EmailDeliveryReportReceived.Failed.policy', 'rejected'],
    ['Microsoft.Communication.EmailDeliveryReportReceived.FilteredSpam', 'rejected'],
    ['Microsoft.Communication.EmailDeliveryReportReceived.Quarantined', 'rejected'],
    ['Microsoft.Communication.EmailDeliveryReportReceived.Suppressed', 'rejected'],
    ['Microsoft.Communication.EmailDeliveryReportReceived.as-cloud-event', 'delivered'],
    ['Microsoft.Communication.EmailDeliveryReportReceived.as-cloud-events', 'delivered'],
    ['Microsoft.Communication.EmailEngagementTrackingReportReceived.click', 'link_clicked'],
    ['Microsoft.Communication.EmailEngagementTrackingReportReceived.view', 'opened'],
  ]);

  itKeeps('azure', [
    ['missing-fields', 'unexpected_shape'],
    ['missing-message', 'missing_message_id'],
    ['missing-recipient-of-an-engagement', 'missing_recipient'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.new-engagement', 'unknown_event'],
    ['unknown-event.new-status', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ]);

  it("keep status, code and the server's words", () => {
    expect(read('Microsoft.Communication.EmailDeliveryReportReceived.Bounced.unknown-user').events[0]?.reason).toEqual({
      cause: 'unknown_user',
      code: 'Bounced',
      enhancedCode: '5.1.1',
      text: '550 5.1.1 user unknown',
    });
  });

  it('have the time of the attempt or the action, otherwise of the event itself, in milliseconds', () => {
    for (const name of ['Delivered', 'Delivered.time-in-other-case', 'Delivered.time-of-the-event', 'as-cloud-event']) {
      const [event] = read(`Microsoft.Communication.EmailDeliveryReportReceived.${name}`).events;
      expect(event, name).toMatchObject({ occurredAt: noon + 512, eventId: '0e8a8a8e-0000-4000-8000-000000000001' });
    }
  });

  itIgnores('azure', 'Microsoft.Communication.SMSReceived', 'Microsoft.Communication.SMSDeliveryReportReceived');
});

describe("Azure's validation of a subscription", () => {
  const ingest = ingestOf({ record: () => Promise.reject(new Error('recorded')) }, async () => {});
  const url = 'https://api.example.com/webhooks/azure';
  const validation = (over: object = {}) => ({
    url: `${url}?secret=ours`,
    headers: { 'aeg-event-type': 'SubscriptionValidation' },
    body: Buffer.from(
      JSON.stringify([
        {
          id: '1',
          eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
          data: { validationCode: '512d38b6', validationUrl: 'http://169.254.169.254/' },
        },
      ]),
    ),
    ...over,
  });

  it('gets its code back', async () => {
    const { answer } = await ingest('azure', validation(), ['ours']);
    expect(answer).toMatchObject({ statusCode: 200, body: '{"validationResponse":"512d38b6"}' });
  });

  it.each([
    ['with another secret', { url: `${url}?secret=theirs` }, 401],
    ['without a secret', { url }, 401],
    ['with the secret twice', { url: `${url}?secret=ours&secret=theirs` }, 401],
  ])('%s gets no code', async (_, over, status) => {
    const outcome = await ingest('azure', validation(over), ['ours']);
    expect(outcome.status).toBe(status);
    expect(outcome.answer.body).not.toContain('512d38b6');
  });

  it('may have the secret in a header', async () => {
    const headers = { 'aeg-event-type': 'SubscriptionValidation', 'x-webhook-secret': 'ours' };
    expect((await ingest('azure', validation({ url, headers }), ['ours'])).status).toBe(200);
  });

  it('may ask by OPTIONS for permission to deliver, and gets it', async () => {
    const asks = async (origin: string, secret = 'ours') =>
      (
        await ingest(
          'azure',
          {
            method: 'OPTIONS',
            url: `${url}?secret=${secret}`,
            headers: { 'WebHook-Request-Origin': origin },
            body: Buffer.alloc(0),
          },
          ['ours'],
        )
      ).answer;
    expect(await asks('eventgrid.azure.net')).toMatchObject({
      statusCode: 200,
      headers: { 'webhook-allowed-origin': 'eventgrid.azure.net' },
    });
    // A subscription with a wrong secret must not look healthy.
    expect((await asks('eventgrid.azure.net', 'theirs')).statusCode).toBe(401);
    expect((await asks('a\r\nset-cookie: b')).headers).not.toHaveProperty('webhook-allowed-origin');
  });
});
