import type { EmailSubscription, EmailSubscriptions } from './email-subscriptions.ts';

/** The answer to an operator's call about subscriptions; null where the engine alone answers. */
export type SubscriptionAnswer =
  | { readonly kind: 'answer'; readonly action: string; readonly result: string }
  /** The engine's answer, with the subscriptions by email in it. */
  | { readonly kind: 'merge'; readonly merge: (engineXml: string) => string }
  | { readonly kind: 'not found' };

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const owner = (arn: string) => arn.split(':')[4] ?? '';

function memberOf({ arn, topicArn, email, state }: EmailSubscription): string {
  const members = {
    TopicArn: topicArn,
    Protocol: 'email',
    SubscriptionArn: state === 'Confirmed' ? arn : 'PendingConfirmation',
    Owner: owner(topicArn),
    Endpoint: email,
  };
  const texts = Object.entries(members).map(([name, text]) => `<${name}>${escaped(text)}</${name}>`);
  return `<member>${texts.join('')}</member>`;
}

function attributesOf({ arn, topicArn, email, state, authenticatesUnsubscribe }: EmailSubscription): string {
  const attributes = {
    SubscriptionArn: arn,
    TopicArn: topicArn,
    Protocol: 'email',
    Endpoint: email,
    Owner: owner(topicArn),
    RawMessageDelivery: 'false',
    PendingConfirmation: String(state === 'PendingConfirmation'),
    ConfirmationWasAuthenticated: String(authenticatesUnsubscribe),
  };
  const entries = Object.entries(attributes).map(
    ([key, value]) => `<entry><key>${key}</key><value>${escaped(value)}</value></entry>`,
  );
  return `<Attributes>${entries.join('')}</Attributes>`;
}

/** The calls about subscriptions of SNS's API: the engine knows those of queues alone. */
export function subscriptionAnswer(
  subscriptions: EmailSubscriptions,
  form: URLSearchParams,
): SubscriptionAnswer | null {
  const [topicArn, arn] = [form.get('TopicArn') ?? '', form.get('SubscriptionArn') ?? ''];
  const isKept = ({ state }: EmailSubscription) => state !== 'Deleted';
  const ofTopic = () => subscriptions.all().filter(one => one.topicArn === topicArn);
  const found = subscriptions.all().find(one => one.arn === arn);
  const action = form.get('Action') ?? '';

  switch (action) {
    case 'GetTopicAttributes':
      return {
        kind: 'merge',
        merge: xml =>
          xml.replaceAll(
            /(<key>Subscriptions(Confirmed|Pending|Deleted)<\/key>\s*<value>)(\d+)/g,
            (_, start: string, name: string, ofQueues: string) => {
              const state = name === 'Pending' ? 'PendingConfirmation' : name;
              return `${start}${Number(ofQueues) + ofTopic().filter(one => one.state === state).length}`;
            },
          ),
      };
    case 'ListSubscriptionsByTopic': {
      const members = ofTopic().filter(isKept).map(memberOf).join('');
      return { kind: 'merge', merge: xml => xml.replace('<Subscriptions>', `<Subscriptions>${members}`) };
    }
    case 'GetSubscriptionAttributes':
      if (found === undefined) return null;
      return isKept(found) ? { kind: 'answer', action, result: attributesOf(found) } : { kind: 'not found' };
    case 'Unsubscribe':
      if (found === undefined) return null;
      subscriptions.remove(arn);
      return { kind: 'answer', action, result: '' };
    case 'Subscribe':
      if (form.get('Protocol') !== 'email') return null;
      subscriptions.request(topicArn, form.get('Endpoint') ?? '');
      return { kind: 'answer', action, result: '<SubscriptionArn>pending confirmation</SubscriptionArn>' };
    default:
      return null;
  }
}

/** The XML of an answer without an error. */
export function snsXml(action: string, result: string): string {
  return `<${action}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><${action}Result>${result}</${action}Result><ResponseMetadata><RequestId>local</RequestId></ResponseMetadata></${action}Response>`;
}
