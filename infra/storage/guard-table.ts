import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { throughputCeiling } from './throughput-ceiling.ts';

/**
 * The table that keeps replayed and erased events out of the table of emails. It holds nonces of requests whose
 * signature does not cover their events (shared/guards/nonces.ts), and erasures (shared/guards/erasure-records.ts). It
 * also holds the news of each provider (shared/news/store.ts), and the ledger of told alerts (shared/alerts/ledger.ts).
 * The record of daily digests is here too (shared/alerts/daily-digests.ts).
 * The watch function keeps its episodes here (shared/watch/episodes.ts). These items expire within three months. The two
 * keys of the installation's own (shared/guards/own-key.ts) do not.
 */
export class GuardTable extends Table {
  constructor(scope: Construct, id: string, config: Config) {
    super(scope, id, {
      partitionKey: { name: 'guardKey', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      ...throughputCeiling(config),
      encryption: TableEncryption.AWS_MANAGED,
      timeToLiveAttribute: 'expiresAt',
      // Its items are at most three months old or made anew, and losing them is acceptable.
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}
