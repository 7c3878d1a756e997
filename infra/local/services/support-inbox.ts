import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { readableName } from '../cloudformation/readable-name.ts';
import type { ResolvedTemplate } from '../cloudformation/template.ts';
import { matchesPattern } from '../event-sources/event-pattern.ts';
import { createEmailSubscriptions, type EmailSubscription } from './email-subscriptions.ts';
import { type LoopbackAnswer, type LoopbackServer, startLoopbackServer } from './loopback-server.ts';
import type { OnMetric } from './service-metric.ts';
import { snsXml, subscriptionAnswer } from './subscription-answers.ts';

/** A message that was published to a topic, as its subscribers get it. */
export interface InboxMessage {
  readonly messageId: string;
  readonly topicArn: string;
  readonly receivedAt: string;
  readonly subject: string | null;
  readonly attributes: Readonly<Record<string, string>>;
  /** The text for people who subscribed by email. */
  readonly text: string;
  /** The message for machines: parsed where it is JSON. */
  readonly data: unknown;
  /** The letters that were sent. There are none where nobody is subscribed by email. */
  readonly letters: readonly Letter[];
  /** The addresses whose subscription has ended, so that they got no letter. */
  readonly missedBy: readonly string[];
}

/** A message by email to one subscriber. */
export interface Letter {
  readonly to: string;
  /** A GET by anybody ends the subscription, as one by a mail scanner does. */
  readonly unsubscribeUrl: string;
}

/** Functions publish at its endpoint. */
export interface SupportInbox extends LoopbackServer {
  readonly file: string;
  /** Takes the template's subscriptions. Those by email count as confirmed. */
  serve(template: ResolvedTemplate): void;
  /** All messages of all topics, the oldest first. */
  messages(): readonly InboxMessage[];
  /** The newest message to people; null before the first. */
  last(): InboxMessage | null;
  /** The subscriptions by email, as they are now. */
  subscriptions(): readonly EmailSubscription[];
  /** Confirms every subscription by email anew. */
  confirm(options?: { readonly authenticatesUnsubscribe?: boolean }): void;
}

export interface SupportInboxOptions {
  readonly snsEndpoint: string;
  /** Keeps the messages, one JSON line each. */
  readonly file: string;
  /** Called with each message that somebody gets by email, to be shown at once. */
  readonly onMessage: (message: InboxMessage) => void;
  /** Called with one line for each subscription that ends. */
  readonly onFault: (line: string) => void;
  readonly onMetric?: OnMetric | undefined;
  readonly now?: () => number;
}

/** The path of the link below each letter. */
const unsubscribePath = '/unsubscribe.html';

/** A subscription of a queue to a topic. */
interface QueueSubscription {
  readonly TopicArn: string;
  readonly FilterPolicy?: unknown;
  readonly FilterPolicyScope?: string;
}

/**
 * Stands in for SNS and the people who subscribed to its topics by email. It keeps each message before its publisher is
 * answered. The engine behind it delivers to queues.
 */
