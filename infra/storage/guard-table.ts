import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { throughputCeiling } from './throughput-ceiling.ts';

/**
 * The table that keeps events out of the table of emails, for as long as such events may come. It holds nonces of requests
 * whose signature does not cover their events (shared/guards/nonces.ts), and erasures (shared/guards/erasure-records.ts).
 */
export class GuardTable extends Table {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      partitionKey: { name: 'guardKey', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      ...throughputCeiling,
      encryption: TableEncryption.AWS_MANAGED,
      timeToLiveAttribute: 'expiresAt',
      // A month old at most, and nobody misses it.
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}
