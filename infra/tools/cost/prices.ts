/** The public list prices of AWS in us-east-1, in US dollars, without a free tier or a discount. */

/** The price of an amount of something. */
export interface Price {
  readonly usd: number;
  /** The amount that costs so much. */
  readonly amount: number;
  readonly unit: string;
  readonly page: string;
}

/** The day on which somebody last compared the table with the pages; those of EventBridge are from memory. */
export const pricesAsOf = '2026-11';
export const pricesRegion = 'us-east-1';

const pages = {
  apiGateway: 'https://aws.amazon.com/api-gateway/pricing/',
  cloudFront: 'https://aws.amazon.com/cloudfront/pricing/',
  cloudWatch: 'https://aws.amazon.com/cloudwatch/pricing/',
  dynamoDb: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
  eventBridge: 'https://aws.amazon.com/eventbridge/pricing/',
  kms: 'https://aws.amazon.com/kms/pricing/',
  lambda: 'https://aws.amazon.com/lambda/pricing/',
  s3: 'https://aws.amazon.com/s3/pricing/',
  secretsManager: 'https://aws.amazon.com/secrets-manager/pricing/',
  sns: 'https://aws.amazon.com/sns/pricing/',
  sqs: 'https://aws.amazon.com/sqs/pricing/',
  waf: 'https://aws.amazon.com/waf/pricing/',
} as const;

const million = 1e6;

export const prices = {
  gatewayRequests: { usd: 1, amount: million, unit: 'requests of up to 512 KB', page: pages.apiGateway },
  lambdaRequests: { usd: 0.2, amount: million, unit: 'invocations', page: pages.lambda },
  lambdaGbSeconds: { usd: 0.0000133334, amount: 1, unit: 'GB-seconds on arm64', page: pages.lambda },
  tableWrites: { usd: 0.625, amount: million, unit: 'write units', page: pages.dynamoDb },
  tableReads: { usd: 0.125, amount: million, unit: 'read units', page: pages.dynamoDb },
  tableStorage: { usd: 0.25, amount: 1, unit: 'GB-months', page: pages.dynamoDb },
  rareTableWrites: { usd: 0.78, amount: million, unit: 'write units, infrequent access', page: pages.dynamoDb },
  rareTableReads: { usd: 0.155, amount: million, unit: 'read units, infrequent access', page: pages.dynamoDb },
  rareTableStorage: { usd: 0.1, amount: 1, unit: 'GB-months, infrequent access', page: pages.dynamoDb },
  backupStorage: { usd: 0.2, amount: 1, unit: 'GB-months of point-in-time recovery', page: pages.dynamoDb },
  logBytes: { usd: 0.5, amount: 1, unit: 'GB of log lines', page: pages.cloudWatch },
  rareLogBytes: { usd: 0.25, amount: 1, unit: 'GB of log lines, infrequent access', page: pages.cloudWatch },
  logStorage: { usd: 0.03, amount: 1, unit: 'GB-months of compressed logs', page: pages.cloudWatch },
  metrics: { usd: 0.3, amount: 1, unit: 'custom metrics a month', page: pages.cloudWatch },
  metricReads: { usd: 0.01, amount: 1_000, unit: 'metrics read', page: pages.cloudWatch },
  alarmMetrics: { usd: 0.1, amount: 1, unit: 'metrics of alarms a month', page: pages.cloudWatch },
  compositeAlarms: { usd: 0.5, amount: 1, unit: 'composite alarms a month', page: pages.cloudWatch },
  dashboards: { usd: 3, amount: 1, unit: 'dashboards a month beyond three', page: pages.cloudWatch },
  secrets: { usd: 0.4, amount: 1, unit: 'secrets a month', page: pages.secretsManager },
  secretReads: { usd: 0.05, amount: 10_000, unit: 'reads of secrets', page: pages.secretsManager },
  queueRequests: { usd: 0.4, amount: million, unit: 'requests of SQS', page: pages.sqs },
  topicRequests: { usd: 0.5, amount: million, unit: 'messages published', page: pages.sns },
  topicEmails: { usd: 2, amount: 100_000, unit: 'emails of SNS', page: pages.sns },
  busEvents: { usd: 1, amount: million, unit: 'events of up to 64 KB', page: pages.eventBridge },
  urlCalls: { usd: 0.2, amount: million, unit: 'calls of eventsUrl of up to 64 KB', page: pages.eventBridge },
  keyRequests: { usd: 0.03, amount: 10_000, unit: 'requests of KMS', page: pages.kms },
  bucketLists: { usd: 0.005, amount: 1_000, unit: 'lists of a bucket', page: pages.s3 },
  cdnRequests: { usd: 1, amount: million, unit: 'HTTPS requests of CloudFront', page: pages.cloudFront },
  firewallRequests: { usd: 0.6, amount: million, unit: 'requests inspected by WAF', page: pages.waf },
  firewallAcls: { usd: 5, amount: 1, unit: 'web ACLs a month', page: pages.waf },
  firewallRules: { usd: 1, amount: 1, unit: 'rules a month', page: pages.waf },
} as const satisfies Record<string, Price>;

export type PriceName = keyof typeof prices;
export type Prices = Readonly<Record<PriceName, Price>>;

/** The price of a quantity, in US dollars. */
export function costOf(table: Prices, name: PriceName, quantity: number): number {
  const { usd, amount } = table[name];
  return (quantity / amount) * usd;
}