export async function startSupportInbox(options: SupportInboxOptions): Promise<SupportInbox> {
  const { file, onMessage, onFault, onMetric = () => {}, now = Date.now } = options;
  const subscriptions = createEmailSubscriptions(now);
  let queueSubscriptions: readonly QueueSubscription[] = [];

  const server = await startLoopbackServer(async ({ headers, method, url = '/' }, body) => {
    if (method === 'GET') return unsubscribed(new URL(url, 'http://sns'));
    const { 'content-type': contentType = '', authorization = '' } = headers;
    const form = new URLSearchParams(body);
    const isPublish = form.get('Action') === 'Publish';
    // The engine would deliver it past the subscribers by email.
    if (form.get('Action') === 'PublishBatch') return refused('InvalidAction', 'PublishBatch is not understood here');
    const refusal = isPublish ? refusalOf(form) : null;
    if (refusal !== null) return invalidParameter(refusal);
    const about = subscriptionAnswer(subscriptions, form);
    if (about?.kind === 'not found') return { ...refused('NotFound', 'Subscription does not exist'), status: 404 };
    if (about?.kind === 'answer')
      return { status: 200, contentType: 'text/xml', body: snsXml(about.action, about.result) };
    const answered = await fetch(options.snsEndpoint, {
      method: 'POST',
      headers: { 'content-type': contentType, authorization },
      body: isPublish ? String(formOfQueues(form)) : body,
    });
    const text = await answered.text();
    if (isPublish && answered.ok) published(form, text);
    const whole = answered.ok && about?.kind === 'merge' ? about.merge(text) : text;
    return { status: answered.status, contentType: 'text/xml', body: whole };
  });

  function published(form: URLSearchParams, answer: string): void {
    const parts = messageParts(form);
    const { topicArn, attributes } = parts;
    const deliveries = subscriptions.deliver(topicArn);
    const letters = deliveries.filter(({ isLost }) => !isLost);
    const lost = deliveries.filter(({ isLost }) => isLost);
    const queues = queueSubscriptions.filter(({ TopicArn }) => TopicArn === topicArn);
    const passed = queues.filter(subscription => passes(subscription, attributes, parts.data));
    const message: InboxMessage = {
      messageId: /<MessageId>(.*?)<\/MessageId>/.exec(answer)?.[1] ?? '',
      receivedAt: new Date(now()).toISOString(),
      ...parts,
      letters: letters.map(({ subscription: { email, arn } }) => ({
        to: email,
        unsubscribeUrl: `${server.endpoint}${unsubscribePath}?${new URLSearchParams({ SubscriptionArn: arn })}`,
      })),
      missedBy: subscriptions
        .all()
        .filter(({ topicArn: topic, state }) => topic === topicArn && state !== 'Confirmed')
        .map(({ email }) => email),
    };
    appendFileSync(file, `${JSON.stringify(message)}\n`);
    const counts = {
      NumberOfMessagesPublished: 1,
      NumberOfNotificationsDelivered: letters.length + passed.length,
      NumberOfNotificationsFailed: lost.length,
      NumberOfNotificationsFilteredOut: queues.length - passed.length,
    };
    for (const [name, value] of Object.entries(counts)) {
      if (value > 0) onMetric({ namespace: 'AWS/SNS', name, dimensions: { TopicName: nameOf(topicArn) }, value });
    }
    for (const { subscription } of lost) onFault(endOf(subscription));
    if (letters.length > 0) onMessage(message);
  }

  function unsubscribed({ pathname, searchParams }: URL): LoopbackAnswer {
    const arn = searchParams.get('SubscriptionArn') ?? '';
    const outcome = pathname === unsubscribePath ? subscriptions.unsubscribe(arn) : 'unknown';
    if (outcome === 'ended') onFault(endOf(subscriptions.all().find(one => one.arn === arn)!));
    return { contentType: 'text/plain; charset=utf-8', ...unsubscribeAnswers[outcome] };
  }

  return {
    ...server,
    file,
    serve(template) {
      const all = template.ofType('AWS::SNS::Subscription').map(({ properties }) => properties);
      for (const { Protocol, TopicArn, Endpoint } of all) {
        if (Protocol === 'email') subscriptions.subscribe(TopicArn, Endpoint);
      }
      queueSubscriptions = all.filter(({ Protocol }) => Protocol === 'sqs');
    },
    messages: () => readInbox(file),
    last: () => readInbox(file).findLast(isLetter) ?? null,
    subscriptions: subscriptions.all,
    confirm: subscriptions.confirm,
  };
}

const unsubscribeAnswers = {
  ended: { status: 200, body: 'Subscription removed. This address gets no more messages of the topic.\n' },
  'sign-in required': { status: 403, body: 'This subscription ends only by somebody who is signed in to AWS.\n' },
  unknown: { status: 404, body: 'There is no such subscription.\n' },
} as const;

/** The messages kept so far, the oldest first. */
function readInbox(file: string): InboxMessage[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap(line => {
      try {
        // An earlier version kept no letters.
        return [{ letters: [], missedBy: [], ...JSON.parse(line) } as InboxMessage];
      } catch {
        // The empty end, or a line that was cut off when the machine stopped: its publisher got no answer.
        return [];
      }
    });
}

/** Whether a message was for people: they got it, or missed it. */
export function isLetter({ letters, missedBy }: Pick<InboxMessage, 'letters' | 'missedBy'>): boolean {
  return letters.length + missedBy.length > 0;
}

/** A time of arrival for people, to the second. */
export function utcTime(receivedAt: string): string {
  return `${receivedAt.slice(0, 19).replace('T', ' ')} UTC`;
}

