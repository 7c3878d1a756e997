/** One value of a metric that an AWS service reports by itself. */
export interface ServiceMetric {
  readonly namespace: 'AWS/SNS' | 'AWS/Lambda' | 'AWS/DynamoDB';
  /** E.g. `NumberOfMessagesPublished`. */
  readonly name: string;
  /** E.g. `{ TopicName: 'Support' }`. */
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Takes each value as it is measured. */
export type OnMetric = (metric: ServiceMetric) => void;
