import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** Where the ingest function puts what is genuine but cannot be read or recorded. A person looks at it: an alarm says when. */
export class QuarantineQueue extends Queue {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      retentionPeriod: Duration.days(14),
      // A message holds up to 900 KB of a request (functions/ingest/quarantine.ts).
      maxMessageSizeBytes: 1024 * 1024,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Kept for good, but for a first deployment that fails: a second try would leave another one.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}
