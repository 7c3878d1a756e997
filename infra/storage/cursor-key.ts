import { RemovalPolicy } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

/** What the API's cursors are sealed with: made while deploying, known to the query function alone. */
export class CursorKey extends Secret {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: 'Mailtrail: the key that the cursors of lists are sealed with',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      // Nobody misses it: a list is begun again from its start.
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}
