import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { readableName } from '../cloudformation/readable-name.ts';
import { type LoopbackServer, startLoopbackServer } from './loopback-server.ts';

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
}

/** Functions publish at its endpoint. */
export interface SupportInbox extends LoopbackServer {
  readonly file: string;
  /** All messages, the oldest first. */
  messages(): readonly InboxMessage[];
  /** The newest message; null before the first. */
  last(): InboxMessage | null;
}

/**
 * Stands in for the people who subscribed to the topics. It sits in front of SNS, and keeps each message before its
 * publisher is answered. The message is kept in the forms of all kinds of subscribers: a queue gets the machines' alone.
 *
 * @param onMessage called with each message, to be shown at once
 */
export async function startSupportInbox(
  snsEndpoint: string,
  file: string,
  onMessage: (message: InboxMessage) => void,
): Promise<SupportInbox> {
  const server = await startLoopbackServer(async ({ headers }, body) => {
    const { 'content-type': contentType = '', authorization = '' } = headers;
    const answered = await fetch(snsEndpoint, {
      method: 'POST',
      headers: { 'content-type': contentType, authorization },
      body,
    });
    const text = await answered.text();
    const message = answered.ok ? publishedMessage(new URLSearchParams(body), text) : null;
    if (message !== null) {
      appendFileSync(file, `${JSON.stringify(message)}\n`);
      onMessage(message);
    }
    return { status: answered.status, contentType: 'text/xml', body: text };
  });
  return {
    ...server,
    file,
    last: () => readInbox(file).at(-1) ?? null,
    messages: () => readInbox(file),
  };
}

/** The messages kept so far, the oldest first. */
function readInbox(file: string): InboxMessage[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap(line => {
      try {
        return [JSON.parse(line) as InboxMessage];
      } catch {
        // The empty end, or a line that was cut off when the machine stopped: its publisher got no answer.
        return [];
      }
    });
}

/** A time of arrival for people, to the second. */
export function utcTime(receivedAt: string): string {
  return `${receivedAt.slice(0, 19).replace('T', ' ')} UTC`;
}

/** A message as a mail program would show it. */
export function readable({ receivedAt, topicArn, subject, text }: InboxMessage): string {
  return [
    `── ${utcTime(receivedAt)}, to ${readableName(topicArn.split(':').at(-1)!)}`,
    ...(subject === null ? [] : [`Subject: ${subject}`, '']),
    text.trimEnd(),
    '',
  ].join('\n');
}

function publishedMessage(form: URLSearchParams, answer: string): InboxMessage | null {
  if (form.get('Action') !== 'Publish') return null;
  const message = form.get('Message') ?? '';
  const forms: Record<string, string> = form.get('MessageStructure') === 'json' ? JSON.parse(message) : {};
  const attributes: Record<string, string> = {};
  for (const [key, name] of form) {
    const [, index] = /^MessageAttributes\.entry\.(\d+)\.Name$/.exec(key) ?? [];
    if (index !== undefined) {
      attributes[name] = form.get(`MessageAttributes.entry.${index}.Value.StringValue`) ?? '';
    }
  }
  return {
    messageId: /<MessageId>(.*?)<\/MessageId>/.exec(answer)?.[1] ?? '',
    topicArn: form.get('TopicArn') ?? form.get('TargetArn') ?? '',
    receivedAt: new Date().toISOString(),
    subject: form.get('Subject'),
    attributes,
    text: forms.email ?? forms.default ?? message,
    data: parsed(forms.default ?? message),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
