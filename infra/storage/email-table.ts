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

interface Index {
  readonly partitionKey: Attribute;
  readonly sortKey: Attribute;
  /** Attributes besides the keys. */
  readonly holds?: readonly string[];
}

/**
 * The indexes. An item is in an index only while it has both of its keys: `attentionAt` exists only while the status asks
 * for attention, so that those two indexes are the lists of what has to be done, and nothing else. No key ever changes.
 * CloudFormation adds or removes one index an update: change one at a time.
 *
 * An index holds keys only, since writes outnumber reads by far and a page is looked up with one BatchGetItem. Many
 * accounts number their invoices alike: each has its references to itself. The index of recipients holds the account
 * besides, so that what an account asks for is told apart in DynamoDB, as far as one page of the API goes.
 */
export const indexes = {
  byAccount: { partitionKey: text('accountId'), sortKey: number('firstSeenAt') },
  byRecipient: { partitionKey: text('recipient'), sortKey: number('firstSeenAt'), holds: ['accountId'] },
  byReference: { partitionKey: text('reference'), sortKey: number('firstSeenAt') },
  byAccountReference: { partitionKey: text('accountReference'), sortKey: number('firstSeenAt') },
  byAttention: { partitionKey: text('accountId'), sortKey: number('attentionAt') },
  byAttentionDay: { partitionKey: text('attentionDay'), sortKey: number('attentionAt') },
} as const satisfies Record<string, Index>;

export type IndexName = keyof typeof indexes;

/** The table of emails: one item per email (shared/email/recorder.ts). */
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
    for (const [indexName, { holds, ...keys }] of Object.entries<Index>(indexes)) {
      this.addGlobalSecondaryIndex({
        indexName,
        ...keys,
        ...(holds === undefined
          ? { projectionType: ProjectionType.KEYS_ONLY }
          : { projectionType: ProjectionType.INCLUDE, nonKeyAttributes: [...holds] }),
      });
    }
  }

  /** The ARN of an index, for a permission on it alone. */
  indexArn(name: IndexName): string {
    return `${this.tableArn}/index/${name}`;
  }
}
