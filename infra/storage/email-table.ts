import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  type ITable,
  ProjectionType,
  StreamViewType,
  Table,
  TableClass,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { type Attribute, type IndexName, indexes } from '../../shared/email/item.ts';
import type { Config } from '../config.ts';
import { throughputCeiling } from './throughput-ceiling.ts';

/** Times are numbers; every other key is a text. */
const keyOf = (name: Attribute) => ({
  name,
  type: name.endsWith('At') ? AttributeType.NUMBER : AttributeType.STRING,
});

/** The table of emails: one item per email (shared/email/recorder.ts). */
export interface EmailTable extends ITable {
  /** The ARN of an index, for a permission on that index alone. */
  indexArn(name: IndexName): string;
}

/** The table of the installation: its own, or one that an earlier stack or a restore has left. */
export function emailTable(scope: Construct, id: string, config: Config): EmailTable {
  const { existingTable } = config;
  return existingTable === undefined
    ? new OwnEmailTable(scope, id, config)
    : existingEmailTable(scope, id, existingTable);
}

/** From then on, cheaper storage saves more than dearer writes cost: `npm run cost` prints the day, about 190. */
export const rareFromRetentionDays = 200;

/** CloudFormation changes the class in place, and AWS allows it twice in 30 days. */
function tableClassOf({ tableClass, retentionDays }: Config): TableClass {
  const rare = tableClass === 'auto' ? retentionDays >= rareFromRetentionDays : tableClass === 'infrequentAccess';
  return rare ? TableClass.STANDARD_INFREQUENT_ACCESS : TableClass.STANDARD;
}

/** A table that this stack uses and does not change: its indexes, stream and expiry are as its owner set them. */
function existingEmailTable(scope: Construct, id: string, tableStreamArn: string): EmailTable {
  const tableArn = tableStreamArn.replace(/\/stream\/.*/, '');
  const table = Table.fromTableAttributes(scope, id, { tableArn, tableStreamArn });
  return Object.assign(table, { indexArn: (name: IndexName) => `${tableArn}/index/${name}` });
}

/** The table that the stack makes. */
class OwnEmailTable extends Table implements EmailTable {
  constructor(scope: Construct, id: string, config: Config) {
    super(scope, id, {
      partitionKey: keyOf('emailId'),
      tableClass: tableClassOf(config),
      billingMode: BillingMode.PAY_PER_REQUEST,
      ...throughputCeiling(config),
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

  indexArn(name: IndexName): string {
    return `${this.tableArn}/index/${name}`;
  }
}
