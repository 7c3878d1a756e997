import * as z from 'zod/mini';
import { ownValue } from '../runtime/own-property.ts';
import { firstTime } from '../runtime/time.ts';
import type { Status } from '../status/catalogue.ts';
import { type Failure, failureBy } from '../status/causes.ts';
import { draftsFor, unrelatedBy } from './parsing/event-meanings.ts';
import { bodyValue } from './parsing/exact-json.ts';
import { jsonParser, type ParsedPiece } from './parsing/pieces.ts';
import { object, text } from './parsing/schemas.ts';
import { failureOf } from './parsing/signals.ts';
import { replyIn } from './parsing/smtp-reply.ts';
import type { EventMeaning, Guide, Provider, ProviderRequest } from './provider.ts';
import { verifyUrlSecret } from './signatures/url-secret.ts';
import { genuine } from './signatures/verification.ts';

/**
 * An event in the schema of Event Grid (`eventType`, `eventTime`) or of CloudEvents (`type`, `time`).
 * https://learn.microsoft.com/azure/event-grid/communication-services-email-events
 */
const azureEvent = object({
  id: text,
  eventType: text,
  type: text,
  eventTime: text,
  time: text,
  data: z.nullish(
    object({
      messageId: text,
      recipient: text,
      status: text,
      deliveryStatusDetails: z.nullish(object({ statusMessage: text })),
      // The vendor spells each of these in two ways.
      deliveryAttemptTimeStamp: text,
      deliveryAttemptTimestamp: text,
      userActionTimeStamp: text,
      userActionTimestamp: text,
      engagementType: text,
      engagement: text,
      engagementContext: text,
      userAgent: text,
    }),
  ),
});

type AzureEvent = z.infer<typeof azureEvent>;

const deliveryReport = 'Microsoft.Communication.EmailDeliveryReportReceived';
const engagementReport = 'Microsoft.Communication.EmailEngagementTrackingReportReceived';

const replyOf = ({ data }: AzureEvent) => replyIn(data?.deliveryStatusDetails?.statusMessage);

/** The values of a delivery report's `status`. */
const deliveryStatuses = {
  Delivered: () => 'delivered',
  Bounced: event => failureOf(replyOf(event), 'hard_bounced'),
  Failed: event => failureOf(replyOf(event), 'soft_bounced'),
  Suppressed: () => failureBy('suppressed', 'rejected'),
  FilteredSpam: () => failureBy('spam_content', 'rejected'),
  Quarantined: () => failureBy('spam_content', 'rejected'),
  // Azure expanded a distribution list: it reports the members one by one.
  Expanded: () => null,
} as const satisfies Record<string, (event: AzureEvent) => Status | Failure | null>;

const engagements = { view: 'opened', click: 'link_clicked' } as const satisfies Record<string, Status>;

const engagementOf = ({ data }: AzureEvent) => (data?.engagementType ?? data?.engagement ?? '').toLowerCase();

const events = {
  [deliveryReport]: {
    statuses: ['delivered', 'hard_bounced', 'invalid', 'soft_bounced', 'rejected', null],
    by: "status; for Bounced and Failed the server's reply in statusMessage (code and words), then the status",
    decide: event =>
      ownValue<(event: AzureEvent) => Status | Failure | null>(deliveryStatuses, event.data?.status ?? '')?.(event) ??
      null,
  },
  [engagementReport]: {
    statuses: ['opened', 'link_clicked'],
    by: 'engagementType',
    decide: event => ownValue<Status>(engagements, engagementOf(event)) ?? null,
  },
  'Microsoft.*': { statuses: [] },
} as const satisfies Record<string, EventMeaning<AzureEvent>>;

