import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

/** Where Lambda puts the whole stream records whose alert could not be published, so that somebody can tell support. */
export class FailureBucket extends Bucket {
  /** The objects that Lambda writes: it chooses this prefix itself. */
  readonly recordsArn: string;

  constructor(scope: Construct, id: string) {
    super(scope, id, {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      // The records hold addresses: as long as the queues keep theirs, in which somebody can act on the alarm.
      lifecycleRules: [{ expiration: Duration.days(14), abortIncompleteMultipartUploadAfter: Duration.days(1) }],
      // Kept for good, but for a first deployment that fails: a second try would leave another one.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    this.recordsArn = this.arnForObjects('aws/lambda/*');
  }
}
