/** Holds the dashboard to the structure that CloudWatch documents, and to the table of alarms. */

import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { alarmName } from '../../infra/local/monitoring/monitoring.ts';
import { questions } from '../../infra/monitoring/questions.ts';
import { providers } from '../../shared/providers/registry.ts';
import { dashboardOf, metricsIn, type Widget } from '../rigs/dashboard.ts';
import { resourcesOf, type Synthesized, synthesize } from './synthesized.ts';

const withoutProviders = synthesize();
const withOne = synthesize({ providers: 'sendgrid' });
const withAll = synthesize({ providers: Object.keys(providers), ingestConcurrency: 40 });
const templates = { 'no provider': withoutProviders, 'one provider': withOne, 'all providers': withAll } as const;

/**
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
 */
const place = {
  x: z.int().min(0).max(23),
  y: z.int().min(0),
  width: z.int().min(1).max(24),
  height: z.int().min(1).max(1000),
};
const period = z.int().refine(seconds => [1, 5, 10, 30].includes(seconds) || seconds % 60 === 0);
const stat = z.string().regex(/^(Sum|Average|Minimum|Maximum|SampleCount|p\d{1,2}(\.\d+)?)$/);
const id = z.string().regex(/^[a-z][a-zA-Z0-9_]*$/);
const rendering = {
  id: id.optional(),
  label: z.string().optional(),
  visible: z.boolean().optional(),
  period: period.optional(),
  region: z.string().optional(),
  color: z.string().optional(),
  yAxis: z.enum(['left', 'right']).optional(),
};
const metric = z.union([
  z.tuple([z.strictObject({ ...rendering, expression: z.string().min(1) })]),
  // Namespace, name, and pairs of a dimension and its value, before the options.
  z
    .array(z.union([z.string().min(1), z.strictObject({ ...rendering, stat: stat.optional() })]))
    .refine(parts => parts.findIndex(part => typeof part !== 'string') === parts.length - 1, 'options come last')
    .refine(parts => parts.length % 2 === 1 && parts.length >= 3, 'dimensions come in pairs')
    .refine(parts => parts.length <= 3 + 2 * 30, 'there are at most 30 dimensions'),
]);
const annotation = z.strictObject({
  label: z.string().optional(),
  value: z.number(),
  color: z.string().optional(),
  yAxis: z.enum(['left', 'right']).optional(),
  fill: z.enum(['above', 'below']).optional(),
  visible: z.boolean().optional(),
});
const axis = z.strictObject({
  min: z.number().optional(),
  max: z.number().optional(),
  label: z.string().optional(),
  showUnits: z.boolean().optional(),
});
const widget = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('text'),
    ...place,
    properties: z.strictObject({
      markdown: z.string().min(1),
      background: z.enum(['solid', 'transparent']).optional(),
    }),
  }),
  z.strictObject({
    type: z.literal('metric'),
    ...place,
    properties: z.strictObject({
      title: z.string().min(1),
      view: z.literal('timeSeries'),
      region: z.string().min(1),
      metrics: z.array(metric).min(1).max(500),
      annotations: z.strictObject({ horizontal: z.array(annotation) }).optional(),
      yAxis: z.strictObject({ left: axis.optional(), right: axis.optional() }).optional(),
      period: period.optional(),
      stat: stat.optional(),
      stacked: z.boolean().optional(),
    }),
  }),
  z.strictObject({
    type: z.literal('alarm'),
    ...place,
    properties: z.strictObject({ title: z.string().optional(), alarms: z.array(z.string().min(1)).min(1).max(100) }),
  }),
]);
const body = z.strictObject({
  start: z.string().regex(/^-P/),
  periodOverride: z.literal('inherit'),
  widgets: z.array(widget).max(500),
});

const overlaps = (one: Widget, other: Widget) =>
  one.x < other.x + other.width &&
  other.x < one.x + one.width &&
  one.y < other.y + other.height &&
  other.y < one.y + one.height;

const alarmNames = (template: Synthesized) =>
  [...resourcesOf(template, 'AWS::CloudWatch::Alarm').keys()].map(name => alarmName(`${name}00000000`));

