/** The metrics that alarms watch. */

import type { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { EventSourceMapping, IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { metricService } from '../../shared/runtime/metric-names.ts';
import { metricsNamespaceOf } from '../compute/ingest.ts';

/** An expression over metrics. Where one of them has no data, it counts as `missing`. */
export function expression(
  text: string,
  usingMetrics: Readonly<Record<string, IMetric>>,
  period: Duration,
  missing = 0,
): IMetric {
  const filled = Object.keys(usingMetrics).reduce(
    (filling, name) => filling.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), `FILL(${name}, ${missing})`),
    text,
  );
  return new MathExpression({ expression: filled, usingMetrics: { ...usingMetrics }, period });
}

/** A metric that a function writes to its log, over all providers unless the dimensions name one. */
export function ownMetric(
  writer: IFunction,
  metricName: string,
  statistic: string,
  period: Duration,
  dimensions: Readonly<Record<string, string>> = {},
): Metric {
  const dimensionsMap = { service: metricService, ...dimensions };
  return new Metric({ namespace: metricsNamespaceOf(writer), metricName, dimensionsMap, statistic, period });
}

/** A metric that Lambda counts by mapping; `metricsConfig` turns it on. */
function mappingMetric(mapping: EventSourceMapping, metricName: string, period: Duration): Metric {
  const dimensionsMap = { EventSourceMappingUUID: mapping.eventSourceMappingId };
  return new Metric({ namespace: 'AWS/Lambda', metricName, dimensionsMap, statistic: Stats.SUM, period });
}

/** Records of a stream that its reader gave up: kept in the failure bucket, dropped, or lost on the way there. */
export function givenUpBy(
  reader: IFunction & { readonly streamReader: EventSourceMapping },
  period: Duration,
): Record<'kept' | 'dropped' | 'lost', IMetric> {
  return {
    kept: mappingMetric(reader.streamReader, 'OnFailureDestinationDeliveredEventCount', period),
    dropped: mappingMetric(reader.streamReader, 'DroppedEventCount', period),
    lost: reader.metric('DestinationDeliveryFailures', { period, statistic: Stats.SUM }),
  };
}

/** The messages of queues. `Held` are those that a person looks at: they are not visible for a while. */
export function messageCounts(queues: Readonly<Record<string, IQueue>>, period: Duration): Record<string, IMetric> {
  return Object.fromEntries(
    Object.entries(queues).flatMap(([name, queue]) => [
      [name, queue.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM })],
      [`${name}Held`, queue.metricApproximateNumberOfMessagesNotVisible({ period, statistic: Stats.MAXIMUM })],
    ]),
  );
}

/** Every message of queues that only a person empties. */
export function messagesIn(queues: Readonly<Record<string, IQueue>>, period: Duration): IMetric {
  const metrics = messageCounts(queues, period);
  return expression(Object.keys(metrics).join(' + '), metrics, period);
}

/**
 * The longest wait in any of the queues. SQS leaves out messages that were received more than three times, which count
 * as failed instead.
 */
export function oldestIn(queues: Readonly<Record<string, IQueue>>, period: Duration): IMetric {
  const metrics = Object.fromEntries(
    Object.entries(queues).map(([name, queue]) => [
      name,
      queue.metricApproximateAgeOfOldestMessage({ period, statistic: Stats.MAXIMUM }),
    ]),
  );
  return expression(`MAX([${Object.keys(metrics).join(', ')}])`, metrics, period);
}

/** The fewest messages that waited in each of the queues: above 0, nobody received them for the whole period. */
export function alwaysWaitingIn(queues: Readonly<Record<string, IQueue>>, period: Duration): IMetric {
  const metrics = Object.fromEntries(
    Object.entries(queues).map(([name, queue]) => [
      name,
      queue.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MINIMUM }),
    ]),
  );
  return expression(`MAX([${Object.keys(metrics).join(', ')}])`, metrics, period);
}

const tableOperations = ['UpdateItem', 'PutItem', 'BatchGetItem', 'GetItem', 'Query'] as const;

/** Requests that the table or one of its indexes throttled. */
export function throttledRequests(table: ITable, period: Duration): IMetric {
  const metrics = Object.fromEntries(
    tableOperations.map(Operation => [
      `of${Operation}`,
      new Metric({
        namespace: 'AWS/DynamoDB',
        metricName: 'ThrottledRequests',
        dimensionsMap: { TableName: table.tableName, Operation },
        statistic: Stats.SUM,
        period,
      }),
    ]),
  );
  return expression(Object.keys(metrics).join(' + '), metrics, period);
}

/** Above 0 where messages failed to reach a subscriber of the topic, or where none reached any. */
export function undelivered(topic: ITopic, period: Duration): IMetric {
  const metrics = {
    published: topic.metricNumberOfMessagesPublished({ period, statistic: Stats.SUM }),
    delivered: topic.metricNumberOfNotificationsDelivered({ period, statistic: Stats.SUM }),
    failed: topic.metricNumberOfNotificationsFailed({ period, statistic: Stats.SUM }),
  };
  return expression('failed + IF(published > 0 && delivered == 0, published, 0)', metrics, period);
}
