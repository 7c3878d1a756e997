import { RemovalPolicy } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

/**
 * The key that signs the canary's events: generated during deployment, readable by the ingest and watch functions. It proves
 * events of the canary's account alone.
 */
export class CanaryKey extends Secret {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: "Mailtrail: the key that the canary's events are signed with",
      // Letters and digits are base64, and 64 of them are the 48 bytes of a key.
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      // Losing it is harmless: the functions read a new one when they start.
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}
