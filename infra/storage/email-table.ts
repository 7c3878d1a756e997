import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { type Attribute, type IndexName, indexes } from '../../shared/email/item.ts';
import { throughputCeiling } from './throughput-ceiling.ts';

/** Times are numbers; every other key is a text. */
const keyOf = (name: Attribute) => ({
  name,
  type: name.endsWith('At') ? AttributeType.NUMBER : AttributeType.STRING,
});

/** The table of emails: one item per email (shared/email/recorder.ts). */
export class EmailTable extends Table {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      partitionKey: keyOf('emailId'),
      billingMode: BillingMode.PAY_PER_REQUEST,
      ...throughputCeiling,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      timeToLiveAttribute: 'expiresAt' satisfies Attribute,
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });
    // CloudFormation adds or removes one index per update: change one at a time.
    for (const [indexName, { partition, sort, ...more }] of Object.entries(indexes)) {
      this.addGlobalSecondaryIndex({
        indexName,
        partitionKey: keyOf(partition),
        sortKey: keyOf(sort),
        ...('holds' in more
          ? { projectionType: ProjectionType.INCLUDE, nonKeyAttributes: [...more.holds] }
          : { projectionType: ProjectionType.KEYS_ONLY }),
      });
    }
  }

  /** The ARN of an index, for a permission on that index alone. */
  indexArn(name: IndexName): string {
    return `${this.tableArn}/index/${name}`;
  }
}