/** Azure Communication Services Email, through Event Grid. */
export const azure = {
  name: 'azure',
  authentication: 'a secret in the URL or in a delivery header; nothing is signed',
  secret: 'long random letters and digits: `?secret=...` in the URL, or the delivery property `x-webhook-secret`',
  secretKind: 'text',
  events,
  batched: true,
  methods: ['POST', 'OPTIONS'],
  handshake: (request, secrets) =>
    request.method === 'OPTIONS' ? allowOrigin(request, secrets) : validateSubscription(request, secrets),
  verify: verifyUrlSecret,
  parse: jsonParser('azure', azureEvent, read, {
    batched: 'optional',
    isUnrelated: unrelatedBy(events, 'eventType', 'type'),
  }),
} as const satisfies Provider;

/** How CloudEvents asks whether it may deliver here. https://github.com/cloudevents/spec/blob/v1.0/http-webhook.md */
function allowOrigin(request: ProviderRequest, secrets: readonly string[]) {
  // A subscription with a wrong secret must not look healthy.
  if (verifyUrlSecret(request, secrets) !== genuine) return null;
  const origin = request.headers['webhook-request-origin'] ?? '';
  if (!/^[\w.:/*-]{1,200}$/.test(origin)) return { statusCode: 204 } as const;
  return { statusCode: 200, headers: { 'webhook-allowed-origin': origin, 'webhook-allowed-rate': '*' } } as const;
}

/** Event Grid wants its code back before it delivers; the URL that it offers besides is never opened. */
function validateSubscription(request: ProviderRequest, secrets: readonly string[]) {
  if (request.headers['aeg-event-type'] !== 'SubscriptionValidation') return null;
  if (verifyUrlSecret(request, secrets) !== genuine) return null;
  const validation = z.safeParse(validationRequest, bodyValue(request.body));
  const code = validation.data?.[0]?.data.validationCode;
  return code === undefined ? null : ({ statusCode: 200, body: { validationResponse: code } } as const);
}

const validationRequest = z.array(
  object({ data: object({ validationCode: z.string().check(z.minLength(1), z.maxLength(200)) }) }),
);

function read(event: AzureEvent): ParsedPiece {
  const { data } = event;
  const name = event.eventType ?? event.type ?? '';
  if (name === deliveryReport && !Object.hasOwn(deliveryStatuses, data?.status ?? '')) return 'unknown_event';
  if (name === engagementReport && !Object.hasOwn(engagements, engagementOf(event))) return 'unknown_event';
  const occurredAt = firstTime(
    data?.deliveryAttemptTimeStamp,
    data?.deliveryAttemptTimestamp,
    data?.userActionTimeStamp,
    data?.userActionTimestamp,
    event.eventTime,
    event.time,
  );
  return draftsFor<AzureEvent>(events, name, event, status => [
    {
      messageId: data?.messageId,
      recipient: data?.recipient,
      status,
      occurredAt,
      providerEvent: name,
      eventId: event.id,
      reason: { code: data?.status ?? data?.engagementType ?? data?.engagement, ...replyOf(event) },
      clickUrl: data?.engagementContext,
      userAgent: data?.userAgent,
    },
  ]);
}

export const guide: Guide = {
  setUp: [
    'Communication Services → Events → + Event Subscription: schema Event Grid or CloudEvents.',
    'Event types: "Email Delivery Report Received" and, if you like, "Email Engagement Tracking Report Received".',
    'Endpoint type Web Hook, endpoint `{url}?secret=THE-SECRET`. Azure then validates the endpoint by itself.',
    'You may set the secret header `x-webhook-secret` under Delivery Properties instead. Whether Azure sends it during validation is not documented, so the query is safer.',
  ],
  attach: 'Azure returns nothing of yours with its events: register each email.',
  register: 'the id of the send operation, in any letter case',
  subject: 'never',
  retries:
    'Azure retries after 10 and 30 seconds, 1, 5, 10 and 30 minutes, then every hour for 24 hours. It waits 30 seconds for an answer. After a 400 or 413 it does not retry: the event goes to its dead-letter location.',
  refusedCalls: 'not documented',
  machines: null,
  notes: [
    'Engagement events without a recipient belong to no known email and are quarantined. Switch them on only if yours name one.',
    'Keep the URL to yourself: it holds the secret.',
  ],
};
