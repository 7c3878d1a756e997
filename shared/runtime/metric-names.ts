/** Every metric of the ingest function by its name in CloudWatch, each by provider if not stated. */
export const metricNames = {
  /** Genuine events that came, by status too; `note` for those that change none. */
  events: 'Events',
  duplicates: 'Duplicates',
  quarantined: 'Quarantined',
  /** Handed to the retry queue. */
  queued: 'Queued',
  /** Requests whose signature was refused. */
  refused: 'Refused',
  /** Genuine requests that could not be kept, and were asked for again. */
  unavailable: 'Unavailable',
  /** By source, of messages that have to come again. */
  failedMessages: 'FailedMessages',
  /** Milliseconds from when an event happened until it was recorded. */
  lag: 'Lag',
} as const satisfies Record<string, string>;

/** The dimension that Powertools puts on every metric; alarms have to name it. */
export const metricService = 'mailtrail';
