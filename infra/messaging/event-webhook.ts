import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { ApiDestination, Authorization, Connection, type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { ApiDestination as ApiDestinationTarget } from 'aws-cdk-lib/aws-events-targets';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { eventSource } from '../../shared/events/publish.ts';
import { DurableQueue } from './durable-queue.ts';

/** Most calls a second. Further events wait on EventBridge's side, and none is lost. */
const callsPerSecond = 100;

/**
 * Posts every event of the bus to a URL, with a key in the header `x-api-key`. EventBridge repeats a failed call for 24
 * hours, and then the event goes to the dead-letter queue.
 */
export class EventWebhook extends Construct {
  readonly apiKey: Secret;
  readonly deadLetters: DurableQueue;

  constructor(scope: Construct, id: string, { bus, url }: { readonly bus: IEventBus; readonly url: string }) {
    super(scope, id);
    this.apiKey = new Secret(this, 'ApiKey', {
      description: 'Mailtrail: the key in the header x-api-key of each call to eventsUrl',
      // Never change these: CloudFormation would make another key.
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.deadLetters = new DurableQueue(this, 'DeadLetters');
    const connection = new Connection(this, 'Connection', {
      description: 'Mailtrail: the key for eventsUrl',
      // The template refers to the secret. Its value is resolved during the deployment.
      authorization: Authorization.apiKey('x-api-key', this.apiKey.secretValue),
    });
    const destination = new ApiDestination(this, 'Destination', {
      connection,
      endpoint: url,
      description: 'Mailtrail: gets every event of the bus',
      rateLimitPerSecond: callsPerSecond,
    });
    new Rule(this, 'Rule', {
      eventBus: bus,
      description: 'Mailtrail: every event, for eventsUrl',
      eventPattern: { source: [eventSource] },
      targets: [
        new ApiDestinationTarget(destination, {
          // EventBridge's maximum of both.
          maxEventAge: Duration.hours(24),
          retryAttempts: 185,
          deadLetterQueue: this.deadLetters,
        }),
      ],
    });
  }
}