describe.each(Object.entries(templates))('the dashboard of an installation with %s', (_, template) => {
  const dashboard = dashboardOf(template);

  it('has a body as CloudWatch documents it', () => {
    expect(body.safeParse(dashboard.body).error?.issues ?? []).toEqual([]);
  });

  it('keeps its widgets in 24 columns, and none above another', () => {
    const { widgets } = dashboard.body;
    for (const [index, one] of widgets.entries()) {
      expect(one.x + one.width).toBeLessThanOrEqual(24);
      for (const other of widgets.slice(index + 1)) expect(overlaps(one, other)).toBe(false);
    }
  });

  it('gives each metric and expression of a widget an id of its own, and each expression its metrics', () => {
    for (const { type, properties } of dashboard.body.widgets) {
      if (type !== 'metric') continue;
      const options = properties.metrics!.map(parts => parts.at(-1) as { id?: string; expression?: string });
      const ids = options.flatMap(option => option.id ?? []);
      expect(new Set(ids).size, properties.title).toBe(ids.length);
      for (const { expression = '' } of options) {
        const used = expression.replaceAll(/'[^']*'/g, '').match(/\b[a-z]\w*/g) ?? [];
        for (const name of used) expect(ids, expression).toContain(name);
      }
    }
  });

  it('reads from top to bottom as the questions of an operator, each with graphs', () => {
    const titles = dashboard.body.widgets
      .filter(({ type }) => type === 'text')
      .map(({ properties }) => /^## (.*)$/m.exec(properties.markdown!)![1]);
    expect(titles).toEqual(Object.values(questions).map(({ title }) => title));
    for (const [index, { type }] of dashboard.body.widgets.entries()) {
      if (type === 'text') expect(dashboard.body.widgets[index + 1]?.type).toBe('metric');
    }
  });

  it('shows the metric of every alarm with its threshold, and the state of all', () => {
    const graphs = dashboard.body.widgets.filter(({ type }) => type === 'metric');
    for (const name of alarmNames(template)) {
      const graph = graphs.find(({ properties }) => properties.title!.replaceAll('-', '') === name);
      const { Threshold } = resourcesOf(template, 'AWS::CloudWatch::Alarm').get(`Alarms${name}`)!.Properties;
      expect(graph?.properties.annotations?.horizontal, name).toEqual([expect.objectContaining({ value: Threshold })]);
    }
    const [{ properties }] = dashboard.body.widgets.filter(({ type }) => type === 'alarm') as [Widget];
    const composites = resourcesOf(template, 'AWS::CloudWatch::CompositeAlarm').size;
    expect(properties.alarms).toHaveLength(alarmNames(template).length + composites);
  });

  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
  it('has at most 500 metrics in a widget and 2,500 in all, hidden ones of expressions too', () => {
    const counts = dashboard.body.widgets.map(({ properties: { metrics = [] } }) => metrics.length);
    expect(Math.max(...counts)).toBeLessThanOrEqual(500);
    expect(counts.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(2500);
  });
});

describe('the dashboard', () => {
  it('has at most 50 metrics with one provider in use, for which CloudWatch charges nothing', () => {
    for (const settings of [{}, { ingestConcurrency: 40 }]) {
      const { body } = dashboardOf(synthesize({ providers: 'sendgrid', ...settings }));
      const metrics = new Set(metricsIn(body).map(found => JSON.stringify(found)));
      expect(metrics.size, [...metrics].join('\n')).toBeLessThanOrEqual(50);
    }
  });

  it('has a name of its own in an account, in which dashboards of all regions have different names', () => {
    expect(dashboardOf(withOne).name).toBe('Mailtrail-us-east-1');
    expect(dashboardOf(synthesize({ stackName: 'Other' })).name).toBe('Other-us-east-1');
  });

  it('finds the metrics of every provider where none is listed', () => {
    const expressions = dashboardOf(withoutProviders).body.widgets.flatMap(({ properties }) =>
      (properties.metrics ?? []).flatMap(parts => {
        const { expression } = parts.at(-1) as { expression?: string };
        return expression?.includes('SEARCH') ? [expression] : [];
      }),
    );
    expect(expressions).toContain(
      `SUM(SEARCH('{"Mailtrail/Mailtrail",service,Provider} MetricName="Delivered"', 'Sum', 300))`,
    );
  });
});
