import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

/**
 * Lambda stores here the whole stream records that a reader has given up, so that somebody can feed them back.
 */
export class FailureBucket extends Bucket {
  /** The objects that Lambda writes; Lambda chooses the prefix. */
  readonly recordsArn: string;

  constructor(scope: Construct, id: string) {
    super(scope, id, {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      // The records contain addresses. They stay as long as messages in the queues: 14 days to act on the alarm.
      lifecycleRules: [{ expiration: Duration.days(14), abortIncompleteMultipartUploadAfter: Duration.days(1) }],
      // Deleting the stack keeps the bucket. A failed first deployment deletes it, or each further try would leave one
      // behind.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    this.recordsArn = this.arnForObjects('aws/lambda/*');
  }
}
