import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { metricService, watchMetricNames } from '../../shared/runtime/metric-names.ts';

export interface WatchMetrics {
  canary(failed: boolean): void;
  /** @param silence in units of the usual silence */
  silence(provider: string, silence: number): void;
}

/** Writes metrics as log lines in CloudWatch's embedded metric format. */
export function createWatchMetrics(
  namespace: string,
  write: (line: string) => unknown = line => process.stdout.write(line),
): WatchMetrics {
  const metrics = new Metrics({ namespace, serviceName: metricService });
  const publish = () => {
    write(`${JSON.stringify(metrics.serializeMetrics())}\n`);
    metrics.clearMetrics();
    metrics.clearDimensions();
  };
  return {
    canary(failed) {
      metrics.addMetric(watchMetricNames.canaryFailed, MetricUnit.Count, failed ? 1 : 0);
      publish();
    },
    silence(provider, silence) {
      metrics.addDimension('Provider', provider);
      metrics.addMetric(watchMetricNames.silence, MetricUnit.NoUnit, silence);
      publish();
    },
  };
}