/** The topic of a message, and who got it. */
export function addressees({ topicArn, letters, missedBy }: InboxMessage): string {
  const to = letters.map(letter => letter.to).join(', ');
  const missed = missedBy.length === 0 ? '' : `, not delivered to ${missedBy.join(', ')}`;
  return `to ${topicName(topicArn)}${to === '' ? '' : ` (${to})`}${missed}`;
}

/** The name of a topic, as people read it. */
export function topicName(topicArn: string): string {
  return readableName(nameOf(topicArn));
}

/** A message as a mail program would show it. */
export function readable(message: InboxMessage): string {
  const { receivedAt, subject, text, letters } = message;
  return [
    `── ${utcTime(receivedAt)}, ${addressees(message)}`,
    ...(subject === null ? [] : [`Subject: ${subject}`, '']),
    text.trimEnd(),
    ...letters.flatMap(({ unsubscribeUrl }) => ['', `-- To get no more of these messages, open ${unsubscribeUrl}`]),
    '',
  ].join('\n');
}

/** The end of a subscription, in one line. */
export function endOf({ email, topicArn, cause, state }: EmailSubscription): string {
  const end = state === 'Deleted' ? 'is deleted' : 'is suspended, and deleted after 48 hours';
  return `the subscription of ${email} to ${topicName(topicArn)} ${end}: ${cause}`;
}

function nameOf(topicArn: string): string {
  return topicArn.split(':').at(-1)!;
}

/** SNS counts a message with its attributes. */
const maxMessageBytes = 256 * 1024;
/** Printable ASCII that does not begin with a space, below 100 characters. */
const subjectShape = /^[!-~][ -~]{0,98}$/;

/** The parameter at fault. */
function refusalOf(form: URLSearchParams): string | null {
  const subject = form.get('Subject');
  if (subject !== null && !subjectShape.test(subject)) return 'Subject';
  const attributes = [...form].filter(([key]) => /^MessageAttributes\.entry\.\d+\.(Name|Value\.\w+)$/.test(key));
  const texts = [form.get('Message') ?? '', ...attributes.map(([, text]) => text)];
  if (texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) > maxMessageBytes) return 'Message too long';
  if (form.get('MessageStructure') !== 'json') return null;
  const forms = parsed(form.get('Message') ?? '') as { default?: unknown } | null;
  return typeof forms?.default === 'string' ? null : 'Message Structure - No default entry in JSON message body';
}

function invalidParameter(reason: string): LoopbackAnswer {
  return refused('InvalidParameter', `Invalid parameter: ${reason}`);
}

function refused(code: string, message: string): LoopbackAnswer {
  const body = `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
  return { status: 400, contentType: 'text/xml', body };
}

/** The parts of a message by kind of subscriber; one message for all of them where it is no JSON of parts. */
function formsOf(form: URLSearchParams): Readonly<Record<string, string>> {
  const message = form.get('Message') ?? '';
  return form.get('MessageStructure') === 'json' ? JSON.parse(message) : { default: message };
}

/** Queues get their own part: the engine knows of no parts. */
function formOfQueues(form: URLSearchParams): URLSearchParams {
  const { sqs, default: usual = '' } = formsOf(form);
  const changed = new URLSearchParams(form);
  changed.delete('MessageStructure');
  changed.set('Message', sqs ?? usual);
  return changed;
}

function messageParts(form: URLSearchParams) {
  const forms = formsOf(form);
  const attributes: Record<string, string> = {};
  for (const [key, name] of form) {
    const [, index] = /^MessageAttributes\.entry\.(\d+)\.Name$/.exec(key) ?? [];
    if (index !== undefined) {
      attributes[name] = form.get(`MessageAttributes.entry.${index}.Value.StringValue`) ?? '';
    }
  }
  return {
    topicArn: form.get('TopicArn') ?? form.get('TargetArn') ?? '',
    subject: form.get('Subject'),
    attributes,
    text: forms.email ?? forms.default ?? '',
    data: parsed(forms.default ?? ''),
  };
}

/** Whether a queue's filter policy lets a message through. */
function passes(
  { FilterPolicy, FilterPolicyScope }: QueueSubscription,
  attributes: Readonly<Record<string, string>>,
  data: unknown,
): boolean {
  return (
    FilterPolicy === undefined || matchesPattern(FilterPolicy, FilterPolicyScope === 'MessageBody' ? data : attributes)
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
