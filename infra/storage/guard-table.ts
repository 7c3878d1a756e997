import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { throughputCeiling } from './throughput-ceiling.ts';

/** The nonces of requests whose signature does not cover their events, for as long as anything may come that holds them. */
export class NonceTable extends Table {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      partitionKey: { name: 'nonce', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      ...throughputCeiling,
      encryption: TableEncryption.AWS_MANAGED,
      timeToLiveAttribute: 'expiresAt',
      // Some days old at most, and nobody misses it.
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}
