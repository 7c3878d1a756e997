import { RemovalPolicy } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

/** The key that seals the API's cursors: generated during deployment, readable only by the query function. */
export class CursorKey extends Secret {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: 'Mailtrail: the key that the cursors of lists are sealed with',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      // Losing it is harmless: readers start their lists again.
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}
