/** The ingest function's metrics by their CloudWatch names, each by provider unless stated otherwise. */
export const metricNames = {
  duplicates: 'Duplicates',
  quarantined: 'Quarantined',
  /** Events handed to the retry queue. */
  queued: 'Queued',
  /** Requests that were refused as not genuine. */
  refused: 'Refused',
  /** Genuine requests that could not be stored; the provider was asked to send them again. */
  unavailable: 'Unavailable',
  /** Queue messages that failed and will be retried, by source. */
  failedMessages: 'FailedMessages',
  /** Milliseconds from an event until it was recorded. */
  lag: 'Lag',
} as const satisfies Record<string, string>;

/** The metrics of genuine events as they arrive, by status and provider; `note` is for events that change no status. */
export const statusMetrics = {
  enqueued: 'Enqueued',
  sent: 'Sent',
  deferred: 'Deferred',
  delivered: 'Delivered',
  soft_bounced: 'SoftBounced',
  hard_bounced: 'HardBounced',
  invalid: 'Invalid',
  rejected: 'Rejected',
  opened: 'Opened',
  link_clicked: 'LinkClicked',
  marked_spam: 'MarkedSpam',
  note: 'Notes',
} as const satisfies Record<string, string>;

/** Metrics that are also counted over all providers and sources, for alarms that are about none in particular. */
export const overallMetrics: ReadonlySet<string> = new Set([
  metricNames.refused,
  metricNames.unavailable,
  metricNames.lag,
  metricNames.failedMessages,
]);

/** The watch function's metrics by their CloudWatch names. */
export const watchMetricNames = {
  /** 1 if the canary's event did not come back, else 0; without a dimension of its own. */
  canaryFailed: 'CanaryFailed',
  /** How long a provider in use has been silent: 1 is as long as silence is taken for usual. */
  silence: 'Silence',
} as const satisfies Record<string, string>;

/** The member `service` of every log line: each metric has it as a dimension, and alarms must name it. */
export const metricService = 'mailtrail';
