import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { resourcesOf, synthesize } from '../infra/synthesized.ts';

/** The types of resources that keep data, or hand them on. */
const stores = [
  'AWS::DynamoDB::Table',
  'AWS::SQS::Queue',
  'AWS::S3::Bucket',
  'AWS::Logs::LogGroup',
  'AWS::SecretsManager::Secret',
  'AWS::SNS::Topic',
  'AWS::Events::EventBus',
] as const;

const template = synthesize({
  uiClientId: 'ui',
  providers: 'sendgrid',
  supportEmail: 'support@example.com',
  events: true,
  eventsUrl: 'https://billing.example.com/mail-events',
});
const page = readFileSync(new URL('../../docs/data-protection.md', import.meta.url), 'utf8');
const section = (title: string) => page.split(`\n## ${title}\n`)[1]!.split('\n## ')[0]!;

/** The rows of the table of stores, by each name in the first cell. */
const rows = new Map(
  section('Stores')
    .split('\n')
    .flatMap(line => {
      const [, names = '', ...cells] = line.split('|');
      return [...names.matchAll(/`(\w+)`/g)].map(([, name]) => [name!, cells.map(cell => cell.trim())] as const);
    }),
);

describe('docs/data-protection.md', () => {
  it('has a row for every store of the template, and for no other', () => {
    const names = stores.flatMap(type => [...resourcesOf(template, type).keys()]);
    expect([...rows.keys()].sort()).toEqual(names.sort());
  });

  it('has the time for which each queue and log group keeps data', () => {
    for (const [name, { Properties }] of resourcesOf(template, 'AWS::SQS::Queue'))
      expect(rows.get(name)![2], name).toContain(`${Properties.MessageRetentionPeriod / 86_400} days`);
    for (const [name, { Properties }] of resourcesOf(template, 'AWS::Logs::LogGroup'))
      expect(rows.get(name)![2], name).toBe(`\`logRetentionDays\` (${Properties.RetentionInDays})`);
  });

  it('has the time for which the bucket keeps data', () => {
    for (const [name, { Properties }] of resourcesOf(template, 'AWS::S3::Bucket')) {
      const [{ ExpirationInDays }] = Properties.LifecycleConfiguration.Rules;
      expect(rows.get(name)![2], name).toContain(`${ExpirationInDays} days`);
    }
  });

  it('names the topics without a key', () => {
    const bare = [...resourcesOf(template, 'AWS::SNS::Topic')].filter(
      ([, { Properties }]) => !Properties.KmsMasterKeyId,
    );
    const said = section('Encryption')
      .split('\n')
      .find(line => line.startsWith('| topics'))!;
    const named = [...said.matchAll(/`(\w+)`/g)].map(([, name]) => name!);
    expect(named.sort()).toEqual(bare.map(([name]) => name).sort());
  });
});
