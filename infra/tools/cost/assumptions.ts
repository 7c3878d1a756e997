/** Figures that no local run shows. The tool prints them with each bill. */
export const assumptions = {
  daysAMonth: [30.4, 'days a month; emails come evenly over one month'],
  streamShards: [4, 'shards of the stream, as a new table on demand has'],
  cpuFactor: [1, 'times the CPU time of this machine on one vCPU of Lambda (1,769 MB)'],
  dynamoDbMs: [4, 'ms that a function waits for each call of DynamoDB'],
  otherCallMs: [15, 'ms that a function waits for each call of another service'],
  minCpuMs: [2, 'ms of CPU time of each invocation with one record of a stream'],
  pollsAMonth: [657_000, 'requests a month with which Lambda polls an idle queue: five pollers, 20 s each'],
  secondsBetweenLetters: [60, 'seconds between two letters to support'],
  platformLineBytes: [240, 'bytes of the lines START, END and REPORT of an invocation, where Lambda writes them'],
  logEventBytes: [26, 'bytes that CloudWatch adds to each line'],
  logCompression: [0.15, 'of its bytes is the stored size of a log'],
  secretReadsAnHour: [4, 'reads of each secret an hour by each function that knows it'],
  keyRequestsAnHour: [12, "requests an hour for the key of a table, by each function that uses it, with AWS's key"],
  mappingMetrics: [6, 'metrics of an event source mapping that counts events'],
  freeDashboards: [3, 'dashboards that are free'],
} as const satisfies Record<string, readonly [number, string]>;

export type AssumptionName = keyof typeof assumptions;

/** The number of an assumption. */
export function assumed(name: AssumptionName): number {
  return assumptions[name][0];
}

/** Lines about all assumptions, for people. */
export function assumptionLines(): readonly string[] {
  return Object.values(assumptions).map(([value, meaning]) => `${value.toLocaleString('en-US')} ${meaning}`);
}
