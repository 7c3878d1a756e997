import { Stack } from 'aws-cdk-lib';
import { EventBus as Bus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';

/** The bus on which Mailtrail tells other systems of changes. Their rules choose the events that they want. */
export class EventBus extends Bus {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      // Rules of other stacks name it.
      eventBusName: `${Stack.of(scope).stackName}-events`,
      description: 'Mailtrail: changes of the statuses of emails',
    });
  }
}
