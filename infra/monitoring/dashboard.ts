import { Duration, Stack } from 'aws-cdk-lib';
import {
  type AlarmBase,
  AlarmStatusWidget,
  Color,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  PeriodOverride,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { type AlarmFacts, type AlarmName, alarmsOf, type Watched } from './alarm-table.ts';
import { besideAlarms, type Graph, graphs, type Lines } from './dashboard-table.ts';
import { type Question, questions } from './questions.ts';
import type { Measured } from './watched-metrics.ts';

const columns = 24;
const inRow = 4;

/**
 * One dashboard with a part for each question of an operator, in order. A part shows the metric and the threshold of each
 * alarm that belongs to it. CloudWatch charges nothing for three dashboards of at most 50 metrics.
 */
export class OperationsDashboard extends Construct {
  /** Its address in the console. */
  readonly url: string;

  constructor(scope: Construct, id: string, watched: Watched & { readonly alarms: readonly AlarmBase[] }) {
    super(scope, id);
    const { stackName, region } = Stack.of(this);
    // The dashboards of an account have no region, so that a second one of that name would replace the first.
    const dashboardName = `${stackName}-${region}`;
    const alarms = [...alarmsOf(watched.config)];
    const dashboard = new Dashboard(this, 'Operations', {
      dashboardName,
      defaultInterval: Duration.hours(12),
      // Thresholds hold for the period of their alarm.
      periodOverride: PeriodOverride.INHERIT,
    });
    for (const [question, { title, lookNext }] of Object.entries(questions)) {
      const asked = <Row extends { readonly asks: Question }>({ asks }: Row) => asks === question;
      dashboard.addWidgets(new TextWidget({ markdown: `## ${title}\n${lookNext}`, width: columns, height: 2 }));
      dashboard.addWidgets(
        ...graphs.filter(asked).map(graph => graphOf(graph, watched)),
        ...alarms.filter(([, facts]) => asked(facts)).map(([name, facts]) => alarmGraph(name, facts, watched)),
      );
      if (question === 'told') {
        dashboard.addWidgets(
          new AlarmStatusWidget({ title: 'Alarms', alarms: [...watched.alarms], width: columns, height: 5 }),
        );
      }
    }
    this.url = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboardName}`;
  }
}

function graphOf({ title, minutes, lines, levels = {} }: Graph, watched: Watched): GraphWidget {
  return widget(title, lines(watched, Duration.minutes(minutes)), levels);
}

/** The metric of an alarm with its threshold, and the lines beside it. */
function alarmGraph(name: string, facts: AlarmFacts, watched: Watched): GraphWidget {
  const period = Duration.minutes(facts.minutes);
  const [breaching, of] = facts.inPeriods ?? [1, 1];
  const metric = facts.metric(watched, period);
  const lines = {
    ...(highestOf(metric) ?? { [facts.measures]: metric }),
    ...besideAlarms[name as AlarmName]?.(watched, period),
  };
  const alarm = `alarm above ${facts.above}, in ${breaching} of ${of} periods of ${facts.minutes} min`;
  return widget(name, lines, { [alarm]: facts.above });
}

/** Where an alarm watches the highest of some metrics, each of them is a line. */
function highestOf(metric: Measured): Lines | null {
  if (!(metric instanceof MathExpression) || !/^MAX\(\[[\w(), ]*\]\)$/.test(metric.expression)) return null;
  return metric.usingMetrics as unknown as Lines;
}

function widget(title: string, lines: Lines, levels: Readonly<Record<string, number>>): GraphWidget {
  return new GraphWidget({
    title,
    width: columns / inRow,
    height: 5,
    left: Object.entries(lines).map(([label, metric]): IMetric => metric.with({ label })),
    leftYAxis: { min: 0, showUnits: false },
    leftAnnotations: Object.entries(levels).map(([label, value]) => ({ label, value, color: Color.RED })),
  });
}
