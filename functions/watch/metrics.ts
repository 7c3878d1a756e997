import { type MetricValues, metricMembers } from '../../shared/runtime/embedded-metrics.ts';
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
  const publish = (dimensions: Readonly<Record<string, string>>, ...metrics: Omit<MetricValues, 'dimensions'>[]) => {
    const at = Date.now();
    const sets = [['service', ...Object.keys(dimensions)]];
    const measured = { namespace, dimensions, metrics: metrics.map(metric => ({ ...metric, dimensions: sets })) };
    // Lambda's format JSON takes level and time of a line from these two members.
    const head = { level: 'INFO', timestamp: new Date(at).toISOString(), service: metricService };
    write(`${JSON.stringify({ ...head, ...metricMembers(measured)(at) })}\n`);
  };
  return {
    canary(failed) {
      publish({}, { name: watchMetricNames.canaryFailed, unit: null, values: [failed ? 1 : 0] });
    },
    silence(Provider, silence) {
      publish({ Provider }, { name: watchMetricNames.silence, unit: null, values: [silence] });
    },
  };
}
