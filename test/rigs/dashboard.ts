/** Reads the dashboard of a template, with its references resolved as on this machine. */

import { resolveTemplate, type Template } from '../../infra/local/cloudformation/template.ts';
import type { MetricName } from '../../infra/local/monitoring/metric-store.ts';

export interface Widget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    /** Namespace, name, dimensions in pairs, then options; or options alone, with an expression. */
    readonly metrics?: readonly (readonly (string | object)[])[];
    readonly annotations?: { readonly horizontal: readonly object[] };
    readonly alarms?: readonly string[];
  };
}

export interface DashboardBody {
  readonly widgets: readonly Widget[];
}

/** The one dashboard of a template. */
export function dashboardOf(template: object): { readonly name: string; readonly body: DashboardBody } {
  const parameters = { OidcIssuer: 'https://login.example.com/', OidcAudience: 'mailtrail' };
  const [found, ...others] = resolveTemplate(template as Template, { parameters }).ofType('AWS::CloudWatch::Dashboard');
  if (found === undefined || others.length > 0) throw new Error('the template has not one dashboard');
  const { DashboardName, DashboardBody } = found.properties;
  return { name: DashboardName, body: JSON.parse(DashboardBody) };
}

/** Every metric of the widgets; those of a search are in no list. */
export function metricsIn({ widgets }: DashboardBody): readonly MetricName[] {
  return widgets
    .flatMap(({ properties }) => properties.metrics ?? [])
    .flatMap(parts => {
      const [namespace, name, ...dimensions] = parts.filter(part => typeof part === 'string');
      if (namespace === undefined || name === undefined) return [];
      const pairs = dimensions.flatMap((key, index) => (index % 2 === 0 ? [[key, dimensions[index + 1]!]] : []));
      return [{ namespace, name, dimensions: Object.fromEntries(pairs.sort()) }];
    });
}
