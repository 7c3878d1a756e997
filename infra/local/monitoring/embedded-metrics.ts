import * as z from 'zod';
import type { MeasuredValue } from './metric-store.ts';

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html */
const sizes = ['Bytes', 'Kilobytes', 'Megabytes', 'Gigabytes', 'Terabytes', 'Bits', 'Kilobits', 'Megabits', 'Gigabits'];
const units = [
  ...['Seconds', 'Microseconds', 'Milliseconds', 'Percent', 'Count', 'Count/Second', 'None', 'Terabits'],
  ...sizes,
  ...[...sizes, 'Terabits'].map(size => `${size}/Second`),
];

const embedded = z.object({
  Timestamp: z.number(),
  CloudWatchMetrics: z.array(
    z.object({
      Namespace: z.string().min(1),
      Dimensions: z.array(z.array(z.string()).max(30)),
      Metrics: z
        .array(
          z.object({
            Name: z.string().min(1),
            Unit: z
              .string()
              .refine(unit => units.includes(unit))
              .optional(),
          }),
        )
        .max(100),
    }),
  ),
});

const values = z.union([z.number().transform(value => [value]), z.array(z.number()).max(100)]);

export interface EmbeddedValue extends MeasuredValue {
  /** Epoch milliseconds. */
  readonly at: number;
}

/**
 * The metrics in a log line of CloudWatch's embedded metric format. A line that breaks the rules counts as nothing, as in
 * CloudWatch: an unknown unit, a missing value, or more than 100 values.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function embeddedMetrics(line: string): readonly EmbeddedValue[] {
  if (!line.includes('"_aws"')) return [];
  try {
    const { _aws, ...members } = JSON.parse(line) as Record<string, unknown>;
    const { Timestamp: at, CloudWatchMetrics } = embedded.parse(_aws);
    return CloudWatchMetrics.flatMap(({ Namespace: namespace, Dimensions, Metrics }) =>
      Metrics.flatMap(({ Name: name }) =>
        values.parse(members[name]).flatMap(value =>
          Dimensions.map(names => {
            const dimensions = Object.fromEntries(names.map(one => [one, z.string().parse(members[one])]));
            return { namespace, name, dimensions, value, at };
          }),
        ),
      ),
    );
  } catch {
    return [];
  }
}
