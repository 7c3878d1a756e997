import type { TortureReport } from './run.ts';

/** What came of a run as a table for people. */
export function reportTable(report: TortureReport): string {
  const { seconds, events, requests, alerts, quarantine, kills, latency, calls } = report;
  const whole = (number: number) => Math.round(number).toLocaleString('en-US');
  const rows: (readonly [string, string | number])[] = [
    ['seed', report.seed],
    ['events sent', `${whole(events.sent)} of ${whole(report.emails)} emails`],
    ['events acknowledged', whole(events.acknowledged)],
    ['requests', `${whole(requests.different)}, sent ${whole(requests.sendings)} times`],
    ['requests acknowledged', whole(requests.acknowledged)],
    ['requests given up', requests.unacknowledged],
    ['forged requests refused', requests.forgeriesRefused],
    ['forged requests taken', requests.forgeriesTaken],
    ['', ''],
    ['missing', report.missing],
    ['invented', report.invented],
    ['wrong statuses', report.wrongStatuses],
    ['durable but not recorded', report.durableButNotRecorded],
    ['unreadable events quarantined', `${quarantine.acknowledged}, missing ${quarantine.missing}`],
    ['left in queues', listed({ ...report.undrained, ...report.keptAside })],
    ['faults of our own', report.faultLines],
    ['alerts', `${alerts.told} told, ${alerts.due} due and ${alerts.possible} possible on the way`],
    ['alerts missing', alerts.missing],
    ['alerts invented', alerts.invented],
    ['alerts duplicate', alerts.duplicate],
    ['', ''],
    ['calls of the ingest function', `${whole(calls.dynamodb)} of DynamoDB, ${whole(calls.sqs)} of SQS`],
    ['faults', listed(report.faults)],
    ['kills', `${kills.processes} processes, ${kills.stacks} whole stacks`],
    ['answers', listed(report.answers)],
    ['latency', `p50 ${whole(latency.p50)} ms, p99 ${whole(latency.p99)} ms, max ${whole(latency.max)} ms`],
    ['rate', `${whole(report.eventsPerSecond)} events/s over ${whole(seconds.delivering)} s`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => (name === '' ? '' : `  ${name.padEnd(width)}  ${value}`));
  const deviations = report.deviations.map(({ kind, emailId, what }) => `  ${kind} ${emailId}: ${what}`);
  const more = [...deviations, ...report.functionFailures.map(line => `  ${line}`)];
  return [...lines, ...(more.length > 0 ? ['', ...more] : [])].join('\n');
}

/** Whether anything was lost, invented or wrong, or is not where it should be by now. */
export function hasFailed(report: TortureReport): boolean {
  const { missing, invented, wrongStatuses, durableButNotRecorded, requests, quarantine, alerts, undrained } = report;
  const faults = [
    ...[missing, invented, wrongStatuses, durableButNotRecorded, report.faultLines],
    ...[requests.unacknowledged, requests.forgeriesTaken],
    ...[quarantine.missing, alerts.missing, alerts.invented],
    ...Object.values(undrained),
  ];
  return faults.some(count => count > 0);
}

function listed(counts: Readonly<Record<string, number>>): string {
  const all = Object.entries(counts);
  return all.length === 0 ? 'none' : all.map(([name, count]) => `${name} ${count}`).join(', ');
}
