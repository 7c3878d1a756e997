import type { TortureReport } from './run.ts';

/** Formats the report of a run as a table for people. */
export function reportTable(report: TortureReport): string {
  const { seconds, events, requests, alerts, quarantine, kills, latency, queries, erasures, attendants } = report;
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
    ...Object.entries(report.deviant),
    ['wrong counts', report.wrongCounts.length],
    ['counted', listed(report.counts)],
    ['durable but not recorded', report.durableButNotRecorded],
    ['unreadable events quarantined', `${quarantine.acknowledged}, missing ${quarantine.missing}`],
    ['left in queues', listed({ ...report.undrained, ...report.keptAside })],
    ['faults of our own', report.faultLines],
    ['alerts', `${alerts.told} told, ${alerts.due} due and ${alerts.possible} possible on the way`],
    ['alerts missing', alerts.missing],
    ['alerts invented', alerts.invented],
    ['alerts told again', `${alerts.toldAgain} for a reason, ${alerts.unexplained.length} for none`],
    ['they were told again because', listed(alerts.reasons)],
    ['queries', `${whole(queries.right)} right, ${whole(queries.honest)} honest errors, ${queries.lists} whole lists`],
    ['lists compared with the table', queries.compared],
    ['queries wrong', queries.wrong.length],
    ['erasures', `${erasures.done} done, ${erasures.unfinished} unfinished, answers ${listed(erasures.answers)}`],
    ['erasures wrong', erasures.wrong.length],
    [
      'handled',
      `${attendants.handled} recorded, ${attendants.nothingToHandle} with nothing to do, answers ${listed(attendants.answers)}`,
    ],
    ['handled wrong', attendants.wrong.length],
    ['resent by id', attendants.resends],
    ['notes', listed(report.notes)],
    [
      'attention',
      `${report.attention.asks} ask, ${report.attention.resolved} resolved, ${report.attention.asksAgain} ask again`,
    ],
    ['', ''],
    ['calls', listed(report.calls)],
    ...Object.entries(report.faults).map(([caller, met]) => [`faults of ${caller}`, listed(met)] as const),
    ['kills', `${listed(kills.processes)}, ${kills.stacks} whole stacks`],
    ['answers', listed(report.answers)],
    ['latency', `p50 ${whole(latency.p50)} ms, p99 ${whole(latency.p99)} ms, max ${whole(latency.max)} ms`],
    ['rate', `${whole(report.eventsPerSecond)} events/s over ${whole(seconds.delivering)} s`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => (name === '' ? '' : `  ${name.padEnd(width)}  ${value}`));
  const deviations = report.deviations.map(({ kind, emailId, what }) => `  ${kind} ${emailId}: ${what}`);
  const wrong = [
    ...report.wrongCounts,
    ...queries.wrong,
    ...erasures.wrong,
    ...attendants.wrong,
    ...alerts.unexplained,
  ].slice(0, 50);
  const more = [...deviations, ...wrong.map(line => `  ${line}`), ...report.functionFailures.map(line => `  ${line}`)];
  return [...lines, ...(more.length > 0 ? ['', ...more] : [])].join('\n');
}

/** Returns whether anything was lost, invented, wrong or left over. */
export function hasFailed(report: TortureReport): boolean {
  const { deviant, durableButNotRecorded, requests, quarantine, alerts, undrained, queries, erasures, attendants } =
    report;
  const faults = [
    ...Object.values(deviant),
    ...[durableButNotRecorded, report.faultLines, report.wrongCounts.length],
    ...[queries.wrong.length, erasures.wrong.length, erasures.unfinished, attendants.wrong.length],
    ...[requests.unacknowledged, requests.forgeriesTaken],
    ...[quarantine.missing, alerts.missing, alerts.invented, alerts.unexplained.length],
    ...Object.values(undrained),
  ];
  return faults.some(count => count > 0);
}

function listed(counts: Readonly<Record<string, number>>): string {
  const all = Object.entries(counts);
  return all.length === 0 ? 'none' : all.map(([name, count]) => `${name} ${count}`).join(', ');
}
