import { RemovalPolicy } from 'aws-cdk-lib';
import {
  type Attribute,
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { throughputCeiling } from './throughput-ceiling.ts';

const text = (name: string): Attribute => ({ name, type: AttributeType.STRING });
const number = (name: string): Attribute => ({ name, type: AttributeType.NUMBER });

/**
 * The indexes. An item is in an index only while it has both of its keys: `attentionAt` exists only while the status asks
 * for attention, so that those two indexes are the lists of what has to be done, and nothing else. No key ever changes.
 * CloudFormation adds or removes one index an update: change one at a time.
 */
export const indexes = {
  byAccount: { partitionKey: text('accountId'), sortKey: number('firstSeenAt') },
  byRecipient: { partitionKey: text('recipient'), sortKey: number('firstSeenAt') },
  byReference: { partitionKey: text('reference'), sortKey: number('firstSeenAt') },
  byAttention: { partitionKey: text('accountId'), sortKey: number('attentionAt') },
  byAttentionDay: { partitionKey: text('attentionDay'), sortKey: number('attentionAt') },
} as const satisfies Record<string, { partitionKey: Attribute; sortKey: Attribute }>;

export type IndexName = keyof typeof indexes;

/** The table of emails: one item per email (shared/store.ts). */
export class EmailTable extends Table {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      partitionKey: text('emailId'),
      billingMode: BillingMode.PAY_PER_REQUEST,
      ...throughputCeiling,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      timeToLiveAttribute: 'expiresAt',
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });
    for (const [indexName, keys] of Object.entries(indexes)) {
      // Writes outnumber reads by far, and a page is read with one BatchGetItem: an index holds the keys only.
      this.addGlobalSecondaryIndex({ indexName, ...keys, projectionType: ProjectionType.KEYS_ONLY });
    }
  }

  /** The ARN of an index, for a permission on it alone. */
  indexArn(name: IndexName): string {
    return `${this.tableArn}/index/${name}`;
  }
}
