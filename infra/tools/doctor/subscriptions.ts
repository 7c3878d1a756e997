import {
  GetSubscriptionAttributesCommand,
  paginateListSubscriptionsByTopic,
  type SNSClient,
} from '@aws-sdk/client-sns';

/** A fault of a topic's subscriptions. */
export interface SubscriptionFault {
  readonly kind: 'none' | 'pending' | 'ends by a link';
  readonly says: string;
  /** Its ARN, where it has one. */
  readonly arn?: string;
}

/** The faults of a topic's subscriptions: there is none, one waits, or a link in each message ends one. */
export async function subscriptionFaults(
  client: SNSClient,
  topic: string,
  TopicArn: string,
): Promise<readonly SubscriptionFault[]> {
  const faults: SubscriptionFault[] = [];
  let known = 0;
  for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic({ client }, { TopicArn })) {
    known += Subscriptions.length;
    for (const { SubscriptionArn = '', Protocol } of Subscriptions) {
      if (!SubscriptionArn.startsWith('arn:')) {
        faults.push({ kind: 'pending', says: `a subscription (${Protocol}) of ${topic} is not confirmed` });
      } else if (Protocol === 'email') {
        const { Attributes } = await client.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
        if (Attributes?.ConfirmationWasAuthenticated === 'true') continue;
        const says = `a link in each message can end the subscription (email) of ${topic}`;
        faults.push({ kind: 'ends by a link', says, arn: SubscriptionArn });
      }
    }
  }
  return known === 0 ? [{ kind: 'none', says: `${topic} has no subscription` }] : faults;
}
