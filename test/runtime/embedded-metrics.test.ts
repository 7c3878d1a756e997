import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { embeddedMetrics } from '../../infra/local/monitoring/embedded-metrics.ts';
import { type MetricValues, metricMembers } from '../../shared/runtime/embedded-metrics.ts';

const namespace = 'Mailtrail/test';
const metric = (name: string, values: readonly number[], dimensions = [['service']]): MetricValues => ({
  name,
  unit: null,
  values,
  dimensions,
});
const membersOf = (metrics: readonly MetricValues[]) => metricMembers({ namespace, dimensions: {}, metrics })(7);

describe('the metrics in a log line', () => {
  it('are read as CloudWatch reads them, under each of their sets of dimensions', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[A-Z][a-z]{0,12}$/), { maxLength: 250 });
    const valueLists = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 100 });
    const sets = fc.constantFrom([['service']], [['service', 'Provider']], [['service', 'Provider'], ['service']]);
    fc.assert(
      fc.property(
        names.filter(list => !list.includes('Provider')),
        fc.infiniteStream(fc.tuple(valueLists, sets)),
        (all, stream) => {
          const metrics = all.map(name => {
            const [values, dimensions] = stream.next().value;
            return metric(name, values, dimensions);
          });
          const members = metricMembers({ namespace, dimensions: { Provider: 'ses' }, metrics })(7);
          const read = embeddedMetrics(JSON.stringify({ service: 'mailtrail', ...members }));
          const expected = metrics.flatMap(({ name, values, dimensions }) =>
            dimensions.flatMap(set => values.map(value => [name, set.length, value])),
          );
          const found = read.map(({ name, dimensions, value }) => [name, Object.keys(dimensions).length, value]);
          expect(found.map(String).sort()).toEqual(expected.map(String).sort());
        },
      ),
      { numRuns: 30 },
    );
  });

  it('are 100 evenly spread values of a metric that has more', () => {
    const { Lag } = membersOf([metric('Lag', [...Array(5_000).keys()])]);
    expect(Lag).toHaveLength(100);
    expect(Lag).toMatchObject({ 0: 0, 50: 2_500, 99: 4_950 });
  });

  it('are absent without a value', () => {
    expect(membersOf([])).toEqual({});
    expect(membersOf([metric('Lag', [])])).toEqual({});
  });

  it('share a directive where they have the same dimensions', () => {
    const { _aws } = membersOf([metric('A', [1]), metric('B', [2], [['service', 'Source']]), metric('C', [3])]);
    expect(_aws).toEqual({
      Timestamp: 7,
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: [['service']],
          Metrics: [{ Name: 'A' }, { Name: 'C' }],
        },
        { Namespace: namespace, Dimensions: [['service', 'Source']], Metrics: [{ Name: 'B' }] },
      ],
    });
  });
});
