/** Checks of the tables. */

import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { type Attribute, indexes } from '../../../../shared/email/item.ts';
import type { Check, Looked } from '../check.ts';
import type { Finding } from '../finding.ts';
import { environmentOf } from '../functions.ts';

const expiry = 'expiresAt' satisfies Attribute;

export const storageChecks = {
  async table(looked) {
    const { TABLE_NAME: table = '' } = await environmentOf(looked, 'Ingest');
    const { GUARD_TABLE_NAME: guards = '' } = await environmentOf(looked, 'Ingest');
    const { Table } = await looked.clients.dynamoDb.send(new DescribeTableCommand({ TableName: table }));
    const findings: Finding[] = [];
    if (Table?.TableStatus !== 'ACTIVE' && Table?.TableStatus !== 'UPDATING') {
      const wrong = `The table ${table} is ${Table?.TableStatus}.`;
      findings.push({
        wrong,
        impact: 'No event is recorded.',
        remedy: 'Look at the table in the console of DynamoDB.',
      });
    }
    const { StreamEnabled = false, StreamViewType } = Table?.StreamSpecification ?? {};
    if (!StreamEnabled || StreamViewType !== 'NEW_AND_OLD_IMAGES') {
      findings.push({
        wrong: `The table ${table} has no stream with old and new images.`,
        impact: 'No alert is sent, and the silence of providers is not noticed.',
        remedy: 'Deploy again: npm run deploy. A stream that is switched on anew has another ARN.',
      });
    }
    const found = new Map((Table?.GlobalSecondaryIndexes ?? []).map(index => [index.IndexName, index.IndexStatus]));
    for (const name of Object.keys(indexes)) {
      const status = found.get(name);
      if (status === 'ACTIVE' || status === 'UPDATING') continue;
      findings.push({
        wrong: `The index ${name} of the table ${table} ${status === undefined ? 'is missing' : `is ${status}`}.`,
        impact: 'Lists that need it answer 500, or are not complete.',
        remedy: status === 'CREATING' ? 'Wait until it is ACTIVE.' : 'Deploy again: npm run deploy',
      });
    }
    for (const name of new Set([table, guards])) findings.push(...(await expiryFindings(looked, name)));
    if (looked.local === null)
      findings.push(...(await protectionFindings(looked, table, Table?.DeletionProtectionEnabled)));
    return findings;
  },
} as const satisfies Record<string, Check>;

async function expiryFindings({ clients, aws }: Looked, TableName: string): Promise<Finding[]> {
  const { TimeToLiveDescription } = await clients.dynamoDb.send(new DescribeTimeToLiveCommand({ TableName }));
  const { TimeToLiveStatus, AttributeName } = TimeToLiveDescription ?? {};
  if (TimeToLiveStatus?.startsWith('ENABL') && AttributeName === expiry) return [];
  const specification = `Enabled=true,AttributeName=${expiry}`;
  return [
    {
      wrong: `The table ${TableName} does not expire items by ${expiry}.`,
      impact: 'Personal data stays longer than the setting retentionDays says, and costs storage.',
      remedy: aws(
        'dynamodb',
        `update-time-to-live --table-name ${TableName} --time-to-live-specification ${specification}`,
      ),
    },
  ];
}

/** Only AWS has backups and a protection against deletion. */
async function protectionFindings(
  { clients, aws }: Looked,
  TableName: string,
  isProtected: boolean | undefined,
): Promise<Finding[]> {
  const { ContinuousBackupsDescription } = await clients.dynamoDb.send(
    new DescribeContinuousBackupsCommand({ TableName }),
  );
  const backups = ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
  const findings: Finding[] = [];
  if (backups !== 'ENABLED') {
    const specification = '--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true';
    findings.push({
      wrong: `The table ${TableName} has no point-in-time recovery.`,
      impact: 'A deleted or damaged table cannot be restored.',
      remedy: aws('dynamodb', `update-continuous-backups --table-name ${TableName} ${specification}`),
    });
  }
  if (!isProtected) {
    findings.push({
      wrong: `The table ${TableName} is not protected against deletion.`,
      impact: 'One mistaken call deletes all statuses.',
      remedy: aws('dynamodb', `update-table --table-name ${TableName} --deletion-protection-enabled`),
    });
  }
  return findings;
}
